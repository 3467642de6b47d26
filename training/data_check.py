"""Whether a version was trained on other data than the one that is served."""

from recsys.model_version import ModelVersion


def is_same_data(a: ModelVersion, b: ModelVersion) -> bool:
    """Return whether two versions were trained on the very same ratings; False where that is not on record."""
    digests = {version.tags.get("dataset_digest") for version in (a, b)}
    return len(digests) == 1 and digests != {None}


def data_of(version: ModelVersion) -> str:
    """Return name and digest of the data of a version, as people read them."""
    name, digest = version.tags.get("dataset"), version.tags.get("dataset_digest")
    return f"{name or 'data without a name'}, digest {digest[:8]}" if digest else name or "data that are not on record"
