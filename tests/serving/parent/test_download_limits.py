"""What a download may hold while it comes in."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from recsys.errors import ArtifactError
from recsys.model_version import ModelVersion
from serving.parent import download_limits
from serving.parent.download_limits import NOTE_BYTES, size_watch

VERSION = ModelVersion("movies", 3, "run", "source", datetime(2026, 1, 2, tzinfo=UTC), {})


@pytest.fixture
def look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Return a watch over the folder of the test, of which the store has listed 1,000 bytes."""
    monkeypatch.setattr(download_limits, "WATCH_SECONDS", 0.0)
    monkeypatch.setattr(download_limits, "MOST_FILES", 20)
    return size_watch(tmp_path, 1000, VERSION)


def test_watch_takes_what_was_listed_and_mlflows_note(look: Callable[[], None], tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "weights").write_bytes(bytes(1000))
    (tmp_path / "registered_model_meta").write_bytes(bytes(NOTE_BYTES))
    look()


def test_watch_refuses_more_bytes_than_were_listed(look: Callable[[], None], tmp_path: Path) -> None:
    (tmp_path / "weights").write_bytes(bytes(1001 + NOTE_BYTES))
    with pytest.raises(ArtifactError, match="more comes in than the 1000 bytes"):
        look()


@pytest.mark.parametrize("make", [Path.touch, Path.mkdir])
def test_watch_refuses_empty_files_and_folders_without_end(
    look: Callable[[], None], tmp_path: Path, make: Callable[[Path], None]
) -> None:
    for number in range(20):
        make(tmp_path / str(number))
    look()
    make(tmp_path / "one more")
    with pytest.raises(ArtifactError, match="version 3 of movies have been altered: more than 20 files come in"):
        look()
