"""A virtual environment for each group of peers that get along, made when first needed."""

import hashlib
import subprocess
import sys
from pathlib import Path

FOLDER = Path(".venv-bench")
HERE = Path(__file__).resolve().parent.parent


def python_of(environment: str) -> Path | None:
    """Return the Python of an environment, made if need be, or None when its packages cannot be installed.

    ``"ours"`` is the environment of this process. Any other has its pins in ``requirements-NAME.txt``; it is made again
    when these change.
    """
    if environment == "ours":
        return Path(sys.executable)
    requirements = HERE / f"requirements-{environment}.txt"
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()[:12]
    folder = FOLDER / f"{environment}-{digest}"
    python, stamp = folder / "bin" / "python", folder / ".installed"
    if not stamp.exists():
        print(f"installing {requirements.name} into {folder}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        installed = subprocess.run(
            [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements], check=False
        )
        if installed.returncode:
            return None
        stamp.touch()
    return python.absolute()
