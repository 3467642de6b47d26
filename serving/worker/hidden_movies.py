"""The movies that may not be shown, in a worker: read again whenever their file changes."""

from pathlib import Path

from loguru import logger

from recsys.errors import DataError
from recsys.hidden import read_hidden

Mark = tuple[int, int, int] | None


class HiddenMovies:
    """The ids of a file, as they were when it could last be read.

    Parameters
    ----------
    path
        The file; None hides nothing.

    Raises
    ------
    DataError
        When the file cannot be read to begin with: better no service than one that shows what it must not.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._seen = self._mark()
        self.ids = read_hidden(path) if path else frozenset[int]()

    def refresh(self) -> bool:
        """Read the file if it has changed, and return whether other movies are hidden now.

        A file that is gone or wrong leaves all as it is, as movies must not come back by a slip in it; the log says so.
        """
        mark = self._mark()
        if self._path is None or mark == self._seen:
            return False
        self._seen = mark
        try:
            ids = read_hidden(self._path)
        except DataError as error:
            logger.error("{}; the {} movies hidden before stay hidden", error, len(self.ids))
            return False
        changed = ids != self.ids
        if changed:
            logger.info("{} movies are hidden by {}, {} before", len(ids), self._path, len(self.ids))
            self.ids = ids
        return changed

    def _mark(self) -> Mark:
        try:
            found = self._path.stat() if self._path else None
        except OSError:
            return None
        return found and (found.st_mtime_ns, found.st_ino, found.st_size)
