"""What one look at the registry tells the sync."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from recsys.model_version import ModelVersion


@dataclass(frozen=True)
class Look:
    """What one look at the registry tells.

    Attributes
    ----------
    version
        That the served alias stands for, None when it is not set.
    is_settled
        Whether nothing about the alias has to be repaired.
    traffic
        The tags of `recsys.traffic`.
    challenger
        The version that the Challenger's alias stands for, None when it is not set, or nothing is asked of it.
    """

    version: ModelVersion | None
    is_settled: bool = True
    traffic: Mapping[str, str] = field(default_factory=dict)
    challenger: ModelVersion | None = None
