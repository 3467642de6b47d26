"""Checks of the data of a candidate against those of Production: what is lost, what has changed, what is odd.

They need nothing but what the two versions carry: the profile of their data, and the popularity in the model. Of
versions from before there were profiles less is known; what cannot be compared is named as not checked.
"""

from datetime import UTC, datetime

import numpy as np

from recsys.drift.measures import rank_correlation, stability_index
from recsys.drift.profile import DataProfile
from recsys.drift.sketch import Kept, share_kept
from training.gating.month_checks import months_check
from training.gating.params import GateParams
from training.gating.sides import Side
from training.gating.thresholds import at_least, at_most, not_checked
from training.gating.verdict import Check

DAY = 86_400
NOTABLE_SHARE = 0.01
"""A movie or a user below this share of all ratings is nothing to warn of, however much it has grown."""

WITH_PROFILES = (
    "ratings_kept",
    "times_kept",
    "stars",
    "newest_rating",
    "not_in_future",
    "months",
    "same_second",
    "copied_users",
    "top_movie",
    "top_user",
)


def data_checks(candidate: Side | str, production: Side | str, params: GateParams, now: datetime) -> tuple[Check, ...]:
    """Return the checks of the data, in the order in which a reader wants them.

    Parameters
    ----------
    candidate, production
        Text tells why there is nothing to look at.
    now
        Aware; what is later lies in the future.
    """
    if isinstance(candidate, str) or isinstance(production, str):
        why = candidate if isinstance(candidate, str) else str(production)
        return tuple(not_checked(name, "data", why) for name in ("ratings", "users", "popularity", *WITH_PROFILES))
    volume = (_ratings(candidate, production, params), _users(candidate, production, params))
    popularity = _popularity(candidate, production, params)
    if candidate.profile is None or production.profile is None:
        whose = "Production" if production.profile is None else "the candidate"
        why = f"{whose} has no profile of its data, as it is of an older release"
        return (*volume, popularity, *(not_checked(name, "data", why) for name in WITH_PROFILES))
    kept = share_kept(production.profile.sketch, candidate.profile.sketch)
    return (
        *volume,
        _ratings_kept(kept, params),
        _times_kept(kept, params),
        _stars(candidate.profile, production.profile, params),
        popularity,
        _newest(candidate.profile, production.profile, params),
        _future(candidate.profile, production.profile, params, now),
        months_check(candidate.profile, production.profile, params.min_month_kept),
        _same_second(candidate.profile, production.profile, params),
        _copied_users(candidate.profile, production.profile, params),
        _top("movie", candidate.profile.top_movie, production.profile.top_movie, params),
        _top("user", candidate.profile.top_user, production.profile.top_user, params),
    )


def _ratings(candidate: Side, production: Side, params: GateParams) -> Check:
    ratio = candidate.n_ratings / max(1, production.n_ratings)
    sentence = f"it has {candidate.n_ratings:,} ratings, Production had {production.n_ratings:,}"
    return at_least("ratings", "data", ratio, params.min_ratings_ratio, sentence, otherwise="ratings have been lost")


def _users(candidate: Side, production: Side, params: GateParams) -> Check:
    ratio = candidate.n_users / max(1, production.n_users)
    sentence = f"it has {candidate.n_users:,} users, Production had {production.n_users:,}"
    return at_least("users", "data", ratio, params.min_users_ratio, sentence, otherwise="users have been lost")


def _ratings_kept(kept: Kept, params: GateParams) -> Check:
    sentence = f"about {kept.ratings:.1%} of Production's ratings are still there"
    otherwise = (
        "the others are gone, or belong to another user or movie, or have other stars; where old ratings are dropped "
        "on purpose, lower or switch off --min-ratings-kept"
    )
    return at_least("ratings_kept", "data", kept.ratings, params.min_ratings_kept, sentence, otherwise=otherwise)


def _times_kept(kept: Kept, params: GateParams) -> Check:
    if kept.ratings == 0:
        return not_checked("times_kept", "data", "none of Production's ratings is there any more")
    sentence = f"about {kept.times:.1%} of the ratings still there have the time that they had"
    otherwise = "timestamps have been lost or changed"
    return at_least("times_kept", "data", kept.times, params.min_times_kept, sentence, otherwise=otherwise)


