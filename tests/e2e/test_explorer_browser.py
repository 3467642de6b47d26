"""The explorer in headless Chromium, over a real service in production with three versions of a model of the sample."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from mlflow import MlflowClient
from service_process import TOKEN
from three_versions import make_three_versions

from recsys.data.sample import sample_dataset
from recsys.registry import Registry

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed", exc_type=ImportError)
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed", exc_type=ImportError)
pictures = pytest.importorskip("pictures")
expect = sync_api.expect

pytestmark = pytest.mark.browser

DATA = {"dataset": "a sample", "dataset_digest": "0" * 32}
METRICS = {1: "0.3100", 2: "0.3300", 3: "0.3200"}
PAGE_BYTES = 150_000
PHONE = {"width": 390, "height": 844}
PERMISSIONS = ["clipboard-read", "clipboard-write"]
COLUMNS = ".pair > section:not(.merged)"

Open = Callable[..., Any]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Yield a headless Chromium; the tests are skipped where there is none."""
    found = pictures.chromium()
    with sync_api.sync_playwright() as playwright:
        own = Path(playwright.chromium.executable_path)
        if not found and not own.exists():
            pytest.skip(f"no Chromium: none of {', '.join(pictures.BROWSERS)} is on PATH, and Playwright has none")
        sync_api.expect.set_options(timeout=120_000)
        launched = playwright.chromium.launch(executable_path=found, args=pictures.FLAGS)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """Return a registry with three versions; 1 is Shown, 2 is Challenger."""
    made = make_three_versions(sample_dataset(), tmp_path_factory.mktemp("explorer"))
    for version, ndcg in METRICS.items():
        ends = {"ndcg_at_10_lower": "0.3000", "ndcg_at_10_upper": "0.3400"}
        made.tag_version(version, {"ndcg_at_10": ndcg, "split": "random, 25% held out, seed 42", **DATA, **ends})
    made.set_alias("Challenger", 2)
    return made


@pytest.fixture(scope="module")
def service(browser: Any, registry: Registry, start_service: Any) -> Any:
    """Return a service over the registry."""
    registry.set_alias("Shown", 1)
    started = start_service(
        "Shown",
        MLFLOW_TRACKING_URI=registry.tracking_uri,
        RECSYS_API__WORKERS="1",
        RECSYS_API__MLFLOW_URL="http://mlflow.example:5000",
    )
    started.wait_for_version("1")
    started.wait_until(lambda: started.ask("/model").json["created"] is not None)
    return started


@pytest.fixture(scope="module")
def window(browser: Any, service: Any) -> Any:
    """Return a window with one tab, whose process and cache the tabs of all tests share: a half of their time."""
    context = browser.new_context(permissions=PERMISSIONS)
    context.new_page().goto(f"http://127.0.0.1:{service.port}/health/live")
    return context


@pytest.fixture
def new_tab(window: Any) -> Callable[[], Any]:
    """Return a function that opens a tab; the browser remembers nothing of earlier tests."""
    window.pages[0].evaluate("localStorage.clear()")
    opened: Callable[[], Any] = window.new_page
    return opened


