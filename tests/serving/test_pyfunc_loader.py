"""Loading a version in the cache as MLflow's pyfunc."""

from pathlib import Path

import pandas as pd
import pytest

from recsys import pyfunc
from recsys.data import Dataset
from recsys.fitting import Recipe, model_info
from recsys.methods import get_method, make_params
from recsys.storage import LOGGED_FOLDER, save_model
from serving.pyfunc_loader import load_pyfunc


@pytest.mark.parametrize("place", ["plain", "50% off", "a%20b"])
def test_load_pyfunc_from_a_folder_of_any_name(
    tiny: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.chdir(tmp_path)
    recipe = Recipe("content-cosine", make_params(get_method("content-cosine"), {}))
    recommender = recipe.recommender(tiny)
    saved = tmp_path / LOGGED_FOLDER.name
    save_model(recommender, model_info(recipe, tiny), saved)
    folder = tmp_path / place / "model"
    folder.parent.mkdir()
    pyfunc.mlflow.pyfunc.save_model(
        str(tmp_path / "made"),
        python_model=str(pyfunc.MODEL_CODE),
        artifacts={pyfunc.ARTIFACT: str(saved)},
        code_paths=[str(pyfunc.PACKAGE)],
        signature=pyfunc.SIGNATURE,
        pip_requirements=[],
    )
    (tmp_path / "made").rename(folder)
    answer = load_pyfunc(folder).predict(pd.DataFrame({"movie_ids": [[10]]}), params={"n": 2})
    assert len(answer["movie_ids"][0]) == 2