def _stars(candidate: DataProfile, production: DataProfile, params: GateParams) -> Check:
    index = stability_index(production.stars, candidate.stars)
    means = [_mean_stars(profile) for profile in (candidate, production)]
    sentence = (
        f"the distribution of stars has a population stability index of {index:.3f} (a rating has {means[0]:.2f} stars "
        f"on average, before {means[1]:.2f})"
    )
    otherwise = "people do not change their taste like this; look at how the ratings were exported"
    return at_most("stars", "data", index, params.max_stars_shift, sentence, otherwise=otherwise)


def _mean_stars(profile: DataProfile) -> float:
    return sum(float(stars) * count for stars, count in profile.stars.items()) / max(1, profile.n_ratings)


def _popularity(candidate: Side, production: Side, params: GateParams) -> Check:
    rows = candidate.catalog.find(production.catalog.movie_ids)
    rated = production.popularity > 0
    after = np.where(rows >= 0, candidate.popularity[np.maximum(rows, 0)], 0)[rated]
    correlation = rank_correlation(production.popularity[rated], after)
    if correlation is None:
        return not_checked("popularity", "data", "too few movies, or all equally popular: there is no order to compare")
    sentence = f"the movies' popularity has a rank correlation of {correlation:.3f} with Production's"
    otherwise = "movies have changed places; check whether the movie ids still mean the same"
    return at_least("popularity", "data", correlation, params.min_popularity_correlation, sentence, otherwise=otherwise)


def _newest(candidate: DataProfile, production: DataProfile, params: GateParams) -> Check:
    days = (production.newest - candidate.newest) / DAY
    sentence = f"its newest rating is of {_day(candidate.newest)}, Production's of {_day(production.newest)}"
    otherwise = "time runs backwards: the newest ratings are missing, or timestamps have been lost"
    return at_most("newest_rating", "data", days, params.max_days_back, sentence, otherwise=otherwise)


def _future(candidate: DataProfile, production: DataProfile, params: GateParams, now: datetime) -> Check:
    days = (candidate.newest - now.timestamp()) / DAY
    sentence = f"its newest rating is of {_day(candidate.newest)}, today is {now:%Y-%m-%d}"
    if production.newest >= candidate.newest:
        return Check("not_in_future", "data", "passed", f"{sentence}; Production's is no older", days)
    otherwise = "ratings of the future are not possible; look at the unit of the timestamps, which is seconds"
    return at_most("not_in_future", "data", days, params.max_days_ahead, sentence, otherwise=otherwise)


def _same_second(candidate: DataProfile, production: DataProfile, params: GateParams) -> Check:
    before = production.top_second
    sentence = f"{candidate.top_second:.1%} of its ratings have the same time, before {before:.1%}"
    threshold = None if params.max_same_second is None else before + params.max_same_second
    otherwise = "timestamps have been lost"
    return at_most("same_second", "data", candidate.top_second, threshold, sentence, otherwise=otherwise)


def _copied_users(candidate: DataProfile, production: DataProfile, params: GateParams) -> Check:
    sentence = f"{candidate.copied_users:.1%} of the users have exactly the history of another user"
    threshold = None if params.max_copied_users is None else production.copied_users + params.max_copied_users
    otherwise = f"in Production's data it was {production.copied_users:.1%}; users have been exported twice"
    return at_most("copied_users", "data", candidate.copied_users, threshold, sentence, otherwise=otherwise)


def _top(what: str, share: float, before: float, params: GateParams) -> Check:
    sentence = f"one {what} has {share:.1%} of all ratings, before at most {before:.1%}"
    growth = params.max_top_growth
    threshold = None if growth is None else max(NOTABLE_SHARE, before * growth)
    otherwise = "check whether this is a program, or an error"
    return at_most(f"top_{what}", "data", share, threshold, sentence, otherwise=otherwise, status="warning")


def _day(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")
    except (OverflowError, OSError, ValueError):  # after the year 9999
        return f"{seconds} seconds since 1970"
