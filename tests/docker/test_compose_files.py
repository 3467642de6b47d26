"""The compose files, as compose renders them."""

import json
import re
import subprocess
from typing import Any

import pytest
from dotenv import dotenv_values

pytestmark = pytest.mark.docker

OURS = ("bucket", "mlflow", "training", "api", "retraining")
OVERRIDES = ("", "dev", "scale", "auth", "s3", "monitoring", "digests")
REQUIRED = ("POSTGRES_PASSWORD", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "RECSYS_API__ADMIN_TOKEN")
ENDPOINT = {"MLFLOW_S3_ENDPOINT_URL": "https://s3.example.org"}
MAY_KNOW = {
    "POSTGRES_PASSWORD": {"postgres", "mlflow"},
    "AWS_ACCESS_KEY_ID": {"minio", "bucket", "mlflow"},
    "AWS_SECRET_ACCESS_KEY": {"minio", "bucket", "mlflow"},
    "RECSYS_API__ADMIN_TOKEN": {"api"},
    "MLFLOW_TRACKING_PASSWORD": set(),
    "MLFLOW_READER_PASSWORD": set(),
    "MLFLOW_FLASK_SERVER_SECRET_KEY": set(),
}


def rendered(stack: Any, over: str = "") -> dict[str, Any]:
    if over == "s3":
        with (stack.folder / ".env").open("a") as env:
            env.write("MLFLOW_S3_ENDPOINT_URL=https://s3.example.org\n")
    try:
        found = stack.compose("--profile", "manual", "config", "--format", "json", over=over)
    finally:
        text = (stack.folder / ".env").read_text()
        (stack.folder / ".env").write_text(text.replace("MLFLOW_S3_ENDPOINT_URL=https://s3.example.org\n", ""))
    return dict(json.loads(found))


@pytest.mark.parametrize("over", OVERRIDES)
def test_compose_ports_other_than_the_apis_are_on_loopback(stack: Any, over: str) -> None:
    for name, service in rendered(stack, over)["services"].items():
        for port in service.get("ports", []):
            if (name, port["target"]) != ("api", 8000):
                assert port.get("host_ip") == "127.0.0.1", (name, port)


