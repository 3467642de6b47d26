"""Versions that came into the registry by other hands: by MLflow's own calls, or as copies from another model.

MLflow's maintainers recommend a registered model for each environment, between which versions are copied. A copy keeps
its tags; a version that someone has registered by hand has none, and is adopted when it is promoted.
"""

import tempfile
from pathlib import Path

from recsys.errors import ArtifactError
from recsys.model_checks import has_checksums, registration_tags
from recsys.model_version import ModelVersion
from recsys.registry import HEADLINE, Registry
from recsys.storage import LOGGED_FOLDER, load_model
from training.gating.smoke import problem_of_model


def adopt(registry: Registry, version: ModelVersion) -> tuple[ModelVersion, str]:
    """Put the checksums of a version on record that has none, once it has answered a smoke test.

    Returns
    -------
    (version, sentence): the version with its tags, and what was done; an empty text where nothing had to be.

    Raises
    ------
    ArtifactError
        When its files are no movie recommender, or do not answer.
    """
    if has_checksums(version):
        return version, ""
    with tempfile.TemporaryDirectory() as scratch:
        folder = registry.download(version, Path(scratch))
        tags = registration_tags(folder)
        model, info = load_model(folder / LOGGED_FOLDER)
        problem = problem_of_model(model)
    if problem:
        raise ArtifactError(problem)
    known = {
        "method": info.method,
        "dataset": str(info.dataset.get("name", "")),
        "dataset_digest": str(info.dataset.get("digest", "")),
        **_headline(registry, version),
    }
    missing = {name: value for name, value in known.items() if value and name not in version.tags}
    registry.tag_version(version.version, {**missing, **tags})
    sentence = (
        f"version {version.version} of {registry.name} was not registered by this product; it has answered a smoke "
        "test, and the checksums of its files are now on record"
    )
    return registry.version(version.version), sentence


def copy_to(registry: Registry, version: ModelVersion, target: Registry) -> ModelVersion:
    """Return the copy of a version in another registered model of the same server, made if it is not there yet."""
    for existing in target.versions():
        if existing.source == version.uri or (existing.source == version.source and existing.run_id == version.run_id):
            return existing
    return registry.copy(version, target.name)


def _headline(registry: Registry, version: ModelVersion) -> dict[str, str]:
    """Return the headline metric of the run of a version, nothing where it has none."""
    value = registry.metrics_of_run(version.run_id).get(HEADLINE) if version.run_id else None
    return {} if value is None else {HEADLINE: f"{value:.4f}"}
