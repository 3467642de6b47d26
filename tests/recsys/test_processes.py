"""Child processes are ended in order: asked first, killed when they do not listen."""

import signal
import subprocess
import sys

from recsys.processes import end_all

DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"


def test_end_all_asks_first() -> None:
    willing = [subprocess.Popen(["sleep", "600"]) for _ in range(2)]
    end_all(willing, patience_seconds=60)
    assert [process.returncode for process in willing] == [-signal.SIGTERM] * 2


def test_end_all_kills_what_does_not_listen() -> None:
    deaf = subprocess.Popen([sys.executable, "-c", DEAF], stdout=subprocess.PIPE, text=True)
    assert deaf.stdout is not None
    with deaf.stdout:
        assert deaf.stdout.readline() == "deaf\n"
        end_all([deaf], patience_seconds=0.2)
    assert deaf.returncode == -signal.SIGKILL


def test_end_all_of_what_has_ended_is_no_error() -> None:
    done = subprocess.Popen(["true"])
    done.wait()
    end_all([done], patience_seconds=60)
    assert done.returncode == 0
