"""The files of the model cache harmed while they are served: noticed, fetched again, loaded again."""

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from load.gate import Gate, gate_to
from load.served_versions import N_MOVIES, ServedVersions
from service_process import Service

pytestmark = pytest.mark.slow

QUESTION = {"user_ratings": {"10": 5, "20": 4}, "n": 10}
WEIGHTS = "item_weights.values.npy"
N_WORKERS = 2


@pytest.fixture(scope="module")
def gate(served: ServedVersions) -> Iterator[Gate]:
    """Yield a gate in front of the server."""
    with gate_to(served.url) as gate:
        yield gate


@pytest.fixture(scope="module")
def service(start_service: Any, served: ServedVersions, gate: Gate) -> Service:
    """Return a service that looks at the registry once an hour, so that whatever it notices it notices by itself."""
    served.registry.set_alias("Frail", 1)
    started: Service = start_service(
        "Frail",
        MLFLOW_TRACKING_URI=gate.url,
        RECSYS_API__WORKERS=str(N_WORKERS),
        RECSYS_MODEL__POLL_SECONDS="3600",
    )
    started.wait_for_version("1")
    wait_until_sound(started)
    return started


def cached(service: Service) -> Path:
    """Return the file of the weights that is served."""
    (found,) = service.cache.glob(f"versions/*/1-*/**/{WEIGHTS}")
    return found


def wait_until_sound(service: Service) -> None:
    """Wait until all workers answer, and the service says that it is healthy."""
    service.wait_until(lambda: service.ask("/metrics").json["workers"] == N_WORKERS)
    service.wait_until(lambda: all(service.ask("/health").json["status"] == "healthy" for _ in range(10)))


