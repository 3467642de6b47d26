"""A virtual environment for each group of peers that get along, made when first needed."""

import hashlib
import subprocess
import sys
from pathlib import Path

FOLDER = Path(".venv-bench")
HERE = Path(__file__).resolve().parent.parent
INSTALL = HERE.parent / "scripts" / "install.py"


def python_of(environment: str) -> Path | None:
    """Return the Python of an environment, made if need be, or None when its packages cannot be installed.

    ``"ours"`` is the environment of this process. Any other is what ``requirements-NAME.lock`` says, and nothing is
    resolved; it is made again when that changes.
    """
    if environment == "ours":
        return Path(sys.executable)
    lock = HERE / f"requirements-{environment}.lock"
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()[:12]
    folder = FOLDER / f"{environment}-{digest}"
    python, stamp = folder / "bin" / "python", folder / ".installed"
    if not stamp.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        # What it shows is not the benchmark's output.
        if subprocess.run([python, INSTALL, lock], stdout=sys.stderr, check=False).returncode:
            return None
        stamp.touch()
    return python.absolute()
