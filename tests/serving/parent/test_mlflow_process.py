"""The template process, its jobs, and the registry client over them: real processes, and registries that misbehave."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from load.drip import dripping_server
from load.processes import is_running, wait_until
from published_models import save_artifacts

from recsys.data import Dataset
from recsys.errors import ArtifactError, RegistryError
from recsys.setting_groups import ModelSettings
from recsys.settings import Settings
from recsys.storage import LOGGED_FOLDER
from serving.parent.look import Look
from serving.parent.mlflow_process import MlflowProcess, environment_without_secrets
from serving.parent.registry_client import RegistryClient
from serving.parent.registry_thread import Poller
from serving.parent.smoke_test import SmokeTest
from serving.shared.model_cache import ModelCache
from serving.shared.sync_status import SyncStatus, read_status

SECRETS = {
    "RECSYS_API__ADMIN_TOKEN": "secret-admin-token",
    "AWS_SECRET_ACCESS_KEY": "secret-key-of-the-bucket",
    "MLFLOW_TRACKING_PASSWORD": "secret-password",
    "PGPASSWORD": "secret-of-postgres",
    "ANYTHING_ELSE": "secret-of-someone",
}


@pytest.fixture(scope="module")
def process() -> Iterator[MlflowProcess]:
    """Yield a template that was started by a process with secrets."""
    before = dict(os.environ)
    os.environ.update(SECRETS)
    started = MlflowProcess(Settings())
    started.start("smoke-test").kill()
    yield started
    os.environ.clear()
    os.environ.update(before)
    started.stop()


def settings_for(tracking_uri: str, monkeypatch: pytest.MonkeyPatch, seconds: float = 2.0) -> Settings:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", tracking_uri)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    return Settings(model=ModelSettings(look_seconds=seconds, download_seconds=seconds))


def write_code(folder: Path, body: str) -> Path:
    """Write a version whose code does something when it is loaded."""
    (folder / "code.py").write_text(
        "import mlflow, pandas\n"
        "class Model(mlflow.pyfunc.PythonModel):\n"
        "    def predict(self, context, model_input, params=None):\n"
        "        return pandas.DataFrame({'movie_ids': [[60]], 'scores': [[1.0]], 'titles': [['x']]})\n"
        f"{body}\n"
        "mlflow.models.set_model(Model())\n"
    )
    (folder / "MLmodel").write_text(
        "flavors:\n  python_function:\n    loader_module: mlflow.pyfunc.model\n    model_code_path: code.py\n"
        "    python_version: 3.11.0\n"
    )
    return folder


@pytest.fixture
def candidate(tmp_path: Path, tiny: Dataset) -> Path:
    """Return a folder that holds a model, for code that is written beside it."""
    folder = tmp_path / "scratch" / "model"
    save_artifacts(tiny, folder, "content-cosine")
    assert (folder / LOGGED_FOLDER).is_dir()
    return folder


def test_smoke_test_of_a_sound_candidate_passes(process: MlflowProcess, candidate: Path) -> None:
    SmokeTest(process)(write_code(candidate, "pass"))


def test_smoke_test_code_finds_no_secret(process: MlflowProcess, candidate: Path, tmp_path: Path) -> None:
    """Neither in its environment, nor in what its memory was copied from."""
    seen = tmp_path / "seen"
    SmokeTest(process)(
        write_code(
            candidate,
            "import os, json\n"
            f"with open({str(seen)!r}, 'w') as out:\n"
            "    json.dump([dict(os.environ), open('/proc/self/environ').read(), os.getcwd()], out)\n",
        )
    )
    found = seen.read_text()
    assert "PATH" in found
    assert [secret for secret in SECRETS.values() if secret in found] == []
    assert str(tmp_path) in found, "it works in the folder of the download"


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("raise ValueError('broken')", "broken"),
        ("raise SystemExit(0)", "died"),
        ("import os; os._exit(0)", "died"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "died"),
        ("import ctypes; ctypes.string_at(0)", "died"),
        ("import time; time.sleep(1000)", "no answer within"),
        ("while True: pass", "no answer within"),
        ("import signal, time; signal.pthread_sigmask(0, range(1, 65)); time.sleep(1000)", "no answer within"),
    ],
)
def test_smoke_test_of_a_bad_candidate_is_refused_in_a_sentence_and_leaves_nothing(  # noqa: PLR0917
    process: MlflowProcess, candidate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, complaint: str
) -> None:
    if complaint == "no answer within":
        monkeypatch.setattr("serving.parent.smoke_test.SECONDS", 2.0)
    pids = tmp_path / "pids"
    body = f"import os; open({str(pids)!r}, 'a').write(f'{{os.getpid()}} ')\n{body}"
    with pytest.raises(ArtifactError, match=complaint):
        SmokeTest(process)(write_code(candidate, body))
    for pid in map(int, pids.read_text().split() if pids.exists() else ()):  # it may not have come that far
        wait_until(lambda pid=pid: not is_running(pid))  # type: ignore[misc]
    SmokeTest(process)(write_code(candidate, "pass"))


def test_smoke_test_that_starts_processes_ends_them_too(
    process: MlflowProcess, candidate: Path, tmp_path: Path
) -> None:
    pids = tmp_path / "pids"
    body = f"import subprocess; open({str(pids)!r}, 'w').write(str(subprocess.Popen(['sleep', '1000']).pid))"
    SmokeTest(process)(write_code(candidate, body))
    wait_until(lambda: not is_running(int(pids.read_text())))


def test_registry_that_drips_is_given_up_in_time_and_asked_again(
    process: MlflowProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    with dripping_server() as url:
        client = RegistryClient(settings_for(url, monkeypatch), process)
        for _ in range(2):  # a whole answer would take days
            with pytest.raises(RegistryError, match="no answer within 2 seconds; check MLFLOW_TRACKING_URI"):
                client.look("Production")
        with pytest.raises(RegistryError, match="no answer within"):
            client.listing()
        client.close()


def test_answer_without_end_is_given_up_before_it_takes_all_memory() -> None:
    script = """
