"""Settings: names, values, and complaints about wrong ones."""

import os
from pathlib import Path

import pytest

from recsys.errors import ParameterError
from recsys.settings import read_settings, setting_names


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith(("RECSYS_", "MLFLOW_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_read_settings_nothing_given_gives_the_defaults() -> None:
    settings = read_settings()
    assert settings.environment == "dev"
    assert settings.data.dir == Path("ml-100k")
    assert settings.model.name == "movie-recommender"
    assert settings.model.alias == "Production"
    assert settings.model.poll_seconds == 10
    assert settings.cache.maxsize == 128
    assert settings.api.admin_token is None
    assert settings.n_workers == 1


def test_read_settings_prod_has_four_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECSYS_ENVIRONMENT", "prod")
    assert read_settings().n_workers == 4
    monkeypatch.setenv("RECSYS_API__WORKERS", "2")
    assert read_settings().n_workers == 2


def test_setting_names_are_those_of_the_design() -> None:
    expected = {
        *("RECSYS_ENVIRONMENT", "RECSYS_DATA__DIR", "RECSYS_MODEL__NAME", "RECSYS_MODEL__ALIAS"),
        *("RECSYS_MODEL__POLL_SECONDS", "RECSYS_MODEL__CACHE_DIR", "RECSYS_API__HOST", "RECSYS_API__PORT"),
        *("RECSYS_API__WORKERS", "RECSYS_API__RELOAD", "RECSYS_API__ADMIN_TOKEN", "RECSYS_CORS__ORIGINS"),
        *("RECSYS_CACHE__MAXSIZE", "RECSYS_LOGGING__LEVEL"),
    }
    assert expected <= set(setting_names())


def test_read_settings_unknown_name_suggests_the_right_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECSYS_MODEL__ALIS", "x")
    with pytest.raises(ParameterError, match="no setting RECSYS_MODEL__ALIS; did you mean 'RECSYS_MODEL__ALIAS'"):
        read_settings()


def test_read_settings_model_version_does_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECSYS_MODEL__VERSION", "3")
    with pytest.raises(ParameterError, match="no setting RECSYS_MODEL__VERSION"):
        read_settings()


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("RECSYS_API__PORT", "80000", "RECSYS_API__PORT='80000' should be less than or equal to 65535"),
        ("RECSYS_API__PORT", "http", "RECSYS_API__PORT='http' should be a valid integer"),
        ("RECSYS_ENVIRONMENT", "test", "RECSYS_ENVIRONMENT='test' should be 'dev' or 'prod'"),
        ("RECSYS_LOGGING__LEVEL", "loud", "RECSYS_LOGGING__LEVEL='LOUD' should be 'TRACE', "),
    ],
)
def test_read_settings_wrong_value_is_named(
    name: str, value: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ParameterError, match=message):
        read_settings()


