"""What ``make up`` does before it serves, and when the embedded sample may stand in for missing data."""

from collections.abc import Callable
from pathlib import Path

import mlflow
import pytest
from builders import first_movies, first_users
from dotenv import dotenv_values
from model_stores import add_version, make_store, recipe

from recsys.data import Dataset, csv_family
from recsys.data.sample import sample_dataset
from recsys.registry import Registry
from training.cli import main
from training.sample_rule import SAMPLE_DIGESTS

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("RECSYS_DATA__DIR", "MLFLOW_TRACKING_URI"):
        monkeypatch.setenv(name, "")  # so that what .env sets is undone after the test
        monkeypatch.delenv(name)
    # What a run logs about its experiment has tests of its own, and takes most of its time.
    monkeypatch.setattr("training.tracking.log_outcome", lambda *_: None)


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    store = make_store(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store.tracking_uri)
    return store


@pytest.fixture
def no_download(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the way to GroupLens lead to a port that nothing listens on."""
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    def call(*argv: str) -> tuple[int, str, str]:
        monkeypatch.delenv("RECSYS_DATA__DIR", raising=False)
        code = main(list(argv))
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return call


@pytest.fixture
def other(tmp_path: Path, tiny: Dataset) -> Path:
    """Return a folder of data that are neither the sample nor MovieLens 100K."""
    csv_family.write(tiny, tmp_path / "ml-other")
    return tmp_path / "ml-other"


def served(registry: Registry) -> int | None:
    version = registry.aliased("Production")
    return version.version if version else None


def test_up_trains_and_remembers_the_data_then_leaves_what_is_served(
    run: Run, registry: Registry, other: Path, tmp_path: Path
) -> None:
    code, out, _ = run("up", "--data-dir", "ml-other")
    assert (code, served(registry)) == (0, 1)
    assert dotenv_values(tmp_path / ".env") == {"RECSYS_DATA__DIR": "ml-other"}
    assert "RECSYS_DATA__DIR=ml-other is now in .env" in out
    for again in (("up",), ("up", "--data-dir", "ml-other")):
        code, out, _ = run(*again)
        assert (code, len(registry.versions())) == (0, 1)
        assert "Production is version 1 (hybrid on ml-other" in out
        assert "note:" not in out


def test_up_on_other_data_trains_but_promotes_only_by_force(run: Run, registry: Registry, other: Path) -> None:
    first = add_version(registry, first_users(sample_dataset(), 60), recipe("item-knn"), ndcg_at_10=0.3)
    registry.set_alias("Production", first.version)
    code, out, _ = run("up", "--data-dir", "ml-other")
    assert (code, served(registry), len(registry.versions())) == (0, 1, 2)
    assert "nothing was moved: version 2: " in out
    lines = out[out.index("nothing was moved: version 2: ") :].splitlines()
    assert lines[0] == "nothing was moved: version 2: 9 checks refuse it"
    assert lines[1].startswith("  dataset_name: it was trained on ml-other, Production on sample")
    assert lines[2].startswith("  ratings: it has ")
    assert lines[10] == "promote 2 --force serves it all the same"
    assert "Production stays version 1 (item-knn on sample, digest " in out
    code, out, _ = run("up")
    assert (code, served(registry)) == (0, 1)
    assert "note: RECSYS_DATA__DIR is ml-other; to serve a model of it: make up DATA=ml-other" in out
    code, out, _ = run("up", "--data-dir", "ml-other", "--force")
    assert (code, served(registry), len(registry.versions())) == (0, 2, 2)
    assert "forced over ratings, users, ratings_kept" in run("versions", "--history")[1]


def test_up_again_on_data_without_a_name_has_no_note(
    run: Run, registry: Registry, tiny: Dataset, tmp_path: Path
) -> None:
    csv_family.write(tiny, tmp_path / "films")
    assert run("up", "--data-dir", "films")[0] == 0
    code, out, _ = run("up")
    assert code == 0
    assert "Production is version 1 (hybrid on ml-csv" in out
    assert "note:" not in out


def test_up_on_real_data_replaces_the_sample_without_force(run: Run, registry: Registry, other: Path) -> None:
    first = add_version(registry, sample_dataset(), recipe("popularity"), ndcg_at_10=0.3)
    registry.set_alias("Production", first.version)
    code, out, _ = run("up", "--data-dir", "ml-other")
    assert (code, served(registry)) == (0, 2)
    assert "Production is version 1 (popularity on sample, digest f32e0837), the built-in sample of invented" in out
    assert "invented ratings: replaced without --force" in out
    assert "Production is now version 2 (make up: ratings of your own replace the invented ones" in out
    code, out, _ = run("up", "--data-dir", "sample")  # the other way round it is as for any other data
    assert (code, served(registry)) == (0, 2)
    assert "make up DATA=... FORCE=1 serves version 1 instead" in out


def test_digest_of_the_sample_is_known() -> None:
    assert sample_dataset().digest in SAMPLE_DIGESTS


def test_up_of_a_folder_that_is_not_there_remembers_nothing(run: Run, registry: Registry, tmp_path: Path) -> None:
    code, _, err = run("up", "--data-dir", "ml-othr")
    assert (code, "ml-othr: there is no such folder" in err) == (1, True)
    assert not (tmp_path / ".env").exists()
    assert mlflow.search_runs(search_all_experiments=True).empty


@pytest.mark.usefixtures("no_download")
def test_commands_without_data_stop_beside_a_version_of_other_data(run: Run, registry: Registry, tiny: Dataset) -> None:
    version = add_version(registry, tiny, recipe("item-knn"), ndcg_at_10=0.3)
    registry.set_alias("Production", version.version)
    for argv in (["train"], ["retrain"], ["evaluate"], ["compare", "1", "1"], ["sweep", "--trials", "1"]):
        code, _, err = run(*argv)
        assert code == 1, argv
        (line,) = [line for line in err.splitlines() if line.startswith("error: ")]
        assert "Production is version 1, which was trained on tiny: name the folder" in line
        assert "--data-dir sample" in line
    assert len(registry.versions()) == 1


@pytest.mark.usefixtures("no_download")
def test_train_without_data_and_production_stops_beside_any_version_of_other_data(
    run: Run, registry: Registry, tiny: Dataset
) -> None:
    add_version(registry, tiny, recipe("item-knn"), ndcg_at_10=0.3)
    add_version(registry, sample_dataset(), recipe("popularity"), ndcg_at_10=0.3)
    code, _, err = run("train", "--method", "content-jaccard")
    assert code == 1
    assert "version 1 was trained on tiny: name the folder" in err
    assert len(registry.versions()) == 2


@pytest.mark.usefixtures("no_download")
def test_the_sample_is_used_when_named_or_when_nothing_is_registered(run: Run, registry: Registry) -> None:
    flags = ["--method", "content-jaccard"]
    assert run("train", *flags)[0] == 0
    assert run("train", *flags)[0] == 0  # what is served is of the sample
    assert run("train", "--data-dir", "sample", *flags)[0] == 0
    assert [version.tags["dataset"] for version in registry.versions()] == ["sample"] * 3


def test_the_name_sample_reaches_commands_through_the_setting(
    run: Run, registry: Registry, tiny: Dataset, tmp_path: Path
) -> None:
    version = add_version(registry, tiny, recipe("item-knn"), ndcg_at_10=0.3)
    registry.set_alias("Production", version.version)
    (tmp_path / ".env").write_text("RECSYS_DATA__DIR=sample\n")
    assert run("train", "--method", "content-jaccard")[0] == 0
    assert registry.versions()[0].tags["dataset"] == "sample"
    code, out, _ = run("promote", "latest")
    assert (code, served(registry)) == (3, 1)
    assert "promote 2 --force serves it all the same" in out


def test_rollback_to_other_data_is_never_refused(run: Run, registry: Registry, tiny: Dataset) -> None:
    for dataset in (first_users(sample_dataset(), 60), tiny):
        add_version(registry, dataset, recipe("item-knn"), ndcg_at_10=0.3)
    assert run("promote", "1")[0] == 0
    assert run("promote", "2")[0] == 3
    assert run("promote", "2", "--force", "--why", "a new catalog")[0] == 0
    code, out, _ = run("rollback")
    assert (code, served(registry)) == (0, 1)
    assert "before it was version 2" in out


def test_promote_of_data_that_have_grown_is_allowed_and_of_lost_movies_is_not(
    run: Run, registry: Registry, movielens: Dataset
) -> None:
    """All three have one name; the third has a tenth of the movies, as of a file that was cut off."""
    users = first_users(movielens, 300)
    for dataset in (users, first_users(movielens, 320), first_movies(users, users.n_items // 10)):
        add_version(registry, dataset, recipe("item-knn"), ndcg_at_10=0.3)
    assert run("promote", "1")[0] == 0
    assert run("promote", "2")[0] == 0
    code, out, _ = run("promote", "3")
    assert code == 3
    assert "it knows 10.0% of Production's movies by the same id and title: another catalog" in out
