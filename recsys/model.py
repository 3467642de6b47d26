"""The model that is served: recommend, similar, explain. NumPy only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from recsys.catalog import MAX_STARS, MIN_STARS, Catalog
from recsys.diversity import rerank_diverse
from recsys.errors import ParameterError
from recsys.item_matrix import ItemMatrix
from recsys.top_k import top_k

Strategy = Literal["personal", "popular"]

DEFAULT_N = 10
DEFAULT_MIN_RATING = 3.5


@dataclass(frozen=True, eq=False)
class Recommendations:
    """An answer of `Recommender.recommend`.

    Attributes
    ----------
    item_indices
        int64, (at most n,), rows of the catalogue, best first.
    scores
        float32, (at most n,). With strategy ``popular`` the number of ratings of each movie.
    strategy
        ``personal``, or ``popular`` where no known movie was liked or none of the liked speaks for another.
    unknown_movie_ids
        Those of the question that the catalogue does not hold, ascending.
    """

    item_indices: NDArray[np.int64]
    scores: NDArray[np.float32]
    strategy: Strategy
    unknown_movie_ids: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class History:
    """A user's ratings in terms of the catalogue.

    Attributes
    ----------
    seen
        int64, (n_seen,), ascending rows of the catalogue that are rated; they never come back.
    liked
        int64, (n_liked,), the rows among them with rating >= min_rating.
    weights
        float32, (n_liked,), what each liked movie weighs.
    unknown_movie_ids
        Rated ids that are not in the catalogue, ascending.
    """

    seen: NDArray[np.int64]
    liked: NDArray[np.int64]
    weights: NDArray[np.float32]
    unknown_movie_ids: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Recommender:
    """An item-item model over a catalogue.

    Attributes
    ----------
    catalog
        The movies.
    popularity
        int64, (n_items,), ratings per movie in the training data.
    item_weights, item_similarity, rating_exponent
        As in `recsys.methods.FittedItems`.
    """

    catalog: Catalog
    popularity: NDArray[np.int64]
    item_weights: ItemMatrix
    item_similarity: ItemMatrix
    rating_exponent: float = 1.0

    def history(
        self, movie_ids: Sequence[int], ratings: Sequence[float] | None = None, min_rating: float = DEFAULT_MIN_RATING
    ) -> History:
        """Return a user's ratings as rows and weights.

        Parameters
        ----------
        movie_ids
            The rated movies. Of one that is given twice the last rating counts.
        ratings
            Stars 0.5-5, as many; None counts every movie as liked with five stars.
        min_rating
            From how many stars a movie counts as liked.

        Raises
        ------
        ParameterError
            When the lengths differ, or a rating is not on the scale.
        """
        ids: list[int] = np.asarray(movie_ids, dtype=np.int64).tolist()
        stars: list[float] = (
            [MAX_STARS] * len(ids) if ratings is None else np.asarray(ratings, dtype=np.float64).tolist()
        )
        if len(ids) != len(stars):
            raise ParameterError(f"{len(ids)} movie_ids, but {len(stars)} ratings; give one rating for each movie")
        for rating in stars:
            if not MIN_STARS <= rating <= MAX_STARS:
                raise ParameterError(f"rating {rating:g} is off the scale; use {MIN_STARS} to {MAX_STARS:g} stars")
        return self.history_of(dict(zip(ids, stars, strict=True)), min_rating)

    def history_of(self, stars_of: Mapping[int, float], min_rating: float) -> History:
        """Return the same as `history` for stars by movie id that are known to be on the scale."""
        # Plain Python: for the few ratings of most histories, NumPy's calls would take several times as long.
        row_of = self.catalog.row_of
        seen, liked, weights, unknown = [], [], [], []
        for movie_id in sorted(stars_of):
            row, stars = row_of.get(movie_id), stars_of[movie_id]
            if row is None:
                unknown.append(movie_id)
                continue
            seen.append(row)
            if stars >= min_rating:
                liked.append(row)
                weights.append(stars**self.rating_exponent)
        return History(
            np.array(seen, dtype=np.int64),
            np.array(liked, dtype=np.int64),
            np.array(weights, dtype=np.float32),
            tuple(unknown),
        )

    def recommend(
        self,
        movie_ids: Sequence[int],
        ratings: Sequence[float] | None = None,
        *,
        n: int = DEFAULT_N,
        min_rating: float = DEFAULT_MIN_RATING,
        diversity: float = 0.0,
    ) -> Recommendations:
        """Return at most n movies that the user has not rated, best first, ties by movie id.

        Parameters
        ----------
        movie_ids, ratings, min_rating
            As in `history`.
        n
            Length of the list, at least 1; shorter when the catalogue has no more.
        diversity
            From 0 (by score alone) to 1 (as unlike as possible), see `recsys.diversity`.

        Raises
        ------
        ParameterError
            As `history`, and for n < 1 or a diversity outside [0, 1].
        """
        _check_range(n, diversity)
        return self.recommend_for(self.history(movie_ids, ratings, min_rating), n=n, diversity=diversity)

    def recommend_for(self, history: History, *, n: int = DEFAULT_N, diversity: float = 0.0) -> Recommendations:
        """Return the same as `recommend` for a history that has been made before."""
        scores = self.item_weights.weighted_row_sum(history.liked, history.weights)
        strategy: Strategy = "personal" if scores.any() else "popular"
        if strategy == "popular":
            scores = self.popularity.astype(np.float32)
        scores[history.seen] = -np.inf
        n_best = min(n, len(scores) - len(history.seen))
        if diversity > 0:
            best = rerank_diverse(scores, self.item_similarity, n=n_best, diversity=diversity)
        else:
            best = top_k(scores, n_best)
        return Recommendations(best, scores[best], strategy, history.unknown_movie_ids)

    def contributions(self, item_index: int, history: History) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return what each liked movie adds to the score of one movie.

        Returns
        -------
        (item_indices, contributions): int64 and float32, (n_liked,), largest first, ties by movie id. The
        contributions sum up to the movie's score.
        """
        columns = np.array([item_index])
        added = history.weights * self.item_weights.block(history.liked, columns)[:, 0]
        order = np.argsort(-added, kind="stable")
        return history.liked[order], added[order]

    def explain(self, item_indices: NDArray[np.int64], history: History, *, top: int = 3) -> list[list[int]]:
        """Return for each recommended row the liked rows that spoke for it, at most ``top``, largest first."""
        added = history.weights[:, None] * self.item_weights.block(history.liked, item_indices)
        order = (-added).argsort(axis=0, kind="stable")[:top]
        largest: list[list[int]] = history.liked[order].T.tolist()
        # What speaks for a movie comes first, as it is sorted.
        return [rows[:count] for rows, count in zip(largest, (added > 0).sum(axis=0).tolist(), strict=True)]

    def similar(self, movie_id: int, *, n: int = DEFAULT_N) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return at most n movies that resemble one, most similar first, ties by movie id.

        Returns
        -------
        (item_indices, similarities): int64 and float32 in (0, 1]; movies without any similarity are left out.

        Raises
        ------
        UnknownMovieError
            When the movie is not in the catalogue.
        ParameterError
            For n < 1.
        """
        _check_range(n, 0.0)
        item_index = self.catalog.index_of(movie_id)
        similarities = self.item_similarity.row(item_index).copy()
        similarities[item_index] = 0
        best = top_k(similarities, min(n, len(similarities)))
        best = best[similarities[best] > 0]
        return best, similarities[best]


def _check_range(n: int, diversity: float) -> None:
    if n < 1:
        raise ParameterError(f"n={n}: ask for at least 1 movie")
    if not 0 <= diversity <= 1:
        raise ParameterError(f"diversity={diversity:g}: use 0 (off) to 1")
