"""What a run is about, as the text at the top of its page."""

from recsys.data.dataset import Dataset
from recsys.fitting import Recipe
from training.experiment import BASELINE_SUFFIX, Outcome

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


def describe(dataset: Dataset, recipe: Recipe, outcome: Outcome, logged_model: str) -> str:
    """Return Markdown: what was trained on what, the main metrics beside the baseline, and how to repeat it."""
    metrics = outcome.metrics
    rows = [
        f"| {title} | {metrics[name]:.4f} | {metrics[name + BASELINE_SUFFIX]:.4f} |" for name, title in SHOWN.items()
    ]
    params = ",".join(f"{name}={value}" for name, value in recipe.params.model_dump(mode="json").items())
    return "\n".join(
        [
            f"`{recipe.method}` on **{dataset.name}**: {dataset.n_ratings:,} ratings of {dataset.n_items:,} movies by "
            f"{dataset.n_users:,} users, judged on {outcome.evaluation.n_users:,} users of the holdout.",
            "",
            f"| | {recipe.method} | popularity |",
            "|---|---|---|",
            *rows,
            "",
            "Pictures and tables are under Artifacts; the model itself, fitted on all ratings, is "
            f"`{logged_model}`. The same again, from the commit of this run and the same data, with split, ratio and "
            f"seed as above: `mlflow run . -P method={recipe.method} -P params={params or repr('')}`",
            "",
        ]
    )