@pytest.fixture
def open_page(browser: Any, service: Any, new_tab: Callable[[], Any]) -> Iterator[Open]:
    """Return a function that opens the explorer; afterwards nothing may have gone wrong, or to another host.

    With options, and ``elsewhere``, a page has a window and a store of its own.
    """
    host, wrong, opened = f"127.0.0.1:{service.port}", [], []

    def check(request: Any) -> None:
        if urlsplit(request.url).netloc != host:
            wrong.append(request.url)

    def open_at(fragment: str = "", *, before: str = "", elsewhere: bool = False, **options: Any) -> Any:
        apart = elsewhere or options
        page = browser.new_context(permissions=PERMISSIONS, **options).new_page() if apart else new_tab()
        opened.append(page.context if apart else page)
        page.add_init_script(before)
        page.on("console", lambda message: message.type in ("error", "warning") and wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", check)
        page.goto(f"http://{host}/{fragment}")
        expect(page.locator("#recommendations .films li, #compare:not([hidden]) h2").first).to_be_visible()
        return page

    yield open_at
    for window_or_tab in opened:
        window_or_tab.close()
    assert wrong == []


def titles(page: Any) -> list[str]:
    """Return the titles of the list."""
    return page.locator("#recommendations .films .film").all_text_contents()


def shown_ids(page: Any) -> list[int]:
    """Return the movie ids of the list."""
    return [int(row.get_attribute("data-row")) for row in page.locator("#recommendations .films > li").all()]


def find(page: Any, text: str) -> None:
    """Search for a movie, and open the first that is found."""
    page.get_by_role("combobox").fill(text)
    page.get_by_role("option").first.click()


def rate(page: Any, stars: float) -> None:
    """Rate the open movie by a click on its stars."""
    expect(page.locator("#card .close")).to_be_visible()  # of the opened movie, and no longer the preview
    drawn = page.locator("#card .stars input")
    expect(drawn).to_be_visible()
    box = drawn.bounding_box()
    star = box["width"] / 5.5
    drawn.click(position={"x": star * (stars + 0.25), "y": box["height"] / 2})


def use_token(page: Any) -> None:
    page.get_by_label("comparing needs the admin token").fill(TOKEN)
    page.get_by_role("button", name="Use").click()


def test_search_choose_and_rate_change_the_list(open_page: Open) -> None:
    page = open_page()
    expect(page.get_by_role("heading", name="Where to begin")).to_be_visible()
    popular = titles(page)
    assert len(popular) == 10
    page.get_by_role("combobox").press_sequentially("toy st")
    expect(page.get_by_role("option").first).to_contain_text("Toy Story")
    page.get_by_role("option").first.click()
    card = page.locator("#card")
    expect(card.get_by_role("heading", name="Toy Story")).to_be_visible()
    expect(card).to_contain_text("1995")
    expect(card.locator(".genres")).to_contain_text("Animation")
    expect(card).to_contain_text(re.compile(r"Rated \d+ times in the training data"))
    expect(card.locator(".similar li")).to_have_count(8)
    strengths = card.locator(".similar li")
    widths = [row.locator(".strength > span").bounding_box()["width"] for row in strengths.all()]
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] > 0
    rate(page, 4.5)
    expect(page.get_by_role("heading", name="Recommended for you")).to_be_visible()
    expect(page.locator("#ratings .film")).to_have_text(["Toy Story"])
    assert page.locator("#ratings .stars input").input_value() == "4.5"
    expect(page.locator(".because").first).to_contain_text("because you liked Toy Story")
    assert titles(page) != popular
    assert "Toy Story" not in titles(page)


@pytest.mark.parametrize("stars", [0.5, 1, 2.5, 3, 5])
def test_stars_a_click_on_half_a_star_gives_that_half(open_page: Open, stars: float) -> None:
    page = open_page("#movie=1")
    expect(page.locator("#card .stars input")).to_be_visible()
    rate(page, stars)
    expect(page.locator("#card .stars input")).to_have_value(f"{stars:g}")
    expect(page.locator("#card .stars input")).to_have_attribute("aria-valuetext", f"{stars:g} of 5 stars")


def test_sliders_change_the_list(open_page: Open) -> None:
    page = open_page("#r=1:4")
    page.get_by_label("How many").fill("3")
    expect(page.locator(".films > li")).to_have_count(3)
    first = titles(page)
    page.get_by_label("Diversity").fill("1")
    expect(page.locator(".films .film").nth(1)).not_to_have_text(first[1])
    page.get_by_label("Liked from").fill("4.5")
    expect(page.get_by_role("heading", name="Where to begin")).to_be_visible()
    expect(page.locator("#recommendations")).to_contain_text("None of your ratings counts as liked")


def test_sliders_are_hidden_until_something_is_rated(open_page: Open) -> None:
    page = open_page()
    expect(page.get_by_label("Diversity")).to_be_hidden()
    page.locator(".films .stars input").first.fill("5")
    expect(page.get_by_label("Diversity")).to_be_visible()


def test_command_is_copied_and_gives_the_same_list(open_page: Open) -> None:
    page = open_page("#r=1:5,50:4.5&n=7&min=4&div=0.3")
    expect(page.locator(".films > li")).to_have_count(7)
    page.get_by_text("The request as a command").click()
    page.get_by_role("button", name="Copy command").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    command = page.evaluate("navigator.clipboard.readText()")
    answer = json.loads(subprocess.run(command, shell=True, capture_output=True, check=True, timeout=600).stdout)
    assert [movie["movie_id"] for movie in answer["recommendations"]] == shown_ids(page)


def test_link_shows_the_same_elsewhere(open_page: Open) -> None:
    page = open_page("#r=1:5&n=4")
    find(page, "matrix")
    rate(page, 3.5)
    expect(page.locator("#ratings .film")).to_have_count(2)
    expect(page.locator(".because").first).not_to_be_empty()
    page.get_by_role("button", name="Copy link").click()
    link = page.evaluate("navigator.clipboard.readText()")
    other = open_page(f"#{urlsplit(link).fragment}", elsewhere=True)
    expect(other.locator("#ratings .film")).to_have_count(2)
    expect(other.locator(".films > li")).to_have_count(4)
    expect(other.locator("#card")).to_contain_text("Matrix")
    assert other.locator("#ratings .film").all_text_contents() == page.locator("#ratings .film").all_text_contents()


