"""The checksum tags of a registered version: written at registration, compared before anything of it is loaded.

The sums stand in the registry and the files in the artifact store, so that whoever can only write to the store cannot
change what is served.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from recsys.alias.tag_names import machine_tag, read_tag
from recsys.checksums import sha256_of, tree_sha256
from recsys.errors import ArtifactError
from recsys.manifest import MANIFEST
from recsys.storage import LOGGED_FOLDER

if TYPE_CHECKING:
    from recsys.model_version import ModelVersion

ARTIFACT_TAG = machine_tag("artifact_sha256")
"""Tag with the sum over all files, see `recsys.checksums.tree_sha256`."""

SIZE_TAG = machine_tag("artifact_bytes")
"""Tag with the size of all files, so that a larger download is refused before it begins; older versions have none."""

MOST_FILES = 10_000
"""A version has about two hundred files and folders."""

MODEL_TAG = machine_tag("model_json_sha256")
"""Tag with the sum of ``model.json``, which in turn holds the sum of every array."""


def checksum_tags(folder: Path) -> dict[str, str]:
    """Return the checksum tags of the artifacts in a folder.

    Raises
    ------
    ArtifactError
        When the folder holds no movie recommender.
    """
    manifest = folder / LOGGED_FOLDER / MANIFEST
    if not manifest.is_file():
        raise ArtifactError(f"there is no {LOGGED_FOLDER / MANIFEST} among the files; this is not a movie recommender")
    return {MODEL_TAG: sha256_of(manifest), ARTIFACT_TAG: tree_sha256(folder)}


def registration_tags(folder: Path) -> dict[str, str]:
    """Return the tags by which the artifacts in a folder can be checked once they are registered.

    Raises
    ------
    ArtifactError
        When the folder holds no movie recommender.
    """
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return {**checksum_tags(folder), SIZE_TAG: str(size)}


def has_checksums(version: "ModelVersion") -> bool:
    """Return whether the files of a version can be checked."""
    return not missing_sums(version)


def missing_sums(version: "ModelVersion") -> list[str]:
    """Return the names of the checksum tags that a version lacks."""
    return [tag for tag in (ARTIFACT_TAG, MODEL_TAG) if not read_tag(version.tags, tag)]


def expected_sum(version: "ModelVersion") -> str:
    """Return the sum of the artifacts that the registry's tags demand.

    Raises
    ------
    ArtifactError
        When the version has no such tags: what has no sum cannot be checked.
    """
    missing = missing_sums(version)
    if missing:
        raise ArtifactError(
            f"version {version.version} of {version.name} has no tag {' and no tag '.join(missing)}, so its files "
            f"cannot be checked; `python -m training promote {version.version}` adopts it after a smoke test"
        )
    return read_tag(version.tags, ARTIFACT_TAG) or ""


def verify_checksums(folder: Path, version: "ModelVersion") -> None:
    """Compare downloaded artifacts with the sums in the registry's tags.

    Raises
    ------
    ArtifactError
        When a file has been altered, added or removed, or the version has no sums.
    """
    expected_sum(version)
    for path in folder.rglob("*"):
        if path.is_symlink() or path.name == "__pycache__":
            raise ArtifactError(f"version {version.version} of {version.name} holds {path.name}, which no model needs")
    for tag, found in checksum_tags(folder).items():
        registered = read_tag(version.tags, tag)
        if found != registered:
            raise ArtifactError(
                f"the artifacts of version {version.version} of {version.name} have been altered: {tag} is {found}, "
                f"the registry says {registered}; it is not loaded"
            )
