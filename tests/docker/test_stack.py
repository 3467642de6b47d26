"""The whole system with a real engine, from the first `up` to three replicas; in this order."""

import json
import threading
import urllib.error
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from docker_cli import HISTORY, MINIO, basic_login, docker
from dotenv import dotenv_values

pytestmark = pytest.mark.docker

STORES = ("mlflow", "postgres", "minio")
RUNNING = (*STORES, "api", "retraining")


@pytest.fixture(scope="module", autouse=True)
def up(stack: Any, images: str) -> None:
    """Start all with the command of the README."""
    stack.run("docker", "compose", "up", "-d")


def recommends(stack: Any) -> str:
    """Return the version that recommends, after a check of the answer."""
    answer = stack.ask("/recommend", HISTORY)
    assert answer.status == 200, answer.text
    assert answer.json["count"] == len(answer.json["recommendations"]) > 0
    return str(answer.version)


@contextmanager
def clients(stack: Any) -> Iterator[None]:
    """Ask for recommendations all the while, and fail when an answer is missing."""
    ended, failures, answers = threading.Event(), [], []

    def ask() -> None:
        while not ended.wait(0.05):
            try:
                answers.append(recommends(stack))
            except (AssertionError, OSError, urllib.error.URLError) as error:
                failures.append(repr(error))

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    assert failures == []
    assert answers


def versions(stack: Any) -> dict[str, int]:
    """Return the version of each alias, in small letters."""
    found = stack.mlflow("registered-models/search", None)["registered_models"][0]
    return {alias["alias"].lower(): int(alias["version"]) for alias in found["aliases"]}


def runs(stack: Any) -> list[Any]:
    """Return the runs of the experiment, newest first."""
    search = {"filter": "name = 'movie-recommender'", "max_results": 5}
    experiment = stack.mlflow("experiments/search", search)["experiments"][0]["experiment_id"]
    found = stack.mlflow("runs/search", {"experiment_ids": [experiment], "max_results": 100})
    return list(found.get("runs", []))


def bucket_keys() -> list[str]:
    """Return the keys of all objects in the bucket that MLflow writes to."""
    script = (
        "import boto3, os\n"
        "store = boto3.client('s3', endpoint_url=os.environ['MLFLOW_S3_ENDPOINT_URL'])\n"
        "pages = store.get_paginator('list_objects_v2').paginate(Bucket=os.environ['S3_BUCKET_NAME'])\n"
        "print(*[found['Key'] for page in pages for found in page.get('Contents', [])], sep='\\n')"
    )
    return docker("exec", "recsys-mlflow", "python", "-c", script).split()


def problem(stack: Any) -> Callable[[], bool]:
    return lambda: stack.health()["status"] == "degraded" and stack.health()["registry"]["problem"]


def test_up_ends_with_a_healthy_api(stack: Any) -> None:
    stack.wait_until_healthy()
    assert recommends(stack) == "1"
    stack.wait_for(lambda: stack.inspect("api")["State"]["Health"]["Status"] == "healthy", "its health check passes")
    for name in RUNNING:
        stack.wait_for(lambda: stack.inspect(name)["State"]["Health"]["Status"] == "healthy", f"{name} is healthy")  # noqa: B023
    for name in ("bucket", "training"):
        assert stack.inspect(name)["State"]["ExitCode"] == 0


def test_model_was_trained_in_the_training_container(stack: Any) -> None:
    assert "version 1 is Production" in docker("logs", "recsys-training")
    assert stack.health()["model_run_id"] == runs(stack)[0]["info"]["run_id"]


def test_run_is_visible_in_mlflow(stack: Any) -> None:
    (run,) = runs(stack)
    assert run["info"]["status"] == "FINISHED"
    metrics = {metric["key"] for metric in run["data"]["metrics"]}
    assert {"ndcg_at_10", "coverage_at_10"} <= metrics
    assert stack.ask("/", port=stack.mlflow_port).status == 200


