"""Promotion against a real MLflow server, a real service watching: by command, client, REST and MLflow's own UI."""

import json
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow_server import failing_proxy, running_server
from service_process import Service, environment

from recsys.alias.move import move, settle
from recsys.alias.spellings import pointers
from recsys.alias.state import AliasState
from recsys.errors import RegistryError
from recsys.registry import Registry
from training.cli import main

pytestmark = pytest.mark.slow

MODEL = "movie-recommender"
UNWATCHED = "Unwatched"
"""An alias that no service follows: one would repair it before a command can."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="module")
def server(registry_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the address of a server over a copy of the registry with three versions."""
    home = tmp_path_factory.mktemp("server")
    shutil.copy(registry_home / "mlflow.db", home)
    with running_server(home) as url:
        yield url


@pytest.fixture(scope="module")
def registry(server: str) -> Registry:
    """Return the registry behind the server, with version 1 promoted."""
    registry = Registry(MODEL, server)
    move(registry, "Production", 1, action="promoted")
    return registry


@pytest.fixture(scope="module")
def service(registry: Registry, start_service: Any) -> Service:
    """Return a service that follows ``Production``."""
    started: Service = start_service("Production", MLFLOW_TRACKING_URI=registry.tracking_uri, RECSYS_API__WORKERS="1")
    started.wait_for_version("1")
    return started


@pytest.fixture(autouse=True)
def _tracking(registry: Registry, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", registry.tracking_uri)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    """Yield a page of a headless Chromium; the tests are skipped where there is none."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed", exc_type=ImportError)
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    with sync_api.sync_playwright() as playwright:
        if not found and not Path(playwright.chromium.executable_path).exists():
            pytest.skip(f"no Chromium: none of {', '.join(BROWSERS)} is on PATH, and Playwright has brought none")
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        page = browser.new_page(viewport={"width": 1500, "height": 1200})
        page.set_default_timeout(180_000)
        yield page
        browser.close()


def by_command(registry: Registry, version: int) -> None:
    assert main(["promote", str(version)]) == 0


def by_client(registry: Registry, version: int) -> None:
    MlflowClient(registry.tracking_uri).set_registered_model_alias(MODEL, "Production", str(version))


def by_rest(registry: Registry, version: int) -> None:
    body = json.dumps({"name": MODEL, "alias": "production", "version": str(version)}).encode()
    url = f"{registry.tracking_uri}/api/2.0/mlflow/registered-models/alias"
    request = urllib.request.Request(url, data=body, headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as answer:
        assert answer.status == 200


def open_alias_dialog(page: Any, registry: Registry, version: int) -> Any:
    """Open the page of the registered model, and the dialog of one version's aliases."""
    page.goto("about:blank")
    page.goto(f"{registry.tracking_uri}/#/models/{MODEL}")
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name=f"Version {version}", exact=True))
    row.locator("[data-component-id*=modelversiontablealiasescell]").click(timeout=180_000)
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox").wait_for()
    return dialog


def save(dialog: Any) -> None:
    dialog.get_by_role("button", name="Save aliases").click()
    dialog.wait_for(state="hidden")


def in_the_ui(page: Any, registry: Registry, version: int, alias: str = "Production") -> None:
    """Give a version an alias, as a person does: type it, and save."""
    dialog = open_alias_dialog(page, registry, version)
    dialog.get_by_role("combobox").press_sequentially(alias)
    page.keyboard.press("Enter")
    save(dialog)


def last_entry(registry: Registry) -> tuple[str, int | None, int | None]:
    entry = AliasState.of(registry.metadata(), "Production").ledger[-1]
    return entry.action, entry.from_version, entry.to_version


def assert_follows(service: Service, registry: Registry, version: int) -> None:
    service.wait_for_version(str(version))
    service.wait_until(lambda: registry.aliases() == {"Production": version, "production": version})
    # Served first, entered in the ledger after.
    service.wait_until(lambda: AliasState.of(registry.metadata(), "Production").is_settled)
    assert service.ask("/health").json["status"] == "healthy"


def test_promotion_by_command_client_and_rest_in_any_order_reaches_the_service(service, registry):
    for promote, version in [
        (by_command, 2),
        (by_client, 3),
        (by_rest, 1),
        (by_client, 2),
        (by_command, 3),
        (by_rest, 2),
        (by_command, 1),
    ]:
        before = AliasState.of(registry.metadata(), "Production").current
        promote(registry, version)
        assert_follows(service, registry, version)
        assert last_entry(registry) == ("promoted" if promote is by_command else "moved", before, version)


@pytest.mark.browser
def test_promotion_in_the_ui_is_lower_case_and_reaches_the_service(service, registry, page):
    by_command(registry, 1)
    assert_follows(service, registry, 1)
    in_the_ui(page, registry, 2)
    assert_follows(service, registry, 2)
    assert last_entry(registry) == ("moved", 1, 2)


