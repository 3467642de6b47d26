"""The model that is served: recommend, similar, explain. NumPy only."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.catalog import MAX_STARS, MIN_STARS, Catalog
from recsys.diversity import POOL_FACTOR
from recsys.errors import ParameterError, UnknownMovieError
from recsys.fallback import popular_scores
from recsys.filter import Allowed, MovieFilter, allowed_movies, as_filter
from recsys.history import History, history_of
from recsys.item_matrix import ItemMatrix
from recsys.movie_ids import whole_id, whole_ids
from recsys.picking import best_finite, pick
from recsys.question import DEFAULT_N, MAX_N, check_question  # noqa: F401  the code of earlier models imports all three
from recsys.reasons import Reasons, reasons_of
from recsys.recency import RecentPopularity, all_time_popularity, apply_factors, trend
from recsys.recommendations import Recommendations, Strategy
from recsys.top_k import top_k

DEFAULT_MIN_RATING = 3.5
"""Not used any more; the code of models that were registered earlier imports it."""
REASONS = 3
"""So many liked movies are named for a recommendation."""


@dataclass(frozen=True, eq=False)
class Recommender:
    """An item-item model over a catalog.

    Attributes
    ----------
    catalog
        The movies.
    popularity
        int64, (n_items,), ratings per movie in the training data.
    item_weights, item_similarity, rating_exponent
        As in `recsys.methods.FittedItems`.
    recent
        What is popular lately; None, as in models that were stored without it, for what has been popular ever.
    recency
        How far recent popularity counts in the scores unless a question says otherwise, 0 for not at all.
    hidden
        bool, (n_items,), movies that may not be shown whatever is asked, None for none; see `hiding`.
    """

    catalog: Catalog
    popularity: NDArray[np.int64]
    item_weights: ItemMatrix
    item_similarity: ItemMatrix
    rating_exponent: float = 1.0
    recent: RecentPopularity | None = None
    recency: float = 0.0
    hidden: NDArray[np.bool_] | None = None

    def hiding(self, movie_ids: Collection[int]) -> "Recommender":
        """Return the same model, which never shows these movies, not even as a reason. Unknown ids are passed over.

        A user's ratings of them count as before.
        """
        rows = self.catalog.find(np.array(sorted(movie_ids), dtype=np.int64))
        mask = np.zeros(self.catalog.n_items, dtype=np.bool_)
        mask[rows[rows >= 0]] = True
        return replace(self, hidden=mask if mask.any() else None)

    def shown_index_of(self, movie_id: int) -> int:
        """Return the row of a movie that may be shown.

        Raises
        ------
        UnknownMovieError
            When no movie has this id, or it is hidden.
        """
        row = self.catalog.index_of(movie_id)
        if self.hidden is not None and self.hidden[row]:
            raise UnknownMovieError(movie_id)
        return row

    @cached_property
    def recent_popularity(self) -> RecentPopularity:
        """Return what is popular lately, or ever where that is all the model knows."""
        return self.recent or all_time_popularity(self.popularity, int(self.popularity.max(initial=0)))

    @cached_property
    def unrated(self) -> NDArray[np.int64]:
        """Return the rows of movies without ratings, int64, ascending: the new ones."""
        return np.flatnonzero(self.popularity == 0)

    def recency_factors(self, recency: float | None = None) -> NDArray[np.float32] | None:
        """Return what scores are multiplied with, float32, (n_items,), None for a recency of 0."""
        power = self.recency if recency is None else recency
        if power == 0:
            return None
        return self._trend if power == 1 else self._trend ** np.float32(power)

    @cached_property
    def _trend(self) -> NDArray[np.float32]:
        return trend(self.popularity, self.recent_popularity)

    def history(
        self, movie_ids: Sequence[int], ratings: Sequence[float] | None = None, min_rating: float | None = None
    ) -> History:
        """Return a user's ratings as rows and weights.

        Parameters
        ----------
        movie_ids
            The rated movies. Of one that is given twice the last rating counts.
        ratings
            Stars 0.5-5, as many; None counts every movie as liked with five stars.
        min_rating
            None weighs ratings by how far they lie above or below neutral (`recsys.history`); with a number, only
            movies rated so high count, as likes.

        Raises
        ------
        ParameterError
            When the lengths differ, an id is not a whole number, or a rating is not on the scale.
        """
        ids = whole_ids(movie_ids)
        stars: list[float] = (
            [MAX_STARS] * len(ids) if ratings is None else np.asarray(ratings, dtype=np.float64).tolist()
        )
        if len(ids) != len(stars):
            raise ParameterError(f"{len(ids)} movie_ids, but {len(stars)} ratings; give one rating for each movie")
        for rating in stars:
            if not MIN_STARS <= rating <= MAX_STARS:
                raise ParameterError(f"rating {rating:g} is off the scale; use {MIN_STARS} to {MAX_STARS:g} stars")
        return self.history_of(dict(zip(ids, stars, strict=True)), min_rating)

    def history_of(self, stars_of: Mapping[int, float], min_rating: float | None = None) -> History:
        """Return the same as `history` for stars by movie id that are known to be on the scale."""
        return history_of(stars_of, self.catalog.row_of, min_rating=min_rating, exponent=self.rating_exponent)

    def recommend(
        self,
        movie_ids: Sequence[int],
        ratings: Sequence[float] | None = None,
        *,
        n: int = DEFAULT_N,
        min_rating: float | None = None,
        diversity: float = 0.0,
        recency: float | None = None,
        new: int = 0,
        filter: MovieFilter | Mapping[str, Any] | None = None,
    ) -> Recommendations:
        """Return at most n movies that the user has not rated, best first, ties by movie id.

        Parameters
        ----------
        movie_ids, ratings, min_rating
            As in `history`.
        n
            Length of the list, at least 1; shorter when there are no more movies that may come up.
        diversity
            From 0 (by score alone) to 1 (as unlike as possible), see `recsys.diversity`.
        recency
            From 0 (not at all) to 2: how far movies that are rated more lately than before are raised. None for what
            the model was trained with.
        new
            So many places at the end, 0 to n, for the best movies without ratings, which content alone speaks for.
            Fewer where the model knows nothing of them.
        filter
            Which movies may come up.

        Raises
        ------
        ParameterError
            As `history`, for a parameter out of its range, and for a genre that there is not.
        """
        check_question(n=n, diversity=diversity, recency=recency, new=new, min_rating=min_rating)
        return self.recommend_for(
            self.history(movie_ids, ratings, min_rating),
            n=n,
            diversity=diversity,
            recency=recency,
            new=new,
            allowed=allowed_movies(self.catalog, as_filter(filter)),
        )

    def recommend_for(
        self,
        history: History,
        *,
        n: int = DEFAULT_N,
        diversity: float = 0.0,
        recency: float | None = None,
        new: int = 0,
        allowed: Allowed | None = None,
    ) -> Recommendations:
        """Return the same as `recommend` for a history and a filter that have been made before."""
        mask, candidates, unknown = self._mask(allowed), None, history.unknown_movie_ids
        # Only diversity looks beyond the best n, and only places for new movies at the worst.
        n_leading = self.catalog.n_items if new else n * POOL_FACTOR if diversity > 0 else n
        scores, strategy = self._scores(history, recency, n_leading, mask)
        scores[history.seen] = -np.inf
        if mask is not None:
            np.copyto(scores, -np.inf, where=~mask)
        if allowed is not None:
            candidates = np.flatnonzero(scores > -np.inf)
            unknown = tuple(sorted({*unknown, *allowed.unknown_movie_ids}))
        if diversity == 0 and new == 0:
            best = best_finite(scores, candidates, n)
            return Recommendations(best, scores[best], strategy, unknown)
        picked = pick(
            scores,
            candidates,
            n=n,
            diversity=diversity,
            item_similarity=self.item_similarity,
            new_rows=self.unrated if new else None,
            n_new=new if strategy == "personal" else 0,
        )
        return Recommendations(picked.item_indices, picked.scores, strategy, unknown, picked.n_new)

    def _mask(self, allowed: Allowed | None) -> NDArray[np.bool_] | None:
        """Return which movies may come up, bool, (n_items,), None for all."""
        if self.hidden is None:
            return None if allowed is None else allowed.mask
        return ~self.hidden if allowed is None else allowed.mask & ~self.hidden

    def _scores(
        self, history: History, recency: float | None, n_leading: int, mask: NDArray[np.bool_] | None
    ) -> tuple[NDArray[np.float32], Strategy]:
        """Return the scores, float32, (n_items,), which may be written over, and what they come from.

        Personal ones may be -inf where a movie is not among the ``n_leading`` best of those that may come up.
        """
        if history.n_liked:
            factors = self.recency_factors(recency)
            scores = self.item_weights.leading_scores(
                history.item_indices, history.weights, n_leading, blocked=history.seen, allowed=mask, factors=factors
            )
            if scores.max() > 0:
                return scores if factors is None else apply_factors(scores, factors), "personal"
        shares, disliked = self.recent_popularity.shares, history.weights[history.n_liked :]
        return popular_scores(shares, self.item_similarity, history.disliked, disliked), "popular"

    def explain(self, item_indices: NDArray[np.int64], history: History, *, top: int = REASONS) -> list[list[int]]:
        """Return for each recommended row the liked rows that contributed to it, at most ``top``, largest first."""
        return self.reasons(item_indices, history, top=top).because

    def reasons(self, item_indices: NDArray[np.int64], history: History, *, top: int = REASONS) -> Reasons:
        """Return what spoke for and against each recommended row; see `recsys.reasons`."""
        unnamed = None if self.hidden is None else self.hidden[history.item_indices]
        return reasons_of(history, self.item_weights.block(history.item_indices, item_indices), top, unnamed)

    def similar(
        self,
        movie_id: int,
        *,
        n: int = DEFAULT_N,
        filter: MovieFilter | Mapping[str, Any] | None = None,
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return at most n movies that resemble one, most similar first, ties by movie id.

        Returns
        -------
        (item_indices, similarities): int64 and float32 in (0, 1]; movies without any similarity are left out.

        Raises
        ------
        UnknownMovieError
            When the movie is not in the catalog, or hidden.
        ParameterError
            For n < 1, and for a genre that there is not.
        """
        check_question(n=n)
        row = self.shown_index_of(whole_id(movie_id))
        return self.similar_to(row, n, allowed_movies(self.catalog, as_filter(filter)))

    def similar_to(
        self, item_index: int, n: int, allowed: Allowed | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return the same as `similar` for a row and a filter that has been made before."""
        similarities = self.item_similarity.row(item_index).copy()
        similarities[item_index] = 0
        if allowed is not None:
            similarities[~allowed.mask] = 0
        if self.hidden is not None:
            similarities[self.hidden] = 0
        best = top_k(similarities, min(n, len(similarities)))
        best = best[similarities[best] > 0]
        return best, similarities[best]