def test_artifacts_are_in_the_bucket(stack: Any) -> None:
    keys = bucket_keys()
    assert any(key.startswith("mlflow/") and key.endswith("/model.json") for key in keys)
    assert any(key.endswith("pictures/long_tail.png") for key in keys)


def test_metadata_are_in_postgres(stack: Any) -> None:
    query = "select name, version from model_versions"
    found = docker("exec", "recsys-postgres", "psql", "-At", "-U", "mlflow", "-d", "mlflow", "-c", query)
    assert found.strip() == "movie-recommender|1"


def test_retraining_waits_for_sunday(stack: Any) -> None:
    stack.wait_for(lambda: "next run" in docker("logs", "recsys-retraining"), "the schedule is read")
    lines = [json.loads(line) for line in docker("logs", "recsys-retraining").splitlines() if line.startswith("{")]
    (line,) = [line for line in lines if "next run" in line["message"]]
    assert "T02:00:00" in line["message"]
    shown = docker("exec", "recsys-retraining", "python", "-m", "training", "schedule", "--cron", "0 2 * * 0", "--show")
    assert "02:00" in shown


def test_mlflow_refuses_unknown_hosts(stack: Any) -> None:
    answer = stack.ask("/api/2.0/mlflow/registered-models/search", port=stack.mlflow_port, Host="attacker.example")
    assert answer.status == 403


@pytest.mark.parametrize("name", ["mlflow", "training", "api", "retraining", "bucket"])
def test_containers_have_no_rights(stack: Any, name: str) -> None:
    found = stack.inspect(name)
    assert found["Config"]["User"] == "10001:10001"
    host = found["HostConfig"]
    assert host["ReadonlyRootfs"] is True
    assert host["CapDrop"] == ["ALL"]
    assert host["CapAdd"] in (None, [])
    assert host["SecurityOpt"] == ["no-new-privileges:true"]
    assert host["Memory"] > 0
    assert host["PidsLimit"] > 0


@pytest.mark.parametrize("name", ["mlflow", "api", "retraining"])
def test_containers_have_no_rights_when_one_looks_from_within(stack: Any, name: str) -> None:
    status = docker("exec", f"recsys-{name}", "cat", "/proc/1/status")
    fields = {key: value.split() for key, _, value in (line.partition(":") for line in status.splitlines())}
    assert fields["Uid"] == ["10001"] * 4
    for kind in ("CapPrm", "CapEff", "CapBnd"):
        assert int(fields[kind][0], 16) == 0
    assert fields["NoNewPrivs"] == ["1"]
    touched = docker("exec", f"recsys-{name}", "sh", "-c", "touch /app/x /opt/venv/x 2>&1 || true")
    assert touched.count("Read-only file system") == 2


def test_open_ports_are_the_apis_and_loopback(stack: Any) -> None:
    for name in RUNNING:
        for port, bindings in stack.inspect(name)["NetworkSettings"]["Ports"].items():
            for binding in bindings or []:
                assert (name, port) == ("api", "8000/tcp") or binding["HostIp"] == "127.0.0.1", (name, port)


def reached_from(container: str, *targets: str) -> list[str]:
    """Return which of the targets, ``address:port``, a container can connect to."""
    script = (
        "import socket, sys\n"
        "for target in sys.argv[1:]:\n"
        "    address, _, port = target.rpartition(':')\n"
        "    try:\n"
        "        socket.create_connection((address, int(port)), 3).close()\n"
        "        print(target)\n"
        "    except OSError:\n"
        "        pass\n"
    )
    return docker("exec", f"recsys-{container}", "python", "-c", script, *targets).split()


def test_api_reaches_mlflow_and_nothing_else_of_the_system(stack: Any) -> None:
    networks = {name: stack.inspect(name)["NetworkSettings"]["Networks"] for name in ("postgres", "minio", "mlflow")}
    ports = {"postgres": 5432, "minio": 9000, "mlflow": 5000}
    stores = [f"{networks[name]['recsys-network']['IPAddress']}:{port}" for name, port in ports.items()]
    assert reached_from("retraining", *stores) == stores
    assert reached_from("api", *stores, "postgres:5432", "minio:9000", "mlflow:5000") == ["mlflow:5000"]