@pytest.mark.browser
def test_rollback_in_the_ui_after_promotion_by_command_reaches_the_service(service, registry, page):
    by_command(registry, 1)
    by_command(registry, 3)
    assert_follows(service, registry, 3)
    in_the_ui(page, registry, 1)
    assert_follows(service, registry, 1)
    assert last_entry(registry) == ("moved", 3, 1)
    by_command(registry, 2)
    assert_follows(service, registry, 2)


@pytest.mark.browser
def test_alias_removed_in_the_ui_service_goes_on_and_says_so(service, registry, page):
    by_command(registry, 2)
    assert_follows(service, registry, 2)
    dialog = open_alias_dialog(page, registry, 2)
    for _ in range(2):
        dialog.locator("button[data-component-id*=modelversionaliastag]").first.click()
    save(dialog)
    service.wait_until(lambda: service.ask("/health").json["status"] == "degraded")
    health = service.ask("/health").json
    assert health["model_version"] == "2"
    assert "has the alias Production" in json.dumps(health)
    assert service.ask("/recommend", {"user_ratings": {"10": 5}}).version == "2"
    assert registry.aliases() == {}
    service.wait_until(lambda: last_entry(registry) == ("removed", 2, None))
    in_the_ui(page, registry, 3)
    assert_follows(service, registry, 3)


def test_two_processes_promote_at_once_one_after_the_other(registry):
    by_command(registry, 3)
    n_before = len(AliasState.of(registry.metadata(), "Production").ledger)
    command = [sys.executable, "-m", "training", "promote"]
    variables = environment(MLFLOW_TRACKING_URI=registry.tracking_uri)
    started = [
        subprocess.Popen([*command, version], env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for version in ("1", "2")
    ]
    told = [process.communicate(timeout=600) for process in started]
    assert [process.returncode for process in started] == [0, 0], told
    after = AliasState.of(registry.metadata(), "Production")
    assert after.is_settled
    new = after.ledger[n_before:]
    assert sorted(entry.to_version for entry in new) == [1, 2]
    assert [entry.from_version for entry in new] == [3, new[0].to_version]
    assert after.current == new[-1].to_version


@pytest.mark.parametrize(
    "n_served", range(4), ids=["no_alias_written", "one_alias_written", "both_written", "recorded"]
)
def test_registry_fails_between_two_writes_the_next_command_repairs_it(registry, capsys, n_served):
    move(registry, UNWATCHED, 1, action="promoted")
    moved = n_served > 0
    writes = ["alias", "alias", "recsys.history.unwatched", "recsys.intent.unwatched"]
    seen: list[str] = []

    def fails(path: str, body: bytes) -> bool:
        if "begun" in seen and len(seen) > n_served:
            return True  # once it has failed it stays away, as a crashed server does
        if path.endswith("/registered-models/get") or "lock." in body.decode():
            return False
        if '"recsys.intent.unwatched"' in body.decode() and "begun" not in seen:
            seen.append("begun")
        elif "begun" in seen and writes[len(seen) - 1] in path + body.decode():
            seen.append("served")
            return len(seen) > n_served + 1
        return False

    with failing_proxy(registry.tracking_uri, fails) as url, pytest.raises(RegistryError, match="cannot access"):
        move(Registry(MODEL, url), UNWATCHED, 2, action="promoted", why="cut short")
    halfway = pointers(registry.aliases(), UNWATCHED)
    assert set(halfway.values()) == ({1} if n_served == 0 else {1, 2} if n_served == 1 else {2})
    MlflowClient(registry.tracking_uri).delete_registered_model_tag(MODEL, "recsys.lock.unwatched")  # it would run out
    capsys.readouterr()
    assert main(["versions", "--history", "--json", "--alias", UNWATCHED]) == 0
    shown = capsys.readouterr()
    assert "interrupted" in shown.err
    newest = json.loads(shown.out)[0]
    assert (newest["to_version"], newest["why"] == "cut short") == ((2, True) if moved else (1, False))
    assert AliasState.of(registry.metadata(), UNWATCHED).is_settled
    assert set(pointers(registry.aliases(), UNWATCHED).values()) == {2 if moved else 1}


def test_deleted_version_takes_its_aliases_with_it_and_rollback_passes_it_over(registry):
    made = MlflowClient(registry.tracking_uri)
    source = registry.version(1)
    new = made.create_model_version(MODEL, source.uri, tags=dict(source.tags))
    by_command(registry, 2)
    by_command(registry, int(new.version))
    made.delete_model_version(MODEL, new.version)
    state, said = settle(registry, "Production")
    assert state.current is None
    assert any("was removed" in sentence for sentence in said)
    assert main(["rollback"]) == 0
    assert registry.aliased("Production").version == 2
