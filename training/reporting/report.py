"""The report of a run: one page of HTML that holds all it shows, and works without a network, as in MLflow's UI."""

import base64
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from recsys.evaluation.bootstrap import Interval
from recsys.evaluation.report import CUTOFFS, Evaluation
from recsys.model import Recommender
from recsys.titles import display_title
from training.experiment import Outcome
from training.reporting import plots, tables
from training.reporting.report_charts import curve, heat_map
from training.reporting.report_facts import facts_list

FOLDER = Path(__file__).parent
FONTS = {"serif": "instrument-serif.woff2", "sans": "figtree.woff2"}

METRICS = {
    "ndcg": "nDCG",
    "map": "MAP",
    "precision": "Precision",
    "recall": "Recall",
    "hit_rate": "Hit rate",
    "mrr": "MRR",
    "coverage": "Coverage",
    "novelty": "Novelty",
    "diversity": "Diversity",
    "popularity_bias": "Popularity bias",
    "gini": "Gini of exposure",
}
SLICE_METRICS = {
    "ndcg": "nDCG@10",
    "recall": "recall@10",
    "hit_rate": "hit rate@10",
    "ndcg_within": "nDCG@10 among these movies alone",
}
SIMILAR_SHOWN = 6


def render_report(outcome: Outcome, method: str, facts: Mapping[str, str]) -> str:
    """Return the page: what it is about, metrics against the baseline, curves, slices, similarity map, sample lists."""
    template = Template((FOLDER / "report.html").read_text(encoding="utf-8"))
    evaluation, baseline = outcome.evaluation, outcome.baseline
    return template.substitute(
        {name: _font(file) for name, file in FONTS.items()},
        title=escape(f"{method} on {outcome.parts.train.name}"),
        lead=_lead(outcome),
        facts=facts_list(facts),
        headline=_headline(outcome),
        metrics=_metrics(outcome, method),
        curves="".join(curve(METRICS[name], CUTOFFS, *_values(name, evaluation, baseline)) for name in plots.CURVES),
        method=escape(method),
        slices=_slices(evaluation, baseline),
        map=_map(outcome.model),
        tastes=_tastes(outcome.model),
        similar=_similar(outcome.model),
    )


def _font(file: str) -> str:
    return base64.b64encode((FOLDER / "fonts" / file).read_bytes()).decode()


def _lead(outcome: Outcome) -> str:
    train, holdout = outcome.parts.train, outcome.parts.holdout
    return (
        f"Fitted on {train.n_ratings:,} ratings of {train.n_items:,} movies by {train.n_users:,} users in "
        f"{outcome.fit_seconds:.1f} seconds; judged on {outcome.evaluation.n_users:,} users and "
        f"{holdout.n_ratings:,} ratings that were held out."
    )


def _headline(outcome: Outcome) -> str:
    rows = {row.name: row for row in outcome.rows}
    facts = []
    for name in ("ndcg", "hit_rate", "coverage", "novelty"):
        row = rows[f"{name}_at_10"]
        facts.append(
            f"<div><dd>{_number(row.model)}</dd><dt>{METRICS[name]}@10 {_span(row.interval)}</dt>"
            f"<dd class=than>popularity {_number(row.popularity)}</dd></div>"
        )
    return "".join(facts)


def _span(interval: Interval | None) -> str:
    return f"<small>[{interval.lower:.3f}, {interval.upper:.3f}]</small>" if interval else ""


def _values(name: str, evaluation: Evaluation, baseline: Evaluation) -> tuple[list[float], list[float]]:
    keys = [f"{name}_at_{cutoff}" for cutoff in CUTOFFS]
    return [evaluation.metrics[key] for key in keys], [baseline.metrics[key] for key in keys]


