"""A service that requires signatures: what is unsigned or forged is served in no way, and each refusal is told."""

import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from load.gate import Gate, gate_to
from load.served_versions import WEIGHTS, ServedVersions
from mlflow import MlflowClient
from pydantic import SecretStr
from service_process import TOKEN, Service

from recsys.checksums import tree_sha256
from recsys.signatures import SIGNATURE_TAG, Signatures
from recsys.traffic import CHALLENGER, CHALLENGER_TAG

pytestmark = pytest.mark.slow

KEY, OTHER_KEY = "a key of the tests only", "another key of the tests"
REQUIRED = {"RECSYS_MODEL__SIGNING_KEY": KEY, "RECSYS_MODEL__REQUIRE_SIGNATURE": "true"}
QUESTION = {"user_ratings": {"10": 5, "20": 4}}
MODEL = "movie-recommender"
ADMIN = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture(scope="module")
def served(served: ServedVersions) -> ServedVersions:
    """Return a server with versions 1 and 2, the first of them signed."""
    sign(served, 1, KEY)
    return served


@pytest.fixture(scope="module")
def gate(served: ServedVersions) -> Iterator[Gate]:
    """Yield a gate in front of the server."""
    with gate_to(served.url) as gate:
        yield gate


@pytest.fixture(autouse=True)
def second_is_unsigned(served: ServedVersions, gate: Gate) -> None:
    """Let version 2 have no signature at the start of each test, and the gate be open."""
    gate.open()
    sign(served, 2, None)
    for key in set(served.registry.tags()) & {CHALLENGER_TAG}:
        served.registry.delete_tag(key)


def sign(served: ServedVersions, version: int, key: str | None) -> None:
    """Put the signature by a key on a version, or take it away."""
    tags = served.registry.version(version).tags
    if key is not None:
        served.registry.tag_version(version, Signatures(SecretStr(key)).tags_for(tags))
    elif SIGNATURE_TAG in tags:
        MlflowClient(served.url).delete_model_version_tag(MODEL, str(version), SIGNATURE_TAG)


