"""Write recommendations for every user of a file of histories.

The file is whatever --data-dir takes as ratings: a u.data, ratings.dat or ratings.csv of MovieLens, or any CSV or
Parquet with the columns user_id, movie_id and, if there are any, rating, in any order. The output has the columns
user_id, movie_id, rank, score; a name that ends in .parquet gives Parquet.
"""

import argparse
import sys
from pathlib import Path

from recsys.errors import ParameterError
from recsys.model import DEFAULT_N
from recsys.settings import Settings
from training.batch import recommend_file
from training.commands import shared_flags


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
    parser.add_argument("--out", required=True, type=Path, metavar="FILE", help="where to write; .csv or .parquet")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Recommend, say how many lists were written, and return 0."""
    if args.n < 1:
        raise ParameterError(f"--n {args.n}: ask for at least 1 movie")
    written = recommend_file(
        args.model,
        settings.tracking_uri,
        args.history,
        args.out,
        n=args.n,
        min_rating=args.min_rating,
        policies=shared_flags.policies_of(args, settings),
        s3_endpoint_url=settings.s3_endpoint_url,
    )
    unknown = f"; {written.n_unknown} ratings of movies that the model does not know" if written.n_unknown else ""
    sys.stdout.write(f"{args.out}: lists for {written.n_users} users{unknown}\n")
    return 0
