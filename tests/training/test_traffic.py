"""``python -m training traffic``: the switch in the registry, and what it shows of a running service."""

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from model_stores import add_version, client_of, make_store, recipe

from recsys.alias.description import describe
from recsys.alias.move import settle
from recsys.alias.state import AliasState
from recsys.data import Dataset
from recsys.proportions import difference
from recsys.registry import Registry
from recsys.traffic import CHALLENGER, CHALLENGER_TAG, SHADOW_TAG
from training.choice import Choice
from training.cli import main
from training.promotion import promote
from training.reporting.traffic_table import reading_of


@pytest.fixture(scope="module")
def registry(tiny: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """Return a registry with two versions."""
    registry = make_store(tmp_path_factory.mktemp("registry"))
    for method in ("content-cosine", "content-jaccard"):
        add_version(registry, tiny, recipe(method))
    return registry


@pytest.fixture(autouse=True)
def at_rest(registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let version 1 be Production and version 2 Challenger, without traffic."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", registry.tracking_uri)
    for key in (CHALLENGER_TAG, SHADOW_TAG):
        if key in registry.tags():
            registry.delete_tag(key)
    registry.set_alias("Production", 1)
    registry.set_alias(CHALLENGER, 2)
    settle(registry, "Production")


def switch_of(registry: Registry) -> dict[str, str]:
    return {key: value for key, value in registry.tags().items() if key in (CHALLENGER_TAG, SHADOW_TAG)}


def last(registry: Registry) -> Any:
    return AliasState.of(registry.metadata(), "Production").ledger[-1]


def test_share_is_written_and_entered_in_the_history(registry: Registry, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["traffic", "10 %", "--why", "a first look"]) == 0
    shown = capsys.readouterr().out
    assert shown == (
        "the traffic of movie-recommender: traffic.challenger 10%; before: none; Challenger is version 2, Production "
        "version 1\n"
    )
    assert switch_of(registry) == {CHALLENGER_TAG: "10%"}
    entry = last(registry)
    assert (entry.action, entry.from_version, entry.to_version) == ("traffic", 1, 1)
    assert entry.why == "traffic.challenger 10%; Challenger is version 2; a first look"
    assert entry.traffic == {CHALLENGER_TAG: "10%"}
    assert main(["traffic", "--shadow", "20%"]) == 0
    assert switch_of(registry) == {CHALLENGER_TAG: "10%", SHADOW_TAG: "20%"}
    assert main(["traffic", "0%"]) == 0
    assert switch_of(registry) == {SHADOW_TAG: "20%"}
    assert main(["traffic", "5%", "--shadow", "off"]) == 0
    assert switch_of(registry) == {CHALLENGER_TAG: "5%"}
    assert main(["traffic", "off"]) == 0
    assert switch_of(registry) == {}
    assert last(registry).why == "no traffic"
    number = last(registry).number
    assert main(["traffic", "off"]) == 0
    assert last(registry).number == number, "nothing was done"
    assert AliasState.of(registry.metadata(), "Production").is_settled


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["ten"], "'ten' is no share"),
        (["10"], "'10' is no share; write a percentage from 0% to 100%, as 10% or 2.5%"),
        (["150%"], "'150%' is no share"),
        (["--shadow", "0.2"], "'0.2' is no share"),
        (["10%", "--show"], "--show changes nothing"),
        (["--show", "--difference", "0%"], "--difference 0%"),
        (["--show", "--difference", "small"], "'small' is no share"),
        (["--show", "--api", "localhost:8000"], "--api localhost:8000: write the address of the service"),
    ],
)
def test_wrong_call_is_one_clear_sentence(
    registry: Registry, argv: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["traffic", *argv]) == 2
    shown = capsys.readouterr().err
    assert message in shown
    assert shown.count("\n") == 1
    assert switch_of(registry) == {}


def test_challenger_that_is_production_is_refused(registry: Registry, capsys: pytest.CaptureFixture[str]) -> None:
    registry.set_alias(CHALLENGER, 1)
    assert main(["traffic", "10%"]) == 3
    assert "nothing was changed: Challenger is version 1, which is Production already" in capsys.readouterr().out
    assert switch_of(registry) == {}


def test_challenger_that_is_not_set_is_refused_and_off_works_all_the_same(
    registry: Registry, capsys: pytest.CaptureFixture[str]
) -> None:
    for spelling in (CHALLENGER, CHALLENGER.lower()):
        client_of(registry).delete_registered_model_alias(registry.name, spelling)
    assert main(["traffic", "10%"]) == 3
    assert "no version has the alias Challenger" in capsys.readouterr().out
    registry.set_tag(CHALLENGER_TAG, "ten")
    assert main(["traffic", "off"]) == 0
    assert switch_of(registry) == {}


