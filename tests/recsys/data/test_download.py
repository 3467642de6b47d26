"""The download against a real HTTP server on this machine."""

import hashlib
import io
import socket
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from loguru import logger

from recsys.data.download import SHA256, WANTED, download_ml100k, usage_license
from recsys.data.locate import find_dataset
from recsys.errors import DataError, UnreachableError
from tests.recsys.data.folders import ML100K_MOVIES, ML100K_RATINGS, write_ml100k

TRUE_ML100K = Path(__file__).parents[4] / "shared" / "data" / "ml-100k"
README = (
    "SUMMARY & USAGE LICENSE\n=====\n\nThe user may not redistribute the data.\n\nCITATION\n=====\n\nHarper, Konstan\n"
)
FILES = {"u.data": ML100K_RATINGS.encode(), "u.item": ML100K_MOVIES.encode("latin-1"), "README": README.encode()}
SUMS = {name: hashlib.sha256(FILES[name]).hexdigest() for name in SHA256}


def _zip(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in files.items():
            zipped.writestr(name, content)
    return buffer.getvalue()


GOOD_ZIP = _zip({f"ml-100k/{name}": content for name, content in FILES.items()} | {"ml-100k/u1.base": b"not wanted"})


class _Handler(BaseHTTPRequestHandler):
    bodies: ClassVar[dict[str, bytes]] = {}
    n_requests: ClassVar[int] = 0

    def do_GET(self) -> None:
        type(self).n_requests += 1
        if self.path not in self.bodies:
            self.send_error(404)
            return
        body = self.bodies[self.path]
        self.send_response(200)
        if self.path != "/unannounced.zip":
            self.send_header("Content-Length", str(len(body) + (1000 if self.path == "/truncated.zip" else 0)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test output clean."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    _Handler.bodies = {
        "/good.zip": GOOD_ZIP,
        "/unannounced.zip": GOOD_ZIP,
        "/truncated.zip": GOOD_ZIP,
        "/login.zip": b"<html>Please log in to the network</html>",
        "/damaged.zip": GOOD_ZIP[:80] + b"\xff" * 40 + GOOD_ZIP[120:],
        "/other.zip": _zip({f"ml-100k/{name}": content + b"x" for name, content in FILES.items()}),
        "/half.zip": _zip({"ml-100k/u.data": FILES["u.data"]}),
        "/slip.zip": _zip({f"../../{name}": content for name, content in FILES.items()} | {"../../evil": b"evil"}),
    }
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as http:
        threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def closed_port() -> str:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}/ml-100k.zip"


@pytest.fixture
def warnings() -> Iterator[list[str]]:
    messages: list[str] = []
    sink = logger.add(messages.append, format="{level} {message}", level="WARNING")
    yield messages
    logger.remove(sink)


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("archive", ["good.zip", "unannounced.zip"])
def test_download_good_archive_leaves_just_what_is_wanted(archive: str, server: str, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("stays")
    licenses: list[str] = []
    download_ml100k(tmp_path, url=f"{server}/{archive}", sha256=SUMS, progress=False, show_license=licenses.append)
    assert _names(tmp_path) == {"README.md", *FILES}
    assert (tmp_path / "u.item").read_bytes() == FILES["u.item"]
    assert licenses == ["SUMMARY & USAGE LICENSE\n=====\n\nThe user may not redistribute the data."]


def test_download_twice_fetches_once(server: str, tmp_path: Path) -> None:
    before = _Handler.n_requests
    for _ in range(2):
        download_ml100k(tmp_path / "new", url=f"{server}/good.zip", sha256=SUMS, progress=False)
    assert _Handler.n_requests == before + 1


@pytest.mark.parametrize(
    ("archive", "error", "problem"),
    [
        ("nowhere.zip", UnreachableError, "answers 404 Not Found; check the network .* by hand"),
        ("truncated.zip", UnreachableError, r"broke off after \d+ of \d+ bytes"),
        ("login.zip", DataError, "is not a whole zip archive"),
        ("damaged.zip", DataError, "is not a whole zip archive|is not MovieLens 100K"),
        ("other.zip", DataError, r"is not MovieLens 100K; try again, .* u\.data has the sha256 sum"),
        ("half.zip", DataError, r"u\.item has the sha256 sum no such file"),
    ],
)
def test_download_failure_says_what_to_do_and_leaves_nothing(
    archive: str, error: type[DataError], problem: str, server: str, tmp_path: Path
) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "README.md").write_text("stays")
    for folder in (tmp_path / "old", tmp_path / "new"):
        with pytest.raises(DataError, match=problem) as caught:
            download_ml100k(folder, url=f"{server}/{archive}", sha256=SUMS, progress=False)
        assert type(caught.value) is error
    assert _names(tmp_path) == {"old"}
    assert _names(tmp_path / "old") == {"README.md"}


def test_download_refused_connection_is_unreachable(closed_port: str, tmp_path: Path) -> None:
    with pytest.raises(UnreachableError, match=r"cannot fetch http://127.*refused"):
        download_ml100k(tmp_path / "new", url=closed_port, progress=False)
    assert not (tmp_path / "new").exists()


def test_download_silent_server_is_unreachable(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/ml-100k.zip"
        with pytest.raises(UnreachableError, match="timed out"):
            download_ml100k(tmp_path / "new", url=url, timeout_seconds=0.1, progress=False)


def test_download_address_of_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="neither https:// nor http://"):
        download_ml100k(tmp_path, url="file:///etc/passwd", progress=False)


def test_download_archive_that_points_elsewhere_stays_within(server: str, tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    download_ml100k(folder, url=f"{server}/slip.zip", sha256=SUMS, progress=False)
    assert _names(folder) == set(FILES)
    assert _names(tmp_path) == {"a"}
    assert _names(tmp_path / "a") == {"b"}


def test_download_over_other_data_is_refused(server: str, tmp_path: Path) -> None:
    write_ml100k(tmp_path, ratings="1\t10\t5\t880000001\n")
    with pytest.raises(DataError, match="holds other data; name an empty one"):
        download_ml100k(tmp_path, url=f"{server}/good.zip", sha256=SUMS, progress=False)
    assert (tmp_path / "u.data").read_text() == "1\t10\t5\t880000001\n"


def test_download_into_a_file_is_an_error(server: str, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(DataError, match="taken: cannot write there"):
        download_ml100k(tmp_path / "taken", url=f"{server}/good.zip", sha256=SUMS, progress=False)


def test_download_that_cannot_be_put_in_place_takes_all_back(server: str, tmp_path: Path) -> None:
    (tmp_path / "u.data").mkdir()  # the last of the files to be moved finds its place taken
    with pytest.raises(DataError, match="cannot write there: Is a directory"):
        download_ml100k(tmp_path, url=f"{server}/good.zip", sha256=SUMS, progress=False)
    assert _names(tmp_path) == {"u.data"}


def test_usage_license_without_readme_is_empty(tmp_path: Path) -> None:
    assert usage_license(tmp_path) == ""


@pytest.mark.skipif(not TRUE_ML100K.is_dir(), reason="MovieLens 100K does not lie beside the project")
def test_find_dataset_empty_folder_is_filled_by_the_true_download(
    server: str, tmp_path: Path, warnings: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    files = {f"ml-100k/{path.name}": path.read_bytes() for path in TRUE_ML100K.iterdir()}
    _Handler.bodies["/true.zip"] = _zip(files)
    (tmp_path / "README.md").write_text("stays")
    licenses: list[str] = []
    dataset = find_dataset(tmp_path, explicit=False, url=f"{server}/true.zip", show_license=licenses.append)
    assert (dataset.name, dataset.n_ratings) == ("ml-100k", 100_000)
    assert _names(tmp_path) == {"README.md", *WANTED}
    assert "may not redistribute" in licenses[0]
    assert "100%" in capsys.readouterr().err
    assert warnings == []


@pytest.mark.parametrize("missing", [True, False])
def test_find_dataset_unreachable_download_gives_the_sample_loudly(
    missing: bool, closed_port: str, tmp_path: Path, warnings: list[str]
) -> None:
    folder = tmp_path / "ml-100k" if missing else tmp_path
    dataset = find_dataset(folder, explicit=not missing, url=closed_port)
    assert dataset.name == "sample"
    assert len(warnings) == 1
    assert warnings[0].startswith("WARNING NOT MOVIELENS: using the embedded sample")
    assert "refused" in warnings[0]


def test_find_dataset_download_switched_off_gives_the_sample(server: str, tmp_path: Path, warnings: list[str]) -> None:
    dataset = find_dataset(tmp_path, explicit=False, allow_download=False, url=f"{server}/good.zip")
    assert dataset.name == "sample"
    assert "switched off" in warnings[0]


def test_find_dataset_data_in_the_folder_are_read(closed_port: str, tmp_path: Path, warnings: list[str]) -> None:
    assert find_dataset(write_ml100k(tmp_path), explicit=True, url=closed_port).n_ratings == 6
    assert warnings == []


@pytest.mark.parametrize(
    ("content", "problem"),
    [({"u.data": "1\t10\t6\t880000001\n", "u.item": ML100K_MOVIES}, "off the scale"), ({"notes.txt": ""}, "no known")],
)
@pytest.mark.parametrize("explicit", [True, False])
def test_find_dataset_wrong_content_never_gives_the_sample(
    content: dict[str, str], problem: str, explicit: bool, closed_port: str, tmp_path: Path
) -> None:
    for name, text in content.items():
        (tmp_path / name).write_text(text, "latin-1")
    with pytest.raises(DataError, match=problem):
        find_dataset(tmp_path, explicit=explicit, url=closed_port)


def test_find_dataset_wrong_download_never_gives_the_sample(server: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is not MovieLens 100K"):
        find_dataset(tmp_path, explicit=False, url=f"{server}/other.zip", progress=False)


def test_find_dataset_named_folder_that_is_not_there_is_an_error(server: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder; correct its name"):
        find_dataset(tmp_path / "ml-10k", explicit=True, url=f"{server}/good.zip")
    assert not (tmp_path / "ml-10k").exists()