def test_no_way_leads_out_of_the_networks_of_the_api(stack: Any) -> None:
    assert set(stack.inspect("api")["NetworkSettings"]["Networks"]) == {"recsys-api-network", "recsys-front-network"}
    inner, front = (json.loads(docker("network", "inspect", f"recsys-{name}-network"))[0] for name in ("api", "front"))
    assert inner["Internal"] is True
    assert front["Options"]["com.docker.network.bridge.enable_ip_masquerade"] == "false"
    assert {member["Name"] for member in front["Containers"].values()} == {"recsys-api"}
    # MLflow's way out, to a store elsewhere, is that of recsys-network.
    route = "import sys; print(sum(line.split()[1] == '00000000' for line in open('/proc/net/route')))"
    assert docker("exec", "recsys-mlflow", "python", "-c", route).strip() == "1"


def test_metrics_are_found_by_name_in_the_network_of_the_api(stack: Any) -> None:
    fetch = (
        "import socket, urllib.request\n"
        "for *_, (address, _) in socket.getaddrinfo('api', 8000, type=socket.SOCK_STREAM):\n"
        "    request = urllib.request.Request(f'http://{address}:8000/metrics', headers={'Accept': 'text/plain'})\n"
        "    print(urllib.request.urlopen(request, timeout=10).read().decode())\n"
    )
    scraped = docker("run", "--rm", "--network", "recsys-api-network", "movie-recsys-api", "python", "-c", fetch)
    assert "recsys_model_info" in scraped


def test_hung_parent_of_the_api_is_ended_and_the_container_starts_again(stack: Any) -> None:
    before = stack.inspect("api")["RestartCount"]
    stop = (
        "import os, signal\n"
        "from pathlib import Path\n"
        "for entry in Path('/proc').glob('[0-9]*'):\n"
        "    parent = (entry / 'stat').read_text().rpartition(')')[2].split()[1]\n"
        "    if parent == '1' and b'serving' in (entry / 'cmdline').read_bytes():\n"
        "        os.kill(int(entry.name), signal.SIGSTOP)\n"
        "        print(entry.name)\n"
    )
    assert len(docker("exec", "recsys-api", "python", "-c", stop).split()) == 1
    stack.wait_for(lambda: stack.inspect("api")["RestartCount"] > before, "the container starts again")
    stack.wait_until_healthy()
    assert "has hung" in docker("exec", "recsys-api", "cat", "/var/log/recsys/api.log")
    assert recommends(stack) == "1"


def test_keys_of_the_bucket_are_with_mlflow_only(stack: Any) -> None:
    for name in ("api", "training", "retraining"):
        named = [line.partition("=")[0] for line in stack.inspect(name)["Config"]["Env"]]
        assert not [line for line in named if line.startswith(("AWS_", "POSTGRES_", "PG", "MINIO_"))]


def test_logs_are_kept_in_volumes_and_rotate(stack: Any) -> None:
    lines = docker("exec", "recsys-api", "cat", "/var/log/recsys/api.log").splitlines()
    assert lines
    assert all("timestamp" in json.loads(line) for line in lines)
    assert "Production" in docker("exec", "recsys-retraining", "cat", "/var/log/recsys/training.log")
    for name in RUNNING:
        assert stack.inspect(name)["HostConfig"]["LogConfig"]["Config"] == {"max-file": "5", "max-size": "10m"}


def test_retraining_by_hand_makes_a_version_that_the_api_follows(stack: Any) -> None:
    said = stack.compose("exec", "-T", "retraining", "python", "-m", "training", "retrain", "--force")
    assert "gate:" in said
    assert "version 2 (run " in said
    production = versions(stack)["production"]
    stack.wait_for(lambda: recommends(stack) == str(production), "the API follows the gate")