def test_change_by_other_hands_is_entered_once_in_the_history(registry: Registry) -> None:
    registry.set_tag(CHALLENGER_TAG, "ten")
    state = AliasState.of(registry.metadata(), "Production")
    assert not state.is_settled
    assert "the traffic of Challenger was changed from none to traffic.challenger ten outside" in state.findings()[0]
    settled, _ = settle(registry, "Production")
    assert settled.is_settled
    entry = last(registry)
    assert entry.by.startswith("unknown, seen by ")
    assert (entry.action, entry.traffic) == ("traffic", {CHALLENGER_TAG: "ten"})
    assert settle(registry, "Production") == (settled, [])


def test_promotion_ends_the_traffic_in_one_entry(registry: Registry) -> None:
    assert main(["traffic", "50%", "--shadow", "20%"]) == 0
    done = promote(registry, "Production", Choice(registry.version(2), "it has won"), force=True)
    assert done.refusal == ""
    assert "the traffic of Challenger, traffic.challenger 50%, traffic.shadow 20%, has ended" in done.repaired
    assert switch_of(registry) == {}
    entry = last(registry)
    assert (entry.action, entry.to_version, entry.traffic) == ("promoted", 2, {})
    assert AliasState.of(registry.metadata(), "Production").is_settled


def test_rollback_leaves_the_traffic_as_it_is(registry: Registry) -> None:
    promote(registry, "Production", Choice(registry.version(2), ""), force=True)
    promote(registry, "Production", Choice(registry.version(1), ""), force=True)
    registry.set_alias(CHALLENGER, 2)
    assert main(["traffic", "--shadow", "20%"]) == 0
    assert main(["rollback"]) == 0
    assert switch_of(registry) == {SHADOW_TAG: "20%"}


def test_description_tells_since_when_a_version_is_production_and_of_the_traffic(registry: Registry) -> None:
    since = last(registry).at[:16].replace("T", " ")
    assert main(["traffic", "50%"]) == 0
    describe(registry)
    assert f"Production since {since}" in registry.version(1).description
    assert "traffic (traffic.challenger 50%; Challenger is version 2)" in registry.metadata().description


def arm(version: str, lists: int, clicks: int) -> dict[str, Any]:
    return {
        **{"version": version, "role": "production" if version == "1" else "challenger", "requests": lists + 5},
        **{"errors": 0, "avg_latency_ms": 1.25, "lists": lists, "popular_share": 0.1, "coverage": 0.5},
        "events": {"click": clicks, "watch": 7, "rating": 0},
        **{"click_through": 0.1, "click_through_low": 0.09, "click_through_high": 0.11, "mean_rating": None},
        "distinct_movies": 3,
    }


def traffic(*arms: dict[str, Any], compared: int = 0) -> dict[str, Any]:
    shadow = {
        "compared": compared,
        "failed": 0,
        "dropped": 2,
        "overlap_at_10": 0.5,
        "rank_agreement": 0.4,
        "avg_ms": 1.0,
    }
    shares = {"challenger_share": "10%", "shadow_share": "20%"}
    return {"experiment": "1", **shares, "since_seconds": 7200.0, "versions": list(arms), "shadow": shadow}


@contextmanager
def answering(content: dict[str, Any]) -> Iterator[str]:
    """Yield the address of a service that answers every GET with the same."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(content).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_show_prints_two_columns_the_difference_and_how_many_more(capsys: pytest.CaptureFixture[str]) -> None:
    content = {"traffic": traffic(arm("1", 9000, 900), arm("2", 1000, 110), compared=30)}
    with answering(content) as address:
        assert main(["traffic", "--show", "--api", address, "--difference", "2%"]) == 0
        shown = capsys.readouterr().out
        assert "Production: version 1  Challenger: version 2" in shown
        assert "9,005" in shown
        assert "10% of the callers to the Challenger and shadows 20%; counted for 2.0 h" in shown
        assert "30 lists compared, 0 failed, 2 dropped as the worker was busy; of the first ten 50% are" in shown
        low, high = difference((900, 110), (9000, 1000))
        assert f"+1.00 points, 95 % interval {low * 100:+.2f} to {high * 100:+.2f}: open." in shown
        assert "To find a difference of 2 points with 80 % certainty: about 9,900 more requests." in shown
        assert main(["traffic", "--show", "--api", address, "--difference", "10%"]) == 0
        assert "Enough lists to find a difference of 10 points." in capsys.readouterr().out
        assert main(["traffic", "--show", "--api", address, "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["reading"]["wanted"] == 0.01


def test_show_of_a_service_without_a_split_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    with answering({"traffic": None}) as address:
        assert main(["traffic", "--api", address]) == 0
        assert capsys.readouterr().out.endswith(f"{address}: Production answers everyone\n")


def test_show_without_a_service_says_so_after_what_the_registry_says(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["traffic", "--api", "http://127.0.0.1:9"]) == 1
    shown = capsys.readouterr()
    assert "Challenger is version 2, Production version 1" in shown.out
    assert shown.err.startswith("error: no service answers at http://127.0.0.1:9 (")
    assert shown.err.count("\n") == 1


def test_reading_without_lists_of_both_tells_no_difference() -> None:
    found = reading_of(traffic(arm("1", 10, 1), arm("2", 0, 0)), 0.01)
    assert (found.estimate, found.low, found.high) == (None, None, None)
    assert found.more > 1000
