"""The check of the calendar months: none that Production had may have run empty, and no new gap may have opened."""

from recsys.drift.profile import DataProfile, Month
from training.gating.thresholds import at_least, not_checked
from training.gating.verdict import Check

FEWEST_USERS = 5
"""With fewer users in a month, one who leaves can empty it."""
FEWEST_RATINGS = 100
"""Where every month had so many, one without any is no chance."""
FEWEST_MONTHS = 2
"""So many whole months tell what a month usually holds."""

NAME = "months"


def months_check(candidate: DataProfile, production: DataProfile, threshold: float | None) -> Check:
    """Return whether the months between the first and the last still hold what they held.

    What lies before the candidate's first month has been dropped, which `ratings_kept` tells; the first month itself
    may be cut in two by a rolling window. What lies after its last is told by `newest_rating`.
    """
    first, last = min(candidate.months), max(candidate.months)
    shares = {
        month: _share_left(candidate.months.get(month), before)
        for month, before in production.months.items()
        if first < month <= last and before.users >= FEWEST_USERS
    }
    gap = _new_gap(candidate, production)
    if gap and threshold is not None:
        sentence = (
            f"there is no rating in {gap}, though Production had {_usual(production):,} or more in every whole month: "
            "a month is missing"
        )
        return Check(NAME, "data", "refused", sentence, 0.0, threshold)
    if not shares:
        return not_checked(NAME, "data", "the two share no whole month to compare")
    worst = min(shares, key=lambda month: (shares[month], month))
    left = candidate.months.get(worst, Month(0, 0)).ratings
    sentence = (
        f"of {len(shares)} months, {worst} has lost most: {left:,} ratings are left of "
        f"{production.months[worst].ratings:,}"
        if shares[worst] < 1
        else f"none of {len(shares)} months has fewer ratings than before"
    )
    return at_least(NAME, "data", shares[worst], threshold, sentence, otherwise="ratings of this month are missing")


def _share_left(after: Month | None, before: Month) -> float:
    """Return what is left of a month, by ratings or by users, whichever is more: one busy user may leave."""
    return 0.0 if after is None else min(1.0, max(after.ratings / before.ratings, after.users / before.users))


def _usual(production: DataProfile) -> int:
    """Return how many ratings the emptiest whole month of Production had; 0 where it had a gap, or is too short."""
    inner = _between(min(production.months), max(production.months))
    if len(inner) < FEWEST_MONTHS:
        return 0
    return min(production.months.get(month, Month(0, 0)).ratings for month in inner)


def _new_gap(candidate: DataProfile, production: DataProfile) -> str:
    """Return the first month without a rating after Production's last, else an empty text."""
    if _usual(production) < FEWEST_RATINGS:
        return ""
    after = _between(max(production.months), max(candidate.months))
    return next((month for month in after if month not in candidate.months), "")


def _between(first: str, last: str) -> list[str]:
    """Return the months after the first and before the last, ``["1997-10", "1997-11"]``."""
    start, stop = (int(year) * 12 + int(month) for year, month in (_parts(first), _parts(last)))
    return [f"{(number - 1) // 12:04d}-{(number - 1) % 12 + 1:02d}" for number in range(start + 1, stop)]


def _parts(month: str) -> tuple[str, str]:
    year, _, number = month.rpartition("-")
    return year, number
