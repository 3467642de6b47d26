"""How much a rating counts in the learned methods."""

import numpy as np
import scipy.sparse as sp

RATING_EXPONENT = 0.5
"""A rating weighs its square root: having chosen to watch a movie says more than the stars given afterwards."""


def rating_weights(user_items: sp.csr_array) -> sp.csr_array:
    """Return the square roots of the ratings, CSR float64, (n_users, n_items), scaled so that the mean rating is 1."""
    stars = user_items.data.astype(np.float64)
    weights = (stars / (stars.mean() if len(stars) else 1.0)) ** RATING_EXPONENT
    return sp.csr_array((weights, user_items.indices, user_items.indptr), shape=user_items.shape)
