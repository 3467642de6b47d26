"""What is told of ratings wherever they lie."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from recsys.catalog import Catalog
from recsys.data.policies import Note


class RatingsFacts(Protocol):
    """What is told of ratings, whether they are in memory (`Dataset`) or in the partitions of a cluster."""

    @property
    def name(self) -> str:
        """Return what they are called: ``"ml-25m"``."""
        ...

    @property
    def catalog(self) -> Catalog:
        """Return the movies; also those that nobody has rated."""
        ...

    @property
    def notes(self) -> tuple[Note, ...]:
        """Return what the readers kept, dropped and converted."""
        ...

    @property
    def movie_labels(self) -> tuple[str, ...]:
        """Return the ids of the source where these are texts; else nothing."""
        ...

    @property
    def n_users(self) -> int:
        """Return the number of users."""
        ...

    @property
    def n_items(self) -> int:
        """Return the number of movies, those without a rating included."""
        ...

    @property
    def n_ratings(self) -> int:
        """Return the number of ratings."""
        ...

    @property
    def popularity(self) -> NDArray[np.int64]:
        """Return the number of ratings of each movie, int64, (n_items,)."""
        ...

    @property
    def time_range(self) -> tuple[int, int]:
        """Return the first and the last timestamp, seconds since 1970; 0 where there is no rating."""
        ...

    @property
    def digest(self) -> str:
        """Return 32 hexadecimal digits that change with any rating, time, title, year or genre, not with row order."""
        ...
