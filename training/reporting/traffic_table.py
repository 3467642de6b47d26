"""The two versions that share the traffic, side by side as text, and whether enough has been seen of them."""

from dataclasses import dataclass
from typing import Any

from recsys.proportions import difference, trials_needed
from training.reporting.console import text_table


@dataclass(frozen=True)
class Reading:
    """What the counts say of a difference in click-through.

    Attributes
    ----------
    estimate, low, high
        Challenger minus Production with its 95 % interval, Newcombe's; None without lists of both.
    wanted
        The difference that one wants to find, a part of 1.
    more
        Lists that it takes beyond those so far to find that with 80 % certainty; 0 for enough.
    """

    estimate: float | None
    low: float | None
    high: float | None
    wanted: float
    more: int


def reading_of(traffic: dict[str, Any], wanted: float) -> Reading:
    """Return what the ``traffic`` of ``/metrics`` says of a difference in click-through."""
    arms = traffic["versions"]
    clicks = (min(arms[0]["events"]["click"], arms[0]["lists"]), min(arms[1]["events"]["click"], arms[1]["lists"]))
    lists = (arms[0]["lists"], arms[1]["lists"])
    more = max(0, trials_needed(clicks, lists, wanted) - sum(lists))
    if min(lists) == 0:
        return Reading(None, None, None, wanted, more)
    low, high = difference(clicks, lists)
    return Reading(clicks[1] / lists[1] - clicks[0] / lists[0], low, high, wanted, more)


def traffic_as_text(traffic: dict[str, Any], reading: Reading) -> str:
    """Return the two columns, what the shadow tells, and the reading."""
    arms = traffic["versions"]
    header = ("", *(f"{arm['role'].capitalize()}: version {arm['version']}" for arm in arms))
    rows = [(label, *(_cell(value(arm)) for arm in arms)) for label, value in ROWS]
    return "\n".join([text_table(header, rows), *_shadow(traffic), *_sentences(reading)]) + "\n"


ROWS = (
    ("requests", lambda arm: arm["requests"]),
    ("errors", lambda arm: arm["errors"]),
    ("ms a request", lambda arm: arm["avg_latency_ms"]),
    ("lists", lambda arm: arm["lists"]),
    ("of popular movies", lambda arm: arm["popular_share"]),
    ("movies shown, of its catalog", lambda arm: arm["coverage"]),
    ("clicks", lambda arm: arm["events"]["click"]),
    ("watches", lambda arm: arm["events"]["watch"]),
    ("ratings", lambda arm: arm["events"]["rating"]),
    ("mean rating", lambda arm: arm["mean_rating"]),
    ("click-through", lambda arm: arm["click_through"]),
    ("its 95 % interval", lambda arm: _span(arm["click_through_low"], arm["click_through_high"])),
)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else f"{value:.4f}" if isinstance(value, float) else str(value)


def _span(low: float | None, high: float | None) -> str | None:
    return None if low is None or high is None else f"{low:.4f} to {high:.4f}"


def _shadow(traffic: dict[str, Any]) -> list[str]:
    shadow = traffic["shadow"]
    if not any(shadow[name] for name in ("compared", "failed", "dropped")):
        return []
    rest = f"{shadow['failed']:,} failed, {shadow['dropped']:,} dropped as the worker was busy"
    if not shadow["compared"]:
        return [f"In the shadow: no list compared yet; {rest}."]
    return [
        f"In the shadow: {shadow['compared']:,} lists compared, {rest}; of the first ten "
        f"{shadow['overlap_at_10']:.0%} are in both, rank-biased overlap {shadow['rank_agreement']:.2f}, "
        f"{shadow['avg_ms']:.2f} ms each."
    ]


def _sentences(reading: Reading) -> list[str]:
    wanted = "1 point" if reading.wanted == 0.01 else f"{reading.wanted * 100:g} points"
    enough = (
        f"Enough lists to find a difference of {wanted}."
        if reading.more == 0
        else f"To find a difference of {wanted} with 80 % certainty: about {_rounded(reading.more):,} more requests."
    )
    if reading.estimate is None or reading.low is None or reading.high is None:
        return ["No list of both versions was shown yet.", enough]
    verdict = "Challenger is better" if reading.low > 0 else "Production is better" if reading.high < 0 else "open"
    return [
        f"Click-through, Challenger minus Production: {reading.estimate * 100:+.2f} points, 95 % interval "
        f"{reading.low * 100:+.2f} to {reading.high * 100:+.2f}: {verdict}.",
        enough,
    ]


def _rounded(number: int) -> int:
    """Return a number with two digits that tell; the rest would be more exact than it is."""
    scale: int = 10 ** max(0, len(str(number)) - 2)
    return -(-number // scale) * scale