def test_promotion_changes_the_version_without_a_lost_request(stack: Any) -> None:
    with clients(stack):
        for wanted in ("1", "2"):
            stack.compose("run", "--rm", "training", "python", "-m", "training", "promote", wanted)
            stack.wait_for(lambda: recommends(stack) == wanted, f"version {wanted} is served")  # noqa: B023


def test_train_script_trains_and_tells_of_the_alias(stack: Any) -> None:
    said = stack.run("docker/train.sh", "prod", "--method", "content-cosine")
    # It is much worse than the Challenger there is, which therefore stays it.
    assert "version 3 is registered" in said
    assert "follows the registry's alias by itself" in said
    assert versions(stack)["production"] == 2


@pytest.mark.parametrize("name", STORES)
def test_api_goes_on_without(stack: Any, name: str) -> None:
    with clients(stack):
        stack.compose("kill", name)
        if name == "minio":  # the registry answers, so nobody asks the bucket until a version has to be fetched
            for _ in range(40):
                recommends(stack)
        else:
            stack.wait_for(problem(stack), f"the API says that {name} is missed")
    assert stack.ask("/health").status == 200
    assert recommends(stack) == "2"
    stack.compose("start", name)
    stack.wait_until_healthy()


def test_api_restarts_without_any_of_the_three(stack: Any) -> None:
    stack.compose("kill", *STORES)
    stack.compose("restart", "api")
    stack.wait_for(lambda: recommends(stack) == "2", "the API serves from its cache")
    assert stack.ask("/health/ready").status == 200
    stack.wait_for(problem(stack), "the API says what is missing")


def test_api_recovers_when_they_are_back(stack: Any) -> None:
    stack.run("docker", "compose", "up", "-d")
    stack.wait_until_healthy()
    stack.compose("run", "--rm", "training", "python", "-m", "training", "promote", "3", "--force")
    stack.wait_for(lambda: recommends(stack) == "3", "the API follows the alias again")


def test_down_and_up_loses_nothing(stack: Any) -> None:
    before = [run["info"]["run_id"] for run in runs(stack)]
    stack.run("docker/stop.sh")
    assert docker("ps", "-aq", "--filter", f"label=com.docker.compose.project={stack.project}") == ""
    stack.run("docker", "compose", "up", "-d")
    stack.wait_until_healthy()
    assert recommends(stack) == "3"
    assert [run["info"]["run_id"] for run in runs(stack)] == before
    assert "nothing is trained" in docker("logs", "recsys-training")
    assert versions(stack)["production"] == 3


def test_backup_brings_back_a_lost_database_and_a_lost_bucket(stack: Any) -> None:
    before, keys = [run["info"]["run_id"] for run in runs(stack)], bucket_keys()
    assert "saved to" in stack.run("docker/backup.sh", str(stack.folder / "saved"))
    stack.run("docker", "compose", "rm", "--stop", "--force", "--volumes", "postgres", "minio")
    docker("volume", "rm", f"{stack.project}_postgres-data", f"{stack.project}_minio-data")
    assert recommends(stack) == "3"
    assert "restored from" in stack.run("docker/restore.sh", str(stack.folder / "saved"))
    stack.wait_until_healthy()
    assert [run["info"]["run_id"] for run in runs(stack)] == before
    assert set(keys) <= set(bucket_keys())
    for version in ("2", "3"):
        stack.compose("run", "--rm", "training", "python", "-m", "training", "promote", version, "--force")
        stack.wait_for(lambda: recommends(stack) == version, "the API follows the restored registry")  # noqa: B023


def test_api_ends_at_once_and_in_good_order(stack: Any) -> None:
    docker("stop", "--time", "20", "recsys-api")
    assert stack.inspect("api")["State"]["ExitCode"] == 0
    last = json.loads(docker("logs", "--tail", "1", "recsys-api"))
    assert last["message"] == "ended"
    stack.compose("start", "api")
    stack.wait_until_healthy()


