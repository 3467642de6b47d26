"""The profile of the data as a table of the run, for people."""

from datetime import UTC, datetime

from recsys.drift.profile import QUANTILES, DataProfile
from training.reporting.tables import Table


def profile_table(profile: DataProfile) -> Table:
    """Return what is known of the data as columns, a row for each fact; everything is text, as the kinds differ."""
    facts = {
        "dataset": f"{profile.name}, digest {profile.digest}",
        "users": f"{profile.n_users:,}",
        "movies": f"{profile.n_movies:,}, {profile.n_rated_movies:,} of them rated",
        "ratings": f"{profile.n_ratings:,}",
        "first rating": _day(profile.oldest),
        "last rating": _day(profile.newest),
        **{f"ratings of {stars} stars": _share(count, profile.n_ratings) for stars, count in profile.stars.items()},
        **_spread("user", profile.per_user),
        **_spread("movie", profile.per_movie),
        "largest share of one user": f"{profile.top_user:.2%}",
        "largest share of one movie": f"{profile.top_movie:.2%}",
        "largest share of one second": f"{profile.top_second:.2%}",
        "users whose history another user has too": f"{profile.copied_users:.2%}",
        "movies with genres": f"{profile.movies_with_genres:.2%}",
        **{month: f"{n.ratings:,} ratings by {n.users:,} users" for month, n in profile.months.items()},
    }
    return {"fact": list(facts), "value": list(facts.values())}


def _spread(owner: str, counts: tuple[float, ...]) -> dict[str, str]:
    return {
        f"ratings per {owner}, {quantile:.0%} quantile": f"{count:,.1f}"
        for quantile, count in zip(QUANTILES, counts, strict=False)
    }


def _share(count: int, total: int) -> str:
    return f"{count:,} ({count / max(1, total):.1%})"


def _day(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (OverflowError, OSError, ValueError):  # the clock of an export may be anything
        return f"{seconds} seconds since 1970"
