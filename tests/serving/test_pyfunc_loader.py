"""The pyfunc of a version, as a worker loads it."""

from pathlib import Path
from typing import Any

import pandas as pd
from published_models import saved_pyfunc

from recsys.data import Dataset
from recsys.storage import LOGGED_FOLDER, load_model
from serving.pyfunc_loader import answer_from, load_pyfunc


def lists(model: Any, movie_ids: list[int], **params: Any) -> list[int]:
    return model.predict(pd.DataFrame({"movie_ids": [movie_ids]}), params=params)["movie_ids"][0]


def test_answer_from_hides_what_the_recommender_hides(tiny: Dataset, tmp_path: Path) -> None:
    model = load_pyfunc(saved_pyfunc(tiny, "hybrid", tmp_path))
    recommender, _ = load_model(tmp_path / LOGGED_FOLDER)
    assert 30 in lists(model, [10], n=6)
    answer_from(model, recommender.hiding([30]))
    assert 30 not in lists(model, [10], n=6)
    assert 30 not in lists(model, [], n=6)
    assert 30 not in lists(model, [10], mode="similar")
    assert lists(model, [30], mode="similar") == []
    answer_from(model, recommender)
    assert 30 in lists(model, [10], n=6)
