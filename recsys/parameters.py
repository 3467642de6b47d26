"""Validation of parameters that people type, with one clear sentence for what is wrong."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from recsys.errors import ParameterError, did_you_mean

Model = TypeVar("Model", bound=BaseModel)


def validated(
    model: type[Model], values: Mapping[str, Any], *, owner: str = "", spell: Callable[[list[str]], str] = ".".join
) -> Model:
    """Return the model with these values, the defaults elsewhere; text is turned into numbers.

    Parameters
    ----------
    owner
        Who has the parameters, for the message: ``"method item-knn"``.
    spell
        As in `first_problem`.

    Raises
    ------
    ParameterError
        For a name that the model does not have, or a value out of its range.
    """
    of = f" of {owner}" if owner else ""
    for name in values:
        if name not in model.model_fields:
            raise ParameterError(f"there is no parameter {name!r}{of}{did_you_mean(name, model.model_fields)}")
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise ParameterError(first_problem(error, of, spell=spell)) from None


def first_problem(error: ValidationError, of: str = "", *, spell: Callable[[list[str]], str] = ".".join) -> str:
    """Return the first problem of a validation as one sentence: name, value, what is expected.

    Parameters
    ----------
    spell
        Turns the path of the value into the name under which the user knows it.
    """
    problem = error.errors()[0]
    name = spell([str(part) for part in problem["loc"]])
    message = problem["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return f"{name}={problem['input']!r}{of} {message}" if message.startswith("should") else f"{name}{of}: {message}"
