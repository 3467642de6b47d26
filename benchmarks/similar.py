"""Similar movies of well-known films under each method, to be looked at by a person."""

import argparse
from collections.abc import Sequence

from benchmarks.data import add_data_dir, open_data
from recsys.fitting import as_recommender
from recsys.methods import get_method, make_params
from training.reporting.tastes import WELL_KNOWN, find_films

METHODS = ("item-knn", "ease", "spectral", "hybrid")


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks similar", description=__doc__)
    add_data_dir(parser)
    parser.add_argument("--methods", nargs="+", default=METHODS)
    parser.add_argument("--n", type=int, default=6)
    options = parser.parse_args(arguments)
    dataset, _ = open_data(options.data_dir)
    titles, movie_ids = dataset.catalog.titles, dataset.catalog.movie_ids
    methods = {name: get_method(name) for name in options.methods}
    models = {
        name: as_recommender(method.fit(dataset, make_params(method, {})), dataset) for name, method in methods.items()
    }
    for row in find_films(dataset.catalog, WELL_KNOWN):
        print(f"\n{titles[row]}")
        for name, model in models.items():
            found, similarities = model.similar(int(movie_ids[row]), n=options.n)
            shown = "; ".join(f"{titles[item]} {value:.2f}" for item, value in zip(found, similarities, strict=True))
            print(f"  {name:<9} {shown}")
    return 0
