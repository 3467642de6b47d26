"""The alert rules and the dashboard's queries, in a real Prometheus that scrapes the real service."""

import json
import shutil
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from service_process import free_port

from recsys.registry import Registry

DOCKER = Path(__file__).parent.parent.parent / "docker"
MONITORING = DOCKER / "monitoring"
DASHBOARD = json.loads((MONITORING / "grafana" / "dashboards" / "recsys.json").read_text(encoding="utf-8"))
RULES = yaml.safe_load((MONITORING / "alerts.yml").read_text(encoding="utf-8"))
QUERIES = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
ALERTS = [rule for group in RULES["groups"] for rule in group["rules"]]
# Of errors and of deaths there is nothing to show in a service that is well, and of ages only with a profile.
MAY_BE_EMPTY = ("5..", "newest_rating")

pytestmark = pytest.mark.skipif(
    shutil.which("prometheus") is None, reason="there is no prometheus; apt-get install prometheus gives one"
)


class Prometheus:
    """A running Prometheus."""

    def __init__(self, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}"

    def ask(self, path: str, **fields: str) -> Any:
        query = urllib.parse.urlencode(fields)
        with urllib.request.urlopen(f"{self.address}/api/v1/{path}?{query}", timeout=120) as answer:
            return json.load(answer)["data"]

    def query(self, expression: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.ask("query", query=expression)["result"]
        return found


@pytest.fixture(scope="module")
def service(start_service: Any, registry: Registry) -> Any:
    registry.set_alias("Watched", 1)
    started = start_service("Watched", RECSYS_API__WORKERS="2")
    started.wait_for_version("1")
    return started


@pytest.fixture(scope="module")
def prometheus(service: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """Return a Prometheus with our rules, whose one target is the service."""
    folder = tmp_path_factory.mktemp("prometheus")
    config = yaml.safe_load((MONITORING / "prometheus.yml").read_text(encoding="utf-8"))
    (scrape,) = config["scrape_configs"]
    del scrape["dns_sd_configs"]
    scrape["static_configs"] = [{"targets": [f"127.0.0.1:{service.port}"]}]
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    config["rule_files"] = [str(MONITORING / "alerts.yml")]
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    port = free_port()
    command = ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*command, f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log)
    try:
        started = Prometheus(port)
        wait_for(lambda: started.query('up{job="recsys"} == 1'), "the service is not scraped")
        yield started
    finally:
        process.terminate()
        process.wait(60)


def wait_for(look: Any, otherwise: str, seconds: float = 600) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if found := look():
                return found
        except OSError:
            pass
        time.sleep(0.3)
    raise AssertionError(otherwise)


@pytest.fixture(scope="module")
def asked(service: Any, prometheus: Prometheus) -> Prometheus:
    """Return the Prometheus once it has seen lists of every kind on two scrapes."""
    answers = 'sum(recsys_recommendations_total{version="1"})'
    for round_ in (1, 2):
        service.ask("/recommend", {"user_ratings": {"10": 5, "20": 4}, "n": 5})
        service.ask("/recommend", {"user_ratings": {}, "n": 5})
        service.ask("/recommend", {"user_ratings": {"10": 5, "99999": 4}, "n": 5})
        service.ask("/movies/99999")
        wait_for(
            lambda n=3 * round_: (found := prometheus.query(answers)) and float(found[0]["value"][1]) == n,
            "the lists are not counted",
        )
    return prometheus


def test_overlay_prometheus_is_where_the_api_is_and_grafana_where_prometheus_is() -> None:
    """Without an engine; tests/docker/test_compose_files.py renders the same."""
    whole = yaml.safe_load((DOCKER.parent / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    overlay = yaml.safe_load((DOCKER / "docker-compose.monitoring.yml").read_text(encoding="utf-8"))["services"]
    networks = {name: set(service["networks"]) for name, service in {**whole, **overlay}.items()}
    assert networks["prometheus"] & networks["api"]
    assert networks["prometheus"] & networks["grafana"]
    assert not networks["prometheus"] & networks["postgres"]
    assert not networks["grafana"] & (networks["api"] | networks["postgres"])
    (found,) = yaml.safe_load((MONITORING / "prometheus.yml").read_text(encoding="utf-8"))["scrape_configs"]
    assert (found["dns_sd_configs"][0]["names"], found["dns_sd_configs"][0]["port"]) == (["api"], 8000)


def test_rules_and_configuration_are_valid() -> None:
    for command in (["check", "rules", "alerts.yml"], ["check", "config", "prometheus.yml"]):
        done = subprocess.run(["promtool", *command], cwd=MONITORING, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("query", QUERIES)
def test_dashboard_queries_have_an_answer(asked: Prometheus, query: str) -> None:
    if any(words in query for words in MAY_BE_EMPTY):
        assert isinstance(asked.query(query), list)
    else:
        assert wait_for(lambda: asked.query(query), f"nothing for {query}")


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_alerts_are_quiet_about_a_service_that_is_well(asked: Prometheus, rule: dict[str, Any]) -> None:
    assert asked.query(rule["expr"]) == []
    assert {"summary", "action"} <= set(rule["annotations"])


def test_alerts_are_loaded_and_healthy(asked: Prometheus) -> None:
    groups = wait_for(
        lambda: [g for g in asked.ask("rules")["groups"] if all(rule["health"] == "ok" for rule in g["rules"])],
        "the rules are not evaluated",
    )
    assert {rule["name"] for group in groups for rule in group["rules"]} == {rule["alert"] for rule in ALERTS}


def test_shares_and_coverage_are_what_was_asked(asked: Prometheus, service: Any) -> None:
    by_name = {
        "recsys_recommendations_popular_total": 2,
        "recsys_history_ratings_total": 8,
        "recsys_history_unknown_total": 2,
        "recsys_model_movies": 6,
    }
    for name, value in by_name.items():
        assert [float(sample["value"][1]) for sample in asked.query(f"max by (version) ({name})")] == [value], name
    (version,) = service.ask("/metrics").json["versions"]
    assert (version["popular_share"], version["unknown_movie_share"]) == (pytest.approx(1 / 3, abs=1e-5), 0.25)
    movies = asked.query("recsys_recommended_movies")[0]["value"][1]
    assert version["distinct_movies"] == int(float(movies)) > 0


def test_alert_fires_when_the_service_is_gone(asked: Prometheus) -> None:
    # The rule as it stands, on a target that does not answer.
    assert asked.query('vector(0) == 0 and on () (up{job="recsys"} == 1)')
    (down,) = [rule for rule in ALERTS if rule["alert"] == "RecsysDown"]
    assert asked.query(down["expr"].replace("== 0", "== 1"))
