"""Content of movies as numbers: genres and year of release."""

import numpy as np
from numpy.typing import NDArray

from recsys.catalog import Catalog

NEGLIGIBLE = 1e-6
"""Smaller values are taken as zero: products of theirs are subnormal numbers, which processors are very slow at."""


def genre_flags(catalog: Catalog) -> NDArray[np.float32]:
    """Return the genres as 0 or 1, float32, (n_items, n_genres); a zero row where they are unknown."""
    flags: NDArray[np.float32] = catalog.genres.astype(np.float32)
    return flags


def decade_flags(catalog: Catalog) -> NDArray[np.float32]:
    """Return the decade of release as 0 or 1, float32, (n_items, n_decades); a zero row where the year is unknown."""
    decades = catalog.years // 10
    known = np.unique(decades[catalog.years > 0])
    flags: NDArray[np.float32] = (decades[:, None] == known).astype(np.float32)
    return flags


def year_bumps(catalog: Catalog, *, width: float, step: float = 5.0) -> NDArray[np.float32]:
    """Return years as overlapping Gaussians, so that near years look alike.

    Parameters
    ----------
    width
        Standard deviation of a bump, years.
    step
        Distance between the centers of the bumps, years.

    Returns
    -------
    float32, (n_items, n_centers): each row of norm 1; a zero row where the year is unknown.
    """
    known = catalog.years > 0
    bumps = np.zeros((catalog.n_items, 0), dtype=np.float32)
    if known.any():
        first, last = catalog.years[known].min(), catalog.years[known].max()
        centers = np.arange(first - first % step, last + step, step)
        distance = catalog.years[:, None] - centers
        bumps = np.exp(-0.5 * (distance / width) ** 2) * known[:, None]
        bumps[bumps < NEGLIGIBLE] = 0
    return unit_rows(bumps.astype(np.float32))


def unit_rows(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the rows scaled to norm 1; zero rows stay zero."""
    norms = np.linalg.norm(features, axis=1, keepdims=True)
    scaled: NDArray[np.float32] = np.divide(features, norms, out=np.zeros_like(features), where=norms > 0)
    return scaled
