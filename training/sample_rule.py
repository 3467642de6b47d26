"""The embedded sample of invented ratings: it never stands in beside a model of other data, and gives way to any."""

from recsys.errors import DataError
from recsys.model_version import ModelVersion
from recsys.registry import Registry

SAMPLE_NAME = "sample"
"""How the embedded sample is called in tags and tables."""

SAMPLE_DIGESTS = frozenset({"f32e0837ea6df58571b3e2b1debfbf66"})
"""Of the sample in this release and in all before it: a folder of somebody's own may well be called ``sample``."""


def is_of_sample(version: ModelVersion) -> bool:
    """Return whether a version was trained on the embedded sample."""
    return version.tags.get("dataset_digest") in SAMPLE_DIGESTS


def forbid_sample_beside_other_data(registry: Registry, alias: str, reason: str) -> None:
    """Do nothing where the sample may stand in: when nothing is registered yet, or what is served is of the sample.

    Where nothing is served, any registered version of other data forbids it.

    Raises
    ------
    DataError
        When the served version, or any where none is served, was trained on other data: versions of invented ratings
        beside it would be compared with it, and promoted.
    """
    versions = registry.versions()
    if not versions:
        return
    served = registry.aliased(alias)
    others = [found for found in ([served] if served else versions) if found.tags.get("dataset") != SAMPLE_NAME]
    if not others:
        return
    version = others[0]
    trained_on = version.tags.get("dataset", "data that are not on record")
    who = f"{alias} is version {version.version}, which" if served else f"version {version.version}"
    raise DataError(
        f"{reason}; {who} was trained on {trained_on}: name the folder of such data with --data-dir or "
        "RECSYS_DATA__DIR, or ask for invented ratings with --data-dir sample"
    )
