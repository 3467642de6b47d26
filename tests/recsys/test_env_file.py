"""What is remembered in ``.env``."""

import stat
from pathlib import Path

import pytest
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st

from recsys.env_file import remember

NAME = "RECSYS_DATA__DIR"


def test_remember_makes_a_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    assert remember(NAME, "ml-1m", path)
    assert path.read_text() == "RECSYS_DATA__DIR=ml-1m\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_remember_keeps_every_other_line_and_the_mode(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("# secrets\nPOSTGRES_PASSWORD=x\nexport RECSYS_DATA__DIR = old\n#RECSYS_DATA__DIR=no\nA='b c'\n")
    path.chmod(0o640)
    assert remember(NAME, "new", path)
    assert path.read_text() == ("# secrets\nPOSTGRES_PASSWORD=x\nRECSYS_DATA__DIR=new\n#RECSYS_DATA__DIR=no\nA='b c'\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_remember_file_without_a_last_newline_gets_a_line_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("A=1")
    remember(NAME, "x", path)
    assert path.read_text() == "A=1\nRECSYS_DATA__DIR=x\n"


def test_remember_the_same_again_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("RECSYS_DATA__DIR=x   # mine\n")
    assert not remember(NAME, "x", path)
    assert path.read_text() == "RECSYS_DATA__DIR=x   # mine\n"


def test_remember_the_last_of_two_lines_counts_and_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("RECSYS_DATA__DIR=a\nRECSYS_DATA__DIR=b\n")
    remember(NAME, "c", path)
    assert dotenv_values(path)[NAME] == "c"


def test_remember_through_a_link_keeps_the_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("A=1\n")
    (tmp_path / ".env").symlink_to("real")
    remember(NAME, "x", tmp_path / ".env")
    assert (tmp_path / ".env").is_symlink()
    assert (tmp_path / "real").read_text() == "A=1\nRECSYS_DATA__DIR=x\n"


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1))
def test_remember_gives_any_name_of_a_folder_back(tmp_path_factory: pytest.TempPathFactory, value: str) -> None:
    path = tmp_path_factory.mktemp("env") / ".env"
    remember(NAME, value, path)
    assert dotenv_values(path, interpolate=True)[NAME] == value