def test_ratings_stay_in_the_browser(open_page: Open, service: Any) -> None:
    page = open_page()
    find(page, "toy story")
    rate(page, 5)
    expect(page.locator("#ratings .film")).to_have_count(1)
    page.goto("about:blank")
    page.goto(f"http://127.0.0.1:{service.port}/")
    expect(page.locator("#ratings .film")).to_have_text(["Toy Story"])
    page.get_by_role("button", name="Clear all").click()
    expect(page.locator("#ratings .film")).to_have_count(0)
    assert page.context.cookies() == []


@pytest.mark.parametrize("fragment", ["#r=x:y,1:9,2:3&n=999&min=-4&movie=abc", "#r=999999:4&movie=999999", "#%F0="])
def test_strange_links_do_no_harm(open_page: Open, fragment: str) -> None:
    page = open_page(fragment)
    expect(page.locator(".films > li").first).to_be_visible()


def test_page_tells_which_version_answers(open_page: Open) -> None:
    strip = open_page().locator("#model")
    for text in ("movie-recommender", "version 1", "content-cosine", "0.310", "Trained"):
        expect(strip).to_contain_text(text)
    href = strip.get_by_role("link", name="Run in MLflow").get_attribute("href")
    assert re.fullmatch(r"http://mlflow\.example:5000/#/runs/[0-9a-f]{32}", href)


def test_compare_shows_what_is_new_gone_and_moved(open_page: Open, service: Any) -> None:
    page = open_page("#r=1:5,50:4.5&n=10")
    page.get_by_role("button", name="Compare").click()
    use_token(page)
    columns = page.locator(COLUMNS)
    expect(columns).to_have_count(2, timeout=120_000)
    asked = {"user_ratings": {"1": 5, "50": 4.5}, "n": 10}
    lists = []
    for version in (1, 2):
        answer = service.ask(f"/recommend?version={version}", asked, Authorization=f"Bearer {TOKEN}")
        assert answer.version == str(version)
        lists.append([movie["movie_id"] for movie in answer.json["recommendations"]])
    before, now = lists
    for column, ids in zip(columns.all(), lists, strict=True):
        assert [int(row.get_attribute("data-movie")) for row in column.locator("li").all()] == ids
    marks = columns.nth(1).locator("li .badge").all_inner_texts()
    assert [re.sub(r"\s", "", mark) for mark in marks] == [mark_of(before, now, movie) for movie in now]
    gone = [movie for movie in before if movie not in now]
    assert columns.nth(0).locator("li.gone").count() == len(gone)
    common = len(before) - len(gone)
    expect(page.locator(".summary")).to_contain_text(f"{common} of 10")
    expect(page.locator(".summary")).to_contain_text(f"{common / (20 - common):.2f}")
    expect(page.locator(".metrics")).to_contain_text("+0.020")


def mark_of(before: list[int], now: list[int], movie: int) -> str:
    if movie not in before:
        return "new"
    step = before.index(movie) - now.index(movie)
    return "samerank=" if step == 0 else f"{'up▲' if step > 0 else 'down▼'}{abs(step)}"


def test_compare_for_a_movie_and_other_versions(open_page: Open) -> None:
    page = open_page("#movie=1&compare=1-2&by=movie")
    use_token(page)
    expect(page.locator(COLUMNS)).to_have_count(2, timeout=120_000)
    expect(page.locator(COLUMNS).first.locator("li")).to_have_count(10)
    page.get_by_label("Second version").select_option("3")
    expect(page.locator(COLUMNS).last.locator("h3")).to_contain_text("Version 3", timeout=120_000)
    # Versions 1 and 3 are fitted alike.
    expect(page.locator(".summary")).to_contain_text("10 of 10")
    expect(page.locator(".summary dd").nth(1)).to_have_text("1.00")


def test_compare_link_waits_to_hear_whether_a_token_is_needed(open_page: Open) -> None:
    slow = """const { fetch: quick } = window; window.fetch = async (url, request) => {
        if (String(url).endsWith("/model")) await new Promise((resolve) => setTimeout(resolve, 700));
        return quick(url, request);
    };"""
    page = open_page("#compare=1-2", before=slow)
    use_token(page)
    expect(page.locator(COLUMNS)).to_have_count(2, timeout=120_000)


