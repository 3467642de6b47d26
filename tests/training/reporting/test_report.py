"""The report of a run: whole, right, and without a network."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from recsys.data import Dataset
from recsys.fitting import Recipe
from recsys.methods import get_method, make_params
from recsys.splits import SplitParams
from recsys.titles import display_title
from training.experiment import Outcome, run_experiment
from training.gating.verdict import Check, Verdict
from training.reporting import plots, tables
from training.reporting.report import FOLDER, render_report
from training.reporting.report_charts import curve, heat_map
from training.reporting.report_facts import with_gate

METHOD = "content-cosine"
MAX_BYTES = 500_000
VOID = {"meta", "link", "br", "hr", "img", "input", "rect", "circle", "path"}
LEFT_OPEN = {"li", "tr", "td", "th", "thead", "tbody"}


def outcome_of(dataset: Dataset) -> Outcome:
    return run_experiment(dataset, Recipe(METHOD, make_params(get_method(METHOD), {})), SplitParams())


@pytest.fixture(scope="module")
def outcome(movielens: Dataset) -> Outcome:
    """Return an experiment on the real data, or on the sample."""
    return outcome_of(movielens)


@pytest.fixture(scope="module")
def page(outcome: Outcome) -> str:
    """Return its report."""
    return render_report(outcome, METHOD, {"Version": "3 of movies", "Commit": "abc123"})


class Balance(HTMLParser):
    """Notes tags that are closed but not open, and those that stay open, apart from those that HTML lets stay open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002
        if tag not in VOID | LEFT_OPEN:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID | LEFT_OPEN:
            return
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


def test_report_is_balanced_html(page: str) -> None:
    balance = Balance()
    balance.feed(page)
    assert (balance.open, balance.wrong) == ([], [])


def test_report_needs_no_network(page: str) -> None:
    assert re.findall(r"(?:src|href)=", page) == []
    assert set(re.findall(r"url\((data:font/woff2|[^)]{0,20})", page)) == {"data:font/woff2"}
    assert "://" not in page
    assert "fetch(" not in page


def test_report_tells_what_it_is_about(page: str) -> None:
    facts = page.partition('<dl class="facts">')[2].partition("</dl>")[0]
    assert "<dt>Version</dt><dd>3 of movies</dd>" in facts
    assert "<dt>Commit</dt><dd>abc123</dd>" in facts


def test_report_with_gate_holds_each_check_once(page: str) -> None:
    checks = (
        Check("smoke", "smoke", "passed", "it answers"),
        Check("ndcg_at_10", "contest", "refused", "worse by <0.1>", number=-0.1, threshold=-0.002),
    )
    once = with_gate(page, Verdict(checks, notes=("two notes",)))
    assert with_gate(once, Verdict(checks, notes=("two notes",))) == once
    section = once.partition('aria-label="Gate">')[2].partition("</table>")[0]
    assert section.count("<th scope=row>") == 2
    assert "worse by &lt;0.1&gt;" in section
    assert "The gate: refused" in once
    balance = Balance()
    balance.feed(once)
    assert (balance.open, balance.wrong) == ([], [])


def test_report_is_small(page: str) -> None:
    assert len(page.encode()) < MAX_BYTES


def test_report_shows_each_metric_beside_the_baseline(page: str, outcome: Outcome) -> None:
    table = page.partition('aria-label="Metrics">')[2].partition("</table>")[0]
    row = table.partition("<th scope=row>nDCG")[2].partition("<tr>")[0]
    expected = [
        f"{numbers.metrics[f'ndcg_at_{cutoff}']:.3f}"
        for cutoff in (5, 10, 20)
        for numbers in (outcome.evaluation, outcome.baseline)
    ]
    assert re.findall(r"\d\.\d{3}(?![],\d])", row) == expected
    assert len(re.findall(r"<small>\[0\.\d{3}, 0\.\d{3}\]", row)) == 1
    assert len(re.findall("<th scope=row>", table)) * 3 == len(outcome.evaluation.metrics)


def test_report_shows_every_slice(page: str, outcome: Outcome) -> None:
    section = page.partition("Who and what is served well")[2].partition("<h2>")[0]
    assert section.count("<th scope=row>") == sum(len(found.metrics) for found in outcome.evaluation.slices)


def test_report_lists_what_the_tables_list(page: str, outcome: Outcome) -> None:
    section = page.partition("What it recommends")[2]
    samples = tables.sample_recommendations(outcome.model)
    assert section.count("<article>") == len(set(samples["taste"])) + len(
        set(tables.similar_movies(outcome.model)["movie"])
    )
    assert section.partition("What it holds similar")[0].count("<li>") == len(samples["title"])


def test_report_map_names_the_movies_of_its_cells(page: str, outcome: Outcome) -> None:
    rows, similarity = plots.best_known_similarity(outcome.model)
    titles = json.loads(page.partition('<script id=titles type="application/json">')[2].partition("</script>")[0])
    assert titles == [display_title(outcome.model.catalog.titles[row]) for row in rows]
    values = re.search(r'data-values="([^"]*)"', page)
    assert values is not None
    first = values[1].split(";")[0].split(",")
    assert first[0] == ""
    assert first[1] == f"{similarity[0, 1]:.2f}"


def test_report_escapes_titles(tiny: Dataset) -> None:
    evil = '</script><script>alert("x")</script>'
    catalog = replace(tiny.catalog, titles=(evil, *tiny.catalog.titles[1:]))
    page = render_report(outcome_of(replace(tiny, catalog=catalog)), "<b>", {"Data": "<script>alert"})
    assert "<script>alert" not in page
    assert "&lt;b&gt; on tiny" in page


def test_report_fonts_are_those_of_the_explorer() -> None:
    explorer = Path(__file__).parents[3] / "serving" / "worker" / "explorer" / "static" / "fonts"
    for font in sorted((FOLDER / "fonts").iterdir()):
        assert font.read_bytes() == (explorer / font.name).read_bytes()


def test_curve_higher_value_is_higher_up() -> None:
    drawn = curve("nDCG", (5, 10), [0.5, 1.0], [0.25, 0.25])
    ours = [float(y) for y in re.findall(r'cy="([\d.]+)"', drawn.partition("class=ours")[2])]
    theirs = [float(y) for y in re.findall(r'cy="([\d.]+)"', drawn.partition("class=ours")[0])]
    assert ours[1] < ours[0] < theirs[0] == theirs[1]


def test_curve_all_zero_is_drawn_on_the_axis() -> None:
    assert 'cy="100.0"' in curve("MAP", (5,), [0.0], [0.0])


def test_heat_map_most_similar_is_darkest_and_the_diagonal_empty() -> None:
    similarity = np.array([[np.nan, 0.9, 0.1], [0.9, np.nan, 0.5], [0.1, 0.5, np.nan]], dtype=np.float32)
    drawn = heat_map(["a", "b", "c"], similarity)
    shades = re.findall(r'fill-opacity="?([\d.]+)', drawn)
    assert shades == ["1.00", "0.04", "1.00", "0.50", "0.04", "0.50"]


def test_heat_map_names_rows_and_columns() -> None:
    drawn = heat_map(["first", "second"], np.array([[np.nan, 0.5], [0.5, np.nan]], dtype=np.float32))
    assert drawn.partition("<g class=columns>")[2].partition("</g>")[0].count("<text") == 2
    assert drawn.count("first</text>") == 2


def test_heat_map_single_movie_has_no_cell() -> None:
    assert "<rect" not in heat_map(["a"], np.full((1, 1), np.nan, dtype=np.float32))
