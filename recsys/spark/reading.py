"""From a place to ratings in partitions."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
from loguru import logger
from numpy.typing import NDArray
from pyspark import Broadcast, StorageLevel
from pyspark.sql import SparkSession

from recsys.data.contents import Contents
from recsys.data.formats import DEFAULT_POLICIES, dataset_name, locate_contents, read_catalog
from recsys.data.policies import MAX_DROPPED, Note, Policies
from recsys.data.rating_table import REPEATED, UNKNOWN
from recsys.data.readers.columns import MOVIE, RATING, TIMESTAMP, USER
from recsys.errors import DataError
from recsys.spark.blocks import BLOCK_SCHEMA, Block, MovieRows, build_block
from recsys.spark.ratings import SparkRatings
from recsys.spark.tables import LINE, CheckedTable, n_partitions_for, read_table


def read_ratings(
    session: SparkSession,
    place: Path | str,
    policies: Policies = DEFAULT_POLICIES,
    *,
    s3_endpoint_url: str | None = None,
    n_partitions: int | None = None,
) -> SparkRatings:
    """Return the ratings in a place, read by Spark; the files of movies are small and read here.

    Parameters
    ----------
    place, policies, s3_endpoint_url
        As in `recsys.data.formats.open_dataset`; every worker has to see the place.
    n_partitions
        By default as many as there are cores, and more beyond a million ratings each.

    Raises
    ------
    DataError
        No such place, no known files in it, or anything wrong within them.
    """
    contents, found_in = locate_contents(place, s3_endpoint_url=s3_endpoint_url)
    table = read_table(session, contents.ratings, policies)
    if not table.has_ratings:
        raise DataError("the file has no column of ratings; add one that is called rating", path=contents.ratings.place)
    if not table.has_times:
        source = contents.ratings.path.name
        logger.warning("{} has no times; splits by time and what is popular lately need them", source)
    catalog, notes = read_catalog(contents, partial(_rated, table))
    context = session.sparkContext
    rows = context.broadcast(MovieRows(catalog.movie_ids))
    wanted = n_partitions or n_partitions_for(session, table.n_rows)
    blocks = (
        table.frame.repartitionByRange(wanted, USER)
        .sortWithinPartitions(USER, MOVIE, TIMESTAMP, LINE)
        .select(USER, MOVIE, RATING, TIMESTAMP)
        .mapInArrow(_builder(rows), BLOCK_SCHEMA)
        .rdd.mapPartitions(_only_block)
        .persist(StorageLevel.MEMORY_AND_DISK)
    )
    name = dataset_name(contents, found_in, has_halves=table.has_halves)
    ratings = SparkRatings(name, catalog, blocks, rows)
    n_kept = ratings.n_ratings
    dropped = _dropped(contents, table, policies, [told for told in blocks.map(_told).collect() if told.any()])
    if not n_kept:
        raise DataError("no rating is of a movie in the file of movies", path=contents.ratings.place)
    kept = Note(contents.ratings.path.name, "ratings", "kept", n_kept)
    return replace(ratings, notes=(kept, *dropped, *table.notes, *notes))


def _rated(table: CheckedTable) -> NDArray[np.int64]:
    """Return the ids of the rated movies, for a dataset without a file of movies."""
    ids = table.frame.select(MOVIE).distinct().collect()
    return np.array([row[0] for row in ids], dtype=np.int64)


def _builder(rows: "Broadcast[MovieRows]") -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def build(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        return build_block(batches, rows.value)

    return build


def _only_block(rows: Iterator[tuple[bytes, ...]]) -> Iterator[Block]:
    """Yield the block of a partition, an empty one where it has no ratings."""
    row = next(rows, None)
    yield Block.empty() if row is None else Block.from_row(tuple(map(bytes, row)))


def _told(block: Block) -> NDArray[np.int64]:
    return block.told


def _dropped(contents: Contents, table: CheckedTable, policies: Policies, told: list[NDArray[np.int64]]) -> list[Note]:
    """Return notes of what the blocks have left out.

    Raises
    ------
    DataError
        Where the policies refuse it.
    """
    place, source = contents.ratings.place, contents.ratings.path.name
    notes = []
    unknown = [part[:3] for part in told if part[0]]
    if unknown:
        count, (user, movie) = int(sum(part[0] for part in unknown)), unknown[0][1:]
        share = count / table.n_rows
        if (policies.unknown_movies or ("drop" if share <= MAX_DROPPED else "error")) == "error":
            problem = (
                f"{count:,} ratings ({share:.1%}) are of movies that are not in the file of movies; add the movies, "
                "or drop these ratings by --unknown-movies drop"
            )
            raise DataError(problem, path=place, value=str(movie))
        notes.append(Note(source, UNKNOWN, "dropped", count, f"movie {movie} by user {user}"))
    repeated = [part[3:] for part in told if part[3]]
    if repeated:
        count, (user, movie) = int(sum(part[0] for part in repeated)), repeated[0][1:]
        if policies.duplicates == "error":
            problem = f"user {user} has rated movie {movie} more than once; keep the last by --duplicates keep-last"
            raise DataError(problem, path=place, more=count - 1)
        notes.append(Note(source, REPEATED, "dropped", count, f"user {user} and movie {movie}"))
    for note in notes:
        logger.warning("{}", note.sentence)
    return notes
