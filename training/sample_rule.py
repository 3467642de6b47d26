"""When the embedded sample stands in for data that are missing: never beside a model of other data."""

from recsys.errors import DataError
from recsys.registry import Registry

SAMPLE_NAME = "sample"
"""How the embedded sample is called in tags and tables."""


def forbid_sample_beside_other_data(registry: Registry, alias: str, reason: str) -> None:
    """Do nothing where the sample may stand in: when nothing is registered yet, or what is served is of the sample.

    Raises
    ------
    DataError
        When the served version, or the newest where none is, was trained on other data: versions of invented ratings
        beside it would be compared with it, and promoted.
    """
    versions = registry.versions()
    if not versions:
        return
    served = registry.aliased(alias)
    version = served or versions[0]
    trained_on = version.tags.get("dataset", "data that are not on record")
    if trained_on == SAMPLE_NAME:
        return
    who = f"{alias} is version {version.version}, which" if served else f"version {version.version}"
    raise DataError(
        f"{reason}; {who} was trained on {trained_on}: name the folder of such data with --data-dir or "
        "RECSYS_DATA__DIR, or ask for invented ratings with --data-dir sample"
    )
