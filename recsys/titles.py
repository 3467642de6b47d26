"""Titles as people write them: MovieLens spells ``"Godfather, The (1972)"`` what is known as "The Godfather"."""

import re
from collections.abc import Iterator

ARTICLES = "The|A|An|La|Le|Les|L'|Il|I|Lo|El|Los|Las|Un|Une|Der|Die|Das|Det|Den|De|O|Os"
"""What MovieLens puts behind a title's first word; `films.js` of the explorer has the same list."""

# At the end of the title or of what stands in parentheses, where another language has its own.
_BEHIND = re.compile(rf"(?P<before>^|\()(?P<title>[^()]*[^()\s]), (?P<article>{ARTICLES})(?=\s*(?:\(|\)|$))")
_IN_FRONT = re.compile(rf"^(?P<article>{ARTICLES})(?: |(?<='))(?P<title>[^()]*[^()\s])(?P<rest>\s*(?:\(.*)?)$")


def display_title(title: str) -> str:
    """Return a title with its article in front, ``"Il Postino (The Postman) (1994)"``; others stay as they are."""
    return _BEHIND.sub(_turned, title)


def spellings(title: str) -> Iterator[str]:
    """Yield a title as it is spelled, and with its article in front and behind where that is another spelling."""
    found = {title: None, display_title(title): None}
    if in_front := _IN_FRONT.match(title):
        found[f"{in_front['title']}, {in_front['article']}{in_front['rest']}"] = None
    yield from found


def _turned(found: re.Match[str]) -> str:
    blank = "" if found["article"].endswith("'") else " "
    return f"{found['before']}{found['article']}{blank}{found['title']}"
