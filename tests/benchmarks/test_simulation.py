import numpy as np

from benchmarks.simulation import Size, main, simulated, write_folder
from recsys.data import open_dataset


def test_simulated_folder_reads_as_it_was_drawn(tmp_path):
    dataset = simulated(Size(300, 50, 2000), rng=np.random.default_rng(0))
    write_folder(dataset, tmp_path / "folder")
    again = open_dataset(tmp_path / "folder")
    np.testing.assert_array_equal(again.user_items.toarray(), dataset.user_items.toarray())
    np.testing.assert_array_equal(again.timestamps, dataset.timestamps)
    np.testing.assert_array_equal(again.catalog.years, dataset.catalog.years)
    assert again.catalog.genres.sum() == dataset.catalog.genres.sum()


def test_simulated_users_rate_each_movie_once_a_minute_apart():
    dataset = simulated(Size(300, 50, 2000), rng=np.random.default_rng(0))
    for user in range(5):
        times = np.sort(dataset.timestamps[dataset.user_indices == user])
        assert np.all(np.diff(times) == 60)


def test_simulate_command_writes_a_folder(tmp_path, capsys):
    assert main(["100K", "--out", str(tmp_path / "out")]) == 0
    assert "1,682 movies" in capsys.readouterr().out
    assert (tmp_path / "out" / "ratings.csv").read_text().startswith("userId,movieId,rating,timestamp\n")
