import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.evaluation import rankings
from recsys.evaluation.rankings import PopularRanking, ScoredRanking, best_unseen
from recsys.top_k import mask_seen


@settings(deadline=None)
@given(
    seed=st.integers(0, 1000),
    density=st.sampled_from([0.0, 0.1, 0.6, 1.0]),
    top_k=st.integers(1, 12),
    first=st.integers(0, 3),
)
def test_popular_ranking_equals_that_by_scores(seed, density, top_k, first):
    rng = np.random.default_rng(seed)
    popularity = rng.integers(0, 5, 20)
    histories = sp.csr_array(sp.random_array((6, 20), density=density, rng=rng))
    scores = mask_seen(np.broadcast_to(popularity.astype(np.float32), (6, 20)), histories)
    rows, order = slice(0, 6), np.argsort(-popularity, kind="stable")
    members = np.flatnonzero(popularity > 2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rankings, "FIRST_RANKS", first)
        for chosen in (None, members):
            if chosen is None or len(chosen):
                by_order = PopularRanking(rows, order, histories).best(top_k, chosen)
                np.testing.assert_array_equal(by_order, ScoredRanking(rows, scores).best(top_k, chosen))


def test_best_unseen_no_user_gives_no_list():
    assert best_unseen(np.arange(5), sp.csr_array((0, 5)), 3).shape == (0, 3)


def test_every_second_user_gets_the_same_list():
    scores = np.random.default_rng(0).random((5, 9)).astype(np.float32)
    ranking = ScoredRanking(slice(10, 15), scores)
    some = ranking.every(2)
    assert list(range(100)[some.rows]) == [10, 12, 14]
    np.testing.assert_array_equal(some.best(3), ranking.best(3)[::2])
