"""docker/init-env.sh: fresh secrets once, and never another time."""

import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from dotenv import dotenv_values

from recsys.env_file import remember
from recsys.settings import PREFIX, setting_names

ROOT = Path(__file__).parents[2]
SECRETS = (
    "POSTGRES_PASSWORD",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "RECSYS_API__ADMIN_TOKEN",
    "MLFLOW_TRACKING_PASSWORD",
    "MLFLOW_FLASK_SERVER_SECRET_KEY",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with nothing but the script and the example."""
    (tmp_path / "docker").mkdir()
    shutil.copy(ROOT / "docker" / "init-env.sh", tmp_path / "docker")
    shutil.copy(ROOT / ".env.example", tmp_path)
    return tmp_path


def init_env(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([folder / "docker" / "init-env.sh", *arguments], capture_output=True, text=True, check=False)


def test_init_env_writes_fresh_secrets_for_the_owner_only(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert init_env(folder).returncode == 0
    values = dotenv_values(folder / ".env")
    secrets = [values[name] or "" for name in SECRETS]
    assert len(set(secrets)) == len(SECRETS)
    assert all(len(secret) == 40 and secret.isalnum() for secret in secrets)
    assert stat.S_IMODE((folder / ".env").stat().st_mode) == 0o600
    assert sorted(path.name for path in folder.iterdir()) == [".env", ".env.example", "docker"]


def test_init_env_second_file_has_other_secrets(folder: Path) -> None:
    init_env(folder)
    first = dotenv_values(folder / ".env")
    (folder / ".env").unlink()
    init_env(folder)
    second = dotenv_values(folder / ".env")
    assert all(first[name] != second[name] for name in SECRETS)
    assert first["MLFLOW_TRACKING_USERNAME"] == second["MLFLOW_TRACKING_USERNAME"] == "admin"


def test_init_env_existing_file_is_kept(folder: Path) -> None:
    init_env(folder)
    before = (folder / ".env").read_text()
    again = init_env(folder)
    assert (again.returncode, (folder / ".env").read_text()) == (0, before)
    assert "kept as it is" in again.stdout


def test_init_env_existing_file_keeps_its_lines_and_gets_the_secrets_that_it_lacks(folder: Path) -> None:
    remember("RECSYS_DATA__DIR", "my data", folder / ".env")  # as make up does
    with (folder / ".env").open("a") as file:
        file.write("POSTGRES_PASSWORD=mine\nRECSYS_API__ADMIN_TOKEN=")
    (folder / ".env").chmod(0o644)
    done = init_env(folder)
    assert done.returncode == 0, done.stderr
    values = dotenv_values(folder / ".env")
    assert (values["RECSYS_DATA__DIR"], values["POSTGRES_PASSWORD"]) == ("my data", "mine")
    assert all(len(values[name] or "") == 40 for name in SECRETS if name != "POSTGRES_PASSWORD")
    assert "RECSYS_API__ADMIN_TOKEN" in done.stdout
    assert "POSTGRES_PASSWORD" not in done.stdout
    assert stat.S_IMODE((folder / ".env").stat().st_mode) == 0o600
    before = (folder / ".env").read_text()
    assert (init_env(folder).returncode, (folder / ".env").read_text()) == (0, before)


def test_init_env_half_a_key_is_kept_and_told(folder: Path) -> None:
    (folder / ".env").write_text("AWS_ACCESS_KEY_ID=mine\nAWS_SECRET_ACCESS_KEY=\n")
    done = init_env(folder)
    assert done.returncode == 1
    assert "which go together" in done.stderr
    assert (folder / ".env").read_text() == "AWS_ACCESS_KEY_ID=mine\nAWS_SECRET_ACCESS_KEY=\n"


def test_env_example_names_only_settings_that_exist() -> None:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    named = {line.lstrip("#").partition("=")[0] for line in lines if "=" in line and " " not in line.partition("=")[0]}
    ours = {name for name in named if name.startswith(PREFIX)}
    assert ours
    assert ours <= set(setting_names())


def test_env_example_holds_no_secret() -> None:
    values = dotenv_values(ROOT / ".env.example")
    assert [name for name in SECRETS if values[name]] == []
