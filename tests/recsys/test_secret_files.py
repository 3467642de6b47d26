from pathlib import Path

import pytest

from recsys.errors import ParameterError
from recsys.secret_files import SECRETS, read_secret_files
from recsys.settings import read_settings


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_secret_file_gives_the_secret(tmp_path: Path, name: str, end: str) -> None:
    (tmp_path / "secret").write_bytes(f"a b:c=d{end}".encode())
    environment = {f"{name}_FILE": str(tmp_path / "secret")}
    read_secret_files(environment)
    assert environment[name] == "a b:c=d"


def test_secret_file_of_other_names_is_left_alone(tmp_path: Path) -> None:
    environment = {"AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "nothing"), "LOG_FILE": "x"}
    before = dict(environment)
    read_secret_files(environment)
    assert environment == before


@pytest.mark.parametrize(
    ("content", "also", "complaint"),
    [
        (None, {}, "cannot be read"),
        (b"", {}, "is empty"),
        (b"\n", {}, "is empty"),
        (b"\xff\xfe", {}, "cannot be read"),
        (b"secret-one", {"RECSYS_API__ADMIN_TOKEN": "secret-two"}, "both set"),
    ],
)
def test_secret_file_that_gives_none_is_told_without_the_secret(
    tmp_path: Path, content: bytes | None, also: dict[str, str], complaint: str
) -> None:
    path = tmp_path / "file"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ParameterError, match=complaint) as caught:
        read_secret_files({"RECSYS_API__ADMIN_TOKEN_FILE": str(path), **also})
    assert "RECSYS_API__ADMIN_TOKEN_FILE" in str(caught.value)
    assert "secret-" not in str(caught.value)


def test_secret_file_equal_to_the_variable_or_beside_an_empty_one_is_fine(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("the-token")
    for given in ("", "the-token"):
        environment = {
            "RECSYS_API__ADMIN_TOKEN": given,
            "RECSYS_API__ADMIN_TOKEN_FILE": str(tmp_path / "secret"),
        }
        read_secret_files(environment)
        assert environment["RECSYS_API__ADMIN_TOKEN"] == "the-token"


def test_read_settings_takes_secrets_from_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("RECSYS_API__ADMIN_TOKEN", "token-of-a-file"), ("RECSYS_MODEL__SIGNING_KEY", "k" * 16)):
        monkeypatch.setenv(name, "")
        (tmp_path / name).write_text(f"{value}\n")
        monkeypatch.setenv(f"{name}_FILE", str(tmp_path / name))
    settings = read_settings(tmp_path / "none")
    assert settings.api.admin_token is not None
    assert settings.api.admin_token.get_secret_value() == "token-of-a-file"
    assert settings.model.signing_key is not None
    assert "token-of-a-file" not in repr(settings)


@pytest.mark.parametrize("key", [" " + "x" * 20, "x" * 20 + "\t", "x" * 20 + "\n", " " * 20, "x" * 20 + "\u00a0"])
def test_signing_key_with_blanks_at_its_ends_is_refused_however_it_comes(
    key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECSYS_MODEL__SIGNING_KEY", key)
    with pytest.raises(ParameterError, match="no blanks or line feeds at its ends") as caught:
        read_settings(tmp_path / "none")
    assert "x" * 20 not in str(caught.value)
    if not key.endswith("\n"):  # a file ends with one, and that is cut off
        monkeypatch.setenv("RECSYS_MODEL__SIGNING_KEY", "")
        monkeypatch.setenv("RECSYS_MODEL__SIGNING_KEY_FILE", str(tmp_path / "key"))
        (tmp_path / "key").write_text(f"{key}\r\n", encoding="utf-8")
        with pytest.raises(ParameterError, match="no blanks or line feeds at its ends"):
            read_settings(tmp_path / "none")


@pytest.mark.parametrize("key", ["short", "x" * 15])
def test_signing_key_that_can_be_guessed_is_refused(key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECSYS_MODEL__SIGNING_KEY", key)
    with pytest.raises(ParameterError, match="at least 16 characters") as caught:
        read_settings(tmp_path / "none")
    assert key not in str(caught.value)
