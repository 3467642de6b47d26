"""MovieLens 100K from GroupLens: fetched, checked against recorded sums, and only then put into its folder."""

import hashlib
import http.client
import shutil
import tempfile
import urllib.error
import urllib.request
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from tqdm import tqdm

from recsys.errors import DataError, UnreachableError

URL = "https://files.grouplens.org/datasets/movielens/ml-100k.zip"
SHA256 = {
    "u.data": "06416e597f82b7342361e41163890c81036900f418ad91315590814211dca490",
    "u.item": "553841ebc7de3a0fd0d6b62a204ea30c1e651aacfb2814c7a6584ac52f2c5701",
}
WANTED = ("README", "u.info", "u.genre", "u.occupation", "u.user", "u.item", "u.data")
"""What is kept of the archive; the rest are splits that nothing here uses. The ratings come last into the folder."""

_CHUNK = 1 << 16
_BY_HAND = "or unpack ml-100k.zip from https://grouplens.org/datasets/movielens/100k/ into the folder by hand"


def download_ml100k(
    folder: Path,
    *,
    url: str = URL,
    sha256: Mapping[str, str] = SHA256,
    timeout_seconds: float = 15.0,
    progress: bool = True,
    show_license: Callable[[str], None] | None = None,
) -> Path:
    """Return the folder, with MovieLens 100K in it; nothing is fetched when it is there already.

    The files reach the folder only after their sums have been found right; after any failure it is as it was.
    ``show_license`` is called with the license as soon as it is known.

    Raises
    ------
    UnreachableError
        The server does not answer, answers with an error, or breaks off.
    DataError
        Other ratings are in the folder already, the folder cannot be written, or what came is not MovieLens 100K.
    """
    if all((folder / name).exists() for name in sha256):
        _check_sums(folder, sha256, f"the folder {folder} holds other data; name an empty one")
        return folder
    with _workshop(folder) as workshop:
        archive = workshop / "archive.zip"
        _fetch(url, archive, timeout_seconds=timeout_seconds, progress=progress)
        unpacked = _unpack(archive, workshop / "unpacked", url)
        _check_sums(unpacked, sha256, f"what {url} gave is not MovieLens 100K; try again, {_BY_HAND}")
        if show_license is not None:
            show_license(usage_license(unpacked))
        _publish(unpacked, folder)
    return folder


def usage_license(folder: Path) -> str:
    """Return the license part of the ``README`` that comes with MovieLens 100K; empty when there is none."""
    path = folder / "README"
    if not path.exists():
        return ""
    return path.read_text("latin-1").partition("\nCITATION")[0].strip()


@contextmanager
def _workshop(folder: Path) -> Iterator[Path]:
    """Give a folder within the folder, on the same disk, that is gone afterwards; a new folder that stays empty too."""
    existed = folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        workshop = Path(tempfile.mkdtemp(prefix=".download-", dir=folder))
    except OSError as error:
        raise DataError(f"cannot write there: {error.strerror}; name another folder", path=folder) from error
    try:
        yield workshop
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
        if not existed and not any(folder.iterdir()):
            folder.rmdir()


def _fetch(url: str, path: Path, *, timeout_seconds: float, progress: bool) -> None:
    if not url.startswith(("https://", "http://")):
        raise DataError("the address of the download begins with neither https:// nor http://", value=url)
    remedy = f"check the network and try again, {_BY_HAND}"
    try:
        with urllib.request.urlopen(url, timeout=timeout_seconds) as answer:  # noqa: S310 - the scheme is checked above
            received, expected = _save(answer, path, progress=progress)
    except urllib.error.HTTPError as error:
        error.close()
        raise UnreachableError(f"{url} answers {error.code} {error.reason}; {remedy}") from error
    except (OSError, http.client.HTTPException) as error:  # URLError, time-outs and resets are kinds of OSError
        reason = getattr(error, "reason", None) or error
        raise UnreachableError(f"cannot fetch {url}: {reason}; {remedy}") from error
    if expected is not None and received != expected:
        raise UnreachableError(f"{url} broke off after {received} of {expected} bytes; {remedy}")


def _save(answer: http.client.HTTPResponse, path: Path, *, progress: bool) -> tuple[int, int | None]:
    """Return how many bytes came, and how many the server had announced, if it had."""
    length = answer.headers.get("Content-Length", "")
    expected = int(length) if length.isdigit() else None
    with (
        path.open("wb") as file,
        tqdm(total=expected, desc="ml-100k.zip", unit="B", unit_scale=True, disable=not progress) as bar,
    ):
        while chunk := answer.read(_CHUNK):
            file.write(chunk)
            bar.update(len(chunk))
        return file.tell(), expected


def _unpack(archive: Path, target: Path, url: str) -> Path:
    """Unpack what is wanted, by its bare name: nothing in an archive can write outside the target."""
    target.mkdir()
    try:
        with zipfile.ZipFile(archive) as zipped:
            for member in zipped.infolist():
                name = PurePosixPath(member.filename).name
                if name in WANTED and not member.is_dir():
                    (target / name).write_bytes(zipped.read(member))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise DataError(f"what {url} gave is not a whole zip archive ({error}); try again, {_BY_HAND}") from error
    return target


def _check_sums(folder: Path, sha256: Mapping[str, str], problem: str) -> None:
    for name, expected in sha256.items():
        path = folder / name
        found = hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else "no such file"
        if found != expected:
            raise DataError(f"{problem}: {name} has the sha256 sum {found}, not {expected}")


def _publish(unpacked: Path, folder: Path) -> None:
    """Move the files into the folder, each at one stroke; all of them or none."""
    moved = []
    try:
        for name in WANTED:
            if (unpacked / name).exists():
                (unpacked / name).replace(folder / name)
                moved.append(folder / name)
    except OSError as error:
        for path in moved:
            path.unlink(missing_ok=True)
        raise DataError(f"cannot write there: {error.strerror}; name another folder", path=folder) from error
