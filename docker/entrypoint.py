#!/usr/bin/env python3
"""Process 1 of the containers: runs a command, passes signals on to it, and reaps what is left behind.

A program that is process 1 itself is not ended by SIGTERM unless it has been written to be. The exit code is that of
the command, or 128 + N when signal N has ended it.

With LOG_FILE set, what the command prints is kept there as well. The file is turned over at 10 MB, and five are kept.
When another container on the same volume holds it, FILE-2, FILE-3 and so on are used. A log that cannot be written
never stops the command.
"""

import fcntl
import logging
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path

MAX_BYTES, KEPT = 10_000_000, 5
MOST_SHARERS = 99
LAST_WORDS_SECONDS = 2.0
PASSED_ON = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)
NOT_FOUND = 127


class LogFile(RotatingFileHandler):
    """A log file that falls silent, with one complaint, when it cannot be written."""

    broken = False

    def handleError(self, record):  # noqa: N802, ARG002  the name is logging's
        """Complain once."""
        if not self.broken:
            self.broken = True
            warn(f"{self.baseFilename} cannot be written: {sys.exc_info()[1]}")


def main(command):
    """Run the command and return its exit code."""
    path = os.environ.get("LOG_FILE")
    log = open_log(Path(path)) if path else None
    pipe = subprocess.PIPE if log else None
    try:
        child = subprocess.Popen(command, stdout=pipe, stderr=pipe)
    except OSError as error:
        print(f"error: {command[0]}: {error.strerror}", file=sys.stderr)
        return NOT_FOUND
    for number in PASSED_ON:
        signal.signal(number, lambda received, _frame: pass_on(child.pid, received))
    pumps = [start_pump(*ends, log) for ends in ((child.stdout, sys.stdout), (child.stderr, sys.stderr)) if log]
    child.returncode = wait_for(child.pid)
    for pump in pumps:
        pump.join(LAST_WORDS_SECONDS)
    return child.returncode


def wait_for(child):
    """Return the exit code of the child; orphans that have come to process 1 are reaped on the way."""
    while True:
        ended, status = os.waitpid(-1, 0)
        if ended == child:
            return os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


def pass_on(child, number):
    """Send a signal to the child, which may have ended meanwhile."""
    with suppress(ProcessLookupError):
        os.kill(child, number)


def start_pump(source, target, log):
    """Copy lines to the container's own output and to the log file, in a thread."""

    def pump():
        for line in source:
            target.buffer.write(line)
            target.buffer.flush()
            log.handle(logging.makeLogRecord({"msg": line.decode(errors="replace").rstrip("\n")}))

    thread = threading.Thread(target=pump, daemon=True)
    thread.start()
    return thread


def open_log(path):
    """Open the log file, or the next one that no other container holds; None when it cannot be written."""
    for number in range(1, MOST_SHARERS + 1):
        mine = path if number == 1 else path.with_stem(f"{path.stem}-{number}")
        try:
            lock = mine.with_suffix(".lock").open("w")
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            log = LogFile(mine, maxBytes=MAX_BYTES, backupCount=KEPT - 1, encoding="utf-8")
        except BlockingIOError:
            continue
        except OSError as error:
            warn(f"no log is kept in {mine}: {error.strerror}")
            return None
        log.held = lock  # as long as this process lives
        return log
    return None


def warn(message):
    """Say what is wrong where `docker logs` shows it."""
    print(f"warning: {message}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: entrypoint COMMAND...")
    sys.exit(main(sys.argv[1:]))
