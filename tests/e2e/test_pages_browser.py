"""The pages under their Content-Security-Policy, in headless Chromium: everything is drawn, and nothing is reported."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from service_process import Service

from recsys.data import Dataset

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed", exc_type=ImportError)
pictures = pytest.importorskip("pictures")

pytestmark = pytest.mark.browser

DRAWN = {
    "/": "#recommendations .films > li",
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
def service(browser: Any, start_alone: Callable[..., Service]) -> Service:
    return start_alone("Paged")


@pytest.mark.parametrize("path", DRAWN)
def test_page_is_drawn_under_its_policy_and_reports_nothing(browser: Any, service: Service, path: str) -> None:
    policy = service.ask(path, None, Accept="text/html").headers["content-security-policy"]
    assert "unsafe" not in policy
    page = browser.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(f"http://127.0.0.1:{service.port}{path}")
    page.wait_for_selector(DRAWN[path], timeout=180_000)
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
    page.wait_for_selector(".responses-table.live-responses-table:has-text('alive')", timeout=180_000)
    page.close()


def odd_films(tiny: Dataset) -> Dataset:
    """Return a dataset whose genres are names that JavaScript's objects have, and whose titles are a trial."""
    titles = (" " * 60_000, "(" * 60_000, "a, " * 20_000, " (" * 30_000 + "(1995)", "<b>bold</b>", "__proto__")
    genres = ("__proto__", "constructor", "hasOwnProperty")
    return replace(tiny, catalog=replace(tiny.catalog, titles=titles, genre_names=genres))


def test_explorer_odd_genres_and_titles_are_drawn(
    browser: Any, start_alone: Callable[..., Service], tiny: Dataset
) -> None:
    service = start_alone("Odd", odd_films(tiny))
    page = browser.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(f"http://127.0.0.1:{service.port}/")
    page.wait_for_selector("#recommendations .films > li", timeout=180_000)
    page.locator("#recommendations .films .film").first.click()
    page.wait_for_selector("#card:not([hidden]) .genres", timeout=180_000)
    assert page.locator("#recommendations .films > li").count() > 0
    page.close()
    assert wrong == []


@pytest.mark.parametrize("path", DRAWN)
def test_page_works_under_a_path_of_a_proxy(browser: Any, service: Service, path: str) -> None:
    page = browser.new_page()
    own, prefix = f"http://127.0.0.1:{service.port}", "/films/api"

    def strip(route: Any) -> None:
        """Do what a reverse proxy does: pass on without the prefix; what lies outside of it is somebody else's."""
        wanted = route.request.url.removeprefix(own)
        if wanted.startswith(prefix):
            route.fulfill(response=route.fetch(url=own + wanted.removeprefix(prefix)))
        else:
            route.fulfill(status=404, body="another service")

    page.route(f"{own}/**", strip)
    page.goto(f"{own}{prefix}{path}")
    page.wait_for_selector(DRAWN[path], timeout=180_000)
    if path == "/docs":
        page.click("#operations-operation-live_health_live_get button.opblock-summary-control")
        page.click("button.try-out__btn")
        page.click("button.execute")
        page.wait_for_selector(".responses-table.live-responses-table:has-text('alive')", timeout=180_000)
    page.unroute_all(behavior="ignoreErrors")  # what is still under way is of no interest
    page.close()
