"""``model.json``: the format of a model folder, and the checksum of each of its files."""

import json
from pathlib import Path
from typing import Any

from recsys.checksums import sha256_of
from recsys.errors import ArtifactError

MANIFEST = "model.json"
FORMAT_VERSION = 2
READABLE_VERSIONS = (1, 2)


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the contents of ``model.json``.

    Raises
    ------
    ArtifactError
        When it is missing, not JSON, or of a format that this version does not read.
    """
    path = folder / MANIFEST
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ArtifactError(f"{folder} holds no {MANIFEST}; it is not a model folder") from None
    except ValueError as error:
        raise ArtifactError(f"{path} is not JSON ({error}); train or download the model again") from None
    version = manifest.get("format_version")
    if version not in READABLE_VERSIONS:
        readable = " and ".join(map(str, READABLE_VERSIONS))
        raise ArtifactError(
            f"{path} has format version {version!r}, but this release reads {readable}; "
            "train the model again, or use the release that wrote it"
        )
    return manifest


def verify_files(folder: Path, sums: dict[str, str]) -> None:
    """Compare files with their sha256 sums.

    Raises
    ------
    ArtifactError
        For the first file that is missing or altered.
    """
    for name, expected in sorted(sums.items()):
        path = folder / name
        if not path.is_file():
            raise ArtifactError(f"{path} is missing; download or train the model again")
        found = sha256_of(path)
        if found != expected:
            raise ArtifactError(f"{path} has been altered: sha256 {found}, expected {expected}; it is not loaded")
