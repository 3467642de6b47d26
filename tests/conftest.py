"""Datasets that several tests share."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import hypothesis
import pytest
from builders import make_catalog, make_dataset
from hypothesis import HealthCheck

from recsys.alias import lease
from recsys.data import Dataset, open_dataset
from recsys.data.sample import sample_dataset

# No test depends on how fast the machine is.
hypothesis.settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis.settings.load_profile("any machine")

ML100K = Path(__file__).parent.parent.parent / "shared" / "data" / "ml-100k"


LONG = ("tests/e2e/", "tests/test_", "tests/training/", "tests/benchmarks/")
"""What starts processes or trains comes first, so that at the end no worker is left alone with a long module."""


def pytest_configure() -> None:
    """Let BLAS calculate in one thread, in all processes of the tests.

    They are more than there are cores, and with several threads each they would spend half of their time in waiting for
    each other. Whoever starts a single process without pytest-xdist keeps his threads, except in what the tests start.
    """
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(name, "1")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort the modules by how long they take."""
    items.sort(key=lambda item: next((n for n, start in enumerate(LONG) if item.nodeid.startswith(start)), len(LONG)))


@pytest.fixture(scope="module")
def no_waiting() -> Iterator[None]:
    """Let a lease settle at once, however slow a write is: where nobody else asks for it, the wait decides nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lease, "time", SimpleNamespace(time=time.time, monotonic=time.monotonic, sleep=lambda _: None))
        patch.setattr(lease, "SETTLE_SECONDS", 60.0)
        yield


@pytest.fixture(scope="session")
def tiny() -> Dataset:
    """Return six movies, of which 20 is known by content only and 60 by nothing; the ids have gaps."""
    catalog = make_catalog(
        [
            (10, "Alpha (1990)", 1990, "Action"),
            (20, "Beta (1991)", 1991, "Action|Comedy"),
            (30, "Gamma (1991)", 1991, "Comedy"),
            (40, "Delta (1970)", 1970, "Drama"),
            (50, "Épsilon (1995)", 1995, "Comedy|Drama"),
            (60, "unknown", 0, ""),
        ]
    )
    return make_dataset(
        catalog,
        [
            *[(1, 10, 5), (1, 30, 4), (1, 40, 1)],
            *[(2, 10, 4), (2, 30, 5)],
            *[(3, 30, 3), (3, 40, 4), (3, 50, 4)],
            *[(4, 10, 2), (4, 50, 5)],
        ],
    )


@pytest.fixture(scope="session")
def movielens() -> Dataset:
    """Return MovieLens 100K where it lies beside the project, else the embedded sample."""
    return open_dataset(ML100K) if ML100K.is_dir() else sample_dataset()
