"""The floor: a method that knows no more than what is popular is not worth serving."""

from collections.abc import Mapping

HEADLINE, BASELINE = "ndcg_at_10", "ndcg_at_10_popularity"
"""The names under which a run records the metric, and a version carries it as a tag."""


def shortfall(metrics: Mapping[str, float | str]) -> str:
    """Return how a method fails to beat popularity on its own holdout, one sentence; empty where it does beat it.

    Parameters
    ----------
    metrics
        Of a run, or of a version's tags, by name. Without one of the two numbers nothing is said.
    """
    if HEADLINE not in metrics or BASELINE not in metrics:
        return ""
    ours, theirs = float(metrics[HEADLINE]), float(metrics[BASELINE])
    if ours > theirs:
        return ""
    return (
        f"IT DOES NOT BEAT POPULARITY: nDCG@10 is {ours:.4f} on its own holdout, that of popularity {theirs:.4f}; "
        "use another method or other parameters"
    )
