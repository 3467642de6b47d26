"""The profile of a dataset: what a version keeps of the data it was trained on. Counts only, no rating."""

from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from recsys.drift.profile_counts import ProfileCounts, counts_of, history_hashes, joined_profile_counts
from recsys.drift.sketch import Sketch
from recsys.errors import ArtifactError

if TYPE_CHECKING:
    # Loading a model reads a profile, and a worker that loads one has no SciPy, which datasets need.
    from recsys.data.dataset import Dataset
    from recsys.data.facts import RatingsFacts

PROFILE_FORMAT = 1
RATINGS_AT_ONCE = 1 << 18
QUANTILES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 1.0)


@dataclass(frozen=True)
class Month:
    """What happened in one calendar month, UTC."""

    ratings: int
    users: int


@dataclass(frozen=True, eq=False)
class DataProfile:
    """What a dataset looks like.

    Attributes
    ----------
    name, digest
        Of the dataset.
    n_users, n_movies, n_rated_movies, n_ratings
        Counts; movies without a rating are in ``n_movies`` only.
    stars
        Ratings by stars, ``{"4": 34174}``.
    per_user, per_movie
        Ratings per user, and per movie that has any, at each of `QUANTILES`.
    oldest, newest
        The first and the last second, Unix time.
    months
        By ``"1997-11"``, those without a rating left out.
    top_user, top_movie
        The largest share of the ratings that one user, and one movie, has.
    top_second
        The largest share of the ratings that have the same timestamp.
    copied_users
        Share of the users with `profile_counts.MIN_COPIED` ratings or more whose history, stars included, another user
        has as well.
    movies_with_genres
        Share of the movies that have a genre.
    sketch
        From which follows how many of the ratings other data still hold.
    """

    name: str
    digest: str
    n_users: int
    n_movies: int
    n_rated_movies: int
    n_ratings: int
    stars: dict[str, int]
    per_user: tuple[float, ...]
    per_movie: tuple[float, ...]
    oldest: int
    newest: int
    months: dict[str, Month]
    top_user: float
    top_movie: float
    top_second: float
    copied_users: float
    movies_with_genres: float
    sketch: Sketch

    def as_json(self) -> dict[str, Any]:
        """Return the profile as JSON takes it."""
        fields = {name: value for name, value in vars(self).items() if name != "sketch"}
        fields["months"] = {month: asdict(counts) for month, counts in self.months.items()}
        hashes, times = (column.astype(kind).tobytes().hex() for column, kind in _columns(self.sketch))
        return {"format": PROFILE_FORMAT, **fields, "sketch": {"hashes": hashes, "times": times}}

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> "DataProfile":
        """Return the profile that `as_json` has given.

        Raises
        ------
        ArtifactError
            When it is none, or of another format.
        """
        try:
            found = dict(fields)
            if (kind := found.pop("format")) != PROFILE_FORMAT:
                raise ArtifactError(f"the data profile has format {kind!r}, this release reads {PROFILE_FORMAT}")
            columns = found.pop("sketch")
            hashes = np.frombuffer(bytes.fromhex(columns["hashes"]), "<u8").astype(np.uint64)
            times = np.frombuffer(bytes.fromhex(columns["times"]), "<u2").astype(np.uint16)
            found["months"] = {month: Month(**counts) for month, counts in found["months"].items()}
            found["per_user"], found["per_movie"] = tuple(found["per_user"]), tuple(found["per_movie"])
            return cls(**found, sketch=Sketch(hashes, times, found["n_ratings"]))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ArtifactError(f"the data profile cannot be read ({error!r}); train the model again") from None


def profile_of(dataset: "Dataset") -> DataProfile:
    """Return the profile of a dataset; in seconds for 25 million ratings.

    A dataset without ratings has shares of 0, and its time range is 0 to 0.
    """
    _, of_second = np.unique(dataset.timestamps, return_counts=True)
    # Blocks that stay in a processor's cache, for a fraction of the memory.
    n_blocks = dataset.n_ratings // RATINGS_AT_ONCE + 1
    bounds = np.linspace(0, dataset.n_users, n_blocks + 1).astype(int).tolist()
    counts = [counts_of(dataset.of_users(start, stop)) for start, stop in pairwise(bounds)]
    return profile_from(joined_profile_counts(counts), dataset, n_in_top_second=int(of_second.max(initial=0)))


def profile_from(counts: ProfileCounts, facts: "RatingsFacts", *, n_in_top_second: int) -> DataProfile:
    """Return the profile that the counts of all users make.

    Parameters
    ----------
    counts
        Over all ratings.
    facts
        What the ratings are called, and their movies.
    n_in_top_second
        The largest number of ratings with one timestamp.
    """
    rated = counts.popularity[counts.popularity > 0]
    by_user = counts.by_user[counts.by_user > 0]
    return DataProfile(
        name=facts.name,
        digest=facts.digest,
        n_users=len(by_user),
        n_movies=facts.n_items,
        n_rated_movies=len(rated),
        n_ratings=int(counts.popularity.sum()),
        stars={f"{level:g}": count for level, count in sorted(counts.stars.items())},
        per_user=_quantiles(by_user),
        per_movie=_quantiles(rated),
        oldest=counts.oldest,
        newest=counts.newest,
        months={
            str(np.datetime64(number, "M")): Month(ratings, users)
            for number, (ratings, users) in sorted(counts.months.items())
        },
        top_user=_largest_share(by_user),
        top_movie=_largest_share(rated),
        top_second=n_in_top_second / max(1, int(rated.sum())),
        copied_users=_share_of_copies(counts.histories),
        movies_with_genres=float(facts.catalog.genres.any(axis=1).mean()),
        sketch=counts.sketch,
    )


def copied_users(dataset: "Dataset") -> float:
    """Return the share of users whose ratings are those of another user; see `DataProfile`."""
    return _share_of_copies(history_hashes(dataset))


def _share_of_copies(histories: NDArray[np.uint64]) -> float:
    if len(histories) == 0:
        return 0.0
    _, which, counts = np.unique(histories, return_inverse=True, return_counts=True)
    return float((counts[which] > 1).mean())


def _quantiles(counts: NDArray[np.int64]) -> tuple[float, ...]:
    return tuple(float(value) for value in np.quantile(counts, QUANTILES)) if len(counts) else ()


def _largest_share(counts: NDArray[np.int64]) -> float:
    return float(counts.max(initial=0) / max(1, counts.sum()))


def _columns(sketch: Sketch) -> tuple[tuple[NDArray[Any], str], ...]:
    return (sketch.hashes, "<u8"), (sketch.times, "<u2")
