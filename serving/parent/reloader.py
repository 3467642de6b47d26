"""Live reload for development: the whole service starts anew when the source changes."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

from loguru import logger
from watchfiles import PythonFilter, watch

import recsys
import serving

PATIENCE_SECONDS = 15.0


def serve_with_reload() -> int:
    """Run the service as a child process until SIGTERM or SIGINT, and start it anew at every change; return 0."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    folders = [Path(str(package.__file__)).parent for package in (recsys, serving)]
    logger.info("live reload: watching {}", ", ".join(map(str, folders)))
    child = _start()
    for changes in watch(*folders, watch_filter=PythonFilter(), stop_event=stop, raise_interrupt=False):
        logger.info("{} changed; starting anew", Path(min(changes)[1]).name)
        _end(child)
        child = _start()
    _end(child)
    return 0


def _start() -> subprocess.Popen[bytes]:
    environment = {**os.environ, "RECSYS_API__RELOAD": "false"}
    return subprocess.Popen([sys.executable, "-m", "serving"], env=environment, process_group=0)


def _end(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
