from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from recsys.errors import ArtifactError
from recsys.model_checks import ARTIFACT_TAG, MODEL_TAG
from recsys.model_version import ModelVersion
from recsys.signatures import SIGNATURE_TAG, Signatures, signature_of

KEY = "a key of the tests only"
SUMS = {ARTIFACT_TAG: "a" * 64, MODEL_TAG: "b" * 64}
SIGNED = {**SUMS, **Signatures(SecretStr(KEY)).tags_for(SUMS)}


def version(**tags: str) -> ModelVersion:
    return ModelVersion("movies", 3, "run", "source", datetime(2026, 1, 2, tzinfo=UTC), tags)


def test_signature_is_the_hmac_that_openssl_gives() -> None:
    """``printf 'movie-recsys registered version 1\\naaa...\\nbbb...' | openssl dgst -sha256 -hmac KEY``."""
    assert (
        signature_of(KEY, SUMS[ARTIFACT_TAG], SUMS[MODEL_TAG])
        == "04bee03b7652e32c8a663509556ab53b6542d794acb1c341581f9a326305f87a"
    )


@pytest.mark.parametrize("required", [True, False])
def test_check_own_signature_passes(required: bool) -> None:
    Signatures(SecretStr(KEY), required).check(version(**SIGNED))


@pytest.mark.parametrize("tag", [ARTIFACT_TAG, MODEL_TAG, SIGNATURE_TAG])
@pytest.mark.parametrize("value", ["c" * 64, "ä", " ", "A" * 64])
@pytest.mark.parametrize("required", [True, False])
def test_check_altered_tag_is_refused(tag: str, value: str, required: bool) -> None:
    with pytest.raises(ArtifactError, match="the signature of version 3 of movies is not"):
        Signatures(SecretStr(KEY), required).check(version(**{**SIGNED, tag: value}))


def test_check_signature_by_another_key_is_refused() -> None:
    with pytest.raises(ArtifactError, match="is not that of its checksums"):
        Signatures(SecretStr("another key of the tests")).check(version(**SIGNED))


def test_check_missing_signature_is_refused_where_it_is_required() -> None:
    Signatures(SecretStr(KEY)).check(version(**SUMS))
    for tags in (SUMS, {**SUMS, SIGNATURE_TAG: ""}):
        with pytest.raises(ArtifactError, match="has no signature"):
            Signatures(SecretStr(KEY), are_required=True).check(version(**tags))


def test_tags_for_without_a_key_are_none() -> None:
    assert Signatures().tags_for(SUMS) == {}
    Signatures().check(version(**SIGNED))
