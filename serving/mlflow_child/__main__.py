"""The template process: imports MLflow once, then forks a child for each job. Started by the parent, never by hand.

A fork takes milliseconds and shares the memory of the import, so a job can be killed at any moment and started again.
The template never gets a secret, since the smoke test of a candidate is forked from it; a job that needs secrets is
told them over its own socket.
"""

import argparse
import gc
import logging
import os
import signal
import socket
import sys
import threading
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress

from recsys.logs import flush_logs

WORD_BYTES = 64  # longer than the name of any job, so that one call receives all of it

Job = Callable[[socket.socket], None]


def main(argv: Sequence[str]) -> None:
    """Fork a child for each job that the parent asks for, until the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    arguments = _arguments(argv)
    jobs = _import_jobs()
    control = socket.socket(fileno=arguments.control)
    # The parent may go at any moment, also between its question and the answer.
    with suppress(BrokenPipeError, ConnectionResetError):
        while _fork_one(control, jobs, arguments.lifeline):
            _reap()


def _fork_one(control: socket.socket, jobs: dict[str, Job], lifeline: int) -> bool:
    """Fork the child that the parent asks for; return False when the parent is gone."""
    word, descriptors, _, _ = socket.recv_fds(control, WORD_BYTES, 1)
    if not word:
        return False
    pid = os.fork()
    if pid == 0:
        control.close()
        _run(jobs[word.decode()], descriptors[0], lifeline)
    os.close(descriptors[0])
    control.sendall(f"{pid}\n".encode())
    return True


def _import_jobs() -> dict[str, Job]:
    """Return the jobs by name; what libraries say while they are imported is not for the log."""
    logging.disable(logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from serving.mlflow_child.registry_job import serve_registry_calls  # noqa: PLC0415
        from serving.mlflow_child.smoke_test import run_smoke_test  # noqa: PLC0415
    logging.disable(logging.NOTSET)
    # A collection in a child would write to every object, and so give it a copy of all that it shares.
    gc.freeze()
    return {"registry": serve_registry_calls, "smoke-test": run_smoke_test}


def _run(job: Job, descriptor: int, lifeline: int) -> None:
    # A group of its own, so that whatever the job starts is killed with it.
    os.setpgid(0, 0)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, args=(lifeline,), daemon=True).start()
    code = 1
    try:
        job(socket.socket(fileno=descriptor))
        code = 0
    finally:
        flush_logs()
        os._exit(code)


def _end_with_parent(lifeline: int) -> None:
    """End this process when the parent is gone, whatever the job hangs in."""
    os.read(lifeline, 1)
    os._exit(1)


def _reap() -> None:
    """Forget the jobs that have ended; the last ones are forgotten with the next job."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m serving.mlflow_child", description=__doc__)
    for name in ("control", "lifeline"):
        parser.add_argument(f"--{name}", type=int, required=True)
    return parser.parse_args(argv)


if __name__ == "__main__":
    main(sys.argv[1:])
