"""What all answers have in common, and the one shape of every error."""

from typing import Any

from pydantic import BaseModel, ConfigDict


class Answer(BaseModel):
    """An answer, whose fields are described by the texts below them."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class ErrorAnswer(Answer):
    """The one shape of every error."""

    error: str
    detail: str | list[dict[str, Any]]
    correlation_id: str
