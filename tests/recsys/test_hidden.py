"""The file of hidden movies."""

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from recsys.errors import DataError
from recsys.hidden import read_hidden


def test_read_hidden_ids_and_comments(tmp_path: Path) -> None:
    (tmp_path / "hidden").write_text("\ufeff# no more\n10\n\n 20 # by law\n10\n", encoding="utf-8")
    assert read_hidden(tmp_path / "hidden") == {10, 20}


def test_read_hidden_null_device_hides_nothing() -> None:
    assert read_hidden(Path(os.devnull)) == frozenset()


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir, lambda path: path.symlink_to("/dev/zero")])
def test_read_hidden_what_is_no_file_is_told_and_never_waited_for(
    tmp_path: Path, make: Callable[[Path], object]
) -> None:
    make(tmp_path / "hidden")
    errors: list[str] = []

    def read() -> None:
        try:
            read_hidden(tmp_path / "hidden")
        except DataError as error:
            errors.append(str(error))

    reading = threading.Thread(target=read, daemon=True)
    reading.start()
    reading.join(120)
    assert not reading.is_alive()
    assert "this is no file" in errors[0]
