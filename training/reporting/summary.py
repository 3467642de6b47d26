"""What a run is about, as the text at the top of its page."""

from datetime import UTC, datetime

from mlflow.entities import Run

from recsys.alias.description import FACTS_TAG, LINKS_TAG
from recsys.data.facts import RatingsFacts
from recsys.evaluation.bootstrap import Interval
from recsys.fitting import Recipe
from training.experiment import Outcome

SHOWN = {
    "ndcg_at_10": "nDCG@10",
    "map_at_10": "MAP@10",
    "precision_at_10": "precision@10",
    "recall_at_10": "recall@10",
    "hit_rate_at_10": "hit rate@10",
    "mrr_at_10": "MRR@10",
    "coverage_at_10": "coverage@10",
    "novelty_at_10": "novelty@10",
    "diversity_at_10": "diversity@10",
    "popularity_bias_at_10": "popularity bias@10",
}


GAP = "&emsp;"
"""MLflow's pages leave no room between the columns of a table."""


def describe_run(dataset: RatingsFacts, recipe: Recipe, outcome: Outcome, logged_model: str, again: str) -> str:
    """Return Markdown: what was trained on what, the main metrics beside the baseline, and the command to repeat it."""
    rows = {row.name: row for row in outcome.rows}
    lines = [
        f"| {title}{GAP} | {rows[name].model:.3f} {_span(rows[name].interval)}{GAP} | {rows[name].popularity:.3f} |"
        for name, title in SHOWN.items()
    ]
    return "\n".join(
        [
            f"`{recipe.method}` on **{dataset.name}**: {data_in_words(dataset)}; judged on "
            f"{outcome.evaluation.n_users:,} users of the holdout.",
            "",
            f"| {GAP} | {recipe.method} [95% interval]{GAP} | popularity |",
            "|:---|:---|:---|",
            *lines,
            "",
            "All metrics are in the table `tables/metrics.json`, everything on one page in `report.html`, both under "
            f"Artifacts; the model itself, fitted on all ratings, is `{logged_model}`. The same again, from the commit "
            "of this run, in its environment:",
            "",
            f"    {again}",
            "",
        ]
    )


def version_facts(dataset: RatingsFacts, run: Run, outcome: Outcome) -> dict[str, str]:
    """Return tags with the Markdown of what does not change about a version: data, quality, links to run and report."""
    place = f"#/experiments/{run.info.experiment_id}/runs/{run.info.run_id}"
    data = f"**{run.info.run_name}**: {data_in_words(dataset)}."
    quality = f"{quality_in_words(outcome)}, on {outcome.evaluation.n_users:,} users of the holdout."
    return {
        FACTS_TAG: f"{data}\n\n{quality}",
        LINKS_TAG: f"[Run]({place}), [Report]({place}/artifacts/report.html)",
    }


def data_in_words(dataset: RatingsFacts) -> str:
    """Return such as ``"100,000 ratings of 1,682 movies by 943 users, from 1997-09-20 to 1998-04-22"``."""
    counts = f"{dataset.n_ratings:,} ratings of {dataset.n_items:,} movies by {dataset.n_users:,} users"
    first, last = (datetime.fromtimestamp(int(end), tz=UTC).date() for end in dataset.time_range)
    return counts if last.year <= 1970 else f"{counts}, from {first} to {last}"


def quality_in_words(outcome: Outcome) -> str:
    """Return such as ``"nDCG@10 0.503 [0.494, 0.511], popularity 0.249"``."""
    row = outcome.headline
    return f"nDCG@10 {row.model:.3f} {_span(row.interval)}, popularity {row.popularity:.3f}"


def _span(interval: Interval | None) -> str:
    return f"[{interval.lower:.3f}, {interval.upper:.3f}]" if interval else ""
