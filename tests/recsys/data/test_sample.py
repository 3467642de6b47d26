import numpy as np
import pytest

from recsys.data.dataset import Dataset
from recsys.data.sample import N_UNRATED, N_USERS, sample_catalog, sample_dataset


@pytest.fixture(scope="module")
def sample() -> Dataset:
    return sample_dataset()


def test_sample_catalog_holds_films_of_a_century_in_all_genres() -> None:
    catalog = sample_catalog()
    assert catalog.n_items >= 1000
    assert len(set(catalog.titles)) == catalog.n_items
    assert catalog.years.min() == 1920
    assert catalog.years.max() == 2023
    assert len(catalog.genre_names) == 18
    assert catalog.genres.sum(0).min() >= 20
    assert catalog.genres.sum(1).min() >= 1


@pytest.mark.parametrize(
    ("title", "genres"),
    [
        ("Matrix, The (1999)", ("Action", "Sci-Fi", "Thriller")),
        ("Seven Samurai (1954)", ("Action", "Adventure", "Drama")),
        ("Amélie (2001)", ("Comedy", "Romance")),
    ],
)
def test_sample_catalog_knows_films(title: str, genres: tuple[str, ...]) -> None:
    catalog = sample_catalog()
    assert catalog.genres_of(catalog.titles.index(title)) == genres


def test_sample_dataset_looks_like_a_rating_dataset(sample: Dataset) -> None:
    n_rated = np.bincount(sample.user_indices)
    assert sample.name == "sample"
    assert sample.n_users == N_USERS
    assert 40_000 <= sample.n_ratings <= 60_000
    assert n_rated.min() >= 20
    assert set(np.unique(sample.ratings)) == {stars / 2 for stars in range(1, 11)}
    assert np.unique(sample.timestamps.astype("datetime64[s]").astype("datetime64[Y]")) == np.datetime64("2024")


def test_sample_dataset_has_a_long_tail_and_films_nobody_rated(sample: Dataset) -> None:
    popularity = np.sort(sample.popularity)[::-1]
    assert (popularity == 0).sum() >= N_UNRATED
    np.testing.assert_array_equal(sample.popularity[-N_UNRATED:], 0)
    assert popularity[: len(popularity) // 10].sum() > 0.35 * sample.n_ratings


def test_sample_dataset_same_seed_is_the_same_and_another_is_not(sample: Dataset) -> None:
    assert sample_dataset().digest == sample.digest
    assert sample_dataset(seed=1).digest != sample.digest


def test_sample_dataset_neighbors_tell_more_than_popularity(sample: Dataset) -> None:
    rng = np.random.default_rng(0)
    hidden = rng.random(sample.n_ratings) < 0.2
    seen, wanted = (np.sign(sample.part(side).user_items.toarray()) for side in (~hidden, hidden))
    norms = np.sqrt(seen.sum(0)) + 1e-9
    similarity = seen.T @ seen / norms / norms[:, None]
    np.fill_diagonal(similarity, 0)

    def hits(scores: np.ndarray) -> float:
        top = np.argsort(np.where(seen > 0, -np.inf, scores), axis=1)[:, -10:]
        return float(np.take_along_axis(wanted, top, axis=1).mean())

    popularity = np.broadcast_to(seen.sum(0), seen.shape)
    assert hits(seen @ similarity) > 1.2 * hits(popularity)
