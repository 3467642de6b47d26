"""The local model cache: versions on disk, and the pointer to the one that is served.

::

    versions/<name>/<version>-<sum>/     the artifacts of a version, complete and checked
    incoming/<random>/                   a download under way, locked by its process
    served/<name>/<alias>/current.json   the pointer, with the Challenger's part of the traffic; replaced in one step
    served/<name>/<alias>/sync.json      how the last look at the registry went
    served/<name>/<alias>/hidden.json    the movies that may not be shown, as their file last said
    served/<name>/<alias>/requests/      a file for each request to look at once, see `serving.shared.look_requests`
    served/<name>/<alias>/extra/         versions held for comparisons, see `serving.shared.comparison_files`
    served/<name>/<alias>/lock           held by the one process that looks at the registry

Only a complete and checked version is moved to ``versions``, so whatever dies at whatever moment leaves no half of one.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

from loguru import logger

from recsys.checksums import remove_added_files, tree_sha256
from recsys.errors import ArtifactError
from serving.shared.atomic_files import make_folder, remove_any, sync_folder, sync_tree, write_json
from serving.shared.cached_version import CachedVersion, read_comparison, read_pointer
from serving.shared.file_lock import FileLock
from serving.shared.fingerprint import Fingerprint, fingerprint
from serving.shared.look_requests import LookRequests
from serving.shared.published_traffic import Published, PublishedTraffic, read_challenger, read_published

KEPT_VERSIONS = 3
"""Versions that stay on disk, so that a rollback downloads nothing."""

SETTLED_SECONDS = 2.0
"""A younger download folder may be about to be locked."""


class ModelCache:
    """The cache folder as seen for one alias of one registered model.

    Parameters
    ----------
    root
        The cache folder; several services may share it.
    name, alias
        Of the registered model; all spellings of an alias are one.
    """

    def __init__(self, root: Path, name: str, alias: str) -> None:
        self.root = root
        self.versions = root / "versions" / quote(name, safe="")
        self.incoming = root / "incoming"
        self.served = root / "served" / quote(name, safe="") / quote(alias.lower(), safe="")
        self.pointer = self.served / "current.json"
        self.status = self.served / "sync.json"
        self.hidden = self.served / "hidden.json"
        self.requests = LookRequests(self.served / "requests")
        self.lock = FileLock(self.served / "lock")
        self._checked: dict[Path, Fingerprint] = {}

    def current(self) -> CachedVersion | None:
        """Return what is served, None when nothing has been published."""
        return read_pointer(self.pointer)

    def published(self) -> Published | None:
        """Return what is served, and what the Challenger gets of the traffic; None when nothing has been published."""
        return read_published(self.pointer)

    def current_if_whole(self) -> CachedVersion | None:
        """Return what is served after a check of its sum; what has been altered, or is incomplete, is withdrawn."""
        current = self.current()
        if current is None:
            return None
        # Earlier releases kept MLflow's note of the version in the folder.
        remove_added_files(self.root / current.folder)
        if self.is_intact(current):
            challenger = read_challenger(self.pointer)
            if challenger is not None and not self.is_intact(challenger):
                self.drop_challenger(f"version {challenger.version} in the cache has been altered or is incomplete")
            return current
        logger.error("version {} in the cache has been altered or is incomplete; it is not served", current.version)
        self.withdraw(f"version {current.version} in the cache has been altered or is incomplete")
        return None

    def drop_challenger(self, reason: str) -> None:
        """Let Production answer everyone until the sync has got the Challenger ready again; never raises `OSError`."""
        published = self.published()
        if published is None or published.traffic is None:
            return
        problem = f"{reason}; Production answers everyone"
        logger.error("{}", problem)
        try:
            traffic = replace(published.traffic, challenger=None, salt="", problem=problem)
            write_json(self.pointer, Published(published.version, traffic).as_json())
        except OSError as error:
            logger.warning("{} cannot be written ({}), so it is removed", self.pointer, error)
            self.pointer.unlink(missing_ok=True)

    def is_intact(self, published: CachedVersion) -> bool:
        """Return whether a version lies in the cache as it was published, checked by its sum."""
        folder = self.root / published.folder
        self._checked.pop(folder, None)
        try:
            before = fingerprint(folder)
            if folder.is_symlink() or not folder.is_dir() or tree_sha256(folder) != published.artifact_sha256:
                return False
        except (OSError, ArtifactError):
            return False
        self._checked[folder] = before
        return True

    def is_checked(self, published: CachedVersion) -> bool:
        """Return whether a version lies in the cache as it was published; read only if it has been touched since.

        So a version is hashed once by each process, and a file that is altered, cut short or added later is noticed by
        a look that costs nothing.
        """
        folder = self.root / published.folder
        try:
            known = self._checked.get(folder)
            return (known is not None and known == fingerprint(folder)) or self.is_intact(published)
        except OSError:
            return False

    def forget_checks(self) -> None:
        """Let every version be read again before it counts as checked."""
        self._checked.clear()

    def folder_for(self, version: int, artifact_sha256: str) -> Path:
        """Return where a version lies; another version of the same number has another sum."""
        return self.versions / f"{version}-{artifact_sha256[:16]}"

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Yield a folder for a download; it is gone afterwards, or before a later one when this process dies."""
        make_folder(self.incoming)
        self.clear_leftovers()
        folder = Path(tempfile.mkdtemp(dir=self.incoming))
        lock = FileLock(folder / "lock")
        try:
            lock.acquire()
            (folder / "model").mkdir()
            yield folder / "model"
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            lock.release()

    def store(self, fetched: Path, folder: Path, checked: Fingerprint) -> None:
        """Move a checked download to its place, in one step and safe on the disk.

        Raises
        ------
        ArtifactError
            When it is not as it was when it was checked.
        """
        sync_tree(fetched)
        folder.parent.mkdir(parents=True, exist_ok=True)
        self._use_now(fetched)
        remove_any(folder)
        fetched.rename(folder)
        sync_folder(folder.parent)
        if fingerprint(folder) != checked:
            shutil.rmtree(folder, ignore_errors=True)
            raise ArtifactError(f"the files of {folder.name} have been altered after they were checked; it is not used")
        self._checked[folder] = checked

    def withdraw(self, reason: str) -> None:
        """Let nothing be served until something is published again; workers evict what they hold."""
        try:
            write_json(self.pointer, {"withdrawn": reason})
        except OSError as error:
            logger.warning("{} cannot be written ({}), so it is removed", self.pointer, error)
            self.pointer.unlink(missing_ok=True)

    def ask_for_check(self) -> None:
        """Let the process that looks at the registry compare all checksums soon, and fetch again what is harmed."""
        try:
            self.requests.add()
        except OSError as error:
            logger.warning("the files of the model cannot be checked at once: {}", error)

    def publish(self, published: CachedVersion, traffic: PublishedTraffic | None = None) -> None:
        """Let the pointer say what is served from now on, and forget versions that have not been used lately.

        Once the pointer is written the version is served, so nothing after that may fail.
        """
        write_json(self.pointer, Published(published, traffic).as_json())
        self.mark_used(published)

    def mark_used(self, published: CachedVersion) -> None:
        """Count a version as used now, and forget versions that have not been used lately; never raises `OSError`."""
        try:
            self._use_now(self.root / published.folder)
            self._prune()
        except OSError as error:
            logger.warning("unused versions cannot be removed from {}: {}", self.versions, error)

    def clear_leftovers(self) -> None:
        """Remove the downloads of processes that have died."""
        for folder in self.incoming.glob("*"):
            lock = FileLock(folder / "lock")
            try:
                is_abandoned = _is_settled(folder) and lock.acquire()
            except FileNotFoundError:  # another process has just removed it
                continue
            if is_abandoned:
                shutil.rmtree(folder, ignore_errors=True)
                lock.release()

    def _use_now(self, folder: Path) -> None:
        """Let a version be the one that was used last.

        By the clock, but later than all others: one that was set back would have the newest removed as the oldest.
        """
        others = (_used_at(path) + 1 for path in self.versions.glob("*") if path != folder)
        now = max(time.time_ns(), *others, 0)
        os.utime(folder, ns=(now, now))

    def _prune(self) -> None:
        pointers = [read_pointer(path) for path in self.root.glob("served/*/*/current.json")]
        pointers += [read_challenger(path) for path in self.root.glob("served/*/*/current.json")]
        pointers += [read_comparison(path) for path in self.root.glob("served/*/*/extra/*.json")]
        in_use = {self.root / pointer.folder for pointer in pointers if pointer}
        # Another thread or service prunes as well, so any folder may vanish between two calls.
        by_use = sorted(self.versions.glob("*"), key=_used_at, reverse=True)
        for folder in by_use[KEPT_VERSIONS:]:
            if folder not in in_use:
                shutil.rmtree(folder, ignore_errors=True)


def _used_at(folder: Path) -> int:
    """Return when a version was last used, nanoseconds; 0 when it has just been removed."""
    try:
        return folder.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def _is_settled(folder: Path) -> bool:
    try:
        # A time of change that lies ahead is from before the clock was set back.
        return not 0 <= time.time() - folder.stat().st_mtime <= SETTLED_SECONDS
    except FileNotFoundError:  # its download has just ended
        return False
