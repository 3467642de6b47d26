"""docker/init-env.sh: fresh secrets once, and never another time."""

import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from dotenv import dotenv_values

from recsys.env_file import remember
from recsys.secret_files import read_secret_files
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


def in_files(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text().strip() for path in (folder / "secrets").iterdir()}


def test_init_env_files_keeps_secrets_in_a_folder_for_the_owner_only(folder: Path) -> None:
    done = init_env(folder, "--files")
    assert done.returncode == 0, done.stderr
    secrets = in_files(folder)
    assert sorted(secrets) == sorted(
        [*(name.rpartition("__")[2].lower() for name in SECRETS), "mlflow_reader_password"]
    )
    assert len(set(secrets.values())) == len(secrets)
    assert all(len(secret) == 40 and secret.isalnum() for secret in secrets.values())
    assert stat.S_IMODE((folder / "secrets").stat().st_mode) == 0o700
    # The users of the containers are others than the owner.
    assert {stat.S_IMODE(path.stat().st_mode) for path in (folder / "secrets").iterdir()} == {0o644}
    text = (folder / ".env").read_text()
    assert not [secret for secret in secrets.values() if secret in text]
    values = dotenv_values(folder / ".env")
    assert values["MLFLOW_TRACKING_PASSWORD_FILE"] == "secrets/mlflow_tracking_password"
    asked_for = [values[name] or "" for name in SECRETS if name != "MLFLOW_TRACKING_PASSWORD"]
    assert all(value.startswith("unused-") and len(value) > 40 for value in asked_for)
    assert len(set(asked_for)) == len(asked_for)
    assert values["COMPOSE_FILE"] == "docker-compose.yml:docker/docker-compose.secrets.yml"
    assert stat.S_IMODE((folder / ".env").stat().st_mode) == 0o600
    assert sorted(path.name for path in folder.iterdir()) == [".env", ".env.example", "docker", "secrets"]


def test_init_env_files_moves_what_env_holds_and_keeps_its_other_lines(folder: Path) -> None:
    init_env(folder)
    with (folder / ".env").open("a") as file:
        file.write("export RECSYS_MODEL__SIGNING_KEY = 'of-sixteen-chars' \nRECSYS_CACHE__MAXSIZE=7\n")
    before = dotenv_values(folder / ".env")
    assert init_env(folder, "--files").returncode == 0
    assert in_files(folder) == {
        name.rpartition("__")[2].lower(): value
        for name, value in before.items()
        if name in (*SECRETS, "MLFLOW_READER_PASSWORD", "RECSYS_MODEL__SIGNING_KEY")
    }
    after = dotenv_values(folder / ".env")
    assert (after["RECSYS_CACHE__MAXSIZE"], after["MLFLOW_TRACKING_USERNAME"]) == ("7", "admin")
    assert after["RECSYS_MODEL__SIGNING_KEY_FILE"] == "secrets/signing_key"


@pytest.mark.parametrize("arguments", [(), ("--files",)])
def test_init_env_files_another_time_changes_nothing(folder: Path, arguments: tuple[str, ...]) -> None:
    init_env(folder, "--files")
    before, env = in_files(folder), (folder / ".env").read_text()
    assert init_env(folder, *arguments).returncode == 0
    assert (in_files(folder), (folder / ".env").read_text()) == (before, env)


def test_init_env_files_are_read_by_commands_outside_the_containers(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    init_env(folder, "--files")
    monkeypatch.chdir(folder)
    environment = {name: value or "" for name, value in dotenv_values(folder / ".env").items()}
    read_secret_files(environment)
    assert environment["MLFLOW_TRACKING_PASSWORD"] == in_files(folder)["mlflow_tracking_password"]


def test_init_env_files_lays_the_secrets_over_the_files_that_are_named(folder: Path) -> None:
    (folder / ".env").write_text("COMPOSE_FILE=docker-compose.yml:docker/docker-compose.auth.yml\n")
    init_env(folder, "--files")
    overlay = "docker/docker-compose.secrets"
    assert dotenv_values(folder / ".env")["COMPOSE_FILE"] == (
        f"docker-compose.yml:docker/docker-compose.auth.yml:{overlay}.yml:{overlay}-auth.yml"
    )


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("POSTGRES_PASSWORD=other", "holds another secret than POSTGRES_PASSWORD"),
        ('RECSYS_MODEL__SIGNING_KEY="a $b c"', "RECSYS_MODEL__SIGNING_KEY in .env holds characters"),
        ("RECSYS_MODEL__SIGNING_KEY=sixteen-characters # mine", "RECSYS_MODEL__SIGNING_KEY in .env holds characters"),
    ],
)
def test_init_env_files_what_is_not_clear_is_left_and_told(folder: Path, line: str, problem: str) -> None:
    init_env(folder, "--files")
    before = in_files(folder)
    with (folder / ".env").open("a") as file:
        file.write(f"{line}\n")
    env = (folder / ".env").read_text()
    done = init_env(folder, "--files")
    assert done.returncode == 1
    assert problem in done.stderr
    assert (in_files(folder), (folder / ".env").read_text()) == (before, env)
    assert [path.name for path in folder.glob(".env.*")] == [".env.example"]


def test_env_example_names_only_settings_that_exist() -> None:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    named = {line.lstrip("#").partition("=")[0] for line in lines if "=" in line and " " not in line.partition("=")[0]}
    ours = {name for name in named if name.startswith(PREFIX)}
    assert ours
    assert ours <= set(setting_names())


def test_env_example_holds_no_secret() -> None:
    values = dotenv_values(ROOT / ".env.example")
    assert [name for name in SECRETS if values[name]] == []
