"""The pages under their Content-Security-Policy, in headless Chromium: everything is drawn, and nothing is reported."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from published_models import publish
from service_process import Service

from recsys.data import Dataset
from serving.shared.model_cache import ModelCache

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed", exc_type=ImportError)
pictures = pytest.importorskip("pictures")

pytestmark = pytest.mark.browser

DRAWN = {
    "/": "#recommendations li",
    "/docs": ".opblock-post",
    "/redoc": "h1:has-text('Movie recommender')",
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    found = pictures.chromium()
    with sync_api.sync_playwright() as playwright:
        if not found and not Path(playwright.chromium.executable_path).exists():
            pytest.skip(f"no Chromium: none of {', '.join(pictures.BROWSERS)} is on PATH, and Playwright has none")
        launched = playwright.chromium.launch(executable_path=found, args=pictures.FLAGS)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def service(browser: Any, start_service: Any, tiny: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Service:
    cache = tmp_path_factory.mktemp("pages") / "cache"
    publish(ModelCache(cache, "movie-recommender", "Paged"), tiny)
    started: Service = start_service("Paged", cache=cache, MLFLOW_TRACKING_URI="http://127.0.0.1:9")
    started.wait_for_version("1")
    return started


@pytest.mark.parametrize("path", DRAWN)
def test_page_is_drawn_under_its_policy_and_reports_nothing(browser: Any, service: Service, path: str) -> None:
    policy = service.ask(path, None, Accept="text/html").headers["content-security-policy"]
    assert "unsafe" not in policy
    page = browser.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(f"http://127.0.0.1:{service.port}{path}")
    page.wait_for_selector(DRAWN[path], timeout=60_000)
    page.wait_for_timeout(1000)
    page.close()
    # ReDoc would fetch its maker's logo from elsewhere, which the policy is there to prevent.
    assert [text for text in said if "cdn.redoc.ly" not in text] == []


def test_documentation_sends_a_request_and_shows_its_answer(browser: Any, service: Service) -> None:
    page = browser.new_page()
    page.goto(f"http://127.0.0.1:{service.port}/docs")
    page.click("#operations-operation-live_health_live_get button.opblock-summary-control")
    page.click("button.try-out__btn")
    page.click("button.execute")
    page.wait_for_selector(".responses-table.live-responses-table:has-text('alive')", timeout=60_000)
    page.close()
