"""A session on a cluster: what its tasks raise is one sentence here, and its workers know this package from the job."""

import pytest
from spark.cluster import CONF, Cluster

from recsys.errors import ParameterError, SparkError


def test_what_a_task_raises_is_told_in_one_sentence(cluster: Cluster) -> None:
    from recsys.spark.session import spark_session

    def fail(_number: int) -> float:
        raise ValueError("the seventh rating is odd")

    with (
        pytest.raises(SparkError, match=r"Spark gave up: ValueError: the seventh rating is odd; the logs") as raised,
        spark_session(cluster.url, CONF) as session,
    ):
        session.sparkContext.parallelize([1, 2]).map(fail).collect()
    assert "\n" not in str(raised.value)


def test_workers_import_this_package_from_the_job(cluster: Cluster) -> None:
    from recsys.spark.session import spark_session

    def where(_number: int) -> tuple[str, str]:
        import os

        import recsys

        return str(recsys.__file__), os.environ["OPENBLAS_NUM_THREADS"]

    with spark_session(cluster.url, CONF) as session:
        (found,) = set(session.sparkContext.parallelize([1], 1).map(where).collect())
    assert "recsys.zip" in found[0]
    assert found[1] == "1"


@pytest.mark.parametrize("master", ["", "http://127.0.0.1:7077", "local[x]", "spark:127.0.0.1"])
def test_what_is_no_master_is_refused(master: str) -> None:
    from recsys.spark.session import check_master

    with pytest.raises(ParameterError, match="is no master of Spark"):
        check_master(master)
