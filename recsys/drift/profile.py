"""The profile of a dataset: what a version keeps of the data it was trained on. Counts only, no rating."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from recsys.drift.sketch import Sketch, sketch_of
from recsys.errors import ArtifactError

if TYPE_CHECKING:
    # Loading a model reads a profile, and a worker that loads one has no SciPy, which datasets need.
    from recsys.data.dataset import Dataset

PROFILE_FORMAT = 1
QUANTILES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 1.0)
MIN_COPIED = 5
"""From how many ratings on two equal histories are no chance."""


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
        Share of the users with `MIN_COPIED` ratings or more whose history, stars included, another user has as well.
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
    by_user = np.bincount(dataset.user_indices, minlength=dataset.n_users)
    rated = dataset.popularity[dataset.popularity > 0]
    times = dataset.timestamps if dataset.n_ratings else np.zeros(1, dtype=np.int64)
    levels, counts = np.unique(dataset.ratings, return_counts=True)
    return DataProfile(
        name=dataset.name,
        digest=dataset.digest,
        n_users=int(np.count_nonzero(by_user)),
        n_movies=dataset.n_items,
        n_rated_movies=len(rated),
        n_ratings=dataset.n_ratings,
        stars={f"{level:g}": int(count) for level, count in zip(levels, counts, strict=True)},
        per_user=_quantiles(by_user[by_user > 0]),
        per_movie=_quantiles(rated),
        oldest=int(times.min()),
        newest=int(times.max()),
        months=_months(dataset),
        top_user=_largest_share(by_user),
        top_movie=_largest_share(dataset.popularity),
        top_second=_largest_share(np.unique(dataset.timestamps, return_counts=True)[1]),
        copied_users=_copied_users(dataset, by_user),
        movies_with_genres=float(dataset.catalog.genres.any(axis=1).mean()),
        sketch=sketch_of(dataset),
    )


def _months(dataset: "Dataset") -> dict[str, Month]:
    numbers = dataset.timestamps.astype("datetime64[s]").astype("datetime64[M]").astype(np.int64)
    months, ratings = np.unique(numbers, return_counts=True)
    # Ratings are sorted by user; a key of both counts each user of a month once.
    first = int(numbers.min(initial=0))
    keys = (numbers - first) * dataset.n_users + dataset.user_indices
    users = np.bincount(np.searchsorted(months - first, np.unique(keys) // dataset.n_users), minlength=len(months))
    names = np.datetime_as_string(months.astype("datetime64[M]"))
    return {str(name): Month(int(n), int(m)) for name, n, m in zip(names, ratings, users, strict=True)}


def _copied_users(dataset: "Dataset", by_user: NDArray[np.int64]) -> float:
    """Return the share of users whose history is that of another user, by a sum of hashes that no order changes."""
    rows = dataset.catalog.movie_ids[dataset.item_indices].astype(np.uint64) * np.uint64(64)
    keys = (rows + np.round(dataset.ratings * 10).astype(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
    keys = (keys ^ (keys >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    starts = np.concatenate(([0], np.cumsum(by_user)[:-1]))[by_user >= MIN_COPIED]
    if len(starts) == 0:
        return 0.0
    ends = starts + by_user[by_user >= MIN_COPIED]
    sums = np.concatenate((np.zeros(1, dtype=np.uint64), np.cumsum(keys, dtype=np.uint64)))
    _, which, counts = np.unique(sums[ends] - sums[starts], return_inverse=True, return_counts=True)
    return float((counts[which] > 1).mean())


def _quantiles(counts: NDArray[np.int64]) -> tuple[float, ...]:
    return tuple(float(value) for value in np.quantile(counts, QUANTILES)) if len(counts) else ()


def _largest_share(counts: NDArray[np.int64]) -> float:
    return float(counts.max(initial=0) / max(1, counts.sum()))


def _columns(sketch: Sketch) -> tuple[tuple[NDArray[Any], str], ...]:
    return (sketch.hashes, "<u8"), (sketch.times, "<u2")
