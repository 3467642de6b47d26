import json
import sys
import threading
import time

import pytest
from loguru import logger

from training.scheduling.child import Child


@pytest.fixture
def log():
    lines: list[str] = []
    sink = logger.add(
        lambda message: lines.append(str(message).strip()), format="{extra[logger]}: {message}", filter=_own
    )
    yield lines
    logger.remove(sink)


def _own(record) -> bool:
    return record["extra"].get("logger") == "retrain"


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_child_exit_code_is_returned():
    assert Child(python("raise SystemExit(3)")).run() == 3


def test_child_output_json_as_it_is_and_text_as_log_lines(capsys, log):
    line = json.dumps({"message": "hello", "level": "INFO"})
    Child(python(f"import sys; print({line!r}); print('plain'); print('[1]'); sys.stderr.write('trouble\\n')")).run()
    assert capsys.readouterr().out.splitlines() == [line]
    assert sorted(log) == ["retrain: [1]", "retrain: plain", "retrain: trouble"]


def test_child_keeps_the_environment_but_not_the_run_of_mlflow(monkeypatch, log):
    monkeypatch.setenv("RECSYS_MODEL__NAME", "films")
    monkeypatch.setenv("MLFLOW_RUN_ID", "abc")
    Child(python("import os; print(os.environ['RECSYS_MODEL__NAME'], os.environ.get('MLFLOW_RUN_ID'))")).run()
    assert log == ["retrain: films None"]


@pytest.mark.parametrize(
    ("code", "patience", "exit_code"),
    [
        pytest.param("import time; print('up', flush=True); time.sleep(600)", 120, -15, id="obedient"),
        pytest.param(
            "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(600)",
            0.5,
            -9,
            id="deaf",
        ),
    ],
)
def test_child_stop_ends_it_in_time(code, patience, exit_code, log):
    child, codes = Child(python(code)), []
    thread = threading.Thread(target=lambda: codes.append(child.run()))
    thread.start()
    while not log:
        time.sleep(0.01)
    child.stop(patience_seconds=patience)
    thread.join(120)
    assert codes == [exit_code]


def test_child_stopped_runs_nothing_any_more(log):
    child = Child(python("print('up')"))
    child.stop(1)
    assert child.run() == 0
    assert log == []
