"""Names that MLflow's registry takes: told before anything is trained, not after."""

import posixpath
import re

LONGEST_NAME, LONGEST_ALIAS = 256, 255
_FORBIDDEN = "/:@?'"
"""These end a name in ``models:/NAME@ALIAS``, or the text of a search."""


def name_problem(name: str) -> str:
    """Return why a registered model cannot have a name; empty when it can."""
    remedy = "use letters, digits, blanks, '.', '-' and '_'"
    found = sorted({char for char in name if char in _FORBIDDEN or not char.isprintable()})
    if found:
        return f"{name!r} cannot name a registered model, as it holds {', '.join(map(repr, found))}; {remedy}"
    if not name.strip() or name != name.strip():
        return f"{name!r} cannot name a registered model, as it begins or ends with a blank or is empty; {remedy}"
    if posixpath.normpath(name) != name or name.startswith("..") or name == ".":
        return f"{name!r} cannot name a registered model, as it is a path; {remedy}"
    return _too_long(name, LONGEST_NAME)


def alias_problem(alias: str) -> str:
    """Return why no version can have an alias; empty when it can."""
    if not re.fullmatch(r"[\w-]+", alias):
        return f"{alias!r} cannot be an alias; use letters, digits, '-' and '_'"
    if alias.lower() == "latest":
        return f"{alias!r} cannot be an alias, as MLflow keeps it for the newest version; use another word"
    if re.fullmatch(r"[vV]?\d+", alias):
        return f"{alias!r} cannot be an alias, as it reads as a version number; use a word such as Production"
    return _too_long(alias, LONGEST_ALIAS)


def _too_long(text: str, longest: int) -> str:
    return f"{text[:20]!r}... has {len(text)} characters; use at most {longest}" if len(text) > longest else ""
