import numpy as np
import pytest
import scipy.stats

from recsys.errors import ParameterError
from recsys.evaluation import bootstrap
from recsys.evaluation.bootstrap import paired_bootstrap


def rng():
    return np.random.default_rng(5)


@pytest.fixture
def metrics():
    noise = np.random.default_rng(4)
    baseline = noise.random(200)
    return baseline + noise.normal(0.01, 0.1, 200), baseline


@pytest.mark.parametrize("confidence", [0.95, 0.6])
def test_paired_bootstrap_random_metrics_equal_scipy(metrics, confidence):
    candidate, baseline = metrics
    ours = paired_bootstrap(candidate, baseline, confidence=confidence, rng=rng())
    peer = scipy.stats.bootstrap(
        (candidate, baseline),
        lambda a, b, axis: (a - b).mean(axis=axis),
        paired=True,
        vectorized=True,
        n_resamples=10_000,
        confidence_level=confidence,
        method="percentile",
        rng=np.random.default_rng(6),
    ).confidence_interval
    # The standard error of the mean is 0.007; two runs of 10,000 differ by a few hundredths of it.
    assert (ours.lower, ours.upper) == pytest.approx((peer.low, peer.high), abs=0.0008)
    assert ours.mean == pytest.approx((candidate - baseline).mean())
    assert (ours.n_users, ours.n_resamples, ours.confidence) == (200, 10_000, confidence)


def test_paired_bootstrap_same_seed_repeats(metrics):
    assert paired_bootstrap(*metrics, rng=rng()) == paired_bootstrap(*metrics, rng=rng())


def test_paired_bootstrap_small_blocks_equal_one_block(metrics, monkeypatch):
    at_once = paired_bootstrap(*metrics, n_resamples=101, rng=rng())
    monkeypatch.setattr(bootstrap, "_DRAWS_AT_ONCE", 1000)
    assert paired_bootstrap(*metrics, n_resamples=101, rng=rng()) == at_once


def test_paired_bootstrap_constant_difference_has_no_width():
    baseline = np.linspace(0, 0.5, 50)
    found = paired_bootstrap(baseline + 0.25, baseline, n_resamples=100, rng=rng())
    assert (found.lower, found.mean, found.upper) == pytest.approx((0.25, 0.25, 0.25))


def test_paired_bootstrap_swapped_sides_mirror_the_interval(metrics):
    candidate, baseline = metrics
    forward = paired_bootstrap(candidate, baseline, rng=rng())
    backward = paired_bootstrap(baseline, candidate, rng=rng())
    assert (backward.lower, backward.upper) == pytest.approx((-forward.upper, -forward.lower))


@pytest.mark.parametrize(
    ("candidate", "baseline", "options", "message"),
    [
        ([1.0, 2.0], [1.0], {}, "differ in shape"),
        ([[1.0]], [[1.0]], {}, "differ in shape"),
        ([], [], {}, "no user"),
        ([1.0, np.nan], [1.0, 1.0], {}, "NaN"),
        ([1.0, 1.0], [np.nan, 1.0], {}, "NaN"),
        ([1.0], [1.0], {"n_resamples": 0}, "n_resamples must be at least 1"),
        ([1.0], [1.0], {"confidence": 1.0}, "confidence between 0 and 1"),
        ([1.0], [1.0], {"confidence": 0.0}, "confidence between 0 and 1"),
    ],
)
def test_paired_bootstrap_bad_input_is_an_error(candidate, baseline, options, message):
    with pytest.raises(ParameterError, match=message):
        paired_bootstrap(np.array(candidate), np.array(baseline), rng=rng(), **options)
