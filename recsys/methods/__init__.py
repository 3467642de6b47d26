"""The similarity methods, one module each. A new one joins by adding its file with a ``METHOD`` constant."""

import importlib
import pkgutil
from functools import cache
from typing import Any

from recsys.errors import ParameterError, did_you_mean
from recsys.methods.base import FittedItems, Method, MethodParams
from recsys.parameters import validated

__all__ = ["FittedItems", "Method", "MethodParams", "get_method", "make_params", "method_names"]


@cache
def _methods() -> dict[str, Method]:
    modules = [importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
    methods: list[Method] = [module.METHOD for module in modules if hasattr(module, "METHOD")]
    return {method.name: method for method in sorted(methods, key=lambda method: method.name)}


def method_names() -> list[str]:
    """Return the names of all methods, sorted."""
    return list(_methods())


def get_method(name: str) -> Method:
    """Return a method by its name.

    Raises
    ------
    ParameterError
        When there is none of that name; the message suggests the nearest.
    """
    try:
        return _methods()[name]
    except KeyError:
        raise ParameterError(f"no method is called {name!r}{did_you_mean(name, method_names())}") from None


def make_params(method: Method, values: dict[str, Any]) -> MethodParams:
    """Return the method's parameters with these values, the defaults elsewhere.

    Values may be text, as they come from a command line.

    Raises
    ------
    ParameterError
        For a parameter that the method does not have, or a value out of its range.
    """
    return validated(method.params_type, values, owner=f"method {method.name}")
