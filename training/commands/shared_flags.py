"""Flags that several commands share: the data, the method, the split."""

import argparse
import sys

from loguru import logger

from recsys.data import Dataset
from recsys.data.facts import RatingsFacts
from recsys.data.locate import find_dataset
from recsys.data.policies import Policies
from recsys.errors import ParameterError
from recsys.fitting import Recipe
from recsys.methods import get_method, make_params, method_names
from recsys.parameters import validated
from recsys.registry import registry_of
from recsys.settings import Settings
from recsys.splits import SplitParams, has_times
from training.commands.words import word_of
from training.sample_rule import SAMPLE_NAME, forbid_sample_beside_other_data

DEFAULT_METHOD = "hybrid"
STRATEGIES = ("random", "hash", "temporal", "leave-last-out")


def add_data_flag(parser: argparse.ArgumentParser, settings: Settings) -> None:
    """Add ``--data-dir``, and the flags that say what to do with ratings that cannot be taken as they are."""
    parser.add_argument(
        "--data-dir",
        default="",
        metavar="PLACE",
        help="folder, file, archive or s3:// address of ratings and movies; default: RECSYS_DATA__DIR, now "
        f"{settings.data.dir}; when that is empty, MovieLens 100K is fetched; 'sample' is the built-in sample",
    )
    add_policy_flags(parser, settings)
    parser.add_argument(
        "--unknown-movies",
        default="",
        metavar="drop|error",
        help="ratings of movies that are not in the file of movies; default: "
        f"{settings.data.unknown_movies or 'drop while they are at most 1 %% of all, else error'}",
    )


def add_policy_flags(parser: argparse.ArgumentParser, settings: Settings) -> None:
    """Add ``--duplicates`` and ``--scale``, which any file of ratings may need."""
    parser.add_argument(
        "--duplicates",
        default="",
        metavar="keep-last|error",
        help="when a user has rated a movie more than once; default: "
        f"{settings.data.duplicates}, which keeps the rating of the latest time",
    )
    parser.add_argument(
        "--scale",
        default="",
        metavar="LOW-HIGH",
        help="worst and best rating of the data, as 1-10, which is mapped onto 0.5 to 5; default: "
        f"{settings.data.scale or 'stars from 0.5 to 5'}",
    )


def add_recipe_flags(
    parser: argparse.ArgumentParser,
    *,
    default: str = DEFAULT_METHOD,
    default_is: str = "",
    default_split: str = "random",
    default_split_is: str = "",
) -> None:
    """Add ``--method``, ``--params`` and the flags of the split.

    ``default_is`` tells what an empty default of the method means; without a default the split is `split_for`'s, or
    whatever ``default_split_is`` tells.
    """
    names = ", ".join(method_names())
    parser.add_argument("--method", default=default, help=f"one of {names}; default: {default_is or default}")
    parser.add_argument(
        "--params", default="", metavar="NAME=VALUE,...", help="parameters of the method; default: its own"
    )
    add_split_flags(parser, default=default_split, default_is=default_split_is)


def add_split_flags(parser: argparse.ArgumentParser, *, default: str = "random", default_is: str = "") -> None:
    """Add ``--seed``, ``--split`` and ``--holdout-ratio``."""
    parser.add_argument("--seed", type=int, default=42, help="seed of the random and the hash split; default: 42")
    default_is = default_is or default or "temporal, or random where ratings have no times"
    parser.add_argument("--split", default=default, help=f"one of {', '.join(STRATEGIES)}; default: {default_is}")
    parser.add_argument("--holdout-ratio", type=float, default=0.25, help="share of ratings held out; default: 0.25")


def add_eval_users_flag(parser: argparse.ArgumentParser) -> None:
    """Add ``--eval-users``."""
    parser.add_argument(
        "--eval-users",
        type=positive_integer,
        metavar="N",
        help="evaluate a fixed sample of N users: 20000 tell nDCG@10 to 0.0013; default: all",
    )


def positive_integer(text: str) -> int:
    """Return a number from 1 on, for argparse."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not at least 1")
    return number


def dataset_of(args: argparse.Namespace, settings: Settings) -> Dataset:
    """Return the dataset that the flags and the settings name."""
    explicit = bool(args.data_dir) or settings.data.is_place_named

    def forbid_sample(reason: str) -> None:
        forbid_sample_beside_other_data(registry_of(settings), settings.model.alias, reason)

    logger.info("reading the ratings in {}", args.data_dir or settings.data.dir)
    return find_dataset(
        args.data_dir or settings.data.dir,
        explicit=explicit,
        show_license=show_license,
        forbid_sample=forbid_sample,
        policies=policies_of(args, settings),
        s3_endpoint_url=settings.s3_endpoint_url,
    )


def policies_of(args: argparse.Namespace, settings: Settings) -> Policies:
    """Return what the flags, or else the settings, want done with ratings that cannot be taken as they are."""
    return Policies.parse(
        duplicates=args.duplicates or settings.data.duplicates,
        unknown_movies=getattr(args, "unknown_movies", "") or settings.data.unknown_movies,
        scale=args.scale or settings.data.scale,
    )


def recipe_from_flags(args: argparse.Namespace) -> Recipe:
    """Return the method and its parameters that the flags name."""
    method = get_method(args.method)
    return Recipe(method.name, make_params(method, parse_params(args.params)))


def data_flags_of(args: argparse.Namespace, settings: Settings, dataset: RatingsFacts) -> dict[str, str]:
    """Return the flags that lead to a dataset again, by name; the sample by its name, however it came about.

    What the settings say counts as well, since whoever repeats a run may have others.
    """
    place = args.data_dir or str(settings.data.dir)
    said = settings.data.model_dump(exclude_defaults=True)
    given = {name: getattr(args, name) or said.get(name) for name in ("duplicates", "unknown_movies", "scale")}
    return {
        "data_dir": SAMPLE_NAME if dataset.name == SAMPLE_NAME else place,
        **{name: value for name, value in given.items() if value},
    }


def split_of(args: argparse.Namespace) -> SplitParams:
    """Return the split that the flags name."""
    strategy = word_of("--split", args.split, STRATEGIES)
    values = {"strategy": strategy, "holdout_ratio": args.holdout_ratio, "seed": args.seed}
    return validated(SplitParams, values, spell=lambda path: f"--{path[0].replace('_', '-')}")


def split_for(args: argparse.Namespace, dataset: Dataset) -> SplitParams:
    """Return the split that the flags name; where they name none, the one that looks like life on these data."""
    strategy = args.split or ("temporal" if has_times(dataset) else "random")
    return split_of(argparse.Namespace(**{**vars(args), "split": strategy}))


def parse_params(text: str, flag: str = "--params") -> dict[str, str]:
    """Return ``"a=1,b=x"`` as a mapping.

    Raises
    ------
    ParameterError
        For a part without ``=``.
    """
    values = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, value = part.partition("=")
        if not equals:
            raise ParameterError(f"{part!r} in {flag} is not NAME=VALUE")
        values[name.strip()] = value.strip()
    return values


def show_license(text: str) -> None:
    """Print a dataset's license to standard error, so that standard output keeps the results."""
    sys.stderr.write(f"\n{text}\n\n")
