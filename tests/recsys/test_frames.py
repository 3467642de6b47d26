"""The Python API: data frames in, data frames out."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import recsys
from recsys.data import csv_family
from recsys.errors import DataError, ParameterError, UnknownMovieError

RATINGS = pd.DataFrame(
    {
        "userId": [1, 1, 2, 2, 3, 3, 4],
        "movieId": [10, 20, 10, 30, 20, 30, 10],
        "rating": [5, 4.5, 4, 1, 5, 2, 3],
        "timestamp": [1, 2, 3, 4, 5, 6, 7],
    }
)
MOVIES = pd.DataFrame(
    {"movieId": [10, 20, 30, 40], "title": ["A (1990)", "B", "C", "D"], "genres": ["Drama|War", "Drama", "", "War"]}
)


def as_texts(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    return frame.assign(**{column: "id-" + frame[column].astype(str) for column in columns})


def test_import_recsys_loads_nothing_heavy() -> None:
    heavy = ("mlflow", "scipy", "pandas", "numpy", "pyarrow")
    code = f"import sys, recsys; assert 'fit' in dir(recsys); print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_recsys_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        recsys.nothing  # noqa: B018


def test_five_lines_of_the_readme(tmp_path: Path, tiny: recsys.Dataset) -> None:
    csv_family.write(tiny, tmp_path / "ml-tiny")
    ratings = recsys.read_ratings(tmp_path / "ml-tiny")
    model = recsys.fit(ratings)
    found = model.recommend({10: 5, 30: 4.5}, n=2)
    assert found.columns.tolist() == ["movie_id", "title", "year", "score", "because"]
    assert not {10, 30} & set(found["movie_id"])
    assert found["score"].is_monotonic_decreasing
    assert set(found["because"].iloc[0]) <= {10, 30}
    similar = model.similar(10)
    assert similar.columns.tolist() == ["movie_id", "title", "year", "similarity"]
    assert 10 not in similar["movie_id"].tolist()
    model.save(tmp_path / "model")
    again = recsys.load(tmp_path / "model")
    pd.testing.assert_frame_equal(again.recommend({10: 5, 30: 4.5}, n=2), found)


class TestFromFrame:
    def test_three_columns_are_enough(self) -> None:
        dataset = recsys.Dataset.from_frame(RATINGS[["userId", "movieId", "rating"]])
        assert dataset.catalog.titles == ("Movie 10", "Movie 20", "Movie 30")
        assert not dataset.has_times
        np.testing.assert_array_equal(dataset.user_items.toarray(), [[5, 4.5, 0], [4, 0, 1], [0, 5, 2], [3, 0, 0]])

    def test_movies_give_titles_and_genres(self) -> None:
        dataset = recsys.Dataset.from_frame(RATINGS, movies=MOVIES)
        assert dataset.catalog.titles == ("A (1990)", "B", "C", "D")
        assert dataset.catalog.genres_of(0) == ("Drama", "War")
        assert dataset.catalog.years.tolist() == [1990, 0, 0, 0]
        assert dataset.timestamps.tolist() == [1, 2, 3, 4, 5, 6, 7]

    @pytest.mark.parametrize(
        "frame",
        [
            RATINGS.sample(frac=1, random_state=1),
            RATINGS.rename(columns={"userId": "user_id", "movieId": "item"}),
            RATINGS.set_index(["userId", "movieId"]),
            RATINGS.astype({"userId": "float64", "movieId": "int16", "rating": "float32"}),
            RATINGS.astype({"userId": "Int64", "movieId": "category"}),
            RATINGS.assign(timestamp=pd.to_datetime(RATINGS["timestamp"], unit="s")),
            RATINGS.assign(timestamp=pd.to_datetime(RATINGS["timestamp"], unit="s", utc=True)),
            RATINGS.assign(note="x"),
            pa.Table.from_pandas(RATINGS),
        ],
    )
    def test_kind_of_frame_makes_no_difference(self, frame: object) -> None:
        expected = recsys.Dataset.from_frame(RATINGS, movies=MOVIES)
        assert recsys.Dataset.from_frame(frame, movies=MOVIES).digest == expected.digest

    def test_same_as_from_files(self, tmp_path: Path) -> None:
        RATINGS.to_csv(tmp_path / "ratings.csv", index=False)
        MOVIES.to_csv(tmp_path / "movies.csv", index=False)
        assert recsys.read_ratings(tmp_path).digest == recsys.Dataset.from_frame(RATINGS, movies=MOVIES).digest

    def test_titles_among_the_ratings_are_taken(self) -> None:
        both = RATINGS.merge(MOVIES, on="movieId")
        dataset = recsys.Dataset.from_frame(both)
        assert dataset.catalog.titles == ("A (1990)", "B", "C")
        assert dataset.catalog.genres_of(0) == ("Drama", "War")

    def test_texts_as_ids_are_mapped_and_mapped_back(self, tmp_path: Path) -> None:
        ratings, movies = as_texts(RATINGS, "userId", "movieId"), as_texts(MOVIES, "movieId")
        dataset = recsys.Dataset.from_frame(ratings, movies=movies)
        assert dataset.user_labels == ("id-1", "id-2", "id-3", "id-4")
        assert dataset.movie_labels == ("id-10", "id-20", "id-30", "id-40")
        model = recsys.fit(dataset, "item-knn")
        model.save(tmp_path / "model")
        for each in (model, recsys.load(tmp_path / "model")):
            found = each.recommend({"id-10": 5, "id-999": 5}, n=3)
            assert found["movie_id"].tolist()[0] == "id-20"
            assert found["because"].iloc[0] == ["id-10"]
            assert each.similar("id-10")["movie_id"].tolist()[0] == "id-20"
            others = each.recommend({"id-10": 5}, filter={"exclude_movie_ids": ["id-20", "id-999"]})
            assert "id-20" not in others["movie_id"].tolist()
        with pytest.raises(UnknownMovieError, match="id-999"):
            model.similar("id-999")

    def test_texts_that_look_like_numbers_stay_texts(self) -> None:
        dataset = recsys.Dataset.from_frame(RATINGS.astype({"movieId": str}), movies=MOVIES)
        assert dataset.movie_labels == ("10", "20", "30", "40")
        assert recsys.fit(dataset, "item-knn").recommend({"10": 5}, n=1)["movie_id"].tolist() == ["20"]

    def test_texts_without_movies_are_the_titles(self) -> None:
        dataset = recsys.Dataset.from_frame(as_texts(RATINGS, "movieId"))
        assert dataset.catalog.titles == ("id-10", "id-20", "id-30")

    def test_policies(self) -> None:
        twice = pd.concat([RATINGS, pd.DataFrame({"userId": [1], "movieId": [10], "rating": [1.0], "timestamp": [99]})])
        assert recsys.Dataset.from_frame(twice).ratings[0] == 1
        with pytest.raises(DataError, match=r"the frame of ratings, row 8: user 1 has rated movie 10 already in row 1"):
            recsys.Dataset.from_frame(twice, duplicates="error")
        scaled = recsys.Dataset.from_frame(RATINGS.assign(rating=RATINGS["rating"] * 2), scale="1-10")
        assert scaled.ratings[0] == 5

    @pytest.mark.parametrize(
        ("frame", "problem"),
        [
            (RATINGS.drop(columns="rating"), r"the columns have to name rating once.*'userId, movieId, timestamp'"),
            (RATINGS.assign(rating=[5, None, 3, 2, 1, 1, 1]), "row 2: the rating is missing"),
            (RATINGS.assign(rating=7.0), r"row 1: the rating is off the scale.*6 more rows are"),
            (RATINGS.assign(userId=1.5), "row 1: the user id is not a whole number"),
            (RATINGS.assign(userId=2.0**60), "row 1: the user id is a float beyond"),
            (RATINGS.assign(userId=[1, "a", 2, 3, 4, 5, 6]), "holds values of several kinds"),
            (RATINGS[:0], "the file holds no rating"),
            ("ratings.csv", "a str is not a data frame"),
        ],
    )
    def test_wrong_frame_is_an_error(self, frame: object, problem: str) -> None:
        with pytest.raises(DataError, match=problem):
            recsys.Dataset.from_frame(frame)


@pytest.fixture(scope="module")
def model() -> recsys.MovieModel:
    return recsys.fit(recsys.Dataset.from_frame(RATINGS, movies=MOVIES), "item-knn", shrinkage=1.0)


class TestMovieModel:
    @pytest.mark.parametrize(
        "ratings",
        [
            {10: 5},
            {"10": 5},
            {np.int64(10): np.float32(5)},
            pd.Series({10: 5.0}),
            pd.DataFrame({"movie_id": [10], "rating": [5.0]}),
            pd.DataFrame({"movie_id": [10]}),
            [10],
            np.array([10]),
        ],
    )
    def test_recommend_ratings_in_any_form(self, model: recsys.MovieModel, ratings: object) -> None:
        found = model.recommend(ratings, n=1)  # type: ignore[arg-type]
        assert found["movie_id"].tolist() == [20]
        assert found.attrs["strategy"] == "personal"

    def test_recommend_passes_the_question_on(self, model: recsys.MovieModel) -> None:
        assert model.recommend({10: 5}, n=3, filter={"not_genres": ["War"]})["title"].tolist() == ["B", "C"]
        with pytest.raises(ParameterError, match="diversity=7"):
            model.recommend({10: 5}, diversity=7)
        with pytest.raises(ParameterError, match=r"recommend does not take that: .*'color'"):
            model.recommend({10: 5}, color="red")
        with pytest.raises(ParameterError, match="rating 9 is off the scale"):
            model.recommend({10: 9})
        with pytest.raises(ParameterError, match="movie id 'ten' is not a whole number"):
            model.recommend({"ten": 5})
        with pytest.raises(ParameterError, match="no column movie_id, only movie"):
            model.recommend(pd.DataFrame({"movie": [10]}))

    def test_recommend_without_history_is_what_is_popular(self, model: recsys.MovieModel) -> None:
        found = model.recommend({}, n=2)
        assert found.attrs["strategy"] == "popular"
        assert found["because"].tolist() == [[], []]

    def test_movies_and_search(self, model: recsys.MovieModel) -> None:
        assert model.movies["n_ratings"].tolist() == [3, 2, 2, 0]
        assert model.movies["genres"].tolist() == ["Drama|War", "Drama", "", "War"]
        assert model.search("a (19")["movie_id"].tolist() == [10]

    def test_info_tells_the_method(self, model: recsys.MovieModel) -> None:
        assert (model.info.method, model.info.params["shrinkage"]) == ("item-knn", 1.0)

    def test_fit_unknown_names_suggest_the_right_one(self) -> None:
        dataset = recsys.Dataset.from_frame(RATINGS)
        with pytest.raises(ParameterError, match="did you mean 'hybrid'"):
            recsys.fit(dataset, "hybird")
        with pytest.raises(ParameterError, match="shrinkge"):
            recsys.fit(dataset, "item-knn", shrinkge=1)


def test_evaluate_gives_the_metrics_by_name(movielens: recsys.Dataset) -> None:
    found = recsys.evaluate(movielens, "popularity", seed=7)
    assert found.name == "popularity"
    assert 0 < found["ndcg_at_10"] < 1
    with pytest.raises(ParameterError, match="sometimes"):
        recsys.evaluate(movielens, "popularity", split="sometimes")


def test_evaluate_split_by_time_without_times_is_an_error() -> None:
    dataset = recsys.Dataset.from_frame(RATINGS.drop(columns="timestamp"))
    with pytest.raises(DataError, match="frame has no times"):
        recsys.evaluate(dataset, "popularity", split="temporal")


def test_read_ratings_sample_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert recsys.read_ratings("sample").name == "sample"
    with pytest.raises(DataError, match="there is no such folder"):
        recsys.read_ratings("nowhere")
