"""Signatures of registered versions: who can only write to the registry cannot let anything be served.

The checksums in the registry protect against whoever can write to the artifact store. The signature protects against
whoever can write to the registry as well: it is an HMAC-SHA256 (RFC 2104) over the version's checksums, with a
key that training and the API have and MLflow has not.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import SecretStr

from recsys.alias.tag_names import machine_tag, read_tag
from recsys.errors import ArtifactError
from recsys.model_checks import ARTIFACT_TAG, MODEL_TAG
from recsys.model_version import ModelVersion
from recsys.setting_groups import ModelSettings

SIGNATURE_TAG = machine_tag("signature")
"""Tag with the signature, 64 hexadecimal digits."""

PURPOSE = "movie-recsys registered version 1"
"""Part of what is signed, so that a signature that the same key has made of something else is none of a version."""


def signature_of(key: str, artifact_sha256: str, model_json_sha256: str) -> str:
    """Return the signature over the two sums of a version; the same when it is copied to another model."""
    text = "\n".join((PURPOSE, artifact_sha256, model_json_sha256))
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True)
class Signatures:
    """What signatures have to be like.

    Attributes
    ----------
    key
        None when there is none: then no signature can be made, nor told from a forged one.
    are_required
        Whether a version without a signature is refused.
    """

    key: SecretStr | None = None
    are_required: bool = False

    @classmethod
    def of(cls, settings: ModelSettings) -> "Signatures":
        """Return what the settings ask for."""
        return cls(settings.signing_key, settings.require_signature)

    def tags_for(self, tags: Mapping[str, str]) -> dict[str, str]:
        """Return the tag that signs a version with these checksum tags, nothing when there is no key."""
        if self.key is None:
            return {}
        return {SIGNATURE_TAG: signature_of(self.key.get_secret_value(), *_sums(tags))}

    def check(self, version: ModelVersion) -> None:
        """Compare the signature of a version with its checksum tags.

        Raises
        ------
        ArtifactError
            When it is another one, or missing though it is required.
        """
        which = f"version {version.version} of {version.name}"
        self.check_sums(which, *_sums(version.tags), read_tag(version.tags, SIGNATURE_TAG))

    def check_sums(self, which: str, artifact_sha256: str, model_json_sha256: str, signature: str | None) -> None:
        """Compare a signature with the two sums of a version; `ArtifactError` as from `check`."""
        if not signature:
            if self.are_required:
                raise ArtifactError(
                    f"{which} has no signature, so it is not loaded; register it where RECSYS_MODEL__SIGNING_KEY is set"
                )
            return
        if self.key is None:
            return
        expected = signature_of(self.key.get_secret_value(), artifact_sha256, model_json_sha256)
        if not hmac.compare_digest(signature.encode(), expected.encode()):
            raise ArtifactError(
                f"the signature of {which} is not that of its checksums by this key; it is not loaded; "
                "compare RECSYS_MODEL__SIGNING_KEY here and where it was registered"
            )


def _sums(tags: Mapping[str, str]) -> tuple[str, str]:
    """Return the sums that are signed: of all files, and of ``model.json``."""
    return read_tag(tags, ARTIFACT_TAG) or "", read_tag(tags, MODEL_TAG) or ""
