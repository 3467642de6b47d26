"""The file ``.env`` as a place where a choice is remembered that a person can see and change."""

import os
import re
import tempfile
from pathlib import Path

from dotenv import dotenv_values

NEEDS_QUOTES = re.compile(r"[^\w./:@%+,~-]")
"""Characters that a shell, compose or dotenv might read as something else."""


def remember(name: str, value: str, env_file: Path = Path(".env")) -> bool:
    """Set one variable in the file and keep all other lines; return whether the file has changed.

    The line that sets it is replaced where it stands, a new one comes last. A new file is readable by its owner only,
    as secrets may be added to it.
    """
    text = env_file.read_text(encoding="utf-8") if env_file.exists() else ""
    if dotenv_values(env_file).get(name) == value:
        return False
    line = f"{name}={_quoted(value)}"
    lines = text.splitlines()
    places = [number for number, old in enumerate(lines) if re.match(rf"\s*(export\s+)?{name}\s*=", old)]
    if places:
        lines[places[-1]] = line
    else:
        lines.append(line)
    _replace(env_file, "\n".join(lines) + "\n")
    return True


def _quoted(value: str) -> str:
    """Return a value so that dotenv reads it back; single quotes keep everything but themselves and backslashes."""
    if not NEEDS_QUOTES.search(value):
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _replace(path: Path, text: str) -> None:
    """Write the file at one stroke, with the permissions it had."""
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o600
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.resolve().parent, delete=False) as file:
        file.write(text)
    Path(file.name).chmod(mode)
    os.replace(file.name, path.resolve())  # noqa: PTH105  the target of a link, not the link
