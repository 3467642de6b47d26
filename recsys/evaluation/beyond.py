"""Metrics beyond accuracy, each one number over all top lists.

Top lists are ``item_indices``, int64, (n_lists, n_ranks), best first, -1 after the last movie of a list.
``popularity`` is int64, (n_items,), the number of ratings of each movie in train.
"""

import numpy as np
from numpy.typing import NDArray

TopLists = NDArray[np.int64]
Counts = NDArray[np.int64]


def exposure(item_indices: TopLists, n_items: int) -> Counts:
    """Return how many lists show each movie, int64, (n_items,)."""
    return np.bincount(item_indices[item_indices >= 0], minlength=n_items)


def catalog_coverage(item_indices: TopLists, n_items: int) -> float:
    """Return the share of the catalog that at least one list shows; 0 for no list.

    Ge, Delgado-Battenfeld & Jannach 2010, DOI 10.1145/1864708.1864761.
    """
    return float(np.count_nonzero(exposure(item_indices, n_items)) / n_items)


def exposure_gini(item_indices: TopLists, n_items: int) -> float:
    """Return the Gini index of exposure: 0 when all movies are shown equally often, near 1 when a few get it all.

    ``sum over i of (2 i - n_items - 1) x_i / (n_items sum x)`` with the exposures x ascending and i from 1; movies
    never shown count. NaN when nothing is shown. Fleder & Hosanagar 2009, DOI 10.1287/mnsc.1080.0974.
    """
    shown = np.sort(exposure(item_indices, n_items))
    if shown.sum() == 0:
        return float("nan")
    positions = 2 * np.arange(1, n_items + 1) - n_items - 1
    return float(positions @ shown / (n_items * shown.sum()))


def novelty(item_indices: TopLists, popularity: Counts, n_users: int) -> float:
    """Return the mean self-information of the movies shown, in bits.

    ``-log2(p)`` with p the share of the `n_users` users that have rated the movie in train; a movie that nobody has
    rated counts as rated once, since its own value would be infinite. The mean is taken over all places in all lists;
    NaN when nothing is shown. Vargas & Castells 2011, DOI 10.1145/2043932.2043955.
    """
    bits = np.log2(n_users) - np.log2(np.maximum(popularity, 1))
    return _mean_over_places(bits, item_indices)


def popularity_bias(item_indices: TopLists, popularity: Counts) -> float:
    """Return how much more popular the movies shown are than those that users choose: 0.5 is neutral, 1 the extreme.

    The popularity of a movie is expressed as the share of all train ratings that went to less popular movies, plus
    half of those that went to equally popular ones. Over the train ratings themselves this averages exactly 0.5, so
    the number compares between catalogs of any size, which the average recommendation popularity (ARP; Yin et al.
    2012, arXiv:1205.6700; Abdollahpouri et al. 2019, arXiv:1901.07555) does not. The mean is taken over
    all places in all lists; NaN when nothing is shown or nothing is rated.
    """
    if popularity.sum() == 0:
        return float("nan")
    levels, level_of_item = np.unique(popularity, return_inverse=True)
    mass = np.bincount(level_of_item) * levels / popularity.sum()
    percentiles = np.cumsum(mass) - mass / 2
    return _mean_over_places(percentiles[level_of_item], item_indices)


def intra_list_diversity(item_indices: TopLists, genres: NDArray[np.bool_]) -> float:
    """Return the mean over lists of 1 - the mean cosine between the genres of any two movies of a list.

    0 when all movies of a list have the same genres, 1 when no two share one. Genres, and not the similarity that a
    method has learned, so that methods are measured by the same yardstick. Movies without genres can be compared with
    none and are left out; so are lists with fewer than two others. NaN when no list is left.
    Ziegler et al. 2005, DOI 10.1145/1060745.1060754.

    Parameters
    ----------
    item_indices
        int64, (n_lists, n_ranks), the lists.
    genres
        bool, (n_items, n_genres).
    """
    n_genres = genres.sum(axis=1)
    # One more row, of zeros, for the places that hold no movie: index -1 finds it.
    flags = np.vstack((genres / np.sqrt(np.maximum(n_genres, 1))[:, np.newaxis], np.zeros(genres.shape[1])))
    is_known = np.append(n_genres > 0, False)
    # |sum of unit vectors|^2 = n + the cosines of all ordered pairs: no need to form the pairs.
    totals = np.zeros((len(item_indices), genres.shape[1]))
    for rank in range(item_indices.shape[1]):
        totals += flags[item_indices[:, rank]]
    n_known = is_known[item_indices].sum(axis=1)
    comparable = n_known > 1
    if not comparable.any():
        return float("nan")
    n_known, totals = n_known[comparable], totals[comparable]
    mean_cosine = ((totals**2).sum(axis=1) - n_known) / (n_known * (n_known - 1))
    return float(np.mean(1 - mean_cosine))


def _mean_over_places(value_of_item: NDArray[np.float64], item_indices: TopLists) -> float:
    shown = item_indices[item_indices >= 0]
    return float(value_of_item[shown].mean()) if shown.size else float("nan")