def flip_a_bit(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(-3, os.SEEK_END)
        byte = file.read(1)
        file.seek(-3, os.SEEK_END)
        file.write(bytes([byte[0] ^ 1]))


def cut_to_nothing(path: Path) -> None:
    os.truncate(path, 0)


def cut_in_half(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def fill_with_zeros(path: Path) -> None:
    size = path.stat().st_size
    os.truncate(path, 128)
    os.truncate(path, size)


def put_a_pipe_in_place(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def put_a_link_in_place(path: Path) -> None:
    elsewhere = path.parents[3] / f"{path.name}.elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


_numbers = count()


def new_question() -> dict[str, Any]:
    """Return a question that no worker has an answer to, about movies whose weights are the last ones of the file."""
    number = next(_numbers)
    last, but_one = str(10 * N_MOVIES), str(10 * (N_MOVIES - 1))
    return {"user_ratings": {last: 3 + number % 5 / 2, but_one: 3 + number // 5 % 5 / 2}, "n": 1 + number // 25}


def ask_until_workers_die(service: Service) -> None:
    """Let the workers read their files, which kills them where these are too short."""
    for _ in range(20):
        try:
            service.ask("/recommend", new_question())
        except OSError:
            continue


def kill_a_worker(service: Service) -> None:
    os.kill(service.worker_pids[0], signal.SIGKILL)


def fault_a_worker(service: Service) -> None:
    os.kill(service.worker_pids[0], signal.SIGBUS)


def segfault_a_worker(service: Service) -> None:
    os.kill(service.worker_pids[0], signal.SIGSEGV)


def reload(service: Service) -> None:
    # Accepted, where the machine is so busy that the look takes longer than an answer is waited for.
    assert service.reload()["status"] in ("reloaded", "unchanged", "accepted")


@pytest.mark.parametrize(
    ("harm", "then"),
    [
        (cut_to_nothing, ask_until_workers_die),
        (cut_in_half, ask_until_workers_die),
        (cut_in_half, reload),
        (flip_a_bit, kill_a_worker),
        (flip_a_bit, fault_a_worker),
        (flip_a_bit, reload),
        (fill_with_zeros, fault_a_worker),
        (fill_with_zeros, segfault_a_worker),
        (Path.unlink, kill_a_worker),
        (Path.unlink, reload),
        (lambda path: shutil.rmtree(path.parents[3]), kill_a_worker),
        (lambda path: (path.parent / "registered_model_meta").touch(), reload),
        (lambda path: (path.parent / "empty").mkdir(), reload),
        (put_a_pipe_in_place, reload),
        (put_a_link_in_place, kill_a_worker),
        (lambda path: put_a_link_in_place(path.parents[2]), reload),
    ],
)
def test_harmed_version_is_fetched_and_loaded_again(
    service: Service, harm: Callable[[Path], Any], then: Callable[[Service], None]
) -> None:
    original, answer = cached(service).read_bytes(), service.ask("/recommend", QUESTION).json
    harm(cached(service))
    then(service)
    service.wait_until(lambda: bool(list(service.cache.glob(f"versions/*/1-*/**/{WEIGHTS}"))))
    service.wait_until(
        lambda: cached(service).read_bytes() == original and len(list(cached(service).parent.iterdir())) > 3
    )
    wait_until_sound(service)
    assert all(service.ask("/recommend", QUESTION).json == answer for _ in range(20))
    assert all(service.ask("/recommend", QUESTION).version == "1" for _ in range(5))
    assert {path.name for path in cached(service).parent.iterdir()} & {"empty", "registered_model_meta"} == set()


NO_POINTERS = {
    "nothing": b"",
    "part": b'{"name": "movie-rec',
    "deep": b"[" * 100_000,
    "no_text": b"\xff\xfe",
    "digits": b'{"version": ' + b"9" * 5000 + b"}",
    "types": b'{"name": [], "version": [], "run_id": [], "folder": [], "artifact_sha256": [], "published_at": []}',
}


@pytest.mark.parametrize("name", NO_POINTERS)
def test_harmed_pointer_stops_no_worker_and_is_written_again(service: Service, name: str) -> None:
    (pointer,) = service.cache.glob("served/*/*/current.json")
    pointer.write_bytes(NO_POINTERS[name])
    kill_a_worker(service)
    assert service.ask("/recommend", QUESTION).status in (200, 503)
    service.wait_until(lambda: service.ask("/metrics").json["workers"] == N_WORKERS)
    reload(service)
    wait_until_sound(service)
    assert all(service.ask("/recommend", QUESTION).version == "1" for _ in range(10))


@pytest.mark.parametrize("harm", [lambda code: code.write_text("raise SystemExit(3)\n"), Path.unlink])
def test_altered_code_of_a_version_is_not_run_by_invocations_and_fetched_again(
    service: Service, harm: Callable[[Path], Any]
) -> None:
    (code,) = service.cache.glob("versions/*/1-*/**/recsys/pyfunc.py")
    original = code.read_bytes()
    kill_a_worker(service)  # one that has loaded nothing for scoring yet
    wait_until_sound(service)
    harm(code)
    table = {"dataframe_split": {"columns": ["movie_ids"], "data": [[[10]]]}}
    answers = [service.ask("/invocations", table) for _ in range(20)]
    assert {answer.status for answer in answers} <= {200, 503}
    service.wait_until(lambda: code.exists() and code.read_bytes() == original)
    wait_until_sound(service)
    service.wait_until(lambda: all(service.ask("/invocations", table).status == 200 for _ in range(20)))


def test_harmed_version_that_cannot_be_fetched_again_is_not_served_and_health_says_why(
    service: Service, gate: Gate
) -> None:
    gate.shut()
    try:
        flip_a_bit(cached(service))
        assert service.reload()["status"] == "refused"
        service.wait_until(lambda: all(service.ask("/health").status == 503 for _ in range(10)))
        reason = service.ask("/health").json["reason"]
        assert "version 1 in the cache has been altered" in reason
        assert gate.url in reason
        assert service.ask("/recommend", QUESTION).status == 503
        kill_a_worker(service)
        service.wait_until(lambda: service.ask("/metrics").json["workers"] == N_WORKERS)
        assert all(service.ask("/recommend", QUESTION).status == 503 for _ in range(10))
    finally:
        gate.open()
    assert service.reload()["status"] == "reloaded"
    wait_until_sound(service)


def test_cache_that_is_removed_altogether_is_no_reason_to_stop_answering(service: Service, gate: Gate) -> None:
    gate.shut()
    shutil.rmtree(service.cache / "served")
    try:
        assert all(service.ask("/recommend", QUESTION).status == 200 for _ in range(20))
    finally:
        gate.open()
    service.reload()
    wait_until_sound(service)
