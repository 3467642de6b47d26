"""Flags that say where the ratings are worked on: on this machine, or on a Spark cluster."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from recsys.errors import ParameterError
from recsys.settings import Settings
from training.commands.shared_flags import parse_params
from training.commands.words import word_of

LOCAL, SPARK = "local", "spark"
DEFAULT_MASTER = "local[*]"
S3_CLIENT = "spark.hadoop.fs.s3a"


def add_engine_flags(parser: argparse.ArgumentParser) -> None:
    """Add ``--engine``, ``--spark-master`` and ``--spark-conf``."""
    parser.add_argument(
        "--engine",
        default=LOCAL,
        metavar="local|spark",
        help="work in the memory of this machine, or in the partitions of a Spark cluster; default: local",
    )
    parser.add_argument(
        "--spark-master",
        default=DEFAULT_MASTER,
        metavar="URL",
        help=f"of --engine spark: local[*], spark://host:7077, yarn, k8s://...; default: {DEFAULT_MASTER}",
    )
    parser.add_argument(
        "--spark-conf",
        default="",
        metavar="NAME=VALUE,...",
        help="properties of Spark, as spark.executor.memory=8g; default: none",
    )


def uses_spark(args: argparse.Namespace) -> bool:
    """Return whether the flags ask for Spark."""
    return word_of("--engine", args.engine, (LOCAL, SPARK)) == SPARK


def engine_flags_of(args: argparse.Namespace) -> dict[str, str]:
    """Return the flags by which a run is repeated on the same engine; none for this machine."""
    return {"engine": SPARK, "spark_master": args.spark_master} if uses_spark(args) else {}


def spark_module(name: str, args: argparse.Namespace) -> Any:
    """Return a module that imports pyspark, once the flags are known to be right.

    Raises
    ------
    ParameterError
        When pyspark is not installed, or the master is none.
    """
    try:
        import_module("recsys.spark.session").check_master(args.spark_master)
    except ModuleNotFoundError as error:
        if error.name not in ("pyspark", "py4j"):
            raise
        raise ParameterError(
            "--engine spark needs pyspark, which is not installed; type: make spark, or pip install -e '.[spark]'"
        ) from None
    return import_module(name)


@contextmanager
def opened_session(args: argparse.Namespace, settings: Settings) -> Iterator[Any]:
    """Yield the session of Spark that the flags name; it knows the address of the bucket that the settings name.

    Raises
    ------
    SparkError
        When the master does not answer, Spark does not start, or gives up.
    """
    session = spark_module("recsys.spark.session", args)
    conf = {}
    if settings.s3_endpoint_url:
        conf = {f"{S3_CLIENT}.endpoint": settings.s3_endpoint_url, f"{S3_CLIENT}.path.style.access": "true"}
    given = parse_params(args.spark_conf, flag="--spark-conf")
    with session.spark_session(args.spark_master, {**conf, **given}) as opened:
        yield opened
