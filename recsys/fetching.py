"""Fetching a version by the address that MLflow has for it, checked before anything of it is loaded."""

import re
from pathlib import Path

from recsys.errors import ParameterError, RegistryError
from recsys.model_checks import has_checksums, verify_checksums
from recsys.registry import Registry
from recsys.signatures import Signatures

MODEL_URI = re.compile(r"models:/(?P<name>[^/@]+)(/(?P<version>\d+)|@(?P<alias>[^/@]+))")


def fetch_version(model_uri: str, tracking_uri: str, folder: Path, signatures: Signatures | None = None) -> Path:
    """Fetch ``models:/NAME/VERSION`` or ``models:/NAME@ALIAS``, any spelling of it, and return where it lies.

    Its signature and checksums are compared; a version that was registered by other hands has none to compare.

    Raises
    ------
    ParameterError
        When the address is of another form.
    RegistryError
        When there is no such version.
    ArtifactError
        When the signature is wrong, or a file has been altered.
    """
    match = MODEL_URI.fullmatch(model_uri)
    if match is None:
        raise ParameterError(f"{model_uri!r} is not a model; write models:/NAME/VERSION or models:/NAME@ALIAS")
    registry = Registry(match["name"], tracking_uri, signatures)
    version = registry.version(int(match["version"])) if match["version"] else registry.aliased(match["alias"])
    if version is None:
        raise RegistryError(f"no version of {registry.name} has the alias {match['alias']}; train a model first")
    registry.check_signature(version)
    fetched = registry.download(version, folder)
    if has_checksums(version):
        verify_checksums(fetched, version)
    return fetched
