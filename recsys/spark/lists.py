"""Lists for the users of a table of histories, written by every partition for its own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark import Broadcast
from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as sql

from recsys.batch import Wanted, histories_of, list_columns, recommend_wanted
from recsys.data.formats import DEFAULT_POLICIES
from recsys.data.histories import histories_file
from recsys.data.places.buckets import is_bucket
from recsys.data.policies import Policies
from recsys.data.readers.columns import MOVIE, RATING, TIMESTAMP, USER
from recsys.errors import DataError, ParameterError
from recsys.filter import allowed_movies
from recsys.model import Recommender
from recsys.spark.tables import LINE, n_partitions_for, read_table

LIST_SCHEMA = "user_id bigint, movie_id bigint, rank bigint, score float"


def write_lists(
    session: SparkSession,
    model: Recommender,
    history: Path | str,
    out: str,
    *,
    wanted: Wanted,
    policies: Policies = DEFAULT_POLICIES,
    s3_endpoint_url: str | None = None,
) -> tuple[int, int]:
    """Write the lists of all users into a new folder of Parquet; return how many users and unknown ratings there are.

    Parameters
    ----------
    model
        It is sent to the workers.
    history, policies, s3_endpoint_url
        As in `recsys.data.histories.read_histories`; a folder of parts is fine too.
    out
        A folder that is not there yet, seen by every worker, or an address ``s3://bucket/prefix``.

    Raises
    ------
    DataError
        When the table cannot be read.
    ParameterError
        When the folder is there, or something wanted makes no sense.
    """
    allowed_movies(model.catalog, wanted.filter)  # complains of genres that no movie has, before anything is read
    target = _target(out)
    table = read_table(session, histories_file(history, s3_endpoint_url), policies)
    frame = table.frame
    if policies.duplicates == "error":
        _refuse_repeats(frame, history)
    sent = session.sparkContext.broadcast(model)
    lists = (
        frame.repartitionByRange(n_partitions_for(session, table.n_rows), USER)
        .sortWithinPartitions(USER, MOVIE, TIMESTAMP, LINE)
        .select(USER, MOVIE, RATING)
        .mapInArrow(_recommender(sent, wanted), LIST_SCHEMA)
    )
    try:
        lists.write.parquet(target)
    except AnalysisException as error:
        if "ALREADY_EXISTS" not in str(error):
            raise
        raise ParameterError(f"{out} is there already; name a folder that is not") from None
    finally:
        sent.destroy()
    return _counts(session, frame, model.catalog.movie_ids)


def _target(out: str) -> str:
    """Return where Spark writes."""
    if is_bucket(out):
        return out.replace("s3://", "s3a://", 1)
    path = Path(out).expanduser().absolute()
    if path.exists():
        raise ParameterError(f"{out} is there already; name a folder that is not")
    if not path.parent.is_dir():
        raise ParameterError(f"{out}: there is no folder {path.parent}; make it first")
    return path.as_uri()


def _refuse_repeats(frame: DataFrame, history: Path | str) -> None:
    repeated = frame.groupBy(USER, MOVIE).count().where("count > 1").first()
    if repeated is not None:
        problem = f"user {repeated[0]} has rated movie {repeated[1]} more than once"
        raise DataError(f"{problem}; keep the last by --duplicates keep-last", path=history)


def _recommender(
    model: "Broadcast[Recommender]", wanted: Wanted
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def recommend(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        parts = list(batches)
        if not sum(part.num_rows for part in parts):
            return
        columns = [pa.Table.from_batches(parts).column(name).to_numpy() for name in (USER, MOVIE, RATING)]
        users, movies, stars = _last_of_each(*columns)
        user_ids, histories, _ = histories_of(users, movies, stars, model.value.catalog)
        for block in recommend_wanted(model.value, histories, wanted):
            yield pa.RecordBatch.from_pydict(list_columns(block, user_ids, model.value.catalog))

    return recommend


def _last_of_each(
    users: NDArray[np.int64], movies: NDArray[np.int64], stars: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Return sorted ratings with the last of each user and movie alone."""
    is_last = np.ones(len(users), np.bool_)
    is_last[:-1] = (users[:-1] != users[1:]) | (movies[:-1] != movies[1:])
    return users[is_last], movies[is_last], stars[is_last].astype(np.float32)


def _counts(session: SparkSession, frame: DataFrame, movie_ids: NDArray[np.int64]) -> tuple[int, int]:
    known = session.createDataFrame(pa.table({MOVIE: movie_ids}))
    distinct = frame.dropDuplicates([USER, MOVIE])
    unknown = distinct.join(sql.broadcast(known), MOVIE, "left_anti").count()
    return frame.select(USER).distinct().count(), unknown
