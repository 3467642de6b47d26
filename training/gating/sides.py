"""What the gate knows of the data of a version without the data themselves."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.catalog import Catalog
from recsys.drift.profile import DataProfile


@dataclass(frozen=True, eq=False)
class Side:
    """The data of a version, as the version itself tells.

    Attributes
    ----------
    name
        Of the dataset.
    n_users, n_ratings
        Counts.
    catalog
        Its movies.
    popularity
        int64, (n_items,), ratings of each movie.
    profile
        None of versions from before there were profiles.
    """

    name: str
    n_users: int
    n_ratings: int
    catalog: Catalog
    popularity: NDArray[np.int64]
    profile: DataProfile | None = None
