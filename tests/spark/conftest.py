"""One cluster and one session for all tests of Spark, as starting them takes half of a minute."""

import importlib.util
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from spark.cluster import CONF, Cluster, running_cluster

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.spark)


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Return a master and two workers, started once."""
    if importlib.util.find_spec("pyspark") is None or shutil.which("java") is None:
        pytest.fail("these tests need pyspark and Java 17: make test-spark installs the former")
    with running_cluster(tmp_path_factory.mktemp("cluster"), n_workers=2) as running:
        yield running


@pytest.fixture(scope="module")
def session(cluster: Cluster) -> Iterator[object]:
    """Return a session on the cluster."""
    from recsys.spark.session import spark_session

    with spark_session(cluster.url, CONF) as opened:
        yield opened