def _metrics(outcome: Outcome, method: str) -> str:
    evaluation, baseline = outcome.evaluation, outcome.baseline
    intervals = {row.name: row.interval for row in outcome.rows}
    head = "".join(f"<th scope=colgroup colspan=2>at {cutoff}" for cutoff in CUTOFFS)
    second = f"<th scope=col>{escape(method)}<th scope=col>popularity" * len(CUTOFFS)
    rows = []
    for name, title in METRICS.items():
        if f"{name}_at_{CUTOFFS[0]}" in evaluation.metrics:
            triples = zip(CUTOFFS, *_values(name, evaluation, baseline), strict=True)
            cells = "".join(
                f"<td>{_number(ours)} {_span(intervals[f'{name}_at_{cutoff}'])}<td class=than>{_number(theirs)}"
                for cutoff, ours, theirs in triples
            )
            rows.append(f"<tr><th scope=row>{title}{cells}")
    return f"<table><thead><tr><td>{head}<tr><td>{second}<tbody>{''.join(rows)}</table>"


def _slices(evaluation: Evaluation, baseline: Evaluation) -> str:
    found = _rows(tables.slices(evaluation, baseline))
    parts = []
    for by in dict.fromkeys(row["by"] for row in found):
        for metric in dict.fromkeys(row["metric"] for row in found if row["by"] == by):
            rows = [row for row in found if (row["by"], row["metric"]) == (by, metric)]
            parts.append(
                f"<figure class=slice><figcaption><b>{SLICE_METRICS.get(metric, metric)}</b> by {by}, ratings in train"
                f"</figcaption><table>{''.join(map(_slice_row, rows))}</table></figure>"
            )
    return "".join(parts)


def _slice_row(row: dict[str, Any]) -> str:
    ours, theirs = row["model"], row["popularity"]
    if ours is None:
        return f"<tr class=none><th scope=row>{row['ratings in train']}<td class=bars colspan=3>no held-out rating"
    bars = f"<i style=width:{ours:.1%}></i><i class=than style=width:{theirs or 0:.1%}></i>"
    members = f"{row['members']:,} {'users' if row['by'].startswith('user') else 'movies'}"
    return (
        f'<tr title="{members}"><th scope=row>{row["ratings in train"]}<td class=bars>{bars}'
        f"<td>{_number(ours)}<td class=than>{_number(theirs)}"
    )


def _map(model: Recommender) -> str:
    rows, similarity = plots.best_known_similarity(model)
    titles = [display_title(model.catalog.titles[row]) for row in rows]
    # A title must not end the script early.
    data = json.dumps(titles, ensure_ascii=False).replace("<", "\\u003c")
    return heat_map(titles, similarity) + f'<script id=titles type="application/json">{data}</script>'


def _tastes(model: Recommender) -> str:
    found = _rows(tables.sample_recommendations(model))
    parts = []
    for taste in dict.fromkeys(row["taste"] for row in found):
        rows = [row for row in found if row["taste"] == taste]
        films = "".join(
            f"<li><b>{escape(row['title'])}</b>" + (f"<span>{escape(row['because'])}</span>" if row["because"] else "")
            for row in rows
        )
        parts.append(
            f"<article><h3>{escape(taste)}</h3><p>likes {escape(rows[0]['likes'])}</p><ol>{films}</ol></article>"
        )
    return "".join(parts) or "<p>The catalog holds too few of the films that the samples begin with.</p>"


def _similar(model: Recommender) -> str:
    found = _rows(tables.similar_movies(model, n=SIMILAR_SHOWN))
    parts = []
    for movie in dict.fromkeys(row["movie"] for row in found):
        films = "".join(
            f"<li><b>{escape(row['similar'])}</b><i style=width:{row['similarity']:.1%}></i>"
            for row in found
            if row["movie"] == movie
        )
        parts.append(f"<article><h3>{escape(movie)}</h3><ol>{films}</ol></article>")
    return "".join(parts)


def _rows(table: tables.Table) -> list[dict[str, Any]]:
    """Return a table of columns as rows."""
    columns: Iterable[Sequence[Any]] = table.values()
    return [dict(zip(table, row, strict=True)) for row in zip(*columns, strict=True)]


def _number(value: float | None) -> str:
    return "" if value is None or math.isnan(value) else f"{value:.3f}"
