"""How much a rating counts in the learned methods."""

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

RATING_EXPONENT = 0.5
"""A rating weighs its square root: having chosen to watch a movie says more than the stars given afterwards."""


def rating_weights(user_items: sp.csr_array) -> sp.csr_array:
    """Return the square roots of the ratings, CSR float64, (n_users, n_items), scaled so that the mean rating is 1."""
    stars = user_items.data.astype(np.float64)
    weights = (stars / (stars.mean() if len(stars) else 1.0)) ** RATING_EXPONENT
    return sp.csr_array((weights, user_items.indices, user_items.indptr), shape=user_items.shape)


def balanced_weights(
    stars: NDArray[np.float32], n_rated: NDArray[np.integer], *, mean_stars: float, mean_rated: float, balance: float
) -> NDArray[np.float32]:
    """Return ``(stars / mean_stars) ** 0.5 * (n_rated / mean_rated) ** -balance``, float32, (n_ratings,).

    Parameters
    ----------
    stars
        float32, (n_ratings,), user by user.
    n_rated
        (n_users,), how many of them each user has given, in the same order; 0 is fine.
    mean_stars, mean_rated
        Of all ratings, and of all users with one: not of a part of them.
    balance
        Power to which the users' numbers of ratings are divided out.
    """
    of_user = (np.maximum(n_rated, 1) / mean_rated) ** -balance
    weights: NDArray[np.float32] = np.sqrt(stars / np.float32(mean_stars)) * np.repeat(of_user, n_rated).astype(
        np.float32
    )
    return weights
