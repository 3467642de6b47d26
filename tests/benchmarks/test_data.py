"""Which data the benchmarks run on."""

from pathlib import Path

import pytest

from benchmarks.data import open_data
from recsys.errors import DataError


@pytest.mark.parametrize("by_flag", [True, False])
def test_open_data_of_a_folder_that_is_not_there_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by_flag: bool
) -> None:
    missing = tmp_path / "ml-typo"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # nothing listens there
    monkeypatch.setenv("RECSYS_DATA__DIR", "sample" if by_flag else str(missing))
    with pytest.raises(DataError, match="ml-typo: there is no such folder"):
        open_data(missing if by_flag else None)
    assert not missing.exists()


def test_open_data_sample_by_the_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RECSYS_DATA__DIR", "sample")
    dataset, place = open_data(None)
    assert (dataset.name, place) == ("sample", Path("sample"))
