"""Install a complete lock file into the environment of this Python, by several pips at a time, and show how far it is.

    .venv/bin/python scripts/install.py requirements.lock

Nothing is resolved (``--no-deps``): what is installed is what the lock says, whatever has been published since. With
dependencies, pip 23 takes an extra (``coverage[toml]``) from the newest version, which no lock has a hash of.
pip and not uv: pip alone reads the indexes, folders, certificates and proxies that a machine has in its pip.conf.
Bytecode is left to the first import of a module: compiling what nobody imports took half of the time.
"""

import re
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")
INSTALL = (*PIP, "install", "--no-deps", "--require-hashes", "--no-compile", "--progress-bar", "off")
N_PARTS = 2
"""Measured on two cores with a warm cache: 59 s with compiling by one pip, 27 s without, 16 s by two, 18 s by four."""
SEEN = re.compile(r"^(?:Collecting|Processing|Ignoring|Requirement already)\b", re.MULTILINE)
"""How pip begins to speak of a package: from an index, from a folder, of another system, there already."""
SECONDS_BETWEEN_LINES = 5
"""Where the output is no terminal, in which a line is written over."""


def main(arguments: list[str]) -> int:
    """Install the lock files that are named; return the exit code."""
    for path in map(Path, arguments):
        if not install(path):
            return 1
    checked = subprocess.run([*PIP, "check"], capture_output=True, text=True, check=False)
    if checked.returncode:
        sys.stderr.write(f"error: the packages in {sys.prefix} contradict each other; remove it and install again:\n")
        sys.stderr.write(checked.stdout)
    return checked.returncode


def install(lock: Path) -> bool:
    """Install one lock file; return whether all of it is installed. What pip says is shown where it fails."""
    wanted = list(entries(lock.read_text(encoding="utf-8")))
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="install-") as scratch:
        parts = [Path(scratch, f"{number}.lock") for number in range(min(N_PARTS, len(wanted)))]
        for number, part in enumerate(parts):
            part.write_text("".join(wanted[number :: len(parts)]), encoding="utf-8")
        running = [start(part) for part in parts]
        try:
            failed = watch(running, parts, f"{lock.name} into {Path(sys.prefix).name}", len(wanted))
        finally:
            for process in running:
                process.kill()
    if failed:
        sys.stderr.write(f"error: {lock.name} could not be installed; pip says:\n{failed}")
        return False
    print(f"Installed {lock.name} in {time.monotonic() - started:.0f} s", flush=True)
    return True


def entries(lock: str) -> Iterator[str]:
    """Yield the entries of a lock: a line with a name, and the lines with hashes that continue it."""
    for match in re.finditer(r"^[^\s#].*\n(?:[ \t]+.*\n)*", lock, re.MULTILINE):
        yield match.group()


def start(part: Path) -> subprocess.Popen[bytes]:
    """Start a pip for a part of the lock; what it says goes into a file beside the part."""
    with said_by(part).open("wb") as output:
        return subprocess.Popen([*INSTALL, "-r", part], stdout=output, stderr=subprocess.STDOUT)


def said_by(part: Path) -> Path:
    """Return the file with what the pip of a part has said so far."""
    return part.with_suffix(".log")


def watch(running: list[subprocess.Popen[bytes]], parts: list[Path], what: str, n_wanted: int) -> str:
    """Show how far the pips are until all have ended; return what the first one that failed said, or nothing."""
    shown, n_before = Shown(), count_installed()
    while any(process.poll() is None for process in running):
        fetched = sum(len(SEEN.findall(said_by(part).read_text(encoding="utf-8", errors="replace"))) for part in parts)
        unpacked = count_installed() - n_before
        shown.show(f"Installing {what}: {fetched} of {n_wanted} packages fetched, {unpacked} unpacked")
        time.sleep(0.2)
    shown.end()
    for process, part in zip(running, parts, strict=True):
        if process.returncode:
            return said_by(part).read_text(encoding="utf-8", errors="replace")
    return ""


def count_installed() -> int:
    """Return how many packages the environment holds."""
    return sum(1 for _ in Path(sysconfig.get_path("purelib")).glob("*.dist-info"))


class Shown:
    """A line on the terminal that is written over; elsewhere, a line now and then."""

    def __init__(self) -> None:
        self.started = self.last = time.monotonic()
        self.on_terminal = sys.stdout.isatty()
        self.first = True

    def show(self, line: str) -> None:
        """Show a line, with the seconds since the first."""
        now = time.monotonic()
        timed = f"{line} ({now - self.started:.0f} s)"
        if self.on_terminal:
            sys.stdout.write(f"\r\x1b[2K{timed}")
        elif self.first or now - self.last >= SECONDS_BETWEEN_LINES:
            sys.stdout.write(f"{timed}\n")
            self.last, self.first = now, False
        sys.stdout.flush()

    def end(self) -> None:
        """Clear the line that was written over."""
        if self.on_terminal:
            sys.stdout.write("\r\x1b[2K")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
