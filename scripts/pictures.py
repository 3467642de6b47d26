"""Make the pictures of the README from a running system: the explorer, and a comparison of runs in MLflow.

    make up & make ui &        then train a few methods, such as: make train METHOD=item-knn
    python scripts/pictures.py

Needs Playwright and a Chromium; writes docs/pictures/*.png.
"""

import argparse
import json
import shutil
import sys
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parent.parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
"""A container has no user name spaces, which the sandbox would need; nothing but our own pages is opened."""

DESK = {"width": 1440, "height": 900}
RATED = {"Star Wars": 5, "Toy Story": 4.5, "Fargo": 4, "Blade Runner": 5}
OPEN = "Star Wars"
EXPERIMENT = "movie-recommender"
SHOWN_METRICS = "^(ndcg|hit_rate|recall|coverage|novelty|diversity)_at_10$"

CALM_MLFLOW = """
localStorage.setItem("mlflow.assistant.panelOpen_v1", "false");
localStorage.setItem("mlflow.assistant.fab.autoOpenedOnFirstLoad_v1", "true");
"""
"""Closes a panel that MLflow's UI opens at the first visit, and that is not what the picture is about."""


def chromium() -> str | None:
    """Return the path of an installed Chromium, None when there is none on PATH."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def main(argv: list[str]) -> None:
    """Make all pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--api", default="http://127.0.0.1:8000", help="address of the service")
    parser.add_argument("--mlflow", default="http://127.0.0.1:5000", help="address of MLflow")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "pictures", help="folder of the pictures")
    args = parser.parse_args(argv)
    args.out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        picture_explorer(browser, args.api, args.out)
        picture_comparison(browser, args.api, args.out)
        picture_runs(browser, args.mlflow, args.out)
        browser.close()


def picture_explorer(browser: Browser, api: str, out: Path) -> None:
    """Make the picture of the lists, light and dark."""
    ratings = {find(api, title): stars for title, stars in RATED.items()}
    for scheme in ("light", "dark"):
        page = open_page(browser, f"{api}/#{fragment(ratings)}&movie={find(api, OPEN)}", color_scheme=scheme)
        page.locator(".because em").first.wait_for()
        page.locator("#card .similar li").first.wait_for()
        save(page, out / f"explorer-{scheme}.png")


def picture_comparison(browser: Browser, api: str, out: Path) -> None:
    """Make the picture of two versions side by side: the served one and its challenger."""
    ratings = {find(api, title): stars for title, stars in RATED.items()}
    page = open_page(browser, f"{api}/#{fragment(ratings)}&compare=-", viewport={"width": 1440, "height": 1080})
    page.locator(".pair").wait_for()
    save(page, out / "compare.png")


def picture_runs(browser: Browser, mlflow: str, out: Path) -> None:
    """Make the picture of all runs side by side in MLflow."""
    address = f"{mlflow}/#/experiments/{experiment_id(mlflow)}/runs?workflowType=machine_learning&compareRunsMode=CHART"
    page = open_page(browser, address, viewport={"width": 1440, "height": 1090})
    page.get_by_placeholder("Search metric charts").fill(SHOWN_METRICS)
    page.get_by_text("ndcg_at_10").first.wait_for()
    page.wait_for_timeout(3000)  # the charts grow into place
    save(page, out / "runs.png")


def open_page(browser: Browser, address: str, **options: Any) -> Page:
    """Open a page, to be pictured at one and a half times the usual resolution."""
    page = browser.new_page(**{"viewport": DESK, "device_scale_factor": 1.5, "reduced_motion": "reduce", **options})
    page.set_default_timeout(300_000)  # MLflow's page takes its time on a busy machine
    page.add_init_script(CALM_MLFLOW)
    page.goto(address)
    return page


def save(page: Page, path: Path) -> None:
    """Save what is in view, once its fonts are there."""
    page.evaluate("document.fonts.ready.then(() => true)")
    page.mouse.move(0, 0)
    page.screenshot(path=path)
    page.close()
    sys.stdout.write(f"{path}\n")


def fragment(ratings: dict[int, float]) -> str:
    """Return ratings as the explorer's links hold them."""
    return "r=" + ",".join(f"{movie_id}:{stars}" for movie_id, stars in ratings.items())


def find(api: str, title: str) -> int:
    """Return the id of the first movie that a search finds."""
    return int(ask(f"{api}/movies/search?q={urllib.parse.quote(title)}&limit=1")[0]["movie_id"])


def experiment_id(mlflow: str) -> str:
    """Return the id of the experiment."""
    found = ask(f"{mlflow}/api/2.0/mlflow/experiments/get-by-name?experiment_name={EXPERIMENT}")
    return str(found["experiment"]["experiment_id"])


def ask(address: str) -> Any:
    """Return a JSON answer."""
    with urllib.request.urlopen(address, timeout=30) as answer:  # noqa: S310  the caller's own addresses
        return json.load(answer)


if __name__ == "__main__":
    main(sys.argv[1:])