@pytest.mark.parametrize("over", OVERRIDES)
def test_compose_containers_are_locked_down(stack: Any, over: str) -> None:
    for name, service in rendered(stack, over)["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service.get("privileged", False) is False, name
        assert name == "postgres" or "cap_add" not in service, name


def test_compose_long_running_services_have_health_checks_and_restart(stack: Any) -> None:
    for name, service in rendered(stack)["services"].items():
        once = name in ("bucket", "training")
        assert service["restart"] == ("no" if once else "unless-stopped"), name
        assert once or service["healthcheck"].get("test"), name


def test_compose_every_service_waits_for_what_it_needs(stack: Any) -> None:
    services = rendered(stack)["services"]
    waits = {
        name: {needed: how["condition"] for needed, how in service.get("depends_on", {}).items()}
        for name, service in services.items()
    }
    assert waits == {
        "postgres": {},
        "minio": {},
        "bucket": {"minio": "service_healthy"},
        "mlflow": {"postgres": "service_healthy", "bucket": "service_completed_successfully"},
        "training": {"mlflow": "service_healthy"},
        "api": {"training": "service_completed_successfully"},
        "retraining": {"mlflow": "service_healthy", "training": "service_completed_successfully"},
    }


def test_compose_every_service_is_limited_and_its_log_rotates(stack: Any) -> None:
    for name, service in rendered(stack)["services"].items():
        assert int(service["deploy"]["resources"]["limits"]["memory"]) > 0, name
        assert service["deploy"]["resources"]["limits"]["pids"] > 0, name
        assert service["logging"] == {"driver": "json-file", "options": {"max-size": "10m", "max-file": "5"}}, name


def test_compose_names_are_those_of_the_design(stack: Any) -> None:
    found = rendered(stack)
    assert {name: found["services"][name]["image"] for name in ("training", "api", "retraining")} == {
        "training": "movie-recsys-training",
        "api": "movie-recsys-api",
        "retraining": "movie-recsys-retraining",
    }
    for name, service in found["services"].items():
        assert service["container_name"] == f"recsys-{name}"
    assert found["networks"]["recsys-network"]["name"] == "recsys-network"
    assert found["services"]["retraining"]["command"][-2:] == ["--cron", "0 2 * * 0"]
    assert found["services"]["api"]["environment"]["RECSYS_API__WORKERS"] == "4"


@pytest.mark.parametrize("over", OVERRIDES)
def test_compose_api_shares_a_network_with_mlflow_and_prometheus_only(stack: Any, over: str) -> None:
    services = rendered(stack, over)["services"]
    own = set(services["api"]["networks"])
    beside = {"mlflow"} | ({"prometheus"} if over == "monitoring" else set())
    assert own == {"api-network", "front-network"}
    assert {name for name, service in services.items() if own & set(service["networks"])} == {"api", *beside}
    assert [name for name, service in services.items() if "front-network" in service["networks"]] == ["api"]
    watching = {"prometheus": {"api-network", "monitoring-network"}, "grafana": {"monitoring-network"}}
    for name, service in services.items():
        if name not in ("api", "mlflow"):
            assert set(service["networks"]) == watching.get(name, {"recsys-network"}), name


def test_compose_no_way_leads_out_of_the_networks_of_the_api(stack: Any) -> None:
    networks = rendered(stack)["networks"]
    assert networks["api-network"]["internal"] is True
    masquerade = "com.docker.network.bridge.enable_ip_masquerade"
    assert networks["front-network"]["driver_opts"][masquerade] == "false"
    assert networks["recsys-network"].get("internal", False) is False  # MLflow may use a store elsewhere


def test_compose_setting_of_env_reaches_the_container_and_no_default_is_set(stack: Any) -> None:
    before = (stack.folder / ".env").read_text()
    try:
        (stack.folder / ".env").write_text(f"{before}RECSYS_LIMITS__SCORING_ROWS=7\nRECSYS_DATA__SCALE=1-10\n")
        services = rendered(stack)["services"]
    finally:
        (stack.folder / ".env").write_text(before)
    assert services["api"]["environment"]["RECSYS_LIMITS__SCORING_ROWS"] == "7"
    assert services["api"]["environment"]["RECSYS_LIMITS__CONNECTIONS"] is None
    for name in ("training", "retraining"):
        assert services[name]["environment"]["RECSYS_DATA__SCALE"] == "1-10"
        assert services[name]["environment"]["RECSYS_DATA__DUPLICATES"] is None


def test_compose_api_has_an_account_of_its_own_before_which_mlflow_stands(stack: Any) -> None:
    services = rendered(stack, "auth")["services"]
    admin = services["training"]["environment"]["MLFLOW_TRACKING_PASSWORD"]
    assert services["api"]["environment"]["MLFLOW_TRACKING_USERNAME"] == "recsys-api"
    assert admin not in json.dumps(services["api"])
    assert services["reader"]["environment"]["READER_PASSWORD"] in json.dumps(services["api"])
    assert services["api"]["depends_on"]["reader"]["condition"] == "service_completed_successfully"


def test_compose_images_of_others_are_pinned(stack: Any) -> None:
    tag, digest = r":(?:\d+|RELEASE\.[\dTZ-]+|v?\d+\.\d+\.\d+)", r"@sha256:[0-9a-f]{64}"
    plain, pinned = rendered(stack)["services"], rendered(stack, "digests")["services"]
    for name in ("postgres", "minio"):
        assert re.search(tag + "$", plain[name]["image"]), name
        assert re.fullmatch(re.escape(plain[name]["image"]) + digest, pinned[name]["image"]), name
    bases = {pinned[name]["build"]["args"]["PYTHON_IMAGE"] for name in OURS}
    assert [bool(re.fullmatch(r"python:3\.11-slim-bookworm" + digest, base)) for base in bases] == [True]
    watching = rendered(stack, "monitoring")["services"]
    for name in ("prometheus", "grafana"):
        assert re.search(tag + digest + "$", watching[name]["image"]), name


@pytest.mark.parametrize("over", [over for over in OVERRIDES if over != "auth"])
def test_compose_secrets_are_known_only_to_whom_they_concern(stack: Any, over: str) -> None:
    secrets = {name: value for name, value in dotenv_values(stack.folder / ".env").items() if name in MAY_KNOW}
    assert len(secrets) == len(MAY_KNOW)
    found = rendered(stack, over)
    for name, secret in secrets.items():
        assert secret
        knowing = {service for service, content in found["services"].items() if secret in json.dumps(content)}
        assert knowing == MAY_KNOW[name] - ({"minio"} if over == "s3" else set()), name
        for service in knowing:
            environment = found["services"][service].pop("environment")
            assert secret not in json.dumps(found["services"][service]), (
                f"{name} of {service} is not in its environment"
            )
            found["services"][service]["environment"] = environment
        rest = {key: value for key, value in found.items() if key != "services"}
        assert secret not in json.dumps(rest)


@pytest.mark.parametrize("over", OVERRIDES)
def test_compose_files_hold_no_secret(stack: Any, over: str) -> None:
    found = stack.compose("--profile", "manual", "config", "--no-interpolate", over=over)
    secrets = [value for name, value in dotenv_values(stack.folder / ".env").items() if name in MAY_KNOW]
    assert all(value and value not in found for value in secrets)
    for line in re.findall(r"^.*(?:PASSWORD|SECRET|TOKEN|ACCESS_KEY)[A-Z_]*: .*$", found, re.MULTILINE):
        assert re.search(r": \$\{(?:[A-Z_]+:\?|MLFLOW_TRACKING_PASSWORD:-\}$)", line), line


@pytest.mark.parametrize("name", REQUIRED)
def test_compose_missing_secret_is_named(stack: Any, name: str) -> None:
    text = (stack.folder / ".env").read_text()
    try:
        (stack.folder / ".env").write_text(re.sub(rf"^{name}=.*$", f"{name}=", text, flags=re.MULTILINE))
        done = subprocess.run(
            ["docker", "compose", "up", "-d"],
            cwd=stack.folder,
            env=stack.variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
    finally:
        (stack.folder / ".env").write_text(text)
    assert done.returncode != 0
    assert name in done.stderr
    assert "docker/init-env.sh" in done.stderr


def test_compose_dev_is_as_designed(stack: Any) -> None:
    services = rendered(stack, "dev")["services"]
    api = services["api"]
    assert api["healthcheck"] == {"disable": True}
    assert {name: api["environment"][f"RECSYS_{name}"] for name in ("ENVIRONMENT", "API__WORKERS", "API__RELOAD")} == {
        "ENVIRONMENT": "dev",
        "API__WORKERS": "1",
        "API__RELOAD": "true",
    }
    mounts = {volume["target"] for volume in api["volumes"] if volume["type"] == "bind"}
    assert mounts == {"/app/recsys", "/app/serving"}
    assert {port["target"] for port in api["ports"]} == {8000, 5678}
    assert services["retraining"]["profiles"] == ["manual"]
    for name in ("api", "training", "retraining"):
        assert services[name]["environment"]["RECSYS_LOGGING__LEVEL"] == "DEBUG"


def test_compose_other_store_replaces_minio(stack: Any) -> None:
    found = rendered(stack, "s3")["services"]
    assert "minio" not in found
    for name in ("bucket", "mlflow"):
        assert found[name]["environment"]["MLFLOW_S3_ENDPOINT_URL"] == "https://s3.example.org"
