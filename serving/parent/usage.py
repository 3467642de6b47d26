"""What ``python -m serving --help`` says."""

from collections.abc import Iterator

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from recsys.settings import DELIMITER, PREFIX, Settings

OVERVIEW = """\
usage: python -m serving

Serves the movie recommender that the MLflow registry's alias points to, and follows the alias when it moves.
There are no flags; the settings come from the environment, or from .env in this folder:

"""

REST = """
SIGTERM and Ctrl-C end the service after the requests in flight.
"""


def usage() -> str:
    """Return the text of ``--help``, with every setting, its default and its meaning."""
    rows = list(_rows("", Settings))
    width = max(len(name) for name, _, _ in rows)
    lines = [f"  {name:<{width}}  {meaning} [{default}]" for name, meaning, default in rows]
    return OVERVIEW + "\n".join(lines) + "\n" + REST


def _rows(prefix: str, group: type[BaseModel]) -> Iterator[tuple[str, str, str]]:
    for name, field in group.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _rows(f"{prefix}{name}{DELIMITER}", field.annotation)
        else:
            # What MLflow and the S3 client read is called as they call it.
            variable = field.validation_alias or f"{PREFIX}{prefix}{name}".upper()
            meaning = " ".join((field.description or "").replace("``", "").split())
            yield str(variable), meaning.rstrip("."), _default(field)


def _default(field: FieldInfo) -> str:
    return "none" if field.default in (None, (), "") else str(field.default)
