"""Names by which runs and models are told apart."""

from dataclasses import replace

from builders import make_catalog, make_dataset

from recsys.data import Dataset
from recsys.fitting import Recipe
from recsys.methods import get_method, make_params
from recsys.splits import SplitParams
from training.naming import model_name, run_name, trial_name


def recipe(method: str, **params: str) -> Recipe:
    return Recipe(method, make_params(get_method(method), params))


def test_run_name_defaults_are_not_told(tiny: Dataset) -> None:
    assert run_name(tiny, recipe("hybrid"), SplitParams()) == "hybrid on tiny"


def test_run_name_tells_what_differs(tiny: Dataset) -> None:
    told = run_name(tiny, recipe("ease", l2="300"), SplitParams(seed=7, strategy="temporal", holdout_ratio=0.1))
    assert told == "ease on tiny, temporal split, holdout 0.1, seed 7, l2=300"


def test_trial_name_counts_and_tells_what_differs() -> None:
    assert trial_name(3, recipe("item-knn", n_neighbors="20")) == "trial 3: item-knn, n_neighbors=20"


def test_model_name_holds_what_mlflow_takes_only(tiny: Dataset) -> None:
    assert model_name(tiny, recipe("ease", l2="1.5")) == "ease-on-tiny-l2-1-5"
    odd = make_dataset(make_catalog([(1, "A", 1990, "")]), [(1, 1, 5)])
    odd = replace(odd, name="ml/25m: %'")
    assert model_name(odd, recipe("hybrid")) == "hybrid-on-ml-25m"
