"""The images, as both builders make them."""

import json
from typing import Any

import pytest
from docker_cli import docker

pytestmark = pytest.mark.docker

NAMES = {
    "training": "movie-recsys-training",
    "serving": "movie-recsys-api",
    "retraining": "movie-recsys-retraining",
    "mlflow": "movie-recsys-mlflow",
}
HARDENED = ("--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges:true")


def inspect(image: str) -> dict[str, Any]:
    return dict(json.loads(docker("image", "inspect", image))[0])


def inside(image: str, *command: str, check: bool = True) -> str:
    return docker("run", "--rm", "--network", "none", *HARDENED, image, *command, check=check)


def test_build_shows_the_size_of_each_image(images: str) -> None:
    for name in (*NAMES.values(), "movie-recsys-api-dev", "the Python base"):
        line = next(line for line in images.splitlines() if line.startswith(name + " ") and line.count(" MB"))
        assert int(line.removeprefix(name).split()[0]) > 100


def test_images_get_smaller_the_less_they_need(images: str) -> None:
    sizes = {target: inspect(name)["Size"] for target, name in NAMES.items()}
    assert sizes["serving"] < sizes["mlflow"] < sizes["training"] == sizes["retraining"]


@pytest.mark.parametrize("name", NAMES.values())
def test_image_runs_as_a_user_without_rights(images: str, name: str) -> None:
    assert inspect(name)["Config"]["User"] == "10001:10001"
    assert inside(name, "id").startswith("uid=10001(recsys) gid=10001(recsys)")
    assert inside(name, "sh", "-c", "touch /app/x /opt/venv/x /x 2>&1 || true").count("Read-only file system") == 3
    writable = (
        "find / -xdev -writable ! -type l ! -path '/proc/*' ! -path '/sys/*' ! -path '/dev/*' 2>/dev/null || true"
    )
    found = set(docker("run", "--rm", "--network", "none", name, "sh", "-c", writable).split())
    own = {"/var/lib/recsys", "/var/log/recsys", "/var/lib/recsys/ml-100k", "/var/lib/recsys/model-cache"}
    assert found - own <= {"/tmp", "/var/tmp", "/run/lock", "/var/lock"}


@pytest.mark.parametrize("name", NAMES.values())
def test_image_has_labels(images: str, name: str) -> None:
    labels = inspect(name)["Config"]["Labels"]
    prefix = "org.opencontainers.image."
    assert labels[f"{prefix}title"] == name
    assert labels[f"{prefix}licenses"] == "Apache-2.0"
    assert labels[f"{prefix}version"] == "0.1.0"
    assert {f"{prefix}{key}" for key in ("description", "revision", "vendor")} <= set(labels)


@pytest.mark.parametrize("name", NAMES.values())
def test_image_has_neither_compiler_nor_tests_nor_secrets(images: str, name: str) -> None:
    assert inside(name, "sh", "-c", "command -v cc gcc g++ make || echo none").strip() == "none"
    assert inside(name, "sh", "-c", "find /opt/venv -type d -name tests -o -name '*.pyi' | head -3").strip() == ""
    assert inside(name, "sh", "-c", "find / -xdev -name '.env*' -o -xdev -name u.data 2>/dev/null | head").strip() == ""
    history = docker("history", "--no-trunc", name)
    assert "index-url" not in history.lower()


def test_serving_image_has_no_training_code(images: str) -> None:
    assert inside(NAMES["serving"], "ls", "/app").split() == ["recsys", "serving"]
    for package in ("training", "scipy", "sklearn", "matplotlib", "pyarrow", "optuna", "boto3", "pip", "flask"):
        found = inside(NAMES["serving"], "python", "-c", f"import {package}", check=False)
        assert found == ""
        missing = f"import importlib.util as u; print(u.find_spec('{package}'))"
        assert inside(NAMES["serving"], "python", "-c", missing).strip() == "None"


def test_images_import_all_of_their_code_on_a_read_only_disk(images: str) -> None:
    walk = (
        "import importlib, pkgutil, sys\n"
        "for root in sys.argv[1:]:\n"
        "    for found in pkgutil.walk_packages(importlib.import_module(root).__path__, root + '.'):\n"
        "        if found.name.endswith('__main__') or 'spark' in found.name: continue  # an extra that no image has\n"
        "        importlib.import_module(found.name)\n"
        "print('all')"
    )
    assert inside(NAMES["serving"], "python", "-c", walk, "serving").strip() == "all"
    assert inside(NAMES["training"], "python", "-c", walk, "recsys", "training").strip() == "all"
    assert (
        inside(NAMES["mlflow"], "python", "-c", "import mlflow.server, mlflow.server.auth, psycopg2, boto3").strip()
        == ""
    )


@pytest.mark.parametrize("target", ["serving", "mlflow"])
def test_image_has_a_health_check(images: str, target: str) -> None:
    assert inspect(NAMES[target])["Config"]["Healthcheck"]["Test"][:2] == ["CMD", "python"]


def test_source_change_leaves_the_environment_layer_alone(images: str, stack: Any) -> None:
    before = inspect(NAMES["serving"])["RootFS"]["Layers"]
    source = stack.folder / "serving" / "__init__.py"
    text = source.read_text()
    try:
        source.write_text(text + "# changed\n")
        stack.run("docker/build.sh", "serving")
        after = inspect(NAMES["serving"])["RootFS"]["Layers"]
    finally:
        source.write_text(text)
        stack.run("docker/build.sh", "serving")
    assert len(after) == len(before)
    assert [number for number, layer in enumerate(after) if layer != before[number]] == [len(before) - 1]
    assert inspect(NAMES["serving"])["RootFS"]["Layers"] == before


def test_source_of_others_is_not_sent_to_the_builder(images: str, stack: Any) -> None:
    (stack.folder / "serving" / "__pycache__").mkdir(exist_ok=True)
    (stack.folder / "serving" / "__pycache__" / "x.pyc").write_bytes(b"x")
    stack.run("docker/build.sh", "serving")
    assert inside(NAMES["serving"], "find", "/app", "-name", "*.pyc").strip() == ""


def test_classic_builder_builds_them_too(images: str, stack: Any) -> None:
    for target in NAMES:
        tag = f"movie-recsys-classic-{target}"
        build = ["build", "--quiet", "--file", "docker/Dockerfile", "--target", target, "--tag", tag, str(stack.folder)]
        build[3] = str(stack.folder / "docker" / "Dockerfile")
        docker(*build, seconds=1800, DOCKER_BUILDKIT="0")
        try:
            assert inspect(tag)["Config"]["Cmd"] == inspect(NAMES[target])["Config"]["Cmd"]
            assert inspect(tag)["Config"]["Entrypoint"] == ["entrypoint"]
        finally:
            docker("image", "rm", tag)
