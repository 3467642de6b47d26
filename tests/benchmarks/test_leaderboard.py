"""The leaderboard's table, and one contender all the way through its process."""

from pathlib import Path

import numpy as np
import pytest
from builders import first_movies, first_users

from benchmarks.leaderboard.adapters import ours
from benchmarks.leaderboard.contenders import CONTENDERS, Contender
from benchmarks.leaderboard.environments import HERE
from benchmarks.leaderboard.protocol import HEADLINE_SEED, judge, leaderboard_split
from benchmarks.leaderboard.runs import Trial, run_trial
from benchmarks.leaderboard.table import Result, render, table
from benchmarks.leaderboard.tuning import combinations
from recsys.data import Dataset
from recsys.methods import method_names
from recsys.splits import SplitParams, split


@pytest.fixture(scope="module")
def part(movielens: Dataset) -> Dataset:
    return first_movies(first_users(movielens, 200), 800)


OURS = Contender("ours", "ours", "ours", {"method": "popularity"})
PEER = Contender("peer", "peers", "some_library", {"model": "x", "K": 5}, {"K": (5, 7), "binary": (True, False)})


def result(contender: Contender, ndcg: float, seconds: tuple[float, ...]) -> Result:
    lists = np.zeros((1, 10), dtype=np.int64)
    names = ("ndcg", "map", "precision", "recall", "coverage", "novelty", "diversity", "popularity_bias")
    quality = dict.fromkeys(names, 0.1) | {"ndcg": ndcg}
    seeds = (HEADLINE_SEED, 1, 2)
    trials = {seed: Trial(lists, value, 2 * value, 100.0) for seed, value in zip(seeds, seconds, strict=True)}
    return Result(contender, trials, dict.fromkeys(seeds, quality))


def test_render_puts_the_best_first_with_medians_and_parameters() -> None:
    lines = render(
        [result(PEER, 0.4, (3.0, 1.0, 2.0)), result(OURS, 0.5, (0.3, 0.1, 0.2))], on="ml-100k, random split"
    ).splitlines()
    assert lines[2].startswith("| **ours** | 0.5000 |")
    assert lines[2].endswith("| 0.200 | 0.400 | 100 |")
    assert lines[3].startswith("| peer | 0.4000 |")
    assert "ours (defaults); peer (K=5)" in lines[5]
    assert lines[-3] == "Data: ml-100k, random split."
    assert lines[-1].startswith("Machine: ")


def test_table_aligns_numbers_to_the_right() -> None:
    assert table(["a", "b"], [["x", "1"]]) == "| a | b |\n| --- | ---: |\n| x | 1 |"


def test_combinations_take_every_value_and_keep_the_rest() -> None:
    found = list(combinations(PEER))
    assert len(found) == 4
    assert {settings["model"] for settings in found} == {"x"}


def test_contenders_hold_every_method_of_ours_under_its_name() -> None:
    ours = {contender.name for contender in CONTENDERS if contender.is_ours}
    assert ours >= set(method_names())
    assert len({contender.name for contender in CONTENDERS}) == len(CONTENDERS)


def test_leaderboard_split_any_dataset_holds_out_a_quarter_of_each_movie(tiny: Dataset, tmp_path: Path) -> None:
    parts = leaderboard_split(tiny, tmp_path, seed=1)
    assert parts.train.popularity.tolist() == np.round(0.75 * tiny.popularity).tolist()


@pytest.mark.parametrize(
    ("settings", "served"),
    [
        ({"method": "hybrid"}, {"min_rating": 0}),
        ({"method": "hybrid", "min_rating": None, "recency": 1.0}, {"recency": 1.0}),
    ],
)
def test_adapter_of_ours_counts_alike_or_as_served(
    part: Dataset, settings: dict[str, object], served: dict[str, float]
) -> None:
    model, min_rating = ours.fit(part, settings)
    lists = ours.recommend(ours.Served(model, min_rating), part)
    for user in (0, 7):
        history = part.user_items[[user]]
        alone = model.recommend(part.catalog.movie_ids[history.indices], history.data, **served)
        assert lists[user].tolist() == alone.item_indices.tolist()


def test_adapter_of_ours_popularity_ever_is_the_number_of_ratings(movielens: Dataset) -> None:
    model, _ = ours.fit(movielens, {"method": "popularity", "ever": True})
    assert model.popularity[model.recommend([]).item_indices[0]] == movielens.popularity.max()


@pytest.mark.parametrize("environment", sorted({c.environment for c in CONTENDERS if not c.is_ours}))
def test_requirements_of_peers_are_pinned_without_addresses(environment: str) -> None:
    lines = (HERE / f"requirements-{environment}.txt").read_text().splitlines()
    packages = [line for line in lines if line and not line.startswith("#")]
    assert packages
    assert all("==" in line and "/" not in line for line in packages)


def test_contenders_tuned_settings_are_within_their_grids() -> None:
    for contender in CONTENDERS:
        for name, values in contender.grid.items():
            assert contender.settings[name] in values, (contender.name, name)


def test_run_trial_of_ours_gives_a_list_for_each_user(part: Dataset) -> None:
    parts = split(part, SplitParams())
    trial = run_trial(OURS, parts.train)
    assert trial is not None
    assert trial.item_indices.shape == (part.n_users, 10)
    assert trial.peak_mb > 10
    assert 0 < judge(parts, trial.item_indices)["ndcg"] < 1
