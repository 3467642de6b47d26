"""A file of ratings as columns: read fast, checked as a whole, looked at line by line only when something is wrong."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from loguru import logger
from numpy.typing import NDArray

from recsys.catalog import MAX_STARS, Catalog
from recsys.data.dataset import Dataset
from recsys.data.indexing import find_ids, index_ids, is_sorted_strictly, pair_order
from recsys.data.policies import MAX_DROPPED, Note, Policies
from recsys.data.readers.records import REMEDY
from recsys.errors import DataError

HALF_STAR = 0.5
_CHUNK = 1 << 20
UNKNOWN = "ratings of movies that are not in the file of movies"
REPEATED = "earlier ratings of a movie that the same user rated again"


@dataclass(frozen=True, eq=False)
class RatingTable:
    """The lines of a file of ratings, in their order.

    Attributes
    ----------
    place
        The file, or what stands for it in messages.
    user_ids, movie_ids
        int32 or int64, (n_ratings,), ids of the source.
    ratings
        float32, (n_ratings,), stars 0.5-5 once `on_scale` has been called; None where the file has no such column.
    timestamps
        int64, (n_ratings,), seconds since 1970 UTC; None where the file has no such column.
    line_of
        Returns the lines, from 1, of rows, from 0.
    unit
        What lines are called: ``line``, or ``row`` where there are none.
    notes
        What was converted or dropped so far.
    """

    place: Path | str
    user_ids: NDArray[np.integer]
    movie_ids: NDArray[np.integer]
    ratings: NDArray[np.float32] | None
    timestamps: NDArray[np.int64] | None
    line_of: Callable[[list[int]], list[int]]
    unit: str = "line"
    notes: tuple[Note, ...] = ()

    @property
    def source(self) -> str:
        """Return the bare name of the file."""
        return str(self.place).rsplit("/", 1)[-1]

    def on_scale(self, policies: Policies) -> "RatingTable":
        """Return the ratings as stars, from the scale that the policies name.

        Raises
        ------
        DataError
            For a file without ratings, and for a rating off the scale.
        """
        if len(self.user_ids) == 0:
            raise DataError("the file holds no rating; extract it again from the original archive", path=self.place)
        if self.ratings is None:
            return self
        if policies.scale is None:
            off = _off_half_stars(self.ratings)
            if off.any():
                raise self._error_at(off, self._off_scale(), self.ratings)
            return self
        off = (self.ratings < policies.scale.low) | (self.ratings > policies.scale.high)
        if off.any():
            problem = f"the rating is off the scale of {policies.scale}, which --scale names; {REMEDY}"
            raise self._error_at(off, problem, self.ratings)
        note = Note(self.source, f"ratings from {policies.scale} to 0.5 to 5 stars", "converted", len(self.ratings))
        return replace(self, ratings=policies.scale.to_stars(self.ratings), notes=(*self.notes, note))

    def without_repeats(self, policies: Policies) -> "RatingTable":
        """Return the table with one rating of each movie by each user, whatever the movies.

        Raises
        ------
        DataError
            Where the policies refuse repeated ones.
        """
        _, users = index_ids(self.user_ids)
        known, items = index_ids(self.movie_ids)
        return self._keep_last(users, items, len(known), policies)[0]

    def to_dataset(self, name: str, catalog: Catalog, policies: Policies, notes: tuple[Note, ...] = ()) -> Dataset:
        """Return the ratings as a dataset over the movies of a catalog; ``notes`` are those of other files.

        Raises
        ------
        DataError
            Where the policies refuse what the table holds, or nothing is left of it.
        """
        if self.ratings is None:
            raise DataError("the file has no column of ratings; add one that is called rating", path=self.place)
        items = find_ids(catalog.movie_ids, self.movie_ids)
        table = self
        if (items < 0).any():
            table, items = self._without_unknown(items, policies)
        user_ids, users = index_ids(table.user_ids)
        if not is_sorted_strictly(users, items):
            table, kept_rows = table._keep_last(users, items, catalog.n_items, policies)
            users, items = users[kept_rows], items[kept_rows]
        kept = Note(table.source, "ratings", "kept", len(users))
        times = np.zeros(len(users), np.int64) if table.timestamps is None else table.timestamps
        if table.timestamps is None:
            logger.warning("{} has no times; splits by time and what is popular lately need them", table.source)
        dataset = Dataset.from_indices(
            name,
            catalog,
            user_ids=user_ids,
            user_indices=users,
            item_indices=items,
            ratings=table.ratings if table.ratings is not None else np.zeros(0, np.float32),
            timestamps=times,
        )
        return replace(dataset, notes=(kept, *table.notes, *notes))

    def _without_unknown(self, items: NDArray[np.int32], policies: Policies) -> tuple["RatingTable", NDArray[np.int32]]:
        unknown = items < 0
        count, share = int(unknown.sum()), float(unknown.mean())
        policy = policies.unknown_movies or ("drop" if share <= MAX_DROPPED else "error")
        if policy == "error" or count == len(unknown):
            problem = "the movie id is not in the file of movies; add the movie there, or remove its ratings here"
            if policies.unknown_movies is None:
                problem += f", or drop all {count:,} of the kind ({share:.1%}) by --unknown-movies drop"
            raise self._error_at(unknown, problem, self.movie_ids)
        first = int(np.argmax(unknown))
        example = f"movie {self.movie_ids[first]} by user {self.user_ids[first]}"
        note = Note(self.source, UNKNOWN, "dropped", count, example)
        logger.warning("{}", note.sentence)
        return replace(self._keep(~unknown), notes=(*self.notes, note)), items[~unknown]

    def _keep_last(
        self, users: NDArray[np.int32], items: NDArray[np.int32], n_items: int, policies: Policies
    ) -> tuple["RatingTable", NDArray[np.bool_] | slice]:
        """Return the table with the last rating of each pair, and which rows these are."""
        order, repeats = pair_order(users, items, n_items)
        if not repeats.any():
            return self, slice(None)
        first_row, second_row = _first_repeat(order, repeats)
        pair = f"user {self.user_ids[first_row]} and movie {self.movie_ids[first_row]}"
        if policies.duplicates == "error":
            first, second = self.line_of([first_row, second_row])
            problem = f"user {self.user_ids[first_row]} has rated movie {self.movie_ids[first_row]} already in "
            remedy = f"{self.unit} {first}; remove one of the two, or keep the last by --duplicates keep-last"
            raise DataError(problem + remedy, path=self.place, line=second, unit=self.unit, more=int(repeats.sum()) - 1)
        if self.timestamps is not None:
            in_group = repeats.copy()
            in_group[:-1] |= repeats[1:]
            rows = order[in_group]
            groups = np.cumsum(~repeats)[in_group]
            order[in_group] = rows[np.lexsort((rows, self.timestamps[rows], groups))]
        last = np.ones(len(order), np.bool_)
        last[order[:-1][repeats[1:]]] = False  # whatever is followed by another of its pair
        note = Note(self.source, REPEATED, "dropped", int(repeats.sum()), pair)
        logger.warning("{}", note.sentence)
        return replace(self._keep(last), notes=(*self.notes, note)), last

    def _keep(self, chosen: NDArray[np.bool_]) -> "RatingTable":
        rows = np.flatnonzero(chosen)
        line_of = self.line_of
        return replace(
            self,
            user_ids=self.user_ids[chosen],
            movie_ids=self.movie_ids[chosen],
            ratings=None if self.ratings is None else self.ratings[chosen],
            timestamps=None if self.timestamps is None else self.timestamps[chosen],
            line_of=lambda wanted: line_of(rows[wanted].tolist()),
        )

    def _off_scale(self) -> str:
        assert self.ratings is not None  # noqa: S101 - called where ratings are off the scale
        low, high = float(np.nanmin(self.ratings)), float(np.nanmax(self.ratings))
        return (
            "the rating is off the scale of 0.5 to 5 stars in steps of 0.5; correct the line, or name the scale of the "
            f"file, as in --scale 1-10 (its ratings go from {low:g} to {high:g})"
        )

    def _error_at(self, wrong: NDArray[np.bool_], problem: str, values: NDArray[np.generic]) -> DataError:
        row = int(np.argmax(wrong))
        value = f"{values[row]:g}" if values.dtype.kind == "f" else str(values[row])
        line = self.line_of([row])[0]
        return DataError(problem, path=self.place, line=line, value=value, unit=self.unit, more=int(wrong.sum()) - 1)


def _off_half_stars(ratings: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return which ratings are not on the scale of half stars, bool of the same shape; in parts, to spare memory."""
    off = np.empty(len(ratings), np.bool_)
    for start in range(0, len(ratings), _CHUNK):
        part = ratings[start : start + _CHUNK]
        steps = part / np.float32(HALF_STAR)
        off[start : start + _CHUNK] = (steps < 1) | (part > MAX_STARS) | (steps != np.rint(steps))
    return off


def _first_repeat(order: NDArray[np.int64], repeats: NDArray[np.bool_]) -> tuple[int, int]:
    """Return the rows of the pair that is complete first."""
    places = np.flatnonzero(repeats)
    place = places[order[places].argmin()]
    return int(order[place - 1]), int(order[place])