def test_api_scales_to_three_replicas(stack: Any) -> None:
    stack.compose("up", "-d", "--scale", "api=3", over="scale")
    try:
        ports = [
            int(stack.compose("port", "--index", str(index), "api", "8000", over="scale").rpartition(":")[2])
            for index in (1, 2, 3)
        ]
        assert len(set(ports)) == 3
        for port in ports:
            stack.wait_for(lambda: stack.ask("/health", port=port).json["status"] == "healthy", "a replica is healthy")  # noqa: B023
        stack.compose("run", "--rm", "training", "python", "-m", "training", "promote", "1", over="scale")
        for port in ports:
            served = lambda: stack.ask("/recommend", HISTORY, port=port).version  # noqa: B023, E731
            stack.wait_for(lambda: served() == "1", "a replica follows the alias")  # noqa: B023
        kept = docker("run", "--rm", "-v", f"{stack.project}_api-logs:/logs", "movie-recsys-api", "ls", "/logs").split()
        assert {"api.log", "api-2.log", "api-3.log"} <= set(kept)
    finally:
        stack.run("docker", "compose", "up", "-d", "--remove-orphans", "--scale", "api=1")
    stack.wait_until_healthy()


def test_mlflow_behind_a_password(stack: Any) -> None:
    stack.compose("up", "-d", over="auth")
    try:
        path = "/api/2.0/mlflow/registered-models/search"
        stack.wait_for(lambda: stack.ask(path, port=stack.mlflow_port).status == 401, "MLflow asks for a password")
        stack.wait_until_healthy()
        said = stack.compose("run", "--rm", "training", "python", "-m", "training", "versions", over="auth")
        assert "content-cosine" in said
        assert "account recsys-api" in docker("logs", "recsys-reader")
        api = basic_login("recsys-api", str(dotenv_values(stack.folder / ".env")["MLFLOW_READER_PASSWORD"]))
        assert stack.ask(path, port=stack.mlflow_port, Authorization=api).status == 200
        alias = {"name": "movie-recommender", "alias": "Production", "version": "1"}
        moved = stack.ask("/api/2.0/mlflow/registered-models/alias", alias, port=stack.mlflow_port, Authorization=api)
        assert moved.status == 403, moved.text
        stack.compose("run", "--rm", "training", "python", "-m", "training", "promote", "2", "--force", over="auth")
        stack.wait_for(lambda: recommends(stack) == "2", "the API follows the alias behind the password")
    finally:
        stack.run("docker", "compose", "up", "-d")
    stack.wait_until_healthy()


def test_another_store_takes_the_place_of_minio(stack: Any) -> None:
    env = stack.folder / ".env"
    before = env.read_text()
    values = dotenv_values(env)
    keys = {"MINIO_ROOT_USER": values["AWS_ACCESS_KEY_ID"], "MINIO_ROOT_PASSWORD": values["AWS_SECRET_ACCESS_KEY"]}
    flags = [word for name, value in keys.items() for word in ("-e", f"{name}={value}")]
    docker("run", "-d", "--name", "recsys-other-store", "--network", "recsys-network", *flags, MINIO, "server", "/data")
    try:
        env.write_text(f"{before}MLFLOW_S3_ENDPOINT_URL=http://recsys-other-store:9000\nS3_BUCKET_NAME=elsewhere\n")
        stack.compose("kill", "minio")
        stack.compose("up", "-d", over="s3")
        stack.wait_until_healthy()
        assert stack.inspect("minio")["State"]["Running"] is False
        train = ("python", "-m", "training", "train")
        assert "is Challenger" in stack.compose("run", "--rm", "training", *train, over="s3")
        newest = versions(stack)["challenger"]
        stack.compose("run", "--rm", "training", "python", "-m", "training", "promote", str(newest), over="s3")
        stack.wait_for(lambda: recommends(stack) == str(newest), "the API serves it from the other store")
        assert any(key.endswith("/model.json") for key in bucket_keys())
    finally:
        env.write_text(before)
        stack.run("docker", "compose", "up", "-d")
        docker("rm", "--force", "--volumes", "recsys-other-store")
    stack.wait_until_healthy()
