"""From bytes to text: the encoding is detected, and complaints name the line."""

import codecs
import re

from loguru import logger

from recsys.data.places import DataFile
from recsys.errors import DataError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WINDOWS_SIGNS = {
    byte: bytes([byte]).decode("cp1252") for byte in range(0x80, 0xA0) if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}
"""What Windows has where Latin-1 has control characters, which no title holds: dashes, quotes, the euro."""


def marked_encoding(start: bytes) -> tuple[str, int]:
    """Return the encoding that the first bytes of a file tell, and the length of its mark; an empty text for none.

    UTF-16 is also told without a mark, from the zero bytes that it has between ASCII characters.
    """
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return encoding, len(mark)
    even, odd = start[:200:2], start[1:200:2]
    if odd and odd.count(0) > 0.6 * len(odd) and not even.count(0):
        return "utf-16-le", 0
    if even and even.count(0) > 0.6 * len(even) and not odd.count(0):
        return "utf-16-be", 0
    return "", 0


def decode(file: DataFile) -> str:
    """Return a whole file as text: as its mark says, else as UTF-8 when all of it is valid UTF-8, else as Latin-1.

    The characters that Windows-1252 has beyond Latin-1 are understood too.

    Raises
    ------
    DataError
        When a byte does not fit the encoding of the mark.
    """
    raw = file.read_bytes()
    encoding, length = marked_encoding(raw[:400])
    try:
        return raw[length:].decode(encoding or "utf-8")
    except UnicodeDecodeError as error:
        if not encoding:
            return _without_utf8(file, raw)
        line = raw[length:][: error.start].decode(encoding, "replace").count("\n") + 1
        problem = f"a byte is not {encoding.upper()}, as the mark at the start of the file says; save it as UTF-8"
        raise DataError(problem, path=file.place, line=line, value=f"0x{raw[length + error.start]:02x}") from error


def _without_utf8(file: DataFile, raw: bytes) -> str:
    """Return a file that is not UTF-8 as Latin-1, but its lines that can be nothing but UTF-8 as that."""
    lines = raw.split(b"\n")
    decoded = [utf8_or_latin1(line) for line in lines]
    others = [place for place, line in enumerate(lines) if not line.isascii() and decoded[place] == latin1(line)]
    if len(others) < sum(not line.isascii() for line in lines):
        text = "{}: {} lines are not UTF-8, as others are, and read as Latin-1, the first of them line {}"
        logger.warning(text, file.path.name, len(others), others[0] + 1)
    return "\n".join(decoded)


def latin1(raw: bytes) -> str:
    """Return bytes as Latin-1, or as Windows-1252 where that has more."""
    return raw.decode("latin-1").translate(_WINDOWS_SIGNS)


def utf8_or_latin1(raw: bytes) -> str:
    """Return bytes as UTF-8 when they are, else as Latin-1."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return latin1(raw)


def split_lines(text: str) -> list[str]:
    r"""Return the lines of a text with their ends, which are ``\n``, ``\r\n`` or ``\r`` and nothing else.

    `str.splitlines` would also split at signs that titles may hold, such as U+2028.
    """
    return re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", text)
