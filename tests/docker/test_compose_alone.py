"""The compose files as they are written, without an engine."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from recsys.secret_files import SECRETS, SUFFIX
from recsys.settings import PREFIX, setting_names

ROOT = Path(__file__).parents[2]
LEARNING = ("training", "retraining")
ALL = (*LEARNING, "api")
NOT_FROM_ENV = {
    "RECSYS_DATA__DIR": "the image's volume, MOVIELENS_DIR on the host's side, or docker/data.env",
    "RECSYS_MODEL__CACHE_DIR": "the image's volume",
    "RECSYS_RECOMMEND__HIDDEN": "a file, which has to be mounted: docs/docker.md",
    "RECSYS_API__HOST": "all of the container's addresses, by the image",
    "RECSYS_API__PORT": "8000 inside, by the image; that of .env is the published one",
    "RECSYS_API__RELOAD": "development only: docker/docker-compose.dev.yml",
}
SHARED = ("NAME", "ALIAS", "SIGNING_KEY", "REQUIRE_SIGNATURE")
OTHERS = re.compile(r"\$\{(?P<variable>[A-Z]+_IMAGE):-(?P<image>[^}]+)\}")


class Loader(yaml.SafeLoader):
    """YAML with the tags of compose, which count for nothing here."""


Loader.add_multi_constructor("!", lambda _loader, _tag, _node: None)


def compose(name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.load((ROOT / name).read_text(encoding="utf-8"), Loader)
    return content


def readers(setting: str) -> tuple[str, ...]:
    """Return the services that read a setting."""
    group, _, name = setting.removeprefix(PREFIX).partition("__")
    if group == "DATA":
        return LEARNING
    shared = group in ("ENVIRONMENT", "LOGGING") or (group == "MODEL" and name in SHARED)
    return ALL if shared else ("api",)


@pytest.mark.parametrize("setting", [name for name in setting_names() if name not in NOT_FROM_ENV])
def test_compose_setting_reaches_every_service_that_reads_it(setting: str) -> None:
    services = compose("docker-compose.yml")["services"]
    having = {name for name, service in services.items() if setting in service.get("environment", {})}
    assert having == set(readers(setting))
    for name in having:
        value = services[name]["environment"][setting]
        assert value is None or value == "prod" or f"${{{setting}:" in value, f"{name} does not take it from .env"


def test_compose_names_only_settings_that_exist() -> None:
    known = set(setting_names()) | {name + SUFFIX for name in SECRETS}
    for path in (ROOT / "docker-compose.yml", *(ROOT / "docker").glob("*.yml")):
        for name, service in compose(str(path.relative_to(ROOT)))["services"].items():
            ours = {key for key in service.get("environment", {}) if key.startswith(PREFIX)}
            assert ours <= known, (path.name, name)
    passed = compose("docker-compose.yml")["services"]
    for setting in NOT_FROM_ENV:
        assert setting in set(setting_names())
        assert not [name for name in passed if setting in passed[name].get("environment", {})], setting


def test_compose_digests_pin_the_images_that_the_other_files_name() -> None:
    written = (ROOT / "docker" / "docker-compose.digests.yml").read_text(encoding="utf-8")
    pinned = {found["variable"]: found["image"] for found in OTHERS.finditer(written)}
    assert sorted(pinned) == ["MINIO_IMAGE", "POSTGRES_IMAGE", "PYTHON_IMAGE"]
    plain = {
        found["variable"]: found["image"]
        for found in OTHERS.finditer((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    }
    (python,) = re.findall(r"^ARG PYTHON_IMAGE=(\S+)$", (ROOT / "docker" / "Dockerfile").read_text(), re.MULTILINE)
    for variable, image in (plain | {"PYTHON_IMAGE": python}).items():
        assert re.fullmatch(re.escape(image) + r"@sha256:[0-9a-f]{64}", pinned[variable]), variable
    ours = {name for name, service in compose("docker-compose.yml")["services"].items() if "build" in service}
    digests = compose("docker/docker-compose.digests.yml")["services"]
    assert {
        name for name, service in digests.items() if "PYTHON_IMAGE" in service.get("build", {}).get("args", {})
    } == ours


def test_compose_monitoring_images_are_pinned_by_digest() -> None:
    for name, service in compose("docker/docker-compose.monitoring.yml")["services"].items():
        found = OTHERS.fullmatch(service["image"])
        assert found, name
        assert re.fullmatch(r"[a-z]+/[a-z]+:v?[\d.]+@sha256:[0-9a-f]{64}", found["image"]), name


def test_secrets_are_neither_committed_nor_sent_to_the_builder() -> None:
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert {"secrets/", ".env", "docker/data.env"} <= set(ignored)
    rules = [line for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] != "#"]
    assert rules[0] == "*"
    assert not [rule for rule in rules if rule.startswith("!") and ("secret" in rule or "env" in rule)]


def test_every_installation_of_a_lock_is_complete_and_checked_by_hash() -> None:
    commands = {}
    for folder in ("docker", "benchmarks", "scripts"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and path.suffix in ("", ".py", ".sh", ".yml"):
                for line in path.read_text(encoding="utf-8").splitlines():
                    if re.search(r"\bpip\b.*\binstall\b|\buv\b.*\bsync\b|\"install\"", line, re.IGNORECASE):
                        commands[path.relative_to(ROOT).as_posix(), line.strip()] = line
    assert {path for path, _ in commands} == {"docker/install.sh", "scripts/install.py"}
    for (path, _), line in commands.items():
        assert "--no-deps" in line, path
        assert "--require-hashes" in line, path


def test_locks_of_images_and_benchmarks_are_installed_by_these_two_only() -> None:
    dockerfile = (ROOT / "docker" / "Dockerfile").read_text(encoding="utf-8")
    copied = re.findall(r"^COPY (requirements-\S+\.lock) ", dockerfile, re.MULTILINE)
    assert copied
    assert re.findall(r"RUN sh /usr/local/bin/install-lock /tmp/(\S+)", dockerfile) == copied
    assert dockerfile.count("COPY docker/install.sh /usr/local/bin/install-lock") == 1
    environments = (ROOT / "benchmarks" / "leaderboard" / "environments.py").read_text(encoding="utf-8")
    assert 'INSTALL = HERE.parent / "scripts" / "install.py"' in environments
    for path in (ROOT / "benchmarks").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert path.name == "environments.py" or ".lock" not in text, path
