"""A model that speaks in data frames, and calls movies by the ids of their source, also where those are texts."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.errors import ParameterError, UnknownMovieError
from recsys.model import Recommender
from recsys.movie_ids import whole_id
from recsys.question import DEFAULT_N
from recsys.storage import ModelInfo, save_model
from recsys.titles import spellings

MovieId = int | str
Ratings = Mapping[Any, float] | pd.Series | pd.DataFrame | Iterable[Any]


@dataclass(frozen=True, eq=False)
class MovieModel:
    """A fitted model that speaks in data frames.

    Attributes
    ----------
    recommender
        The model itself, in rows of its catalog.
    info
        Where it comes from: method, parameters, dataset, versions.
    """

    recommender: Recommender
    info: ModelInfo

    @cached_property
    def movies(self) -> pd.DataFrame:
        """Return all movies: ``movie_id``, ``title``, ``year``, ``genres``, ``n_ratings``."""
        catalog = self.recommender.catalog
        rows = np.arange(catalog.n_items)
        genres = ["|".join(catalog.genres_of(row)) for row in rows.tolist()]
        return self._frame(rows).assign(genres=genres, n_ratings=np.asarray(self.recommender.popularity))

    def search(self, text: str, n: int = DEFAULT_N) -> pd.DataFrame:
        """Return at most n movies whose title contains a text, whatever its case, the most rated first.

        "The Godfather" and "Godfather, The" find the same.
        """
        wanted = text.casefold()
        holds = [any(wanted in way.casefold() for way in spellings(title)) for title in self.recommender.catalog.titles]
        found = self.movies[holds]
        return found.sort_values("n_ratings", ascending=False, kind="stable").head(n).reset_index(drop=True)

    def recommend(self, ratings: Ratings, n: int = DEFAULT_N, **question: Any) -> pd.DataFrame:
        """Return at most n movies that a user has not rated, best first.

        Parameters
        ----------
        ratings
            Stars by movie id, a frame with the columns ``movie_id`` and ``rating``, or only the ids of what was liked.
        question
            ``min_rating``, ``diversity``, ``recency``, ``new``, ``filter``, as in `recsys.model.Recommender.recommend`.

        Returns
        -------
        ``movie_id``, ``title``, ``year``, ``score`` and ``because``, the rated movies that spoke most for each.
        ``attrs["strategy"]`` is ``personal``, or ``popular`` where nothing speaks for any movie.

        Raises
        ------
        ParameterError
            For a rating off the scale, and for a parameter that there is not or out of its range.
        """
        movie_ids, stars = self._history(ratings)
        question = self._by_number(question)
        try:
            answer = self.recommender.recommend(movie_ids, stars, n=n, **question)
        except TypeError as error:
            raise ParameterError(f"recommend does not take that: {error}") from error
        history = self.recommender.history(movie_ids, stars, question.get("min_rating"))
        because = [self._ids(np.array(rows, np.int64)) for rows in self._reasons(answer.item_indices, history)]
        frame = self._frame(answer.item_indices).assign(score=answer.scores)
        frame["because"] = pd.Series(because, index=frame.index, dtype=object)
        frame.attrs["strategy"] = answer.strategy
        return frame

    def similar(self, movie_id: MovieId, n: int = DEFAULT_N, **question: Any) -> pd.DataFrame:
        """Return at most n movies that resemble one, most similar first.

        Returns
        -------
        ``movie_id``, ``title``, ``year``, ``similarity`` in (0, 1].

        Raises
        ------
        UnknownMovieError
            When the movie is not in the catalog.
        """
        numbers = self._by_number(question)
        item_indices, similarities = self.recommender.similar(self._number(movie_id), n=n, **numbers)
        return self._frame(item_indices).assign(similarity=similarities)

    def save(self, folder: Path | str) -> Path:
        """Write the model into a new folder, from which `load` reads it, and return the folder."""
        path = Path(folder).expanduser()
        save_model(self.recommender, self.info, path)
        return path

    def _reasons(self, item_indices: NDArray[np.int64], history: Any) -> list[list[int]]:
        if len(history.liked) == 0:
            return [[] for _ in item_indices]
        return self.recommender.explain(item_indices, history)

    def _frame(self, item_indices: NDArray[np.int64]) -> pd.DataFrame:
        catalog = self.recommender.catalog
        titles = [catalog.titles[row] for row in item_indices]
        return pd.DataFrame({"movie_id": self._ids(item_indices), "title": titles, "year": catalog.years[item_indices]})

    @cached_property
    def _labels(self) -> list[str]:
        """Return the texts that the source calls its movies by, in the order of the catalog; empty for numbers."""
        return list(self.info.dataset.get("movie_labels", ()))

    @cached_property
    def _number_of(self) -> dict[str, int]:
        return dict(zip(self._labels, self.recommender.catalog.movie_ids.tolist(), strict=True))

    def _ids(self, item_indices: NDArray[np.int64]) -> list[Any]:
        if self._labels:
            return [self._labels[row] for row in item_indices]
        numbers: list[Any] = self.recommender.catalog.movie_ids[item_indices].tolist()
        return numbers

    def _number(self, movie_id: Any) -> int:
        """Return the number of a movie; one that no movie has where the text is unknown."""
        if self._labels:
            number = self._number_of.get(str(movie_id))
            if number is None:
                raise UnknownMovieError(movie_id)
            return number
        if isinstance(movie_id, str) and re.fullmatch(r"-?\d{1,18}", movie_id):
            return int(movie_id)  # a key of decoded JSON
        return whole_id(movie_id)

    def _by_number(self, question: dict[str, Any]) -> dict[str, Any]:
        """Return a question whose filter calls movies by numbers; texts that no movie has are left out."""
        chosen = question.get("filter")
        if not self._labels or not isinstance(chosen, Mapping):
            return question
        numbers = {
            name: [self._number_of[str(one)] for one in chosen[name] if str(one) in self._number_of]
            for name in ("exclude_movie_ids", "candidate_movie_ids")
            if chosen.get(name) is not None
        }
        return {**question, "filter": {**chosen, **numbers}}

    def _history(self, ratings: Ratings) -> tuple[list[int], list[float] | None]:
        if isinstance(ratings, pd.DataFrame):
            missing = {"movie_id"} - set(ratings.columns)
            if missing:
                raise ParameterError(
                    f"the ratings have no column movie_id, only {', '.join(map(str, ratings.columns))}"
                )
            stars = ratings["rating"].tolist() if "rating" in ratings else None
            return self._known(ratings["movie_id"].tolist(), stars)
        if isinstance(ratings, pd.Series):
            ratings = ratings.to_dict()
        if isinstance(ratings, Mapping):
            return self._known(list(ratings), [float(stars) for stars in ratings.values()])
        return self._known(list(ratings), None)

    def _known(self, movie_ids: list[Any], stars: list[float] | None) -> tuple[list[int], list[float] | None]:
        """Return what the model can be asked; movies whose text it does not know count for nothing."""
        known = [
            place for place, movie_id in enumerate(movie_ids) if not self._labels or str(movie_id) in self._number_of
        ]
        numbers = [self._number(movie_ids[place]) for place in known]
        return numbers, None if stars is None else [stars[place] for place in known]
