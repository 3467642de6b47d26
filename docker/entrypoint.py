#!/usr/bin/env python3
"""Process 1 of the containers: runs a command, passes signals on to it, and reaps what is left behind.

A program that is process 1 itself is not ended by SIGTERM unless it has been written to be. The exit code is that of
the command, or 128 + N when signal N has ended it.

A secret may come from a file: with PGPASSWORD_FILE=/run/secrets/x set, PGPASSWORD is what that file holds.

With LOG_FILE set, what the command prints is kept there as well. The file is turned over at 10 MB, and five are kept.
When another container on the same volume holds it, FILE-2, FILE-3 and so on are used. Neither a log that cannot be
written nor an output that nobody reads ever stops the command: its lines are taken whatever happens to them.
"""

import fcntl
import logging
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path

MAX_BYTES, KEPT = 10_000_000, 5
MOST_SHARERS = 99
LAST_WORDS_SECONDS = 2.0
MAX_WAITING_LINES = 1_000
MAX_LINE_BYTES = 64 * 1024
PATIENCE_SECONDS = 2.0
PASSED_ON = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)
NOT_FOUND = 127
UNUSABLE = 2
SECRETS = (
    "PGPASSWORD",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "MLFLOW_AUTH_ADMIN_PASSWORD",
    "MLFLOW_FLASK_SERVER_SECRET_KEY",
    "MLFLOW_TRACKING_USERNAME",
    "MLFLOW_TRACKING_PASSWORD",
    "READER_PASSWORD",
)
STDOUT, STDERR = 1, 2


class LogFile(RotatingFileHandler):
    """A log file that falls silent, with one complaint, while it cannot be written."""

    broken = False

    def handleError(self, record):  # noqa: N802, ARG002  the name is logging's
        """Complain once."""
        if not self.broken:
            self.broken = True
            warn(f"{self.baseFilename} cannot be written: {sys.exc_info()[1]}")


class Outlet:
    """Writes lines in a thread of its own: they wait in a bounded queue, and are dropped when it stays full.

    A slow reader is waited for, as a job's lines should not be lost; one that takes nothing at all is waited for once.
    """

    def __init__(self, write):
        self.write = write
        self.stuck = False
        self.dropped = 0
        self.lines = queue.Queue(MAX_WAITING_LINES)
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def put(self, line):
        """Hand over a line; None is the last."""
        try:
            self.lines.put(line, block=not self.stuck, timeout=PATIENCE_SECONDS)
            self.stuck = False
        except queue.Full:
            self.stuck = True
            self.dropped += 1

    def run(self):
        """Write until the last line."""
        while (line := self.lines.get()) is not None:
            dropped, self.dropped = self.dropped, 0
            try:
                if dropped:
                    self.write(b"warning: %d lines before this were dropped, as they could not be written\n" % dropped)
                self.write(line)
            except OSError:
                self.dropped += dropped + 1

    def end(self, deadline):
        """Give the lines that wait until a time of the monotonic clock to be written."""
        self.put(None)
        self.thread.join(max(0.0, deadline - time.monotonic()))


def main(command):
    """Run the command and return its exit code."""
    try:
        read_secret_files()
    except (OSError, ValueError) as error:
        print(f"error: a secret cannot be read from its file: {error}", file=sys.stderr)
        return UNUSABLE
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
    outlets, pumps = start_pumps(child, log) if log else ([], [])
    child.returncode = wait_for(child.pid)
    deadline = time.monotonic() + LAST_WORDS_SECONDS
    for pump in pumps:
        pump.join(max(0.0, deadline - time.monotonic()))
    for outlet in outlets:
        outlet.end(time.monotonic() + LAST_WORDS_SECONDS)
    return child.returncode


def read_secret_files():
    """Set each secret whose file is named by NAME_FILE, for programs that know no such files."""
    for name in SECRETS:
        path = os.environ.pop(f"{name}_FILE", "")
        if path:
            secret = Path(path).read_text().rstrip("\r\n")
            if not secret:
                raise ValueError(f"{name}_FILE names {path}, which is empty; write the secret into it")
            os.environ[name] = secret


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


def start_pumps(child, log):
    """Copy what the child prints to the container's own outputs and to the log file; return what works on it."""
    kept = Outlet(lambda line: log.handle(logging.makeLogRecord({"msg": line.decode(errors="replace").rstrip("\n")})))
    outlets, pumps = [kept], []
    for source, descriptor in ((child.stdout, STDOUT), (child.stderr, STDERR)):
        shown = Outlet(lambda line, descriptor=descriptor: write_whole(descriptor, line))
        pumps.append(threading.Thread(target=pump, args=(source, (shown, kept)), daemon=True))
        pumps[-1].start()
        outlets.append(shown)
    return outlets, pumps


def pump(source, outlets):
    """Take lines for as long as they come; one without end is cut into pieces."""
    while line := source.readline(MAX_LINE_BYTES):
        for outlet in outlets:
            outlet.put(line)


def write_whole(descriptor, line):
    """Write all of a line."""
    while line:
        line = line[os.write(descriptor, line) :]


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
    """Say what is wrong where `docker logs` shows it, if it can be said there."""
    with suppress(OSError):
        print(f"warning: {message}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: entrypoint COMMAND...")
    sys.exit(main(sys.argv[1:]))
