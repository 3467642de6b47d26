"""Tables of ratings through Spark, CSV or Parquet, as typed columns that have been checked."""

from dataclasses import dataclass
from pathlib import Path

from py4j.protocol import Py4JError
from pyspark import StorageLevel
from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as sql
from pyspark.sql.types import (
    DateType,
    NumericType,
    StringType,
    StructField,
    StructType,
    TimestampNTZType,
    TimestampType,
)

from recsys.catalog import MAX_STARS, MIN_STARS
from recsys.data.places import DataFile
from recsys.data.policies import Note, Policies, Scale
from recsys.data.readers.columns import MOVIE, RATING, RATING_NAMES, TIMESTAMP, USER, meanings
from recsys.data.readers.layout import Layout
from recsys.data.readers.ratings import HEADER, rating_layout
from recsys.data.readers.times import smaller_unit
from recsys.errors import DataError
from recsys.spark.session import reason_of

LINE, RAW, DATED = "line", "raw", "dated"
UNREADABLE = "_unreadable"
REMEDY = "correct the file; without --engine spark the line is named"


RATINGS_PER_PARTITION = 1_000_000
"""A block of so many takes 20 MB, and a task over it a second or two."""


def n_partitions_for(session: SparkSession, n_ratings: int) -> int:
    """Return into how many partitions ratings are cut: one for each core at least."""
    n_cores: int = session.sparkContext.defaultParallelism
    return max(n_cores, -(-n_ratings // RATINGS_PER_PARTITION))


@dataclass(frozen=True, eq=False)
class CheckedTable:
    """Ratings as Spark holds them.

    Attributes
    ----------
    frame
        Columns user_id, movie_id, rating, timestamp, line: bigint but for the rating, a double in stars; kept by Spark.
        Without times these are zero, without ratings five stars.
    n_rows
        How many.
    has_ratings, has_times, has_halves
        Whether the table has such columns, and half stars.
    notes
        What was converted.
    """

    frame: DataFrame
    n_rows: int
    has_ratings: bool
    has_times: bool
    has_halves: bool
    notes: tuple[Note, ...]


def read_table(session: SparkSession, file: DataFile, policies: Policies) -> CheckedTable:
    """Return a file of ratings, or a folder of its parts, as columns in stars.

    Raises
    ------
    DataError
        For whatever is wrong in it, with how many more lines are wrong alike; the line itself is not known.
    """
    place = spark_place(file)
    try:
        raw = _parquet(session, file, place) if file.is_parquet else _text(session, rating_layout(file), place)
        typed = _typed(raw).persist(StorageLevel.MEMORY_AND_DISK)
        return _checked(typed, set(raw.columns), file, policies)
    except (PySparkException, Py4JError) as error:
        raise _unreadable(error, file) from None


def _unreadable(error: Exception, file: DataFile) -> DataError:
    if "S3AFileSystem" in str(error):
        remedy = "--spark-conf spark.jars.packages=org.apache.hadoop:hadoop-aws:VERSION adds it, see docs/scale.md"
        return DataError(f"this Spark has no client of S3; {remedy}", path=file.place)
    return DataError(f"Spark cannot read it: {reason_of(error)}", path=file.place)


def spark_place(file: DataFile) -> str:
    """Return where Spark finds a file, which has to be one of its own: its executors open it by themselves.

    Raises
    ------
    DataError
        For a file within an archive.
    """
    if isinstance(file.place, Path):
        if file.path.suffix == ".zip" or not file.place.exists():
            raise DataError("Spark reads nothing within an archive; unpack it first", path=file.place)
        return file.place.absolute().as_uri()
    if not file.place.startswith("s3://") or file.path.suffix == ".zip":
        raise DataError("Spark reads nothing within an archive; unpack it first", path=file.place)
    return file.place.replace("s3://", "s3a://", 1)


def _parquet(session: SparkSession, file: DataFile, place: str) -> DataFrame:
    frame = session.read.parquet(place)
    found = meanings(frame.columns, RATING_NAMES)
    for meaning in (USER, MOVIE):
        if found.count(meaning) != 1:
            problem = f"the columns have to name {meaning} once, as in {HEADER!r}"
            raise DataError(problem, path=file.place, value=",".join(frame.columns))
    return frame.select(
        *(sql.col(f"`{name}`").alias(meaning) for name, meaning in zip(frame.columns, found, strict=True) if meaning)
    )


def _text(session: SparkSession, layout: Layout, place: str) -> DataFrame:
    fields = [f"field_{number}" for number in range(len(layout.columns))]
    schema = StructType([StructField(name, StringType()) for name in (*fields, UNREADABLE)])
    frame = session.read.csv(
        place,
        schema,
        sep=layout.separator,
        quote='"' if layout.quoted else "",
        encoding=layout.encoding or "UTF-8",
        columnNameOfCorruptRecord=UNREADABLE,
        ignoreLeadingWhiteSpace=True,
        ignoreTrailingWhiteSpace=True,
    )
    if layout.has_header:
        # Of every part of a table; the option that skips the first line would skip a rating where a part has none.
        user = layout.columns.index(USER)
        frame = frame.where(~sql.col(fields[user]).eqNullSafe(layout.names[user].strip().strip('"')))
    chosen = [sql.col(name).alias(meaning) for name, meaning in zip(fields, layout.columns, strict=True) if meaning]
    return frame.select(*chosen, UNREADABLE)


def _typed(raw: DataFrame) -> DataFrame:
    """Return the columns as numbers, what cannot be one as null, and the text of such a row."""
    names = set(raw.columns)
    wanted = [name for name in (USER, MOVIE, RATING, TIMESTAMP) if name in names]
    columns = {
        USER: _whole(sql.col(USER)),
        MOVIE: _whole(sql.col(MOVIE)),
        RATING: sql.col(RATING).try_cast("double") if RATING in names else sql.lit(MAX_STARS),
        TIMESTAMP: _time(raw, names),
    }
    wrong = sql.lit(False)
    for name in wanted:
        wrong = wrong | columns[name].isNull() | sql.isnan(columns[name].cast("double"))
    if UNREADABLE in names:
        wrong = wrong | sql.col(UNREADABLE).isNotNull()
    text = sql.concat_ws(",", *(sql.coalesce(sql.col(name).cast("string"), sql.lit("")) for name in wanted))
    told = sql.coalesce(sql.col(UNREADABLE), text) if UNREADABLE in names else text
    return raw.select(
        *(column.alias(name) for name, column in columns.items()),
        sql.monotonically_increasing_id().alias(LINE),
        sql.when(wrong, told).alias(RAW),
        _is_dated(raw, names).alias(DATED),
    )


def _whole(column: Column) -> Column:
    """Return ids as whole numbers; ``1.0`` is one, ``1.5`` is none."""
    number = column.try_cast("double")
    whole = sql.when(number == sql.floor(number), number.try_cast("bigint"))
    return sql.coalesce(column.try_cast("string").try_cast("bigint"), whole)


def _time(raw: DataFrame, names: set[str]) -> Column:
    if TIMESTAMP not in names:
        return sql.lit(0).cast("bigint")
    kind, column = raw.schema[TIMESTAMP].dataType, sql.col(TIMESTAMP)
    if isinstance(kind, DateType | TimestampType | TimestampNTZType):
        return column.cast("timestamp").cast("bigint")
    number = _number(column)
    return sql.coalesce(number, column.try_cast("timestamp").cast("bigint")) if kind == StringType() else number


def _is_dated(raw: DataFrame, names: set[str]) -> Column:
    """Return whether a time is a date rather than a number."""
    if TIMESTAMP not in names:
        return sql.lit(False)
    kind = raw.schema[TIMESTAMP].dataType
    return sql.lit(not isinstance(kind, NumericType)) if kind != StringType() else _number(sql.col(TIMESTAMP)).isNull()


def _number(column: Column) -> Column:
    return sql.coalesce(column.try_cast("bigint"), sql.floor(column.try_cast("double")).try_cast("bigint"))


def _checked(typed: DataFrame, names: set[str], file: DataFile, policies: Policies) -> CheckedTable:
    rating = sql.col(RATING)
    off = _off_scale(rating, policies.scale) if RATING in names else sql.lit(False)
    found = typed.agg(
        sql.count("*").alias("n_rows"),
        sql.count(RAW).alias("n_wrong"),
        sql.max(RAW).alias("wrong"),
        sql.count_if(off & sql.col(RAW).isNull()).alias("n_off"),
        sql.max(sql.when(off, rating)).alias("off"),
        sql.min(rating).alias("lowest"),
        sql.max(rating).alias("highest"),
        sql.max(rating % 1).alias("part"),
        sql.max(DATED).alias("dated"),
        sql.percentile_approx(sql.abs(TIMESTAMP), 0.5).alias("time"),
    ).first()
    assert found is not None  # noqa: S101 - an aggregate has one row
    if not found.n_rows:
        raise DataError("the file holds no rating; extract it again from the original archive", path=file.place)
    if found.n_wrong:
        problem = f"the user, movie, rating or time of a line is missing or not a number; {REMEDY}"
        raise DataError(problem, path=file.place, value=found.wrong[:120], more=found.n_wrong - 1)
    if found.n_off:
        raise DataError(
            f"the rating is off the scale of {policies.scale or '0.5 to 5 stars in steps of 0.5'}; correct it, or name "
            f"the scale of the file, as in --scale 1-10 (its ratings go from {found.lowest:g} to {found.highest:g})",
            path=file.place,
            value=f"{found.off:g}",
            more=found.n_off - 1,
        )
    stars, notes = _on_scale(rating, policies.scale, file, found.n_rows) if RATING in names else (rating, ())
    divisor, unit = (1, "dates") if found.dated else smaller_unit(float(found.time))
    if unit:
        notes = (*notes, Note(file.path.name, f"times from {unit} to seconds", "converted", found.n_rows))
    time = sql.floor(sql.col(TIMESTAMP) / divisor).cast("bigint") if divisor > 1 else sql.col(TIMESTAMP)
    frame = typed.select(USER, MOVIE, stars.alias(RATING), time.alias(TIMESTAMP), LINE)
    has_halves = bool(found.part) and RATING in names
    return CheckedTable(frame, found.n_rows, RATING in names, TIMESTAMP in names, has_halves, notes)


def _off_scale(rating: Column, scale: Scale | None) -> Column:
    if scale is not None:
        return (rating < scale.low) | (rating > scale.high)
    return (rating < MIN_STARS) | (rating > MAX_STARS) | (rating * 2 != sql.round(rating * 2))


def _on_scale(rating: Column, scale: Scale | None, file: DataFile, n_rows: int) -> tuple[Column, tuple[Note, ...]]:
    if scale is None:
        return rating, ()
    stars = MIN_STARS + (rating - scale.low) / (scale.high - scale.low) * (MAX_STARS - MIN_STARS)
    return stars, (Note(file.path.name, f"ratings from {scale} to 0.5 to 5 stars", "converted", n_rows),)
