import numpy as np

from recsys.pair_hash import pair_uniform


def test_pair_uniform_covers_zero_to_one_evenly():
    users, movies = (ids.ravel() for ids in np.meshgrid(np.arange(1, 201), np.arange(1, 201)))
    drawn = pair_uniform(42, users, movies)
    counts, _ = np.histogram(drawn, bins=10, range=(0, 1))
    # 4,000 expected in each, standard deviation 60
    assert counts.sum() == 40_000
    assert np.abs(counts - 4000).max() < 300


def test_pair_uniform_user_and_movie_do_not_commute():
    one, other = np.array([3]), np.array([8])
    assert pair_uniform(0, one, other) != pair_uniform(0, other, one)


def test_pair_uniform_neighboring_ids_and_seeds_are_not_correlated():
    ids = np.arange(2000)
    fixed = np.full(2000, 7)
    rows = [
        pair_uniform(0, ids, fixed),
        pair_uniform(0, fixed, ids),
        pair_uniform(0, ids, ids),
        pair_uniform(1, ids, ids),
    ]
    rows += [rows[0][np.r_[1:2000, 0]]]
    correlations = np.corrcoef(rows) - np.eye(len(rows))
    assert np.abs(correlations).max() < 0.1


def test_pair_uniform_ids_and_seeds_of_any_size_are_fine():
    drawn = pair_uniform(2**70 + 5, np.array([2**62, -1, 0]), np.array([0, 2**31, -(2**62)]))
    assert np.all((drawn >= 0) & (drawn < 1))


def test_pair_uniform_is_pinned_as_splits_of_the_past_depend_on_it():
    drawn = pair_uniform(42, np.array([1, 2, 1]), np.array([1, 1, 2]))
    np.testing.assert_allclose(drawn, [0.3397220955490139, 0.7939358000239116, 0.9537137840291027], rtol=0, atol=1e-15)