def test_compare_with_a_wrong_token_asks_again(new_tab: Callable[[], Any], service: Any) -> None:
    page = new_tab()
    page.goto(f"http://127.0.0.1:{service.port}/#compare=1-2")
    page.get_by_label("comparing needs the admin token").fill("wrong")
    page.get_by_role("button", name="Use").click()
    expect(page.get_by_role("alert")).to_contain_text("send the admin token")
    use_token(page)
    expect(page.locator(COLUMNS)).to_have_count(2, timeout=120_000)
    page.close()


OVERLAPS = [
    # The lists, the shared movies, Jaccard, and the overlap worked out by hand from the formula with 0.5.
    ([1, 2], [1, 2], 2, 1.0, 1.0),
    ([1, 2], [2, 1], 2, 1.0, 1 * 0.25 + 1 * (0 * 0.5 + 1 * 0.25)),
    ([1, 2], [3, 4], 0, 0.0, 0.0),
    ([1, 2, 3], [1, 4, 3], 2, 0.5, 2 / 3 * 0.125 + 1 * (1 * 0.5 + 0.5 * 0.25 + 2 / 3 * 0.125)),
    ([], [], 0, 1.0, 1.0),
    ([1], [], 0, 0.0, 0.0),
]


def test_overlap_agrees_with_numbers_worked_out_by_hand(open_page: Open) -> None:
    script = """async ([one, other]) => {
        const overlap = await import(new URL("explorer/overlap.js", location));
        return [overlap.shared(one, other), overlap.jaccard(one, other), overlap.rankBiasedOverlap(one, other, 0.5)];
    }"""
    page = open_page()
    for one, other, *expected in OVERLAPS:
        assert page.evaluate(script, [one, other]) == pytest.approx(expected), (one, other)


def test_keyboard_alone_is_enough(open_page: Open) -> None:
    page = open_page()
    press = page.keyboard.press
    press("Tab")
    expect(page.get_by_role("link", name="Skip to the lists")).to_be_focused()
    press("/")
    page.keyboard.type("toy story")
    expect(page.get_by_role("option").first).to_be_visible()
    press("ArrowDown")
    expect(page.get_by_role("combobox")).to_have_attribute("aria-activedescendant", "option-0")
    press("Enter")
    expect(page.locator("#card .stars input")).to_be_focused()
    for _ in range(9):
        press("ArrowRight")
    expect(page.locator(".because").first).to_contain_text("because you liked Toy Story")
    expect(page.locator("#card .stars input")).to_be_focused()
    assert page.locator("#ratings .stars input").input_value() == "4.5"
    focus_by_tab(page, "open-")
    opened = page.evaluate("document.activeElement.textContent")
    press("Enter")
    expect(page.locator("#card h2")).to_have_text(opened)
    focus_by_tab(page, "close-card", key="Shift+Tab")
    press("Enter")
    expect(page.locator("#card .close")).to_have_count(0)
    assert page.evaluate("document.activeElement.textContent") == opened, "focus goes back to where it came from"
    page.locator("#view-compare").focus()
    press("Enter")
    expect(page.get_by_label("comparing needs the admin token")).to_be_visible()


