"""Whether a version was trained on other data than the one that is served."""

import tempfile
from pathlib import Path

from recsys.model_version import ModelVersion
from recsys.registry import Registry
from training.gating.contest import open_registered, share_of_movies_kept
from training.gating.params import GateParams


def is_same_data(a: ModelVersion, b: ModelVersion) -> bool:
    """Return whether two versions were trained on the very same ratings; False where that is not on record."""
    digests = {version.tags.get("dataset_digest") for version in (a, b)}
    return len(digests) == 1 and digests != {None}


def data_of(version: ModelVersion) -> str:
    """Return name and digest of the data of a version, as people read them."""
    name, digest = version.tags.get("dataset"), version.tags.get("dataset_digest")
    return f"{name or 'data without a name'}, digest {digest[:8]}" if digest else name or "data that are not on record"


def objection_to_other_data(registry: Registry, served: ModelVersion, candidate: ModelVersion) -> str:
    """Return why a candidate would answer about other movies or other ratings than the served version, or nothing.

    Data have a name; of the same name, they have grown. What has another name, or has lost more than a tenth of the
    movies, is something else: a sample, a test, another catalogue.
    """
    if is_same_data(served, candidate):
        return ""
    names = [version.tags.get("dataset") for version in (candidate, served)]
    if None not in names and names[0] != names[1]:
        return (
            f"version {candidate.version} was trained on {data_of(candidate)}, and version {served.version}, which is "
            f"served, on other data: {data_of(served)}"
        )
    kept = _share_kept(registry, served, candidate)
    least = GateParams().min_catalog_kept
    if kept is not None and kept < least:
        return (
            f"version {candidate.version} knows {kept:.0%} of the movies of version {served.version}, which is served, "
            f"and at least {least:.0%} are needed"
        )
    return ""


def _share_kept(registry: Registry, served: ModelVersion, candidate: ModelVersion) -> float | None:
    """Return the share of the served movies that the candidate knows; None where one of the two cannot be read."""
    models = []
    for version in (served, candidate):
        with tempfile.TemporaryDirectory() as scratch:
            models.append(open_registered(registry, version, Path(scratch)).model)
    ours, theirs = models
    return None if ours is None or theirs is None else share_of_movies_kept(ours.catalog, theirs.catalog)
