"""The file of movies that may not be shown: one id a line; what follows a ``#`` is a comment."""

import os
from pathlib import Path

from recsys.errors import DataError

_REMEDY = "write one movie id a line; a comment begins with #"


def read_hidden(path: Path) -> frozenset[int]:
    """Return the ids in a file of hidden movies.

    Raises
    ------
    DataError
        When the file is missing or cannot be read, or a line is no movie id.
    """
    # Each worker reads it, again and again; a pipe would be waited for.
    if path.exists() and not path.is_file() and not path.samefile(os.devnull):
        raise DataError("this is no file, so it holds no hidden movies; write their ids into one", path=path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        problem = "there is no such file of hidden movies; make it, empty if need be, or unset RECSYS_RECOMMEND__HIDDEN"
        raise DataError(problem, path=path) from None
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"the file of hidden movies cannot be read ({error}); check it", path=path) from None
    found = set()
    for number, line in enumerate(text.splitlines(), start=1):
        entry = line.partition("#")[0].strip()
        if not entry:
            continue
        try:
            found.add(int(entry))
        except ValueError:
            raise DataError(f"this is not a movie id; {_REMEDY}", path=path, line=number, value=entry[:100]) from None
        if abs(int(entry)) >= 2**63:
            raise DataError(f"this id does not fit into 64 bits; {_REMEDY}", path=path, line=number, value=entry[:100])
    return frozenset(found)