import sys
from serving.mlflow_child.answering import answer_of
from serving.mlflow_child.memory_limit import limit_memory
limit_memory(64 * 2**20)
print(answer_of(lambda: len(bytearray(32 * 2**20))), answer_of(lambda: bytearray(512 * 2**20)))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "{'answer': 33554432}" in done.stdout
    assert "the answer is larger than a process may be" in done.stdout
    assert done.stderr == ""


def test_registry_that_is_not_there_is_said(process: MlflowProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    client = RegistryClient(settings_for("http://user:pass@127.0.0.1:9", monkeypatch, 30.0), process)
    with pytest.raises(RegistryError, match=r"127\.0\.0\.1:9") as caught:
        client.version(1)
    assert "pass" not in str(caught.value)
    client.close()


def test_job_that_is_killed_is_replaced_by_the_next_call(
    process: MlflowProcess, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    client = RegistryClient(settings_for(f"sqlite:///{tmp_path}/mlflow.db", monkeypatch, 60.0), process)
    assert client.look("Production") == Look(None)
    job = client._job
    assert job is not None
    os.kill(job.pid, signal.SIGKILL)
    with pytest.raises(RegistryError, match="has died"):
        client.look("Production")
    assert client.look("Production") == Look(None)
    client.close()


@pytest.mark.parametrize("moment", ["while asked", "before"])
def test_job_that_ends_with_the_service_is_no_fault_of_the_registry(
    moment: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with dripping_server() as url:
        settings = settings_for(url, monkeypatch, 60.0)
        cache = ModelCache(tmp_path / "cache", "movie-recommender", "Production")
        poller = Poller(settings, cache, lambda: True)
        if moment == "before":
            poller.stop()
            poller._look()
        else:
            poller.start()
            wait_until(lambda: poller._sync is not None and poller._sync.registry._job is not None)
            poller.stop()
            poller._thread.join(60)
        assert not poller._thread.is_alive()
        assert read_status(cache.status) == SyncStatus()
        cache.lock.release()


def test_template_that_is_killed_is_started_again(process: MlflowProcess, candidate: Path) -> None:
    template = process._process
    assert template is not None
    template.kill()
    template.wait()
    SmokeTest(process)(write_code(candidate, "pass"))
    assert process._process is not template


def test_template_that_hangs_is_replaced(process: MlflowProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serving.parent.mlflow_process.FORK_SECONDS", 1.0)
    process.start("smoke-test").kill()
    hung = process._process
    assert hung is not None
    os.kill(hung.pid, signal.SIGSTOP)
    with pytest.raises(RegistryError, match="has died"):
        process.start("smoke-test")
    assert hung.poll() is not None
    process.start("smoke-test").kill()


def test_jobs_of_two_threads_do_not_wait_for_one_another(
    process: MlflowProcess, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with dripping_server() as url:
        slow = RegistryClient(settings_for(url, monkeypatch, 30.0), process)

        def ask_in_vain() -> None:
            with pytest.raises(RegistryError):
                slow.look("Production")

        thread = threading.Thread(target=ask_in_vain)
        thread.start()
        quick = RegistryClient(settings_for(f"sqlite:///{tmp_path}/mlflow.db", monkeypatch, 60.0), process)
        assert quick.look("Production") == Look(None)
        assert thread.is_alive()
    thread.join(60)
    for client in (slow, quick):
        client.close()


def test_environment_without_secrets_holds_what_python_needs() -> None:
    found = environment_without_secrets()
    assert found["PATH"] == os.environ["PATH"]
    assert not {name for name in found if "TOKEN" in name or "KEY" in name or "PASS" in name or name.startswith("AWS")}


def test_call_with_a_watch_that_objects_ends_the_job(process: MlflowProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    def object_to_it() -> None:
        raise ArtifactError("too large")

    with dripping_server() as url:
        client = RegistryClient(settings_for(url, monkeypatch, 30.0), process)
        with pytest.raises(ArtifactError, match="too large"):
            client._call({"call": "listing"}, "it", meanwhile=object_to_it)
        assert client._job is not None
        pid = client._job.pid
        wait_until(lambda: not is_running(pid))


@pytest.mark.parametrize("asks", [b"registry", b"smoke-test", b""])
def test_template_whose_parent_goes_ends_without_a_word(asks: bytes) -> None:
    """As when Ctrl-C ends the service while MLflow is being imported."""
    control, other = socket.socketpair()
    lifeline, kept_open = os.pipe()
    with other:
        numbers = {"control": other.fileno(), "lifeline": lifeline}
        template = subprocess.Popen(
            [sys.executable, "-m", "serving.mlflow_child", *(f"--{name}={number}" for name, number in numbers.items())],
            pass_fds=tuple(numbers.values()),
            stderr=subprocess.PIPE,
        )
    if asks:
        socket.send_fds(control, [asks], [lifeline])
    control.close()
    os.close(kept_open)
    _, said = template.communicate(timeout=600)
    os.close(lifeline)
    assert (template.returncode, said) == (0, b"")