@pytest.mark.parametrize("text", ["http://a,http://b", " http://a , http://b ", '["http://a", "http://b"]'])
def test_cors_origins_are_split_at_commas(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECSYS_CORS__ORIGINS", text)
    assert read_settings().cors.origins == ("http://a", "http://b")


@pytest.mark.parametrize(
    ("origin", "told"),
    [
        ("example", "'example' is not an origin; write it as https://shop.example"),
        ("shop.example", "'shop.example' is not an origin"),
        ("//shop.example", "is not an origin"),
        ("ftp://shop.example", "is not an origin"),
        ("null", "is not an origin"),
        ("https://", "is not an origin"),
        ("https://shop.example:port", "is not an origin"),
        ("https://shop example", "is not an origin"),
        ("https://shop.example/", "never matches what browsers send; write https://shop.example$"),
        ("https://shop.example/cart?a=1", "write https://shop.example$"),
        ("HTTPS://Shop.Example", "write https://shop.example$"),
        ("https://shop.example:443", "write https://shop.example$"),
        ("http://shop.example:80/", "write http://shop.example$"),
        ("https://shop.example:", "write https://shop.example$"),
        ("https://me:secret@shop.example:8443", "write https://shop.example:8443$"),
        ("http://[::1]:3000/", r"write http://\[::1\]:3000$"),
        ("http://localhost:*", r"a \* cannot stand for a part; list each origin, as .*, or write \* alone for all"),
        ("http://localhost:080", "write http://localhost$"),
        ("http://localhost:03000", "write http://localhost:3000$"),
        ("http://127.1", "write http://127.0.0.1$"),
        ("http://0x7f.1:8000", "write http://127.0.0.1:8000$"),
        ("http://256.1.1.1", "is not an origin"),
        ("http://1.2.3.4.5", "is not an origin"),
        ("http://[0:0:0:0:0:0:0:1]:3000", r"write http://\[::1\]:3000$"),
        ("http://[fe80::1%eth0]", "is not an origin"),
        ("https://shop..example", "is not an origin"),
        ("https://b\u00fccher.example", "write https://xn--bcher-kva.example$"),
        ("https://*.example", r"a \* cannot stand for a part"),
    ],
)
def test_cors_origin_that_never_matches_is_refused_with_the_right_form(
    origin: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECSYS_CORS__ORIGINS", f"https://good.example,{origin}")
    with pytest.raises(ParameterError, match=f"^RECSYS_CORS__ORIGINS: .*{told}"):
        read_settings()


@pytest.mark.parametrize(
    "origin",
    [
        "*",
        "https://shop.example",
        "http://localhost:3000",
        "http://127.0.0.1",
        "http://[::1]:3000",
        "https://a_b.example",
        "https://shop.example.",
    ],
)
def test_cors_origin_as_browsers_send_it_is_kept(origin: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECSYS_CORS__ORIGINS", origin)
    assert read_settings().cors.origins == (origin,)


def test_read_settings_env_file_joins_but_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("RECSYS_API__PORT=9000\nRECSYS_API__HOST=0.0.0.0\nMLFLOW_TRACKING_URI=http://x\n")
    monkeypatch.setenv("RECSYS_API__PORT", "9100")
    for name in ("RECSYS_API__HOST", "MLFLOW_TRACKING_URI"):
        monkeypatch.setenv(name, "")  # so that what the file sets is undone after the test
        monkeypatch.delenv(name)
    settings = read_settings()
    assert (settings.api.port, settings.api.host) == (9100, "0.0.0.0")
    assert settings.tracking_uri == "http://x"


def test_admin_token_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECSYS_API__ADMIN_TOKEN", "open-sesame")
    assert "sesame" not in repr(read_settings())


@pytest.mark.parametrize("token", ["x", "sesame7", "ö" * 20, "two words of it", "tab\tinside-it", " " * 20])
def test_admin_token_that_is_short_or_fits_no_header_is_refused_unshown(
    monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setenv("RECSYS_API__ADMIN_TOKEN", token)
    with pytest.raises(ParameterError, match="RECSYS_API__ADMIN_TOKEN: a token has at least 8 characters") as caught:
        read_settings()
    assert token not in str(caught.value) or token == "x"


@pytest.mark.parametrize("token", ["aaaaaaaa", "12121212", "password", "12345678"])
def test_admin_token_that_is_guessed_first_is_refused_unshown(monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    monkeypatch.setenv("RECSYS_API__ADMIN_TOKEN", token)
    with pytest.raises(ParameterError, match=r"RECSYS_API__ADMIN_TOKEN: a token .*; openssl rand -hex 24") as caught:
        read_settings()
    assert token not in str(caught.value)


def test_hosts_are_parted_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECSYS_API__ALLOWED_HOSTS", "films.example, *.films.example")
    assert read_settings().api.allowed_hosts == ("films.example", "*.films.example")


def test_every_setting_has_its_row_in_the_documentation() -> None:
    page = (Path(__file__).parents[2] / "docs" / "settings.md").read_text(encoding="utf-8")
    assert [name for name in setting_names() if f"`{name}`" not in page] == []


def test_read_settings_hands_the_password_to_mlflow_apart_from_the_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", " http://me:p%40ss@127.0.0.1:5000/base ")
    for name in ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"):
        monkeypatch.setenv(name, "")  # so that it is undone afterwards
    settings = read_settings(tmp_path / ".env")
    assert settings.tracking_uri == os.environ["MLFLOW_TRACKING_URI"] == "http://127.0.0.1:5000/base"
    assert (os.environ["MLFLOW_TRACKING_USERNAME"], os.environ["MLFLOW_TRACKING_PASSWORD"]) == ("me", "p@ss")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MLFLOW_TRACKING_URI", "./mlruns"),
        ("RECSYS_MODEL__NAME", "team/movies"),
        ("RECSYS_MODEL__NAME", ".."),
        ("RECSYS_MODEL__ALIAS", "latest"),
        ("RECSYS_MODEL__ALIAS", "Prod 1"),
    ],
)
def test_read_settings_what_mlflow_will_not_take_is_told_by_its_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ParameterError, match=f"^{name}: '{value}'"):
        read_settings(tmp_path / ".env")