def start(start_service: Any, alias: str, url: str, **more: Any) -> Service:
    """Return a service with two workers."""
    settings = {"RECSYS_API__WORKERS": "2", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", **REQUIRED, **more}
    started: Service = start_service(alias, MLFLOW_TRACKING_URI=url, **settings)
    return started


def refusal(service: Service, words: str) -> None:
    """Wait until ``/health`` tells of a refusal, while version 1 goes on answering."""
    service.wait_until(lambda: words in (service.ask("/health").json["reason"] or ""))
    health = service.ask("/health").json
    assert (health["status"], health["model_version"]) == ("degraded", "1")
    assert KEY not in json.dumps(health)
    assert all(service.ask("/recommend", QUESTION).version == "1" for _ in range(8))
    assert list(service.cache.glob("versions/*/2-*")) == [], "nothing of it is fetched"


def test_only_what_is_signed_by_the_own_key_is_served(start_service: Any, served: ServedVersions) -> None:
    served.registry.set_alias("Signed", 1)
    service = start(start_service, "Signed", served.url)
    service.wait_for_workers(2)
    served.registry.set_alias("Signed", 2)
    refusal(service, "version 2 of movie-recommender has no signature")
    assert service.reload()["status"] == "refused"
    sign(served, 2, OTHER_KEY)
    refusal(service, "the signature of version 2 of movie-recommender is not")
    served.registry.tag_version(2, {SIGNATURE_TAG: served.registry.version(1).tags[SIGNATURE_TAG]})
    refusal(service, "the signature of version 2 of movie-recommender is not")
    sign(served, 2, KEY)
    service.wait_for_version("2")
    service.wait_until(lambda: service.ask("/health").json["status"] == "healthy")
    assert KEY not in service.log.read_text()


@pytest.mark.parametrize(("key", "words"), [(None, "has no signature"), (OTHER_KEY, "the signature of version 2")])
def test_version_that_is_not_signed_is_neither_compared_nor_challenger(
    start_service: Any, served: ServedVersions, key: str | None, words: str
) -> None:
    sign(served, 2, key)
    served.registry.set_alias(f"Beside{bool(key)}", 1)
    service = start(start_service, f"Beside{bool(key)}", served.url)
    service.wait_for_workers(2)
    service.wait_until(lambda: len(service.ask("/versions", **ADMIN).json["versions"]) == 2)
    service.wait_until(lambda: service.ask("/versions/2/load", {}, **ADMIN).json["state"] == "refused")
    answer = service.ask("/recommend?version=2", QUESTION, **ADMIN)
    assert answer.status == 503
    assert words in answer.json["detail"]
    served.registry.set_alias(CHALLENGER, 2)
    served.registry.set_tag(CHALLENGER_TAG, "100%")
    service.wait_until(lambda: words in ((service.ask("/health").json["traffic"] or {}).get("problem") or ""))
    answers = {service.ask("/recommend", QUESTION, **{"X-User-ID": f"user {number}"}).version for number in range(20)}
    assert answers == {"1"}
    assert list(service.cache.glob("versions/*/2-*")) == []


def forge(cache: Path) -> None:
    """Alter the weights of what is served and, with them, the sum in its pointer and the name of its folder."""
    (pointer,) = cache.glob("served/*/*/current.json")
    content = json.loads(pointer.read_text())
    folder = cache / content["folder"]
    forged = folder.with_name("1-0123456789abcdef")
    shutil.copytree(folder, forged)
    (weights,) = forged.glob(f"**/{WEIGHTS}")
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    content |= {"artifact_sha256": tree_sha256(forged), "folder": str(forged.relative_to(cache))}
    written = pointer.with_suffix(".new")
    written.write_text(json.dumps(content))
    written.replace(pointer)


def alter_a_stamp(cache: Path) -> None:
    """Alter the sum that is signed beside that of all files."""
    (pointer,) = cache.glob("served/*/*/current.json")
    content = json.loads(pointer.read_text())
    pointer.write_text(json.dumps(content | {"model_json_sha256": "0" * 64}))


def remove_the_signature(cache: Path) -> None:
    """Take the signature away, as if an earlier release had written the pointer."""
    (pointer,) = cache.glob("served/*/*/current.json")
    content = json.loads(pointer.read_text())
    pointer.write_text(json.dumps(content | {"signature": ""}))


FORGERIES = [forge, alter_a_stamp, remove_the_signature]


def test_cache_without_a_registry_is_served_as_long_as_its_signature_is_right(
    start_service: Any, served: ServedVersions, gate: Gate
) -> None:
    served.registry.set_alias("Alone", 1)
    first = start(start_service, "Alone", gate.url)
    first.wait_for_workers(2)
    first.wait_until(lambda: first.ask("/health").json["status"] == "healthy")
    assert first.stop() == 0
    gate.shut()
    second = start(start_service, "Alone", gate.url, cache=first.cache)
    second.wait_for_workers(2)
    assert second.ask("/recommend", QUESTION).version == "1"
    assert second.stop() == 0
    with_another_key = start(start_service, "Alone", gate.url, cache=first.cache, RECSYS_MODEL__SIGNING_KEY=OTHER_KEY)
    nothing_is_served(with_another_key)
    assert with_another_key.stop() == 0
    gate.open()
    third = start(start_service, "Alone", gate.url, cache=first.cache)
    third.wait_for_workers(2)
    assert third.stop() == 0


def nothing_is_served(service: Service) -> None:
    service.wait_until(lambda: service.ask("/metrics").json["workers"] == 2)
    service.wait_until(lambda: all(service.ask("/health").status == 503 for _ in range(8)))
    assert {service.ask("/recommend", QUESTION).status for _ in range(8)} == {503}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_cache_whose_files_and_sums_were_altered_together_is_not_served(
    start_service: Any, served: ServedVersions, gate: Gate, forgery: Callable[[Path], None]
) -> None:
    """First while the service runs and has no registry, then at a start without one."""
    alias = f"Forged{FORGERIES.index(forgery)}"
    served.registry.set_alias(alias, 1)
    service = start(start_service, alias, gate.url)
    service.wait_for_workers(2)
    (pointer,) = service.cache.glob("served/*/*/current.json")
    genuine = pointer.read_bytes()
    gate.shut()
    service.wait_until(lambda: service.ask("/health").json["registry"]["reachable"] is False)
    forgery(service.cache)
    nothing_is_served(service)
    assert "version 1 in the cache has been altered" in service.ask("/health").json["reason"]
    os.kill(service.worker_pids[0], signal.SIGKILL)
    nothing_is_served(service)
    assert service.stop() == 0
    pointer.write_bytes(genuine)
    forgery_again = service.cache / "versions" / MODEL / "1-0123456789abcdef"
    shutil.rmtree(forgery_again, ignore_errors=True)
    forgery(service.cache)
    again = start(start_service, alias, gate.url, cache=service.cache)
    nothing_is_served(again)
    assert "version 1 of movie-recommender" in again.log.read_text()
    gate.open()
    again.wait_for_version("1")
    again.wait_until(lambda: again.ask("/health").json["status"] == "healthy")
    assert json.loads(pointer.read_text())["signature"] == json.loads(genuine)["signature"]


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("", "no key to check signatures by"),
        ("short", "at least 16 characters"),
        (f"{KEY} ", "no blanks or line feeds at its ends"),
    ],
)
def test_key_that_cannot_be_right_ends_the_start_with_one_sentence(start_service: Any, key: str, words: str) -> None:
    service = start_service(
        "Keyless", MLFLOW_TRACKING_URI="http://127.0.0.1:9", **{**REQUIRED, "RECSYS_MODEL__SIGNING_KEY": key}
    )
    assert service.process.wait(120) == 2
    (line,) = service.log.read_text().strip().splitlines()
    assert words in line
    assert KEY not in line


def test_key_from_a_file_that_ends_with_line_feeds_is_the_key(
    start_service: Any, served: ServedVersions, tmp_path: Path
) -> None:
    (tmp_path / "key").write_text(f"{KEY}\r\n\n")
    served.registry.set_alias("Filed", 1)
    service = start(
        start_service,
        "Filed",
        served.url,
        RECSYS_MODEL__SIGNING_KEY="",
        RECSYS_MODEL__SIGNING_KEY_FILE=str(tmp_path / "key"),
    )
    service.wait_for_workers(2)
    assert service.ask("/health/live").version == "1"
