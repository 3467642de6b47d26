"""New movies and quiet users: ``hybrid`` beside ``ease``, ``spectral`` and plain content.

Three questions, each with slices by the number of ratings in train:

new movies
    All ratings of a tenth of the movies are held out, ten times until each movie has had its turn. How well are the new
    ones ranked among themselves, for the users who were to rate them (nDCG within), and how many of those ratings do
    normal top-10 lists catch (recall)?
latest ratings
    The temporal split: train on the past, be judged by the future, with the new movies and new users that it brings.
random ratings
    The split of the leaderboard's kind, where every movie keeps some ratings.

Movies are shuffled first: ties go to the lower row of the catalog, and in MovieLens 100K low ids are those of popular
films, so that a method with nothing to say about new movies would look well-informed.
"""

import argparse
from collections.abc import Iterator, Sequence

import numpy as np

from benchmarks.data import add_data_dir, open_data
from benchmarks.leaderboard.table import table
from recsys.catalog import Catalog
from recsys.data import Dataset
from recsys.evaluation.report import evaluate
from recsys.evaluation.slices import Slice
from recsys.methods import get_method, make_params
from recsys.scorers import ItemScorer, PopularFallback
from recsys.splits import Split, SplitParams, split

METHODS = ("popularity", "content-cosine", "ease", "spectral", "hybrid")
N_FOLDS = 10
SHOWN = {"movie popularity": ("ndcg_within", "recall"), "user activity": ("ndcg",)}


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks cold-start", description=__doc__)
    add_data_dir(parser)
    options = parser.parse_args(arguments)
    dataset = shuffled(open_data(options.data_dir)[0], rng=np.random.default_rng(42))
    protocols = {
        "New movies": list(new_movies(dataset, n_folds=N_FOLDS)),
        "Latest ratings": [split(dataset, SplitParams(strategy="temporal"))],
        "Random ratings": [split(dataset, SplitParams(seed=seed)) for seed in (1, 2, 3)],
    }
    for title, splits in protocols.items():
        print(f"\n{title}, {len(splits)} split{'s' * (len(splits) > 1)}\n")
        print(render({method: [_slices(method, parts) for parts in splits] for method in METHODS}))
    return 0


def shuffled(dataset: Dataset, *, rng: np.random.Generator) -> Dataset:
    """Return the dataset with new movie ids in random order, so that ids tell nothing about movies."""
    order = rng.permutation(dataset.n_items)
    catalog = dataset.catalog
    return Dataset.from_ratings(
        dataset.name,
        Catalog(
            movie_ids=np.arange(dataset.n_items),
            titles=tuple(catalog.titles[row] for row in order),
            years=catalog.years[order],
            genres=catalog.genres[order],
            genre_names=catalog.genre_names,
            imdb_urls=tuple(catalog.imdb_urls[row] for row in order),
        ),
        user_ids=dataset.user_ids[dataset.user_indices],
        movie_ids=np.argsort(order)[dataset.item_indices],
        ratings=dataset.ratings,
        timestamps=dataset.timestamps,
    )


def new_movies(dataset: Dataset, *, n_folds: int) -> Iterator[Split]:
    """Yield splits whose holdout is all ratings of a share of the movies, each movie once."""
    fold = np.random.default_rng(42).permutation(dataset.n_items) % n_folds
    for number in range(n_folds):
        held_out = fold[dataset.item_indices] == number
        yield Split(train=dataset.part(~held_out), holdout=dataset.part(held_out))


def _slices(name: str, parts: Split) -> tuple[Slice, ...]:
    method = get_method(name)
    fitted = method.fit(parts.train, make_params(method, {}))
    scorer = PopularFallback(
        ItemScorer(fitted.item_weights, fitted.rating_exponent, min_rating=0), parts.train.popularity
    )
    return evaluate(scorer, parts, cutoffs=(10,)).slices


def render(slices: dict[str, list[tuple[Slice, ...]]]) -> str:
    """Return one row for each slice and number, one column for each method: means over the splits."""
    rows = []
    first = next(iter(slices.values()))
    for place, part in enumerate(first[0]):
        n_relevant = sum(found[place].n_relevant for found in first)
        if n_relevant:
            for metric in SHOWN[part.by]:
                means = [_mean(found[place].metrics[metric] for found in of_method) for of_method in slices.values()]
                rows.append([f"{part.by} {part.label}, {metric}", f"{n_relevant:,}", *means])
    return table(["slice, number at 10", "holdout ratings", *slices], rows)


def _mean(values: Iterator[float]) -> str:
    known = [value for value in values if not np.isnan(value)]
    return f"{np.mean(known):.4f}" if known else ""
