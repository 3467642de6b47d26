"""A version of the registered model, as the registry describes it; without MLflow, so that any process can hold one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class ModelVersion:
    """A version of the registered model.

    Attributes
    ----------
    name, version
        Of the registered model; versions count from 1.
    run_id
        The run that trained it.
    source
        Where its artifacts lie.
    created
        When it was registered, UTC.
    tags
        Method, dataset digest, headline metric, checksums.
    description
        Markdown, as its page shows it.
    """

    name: str
    version: int
    run_id: str
    source: str
    created: datetime
    tags: Mapping[str, str]
    description: str = ""

    @property
    def uri(self) -> str:
        """Return the address that MLflow loads it by."""
        return f"models:/{self.name}/{self.version}"