def focus_by_tab(page: Any, wanted: str, key: str = "Tab") -> None:
    """Press Tab until what has the focus has a key that begins so; each stop has to show that it has the focus."""
    for _ in range(60):
        page.keyboard.press(key)
        focused = page.evaluate("document.activeElement.dataset.key ?? ''")
        style = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert style != "none", f"{focused} does not show the focus"
        if focused.startswith(wanted):
            return
    raise AssertionError(f"no way to {wanted} by {key}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [{"width": 1280, "height": 900}, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing_serious(open_page: Open, scheme: str, viewport: dict[str, int]) -> None:
    page = open_page("#r=1:5,50:4&movie=1", color_scheme=scheme, viewport=viewport, reduced_motion="reduce")
    expect(page.locator("#card .similar li").first).to_be_visible()
    expect(page.locator("#model dl")).to_be_visible()
    expect(page.locator(".because").first).not_to_be_empty()
    assert serious(page) == []
    page.get_by_role("combobox").fill("star")
    expect(page.get_by_role("option").first).to_be_visible()
    assert serious(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Compare").click()
    use_token(page)
    expect(page.locator(COLUMNS)).to_have_count(2, timeout=120_000)
    assert serious(page) == []


def serious(page: Any) -> list[tuple[str, list[str]]]:
    found = axe.Axe().run(page).response["violations"]
    return [
        (violation["id"], [node["html"][:120] for node in violation["nodes"]])
        for violation in found
        if violation["impact"] in ("serious", "critical")
    ]


def test_phone_scrolls_down_only(open_page: Open) -> None:
    page = open_page("#r=1:5,50:4&movie=1", viewport=PHONE, has_touch=True)
    expect(page.locator("#card .similar li").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.get_by_role("button", name="Compare").click()
    use_token(page)
    expect(page.locator(COLUMNS)).to_have_count(2, timeout=120_000)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_page_is_light_and_draws_its_list_once(open_page: Open) -> None:
    page = open_page()
    expect(page.locator("#model dl")).to_be_visible()
    script = """() => {
        const loaded = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
        const drawn = performance.getEntriesByName("list-drawn").length;
        return [loaded.reduce((sum, entry) => sum + entry.decodedBodySize, 0), drawn];
    }"""
    size, times_drawn = page.evaluate(script)
    assert 20_000 < size < PAGE_BYTES
    assert times_drawn == 1


def test_service_that_cannot_be_reached_is_said_and_asked_again(new_tab: Callable[[], Any], service: Any) -> None:
    page = new_tab()
    page.goto(f"http://127.0.0.1:{service.port}/#r=1:5")
    expect(page.locator(".films > li")).to_have_count(10)
    page.route("**/recommend", lambda route: route.abort())
    page.get_by_label("How many").fill("5")
    expect(page.locator("#recommendations")).to_contain_text("No list at the moment: the service cannot be reached")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    page.unroute("**/recommend")
    expect(page.locator(".films > li")).to_have_count(5, timeout=120_000)
    page.close()


def test_promotion_is_noticed_while_the_page_is_open(open_page: Open, registry: Registry) -> None:
    page = open_page("#r=1:5")
    expect(page.locator("#model")).to_contain_text("version 1")
    before = titles(page)
    registry.set_alias("Shown", 2)
    try:
        notice = page.locator("#notice")
        expect(notice).to_contain_text("Version 2 answers now.", timeout=120_000)
        expect(page.locator("#model")).to_contain_text("content-jaccard")
        expect(page.locator(".films .film").first).not_to_have_text(before[0])
        notice.get_by_role("button", name="Compare 1 with 2").click()
        use_token(page)
        expect(page.locator(".pair h3")).to_contain_text(["Version 1", "Version 2"], timeout=120_000)
        expect(notice).to_be_empty()
    finally:
        registry.set_alias("Shown", 1)


def test_rate_in_the_list_moves_on_and_can_be_undone(open_page: Open) -> None:
    page = open_page()
    first = titles(page)[0]
    stars = page.locator(".films .stars input").first
    box = stars.bounding_box()
    stars.hover(position={"x": box["width"] * 0.5, "y": box["height"] / 2})
    # The stars under the pointer are shown before they are given.
    page.wait_for_function(
        """() => {
            const filled = Number(document.querySelector('.films .stars').style.getPropertyValue('--given'))
            return 2 <= filled && filled <= 3
        }"""
    )
    stars.click(position={"x": box["width"] * 0.95, "y": box["height"] / 2})
    expect(page.locator("#ratings .film")).to_have_text([first])
    expect(page.locator(".films .film").first).not_to_have_text(first)
    page.get_by_role("button", name="Clear all").click()
    expect(page.locator("#ratings .film")).to_have_count(0)
    page.get_by_role("button", name="Undo: bring back 1 rating").click()
    expect(page.locator("#ratings .film")).to_have_text([first])


def test_rate_in_the_list_by_keyboard_waits_until_the_stars_are_chosen(open_page: Open) -> None:
    page = open_page()
    first = titles(page)[0]
    page.locator(".films .stars input").first.focus()
    # Keys that rest for a second rate by themselves, and on a busy machine so long may pass between two.
    page.clock.install()
    page.clock.pause_at(datetime.now(UTC) + timedelta(hours=1))
    for _ in range(8):
        page.keyboard.press("ArrowRight")
    expect(page.locator("#ratings .film")).to_have_count(0)
    page.keyboard.press("Enter")
    page.clock.resume()
    expect(page.locator("#ratings .film")).to_have_text([first])
    expect(page.locator("#ratings .stars input")).to_have_value("4")
    expect(page.locator(".films .stars input").first).to_be_focused()


def test_disliked_movie_is_marked(open_page: Open) -> None:
    page = open_page("#r=1:5,50:1")
    expect(page.locator("#ratings .disliked .film")).to_have_count(1)
    expect(page.locator("#ratings .disliked")).to_contain_text("disliked")


def test_back_closes_the_card_and_leaves_the_comparison(open_page: Open) -> None:
    page = open_page("#r=1:5")
    page.locator(".films .film").first.click()
    expect(page.locator("#card .close")).to_be_visible()
    opened = page.locator("#card .similar .film").first.text_content()
    page.locator("#card .similar .film").first.click()
    expect(page.locator("#card h2")).to_have_text(opened)
    page.get_by_role("button", name="Compare").click()
    expect(page.locator("#compare")).to_be_visible()
    page.go_back()
    expect(page.locator("#recommendations")).to_be_visible()
    expect(page.locator("#card h2")).to_have_text(opened)
    page.go_back()
    expect(page.locator("#card h2")).not_to_have_text(opened)
    page.go_back()
    expect(page.locator("#card .close")).to_have_count(0)
    page.go_forward()
    expect(page.locator("#card .close")).to_be_visible()
    expect(page.locator("#ratings .film")).to_have_count(1)


@pytest.mark.parametrize("fragment", ["#movie=1", "#movie=999999"])
def test_escape_and_a_button_close_every_card(open_page: Open, fragment: str) -> None:
    page = open_page(fragment, viewport=PHONE)
    expect(page.locator("#card .close")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#card")).to_be_hidden()
    page.go_back()
    page.locator("#card .close").click()
    expect(page.locator("#card")).to_be_hidden()


def test_compare_leaves_the_card_of_the_list_behind(open_page: Open) -> None:
    page = open_page("#r=1:5")
    expect(page.locator("#card h2")).to_be_visible()
    page.locator("#view-compare").click()
    expect(page.locator("#card")).to_be_hidden()
    page.locator("#view-lists").click()
    expect(page.locator("#card h2")).to_be_visible()


def test_failures_are_seen_where_they_happen(new_tab: Callable[[], Any], service: Any) -> None:
    page = new_tab()
    page.goto(f"http://127.0.0.1:{service.port}/#r=1:5")
    expect(page.locator(".films > li")).to_have_count(10)
    page.route("**/movies/**", lambda route: route.abort())
    page.get_by_role("combobox").fill("star")
    expect(page.locator("#found")).to_contain_text("The search does not answer: the service cannot be reached")
    second = page.locator(".films .film").nth(1)
    title = second.text_content()
    second.click()
    expect(page.locator("#card")).to_contain_text("The card cannot be shown: the service cannot be reached.")
    expect(page.locator("#card h2")).to_have_text(title)
    page.unroute("**/movies/**")
    page.locator("#card").get_by_role("button", name="Try again").click()
    expect(page.locator("#card .similar li").first).to_be_visible()
    page.close()


def test_compare_unknown_versions_are_named(open_page: Open) -> None:
    page = open_page("#compare=9-12")
    use_token(page)
    expect(page.get_by_role("alert")).to_contain_text(
        "Version 9 and Version 12 are not registered; choose among 3, 2, 1"
    )
    expect(page.locator(COLUMNS)).to_have_count(0)
    page.get_by_label("First version").select_option("1")
    page.get_by_label("Second version").select_option("2")
    expect(page.locator(COLUMNS)).to_have_count(2, timeout=120_000)


def test_compare_versions_on_different_data_shows_no_difference(
    open_page: Open, service: Any, registry: Registry
) -> None:
    registry.tag_version(3, {"dataset": "other", "dataset_digest": "f" * 32})

    def listed() -> Any:
        versions = service.ask("/versions", None, Authorization=f"Bearer {TOKEN}").json["versions"]
        return {found["version"]: found["dataset"] for found in versions}

    try:
        service.wait_until(lambda: listed()["3"] == "other")
        page = open_page("#compare=1-3")
        use_token(page)
        expect(page.locator(".warning")).to_contain_text("Trained on different data", timeout=120_000)
        expect(page.locator(".warning")).to_contain_text("version 3 on other (ffffffff)")
        expect(page.locator(".metrics")).not_to_contain_text("Difference")
    finally:
        registry.tag_version(3, DATA)
        service.wait_until(lambda: listed()["3"] == DATA["dataset"])


@pytest.mark.parametrize("without", [(3,), (1, 3)])
def test_compare_versions_without_a_digest_of_their_data_shows_no_difference(
    open_page: Open, service: Any, registry: Registry, without: tuple[int, ...]
) -> None:
    client = MlflowClient(tracking_uri=registry.tracking_uri, registry_uri=registry.tracking_uri)

    def digests() -> Any:
        versions = service.ask("/versions", None, Authorization=f"Bearer {TOKEN}").json["versions"]
        return {int(found["version"]): found["dataset_digest"] for found in versions}

    try:
        for version in without:
            client.delete_model_version_tag(registry.name, str(version), "dataset_digest")
        service.wait_until(lambda: all(digests()[version] is None for version in without))
        page = open_page("#compare=1-3")
        use_token(page)
        expect(page.locator(".warning")).to_contain_text("Trained on data that are not on record", timeout=120_000)
        expect(page.locator(".warning")).to_contain_text(f"version 3 on {DATA['dataset']} (no digest)")
        expect(page.locator(".metrics")).not_to_contain_text("Difference")
    finally:
        for version in without:
            registry.tag_version(version, DATA)
        service.wait_until(lambda: all(digests()[version] for version in without))


def test_compare_shows_intervals_and_a_difference_on_one_holdout_only(
    open_page: Open, service: Any, registry: Registry
) -> None:
    page = open_page("#compare=1-2")
    use_token(page)
    row = page.locator(".metrics tr", has_text="nDCG@10")
    expect(row).to_have_text("nDCG@100.310 [0.300, 0.340]0.330 [0.300, 0.340]+0.020", timeout=120_000)
    # Tags are set one by one: what is waited for comes last.
    beside = {"ndcg_at_10_random_split": "0.3600", "split": "temporal, 25% held out, seed 42"}
    registry.tag_version(3, beside)

    def splits() -> Any:
        versions = service.ask("/versions", None, Authorization=f"Bearer {TOKEN}").json["versions"]
        return {found["version"]: found["split"] for found in versions}

    try:
        service.wait_until(lambda: splits()["3"].startswith("temporal"))
        page = open_page("#compare=1-3")
        use_token(page)
        expect(page.locator(".warning")).to_contain_text("Judged on different holdouts", timeout=120_000)
        own, random = page.locator(".metrics tbody tr").all_text_contents()
        assert own == "nDCG@100.310 [0.300, 0.340]0.320 [0.300, 0.340]"
        assert random == "nDCG@10, random split0.310 [0.300, 0.340]0.360+0.050"
    finally:
        registry.tag_version(3, {"split": "random, 25% held out, seed 42"})
        client = MlflowClient(tracking_uri=registry.tracking_uri, registry_uri=registry.tracking_uri)
        client.delete_model_version_tag(registry.name, "3", "ndcg_at_10_random_split")
        service.wait_until(lambda: splits()["3"].startswith("random"))


def test_life_tells_what_the_served_version_has_answered(open_page: Open, service: Any) -> None:
    for ratings in ({}, {"1": 5, "2": 4}, {"1": 5, "99999": 4, "3": 3, "4": 2}):
        service.ask("/recommend", {"user_ratings": ratings, "n": 5})
    page = open_page()
    page.locator("#life summary").click()
    card = page.locator("#life section").first  # what serves comes before what served
    expect(card.locator("h3")).to_contain_text("Version 1 serves, first list")
    for term in ("Registered", "Its newest rating", "Answered", "Of popular movies", "Movie ids it does not know"):
        expect(card.locator("dt", has_text=re.compile(f"^{term}$"))).to_be_visible()
    shown = card.locator("div", has=page.locator("dt", has_text="Different movies shown")).last
    expect(shown).to_contain_text("of its catalog")
    expect(card.locator(".lengths")).to_contain_text("3\u20135")
    (told,) = [life for life in service.ask("/metrics").json["versions"] if life["version"] == "1"]
    assert told["distinct_movies"] > 0
    expect(card).to_contain_text(f"{told['answers']} lists")


LATE_PARTS = {
    "compare": ("#view-compare", "#compare", "#compare h2"),
    "life": ("#life summary", "#life", "#life h3"),
    "import": ("#ratings button:has-text('Import')", "#notice", ".import"),
}


@pytest.mark.parametrize("script", LATE_PARTS)
def test_part_that_cannot_be_loaded_says_so_and_is_tried_again(
    new_tab: Callable[[], Any], service: Any, script: str
) -> None:
    opens, where, then = LATE_PARTS[script]
    page = new_tab()
    page.goto(f"http://127.0.0.1:{service.port}/")
    expect(page.locator(".films > li").first).to_be_visible()
    page.route(f"**/{script}.js*", lambda route: route.abort())
    page.locator(opens).first.click()
    expect(page.locator(where).get_by_role("alert")).to_contain_text("cannot be loaded: the service cannot be reached")
    page.unroute(f"**/{script}.js*")
    page.locator(where).get_by_role("button", name="Try again").click()
    expect(page.locator(then).first).to_be_visible()
    expect(page.locator(where).get_by_text("cannot be loaded")).to_have_count(0)
    page.close()


def test_life_of_a_service_that_is_gone_says_so_and_tries_again(new_tab: Callable[[], Any], service: Any) -> None:
    page = new_tab()
    page.goto(f"http://127.0.0.1:{service.port}/")
    page.route("**/metrics", lambda route: route.abort())
    page.locator("#life summary").click()
    expect(page.locator("#life").get_by_role("alert")).to_contain_text("the service cannot be reached")
    page.unroute("**/metrics")
    page.locator("#life").get_by_role("button", name="Try again").click()
    expect(page.locator("#life h3").first).to_be_visible()
    page.close()


def test_phone_compares_in_one_list(open_page: Open) -> None:
    page = open_page("#r=1:5&compare=1-2", viewport=PHONE)
    use_token(page)
    expect(page.locator(".merged")).to_be_visible(timeout=120_000)
    expect(page.locator(COLUMNS).first).to_be_hidden()
    expect(page.locator(".merged .rank").first).to_contain_text("→")


IMPORTS = [
    pytest.param("1\t1\t5\t881250949\n1\t50\t3\t881250949\n", 2, [], id="u_data"),
    pytest.param("userId,movieId,rating,timestamp\n7,1,4.5,1\n7,999999,4,1\n", 1, ["movie 999999"], id="ratings_csv"),
    pytest.param(
        'Date,Name,Year,Letterboxd URI,Rating\n2024-01-01,Toy Story,1995,x,4.5\n2024-01-01,"No, Such Film",1990,x,3\n',
        1,
        ["No, Such Film"],
        id="letterboxd",
    ),
    pytest.param('\ufeff"rating";"movieId"\n"4";"1"\n', 1, [], id="quoted_semicolons"),
]


@pytest.mark.parametrize(("text", "n_rated", "unmatched"), IMPORTS)
def test_import_reads_what_people_have(open_page: Open, text: str, n_rated: int, unmatched: list[str]) -> None:
    page = open_page()
    page.get_by_role("button", name="Import").click()
    page.get_by_label("Or paste it").fill(text)
    page.get_by_role("button", name="Read").click()
    expect(page.locator("#imported")).to_contain_text("imported")
    assert page.locator(".unmatched li").all_text_contents() == unmatched
    page.get_by_role("button", name="Done").click()
    expect(page.locator("#ratings .film")).to_have_count(n_rated)


def test_import_of_many_users_asks_whose(open_page: Open) -> None:
    page = open_page()
    page.get_by_role("button", name="Import").click()
    page.get_by_label("Or paste it").fill("1\t1\t5\t0\n2\t1\t3\t0\n2\t50\t3\t0\n")
    page.get_by_role("button", name="Read").click()
    page.get_by_role("button", name="Import these").click()
    expect(page.locator("#imported")).to_contain_text("2 ratings imported")


def test_import_of_something_else_says_what_is_wanted(open_page: Open) -> None:
    page = open_page()
    page.get_by_role("button", name="Import").click()
    page.get_by_label("Or paste it").fill("hello")
    page.get_by_role("button", name="Read").click()
    expect(page.get_by_role("alert")).to_contain_text("name the columns movieId and rating")


def test_versions_that_share_the_traffic_stand_side_by_side(open_page: Open, service: Any, registry: Registry) -> None:
    registry.set_tag("traffic.challenger", "50%")
    try:
        service.wait_until(lambda: (service.ask("/health").json["traffic"] or {"problem": ""})["problem"] is None)
        service.wait_until(lambda: service.ask("/metrics").json["traffic"] is not None)
        event = {"model_version": 2, "event": "click", "movie_id": 1}
        assert service.ask("/feedback", event).json["counted"] == 1
        page = open_page()
        strip = page.locator("#traffic")
        own = page.evaluate("localStorage['explorer-caller']")
        whose = service.ask("/recommend", {"user_ratings": {}}, **{"X-User-ID": own}).version
        among = ", you among them" if whose == "2" else ""
        expect(strip.locator("summary")).to_have_text(
            f"Version 2 answers 50% of the callers{among}; version 1 is in production"
        )
        strip.locator("summary").click()
        expect(strip.get_by_role("columnheader", name="Version 1, production")).to_be_visible()
        expect(strip.get_by_role("columnheader", name="Version 2, challenger")).to_be_visible()
        expect(strip.get_by_role("row", name="Clicks, watches, ratings")).to_contain_text("1, 0, 0")
        assert serious(page) == []
        page.reload()
        expect(strip.locator("summary")).to_be_visible()
        assert page.evaluate("localStorage['explorer-caller']") == own, "it stays with its version"
        registry.set_tag("traffic.challenger", "half")
        expect(strip).to_contain_text("'half' is no share")
    finally:
        registry.delete_tag("traffic.challenger")
    expect(strip).to_be_hidden()
