"""Write recommendations for every user of a file of histories.

The file is whatever --data-dir takes as ratings: a u.data, ratings.dat or ratings.csv of MovieLens, or any CSV or
Parquet with the columns user_id, movie_id and, if there are any, rating, in any order. The output has the columns
user_id, movie_id, rank, score; a name that ends in .parquet gives Parquet. With --engine spark it is a new folder of
Parquet, a file from each partition, and may be an s3:// address.
"""

import argparse
import sys
from pathlib import Path

from recsys.batch import Wanted
from recsys.hidden import read_hidden
from recsys.question import DEFAULT_N
from recsys.settings import Settings
from recsys.signatures import Signatures
from training.batch import Written, fetched_model, recommend_file
from training.commands import shared_flags
from training.commands.engine_flags import add_engine_flags, opened_session, spark_module, uses_spark
from training.commands.filter_flags import add_filter_flags, filter_of


def add_arguments(parser: argparse.ArgumentParser, settings: Settings) -> None:
    """Add the flags of the command."""
    default = f"models:/{settings.model.name}@{settings.model.alias}"
    parser.add_argument("--model", default=default, metavar="URI", help=f"the registered model; default: {default}")
    parser.add_argument(
        "--history", required=True, metavar="FILE", help="who has watched what; a file or s3:// address"
    )
    shared_flags.add_policy_flags(parser, settings)
    parser.add_argument("--n", type=int, default=DEFAULT_N, help=f"movies for each user; default: {DEFAULT_N}")
    parser.add_argument(
        "--min-rating",
        type=float,
        help="only movies from so many stars on count, as likes, 0 for all alike; by default dislikes speak against",
    )
    parser.add_argument(
        "--diversity", type=float, default=0.0, help="from 0, by score alone, to 1, as unlike as possible"
    )
    parser.add_argument(
        "--recency", type=float, help="from 0 to 2: raise what is rated more lately; by default as trained"
    )
    parser.add_argument(
        "--new", type=int, default=0, help="positions at the end for movies without ratings; default: 0"
    )
    add_filter_flags(parser)
    parser.add_argument("--out", required=True, metavar="FILE", help="where to write; .csv or .parquet")
    add_engine_flags(parser)


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Recommend, say how many lists were written, and return 0."""
    hidden = settings.recommend.hidden
    recommend = _recommend_by_spark if uses_spark(args) else _recommend_here
    wanted = Wanted(args.n, args.min_rating, args.diversity, args.recency, args.new, filter_of(args))
    written = recommend(args, settings, wanted, read_hidden(hidden) if hidden else frozenset())
    unknown = f"; {written.n_unknown} ratings of movies that the model does not know" if written.n_unknown else ""
    sys.stdout.write(f"{args.out}: lists for {written.n_users} users{unknown}\n")
    return 0


def _recommend_here(args: argparse.Namespace, settings: Settings, wanted: Wanted, hidden: frozenset[int]) -> Written:
    return recommend_file(
        args.model,
        settings.tracking_uri,
        args.history,
        Path(args.out),
        wanted=wanted,
        hidden=hidden,
        policies=shared_flags.policies_of(args, settings),
        s3_endpoint_url=settings.s3_endpoint_url,
        signatures=Signatures.of(settings.model),
    )


def _recommend_by_spark(
    args: argparse.Namespace, settings: Settings, wanted: Wanted, hidden: frozenset[int]
) -> Written:
    wanted.check()
    lists = spark_module("recsys.spark.lists", args)
    signatures = Signatures.of(settings.model)
    with (
        fetched_model(args.model, settings.tracking_uri, signatures) as model,
        opened_session(args, settings) as session,
    ):
        written = lists.write_lists(
            session,
            model.hiding(hidden),
            args.history,
            args.out,
            wanted=wanted,
            policies=shared_flags.policies_of(args, settings),
            s3_endpoint_url=settings.s3_endpoint_url,
        )
    return Written(*written)
