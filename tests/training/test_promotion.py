"""The commands that move the alias, over a real registry."""

import json
import shutil
from pathlib import Path

import mlflow
import pytest
from builders import first_users
from empty_store import write_empty_store
from model_stores import add_version, client_of, make_store, recipe

from recsys.alias.state import AliasState
from recsys.data import Dataset
from recsys.data.sample import sample_dataset
from recsys.errors import ArtifactError, RegistryError
from recsys.frames import load
from recsys.manifest import MANIFEST
from recsys.registry import Registry
from recsys.storage import LOGGED_FOLDER
from training.cli import main
from training.first_version import promote_first
from training.gating.comparison import SAME_LISTS


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return first_users(sample_dataset(), 60)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, dataset: Dataset) -> Registry:
    """Return a registry of three versions; the second is the best."""
    registry = make_store(tmp_path_factory.mktemp("store"))
    for method, ndcg in (("content-jaccard", 0.1), ("item-knn", 0.3), ("content-cosine", 0.2)):
        add_version(registry, dataset, recipe(method), ndcg_at_10=ndcg)
    return registry


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def registry(store: Registry, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """Return the registry as if no alias had ever been set."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store.tracking_uri)
    client = client_of(store)
    for alias in store.aliases():
        client.delete_registered_model_alias(store.name, alias)
    for tag in store.tags():
        client.delete_registered_model_tag(store.name, tag)
    return store


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]):
    """Run a command and return its exit code, output and errors."""

    def call(*argv: str) -> tuple[int, str, str]:
        code = main(list(argv))
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return call


def stored_files(registry: Registry, number: int) -> Path:
    """Return where the store keeps the model of a version."""
    logged = registry.version(number).source.rpartition("/")[2]
    store = Path(registry.tracking_uri.removeprefix("sqlite:///")).parent
    (manifest,) = store.glob(f"artifacts/**/{logged}/**/{MANIFEST}")
    return manifest.parent


def history_of(registry: Registry) -> list[tuple[str, int | None, int | None]]:
    found = AliasState.of(registry.metadata(), "Production").ledger
    return [(entry.action, entry.from_version, entry.to_version) for entry in found]


def test_promote_number_sets_both_spellings(registry, run):
    code, out, _ = run("promote", "1", "--why", "a first try")
    assert (code, out) == (0, "Production is now version 1 (a first try); before it was not set\n")
    assert registry.aliases() == {"Production": 1, "production": 1}


def test_promote_latest_then_best_then_rollback_twice(registry, run):
    run("promote", "1")
    run("promote", "latest")
    code, out, _ = run("promote", "best")
    assert (code, registry.aliased("production").version) == (0, 2)
    assert "the best of 3 by ndcg_at_10, 0.3000" in out
    assert (
        run("rollback", "--why", "odd lists")[1] == "Production is now version 3 (odd lists); before it was version 2\n"
    )
    assert run("rollback")[1] == "Production is now version 1; before it was version 3\n"
    code, _, err = run("rollback")
    assert (code, "no version before" in err) == (1, True)
    assert history_of(registry) == [
        ("promoted", None, 1),
        ("promoted", 1, 3),
        ("promoted", 3, 2),
        ("rolled back", 2, 3),
        ("rolled back", 3, 1),
    ]


def test_promote_json_tells_what_was_done(registry, run):
    code, out, _ = run("promote", "2", "--json")
    told = json.loads(out)
    assert (code, told["version"], told["moved"], told["from_version"]) == (0, 2, True, None)
    assert told["entry"]["metrics"] == {"ndcg_at_10": 0.3}


def test_promote_again_is_no_new_decision(registry, run):
    run("promote", "2")
    assert run("promote", "2")[:2] == (0, "Production is version 2 already\n")
    assert len(history_of(registry)) == 1


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["promote", "9"], "has no version '9'; there are 1, 2, 3"),
        (["promote", "nobody"], "has no version 'nobody'"),
        (["promote", "best", "--metric", "beauty"], "with the metric 'beauty'"),
        (["promote", "best", "--experiment", "other"], "there is no experiment 'other'"),
        (["rollback", "--to", "77"], "has no version '77'"),
    ],
)
def test_promote_what_is_not_there_is_called_wrong(registry, run, argv, message):
    code, _, err = run(*argv)
    assert (code, message in err) == (2, True)
    assert registry.aliases() == {}


def test_promote_worse_than_popularity_needs_force_where_the_served_one_was_not(registry, run):
    client = client_of(registry)
    run("promote", "2")
    client.set_model_version_tag(registry.name, "1", "ndcg_at_10_popularity", "0.2")
    try:
        code, out, err = run("promote", "1")
        assert (code, registry.aliases()["Production"]) == (3, 2)
        told = "IT DOES NOT BEAT POPULARITY: nDCG@10 is 0.1000 on its own holdout, that of popularity 0.2000"
        assert told in out + err
        assert run("promote", "1", "--force")[0] == 0
        assert "forced over beats_popularity" in AliasState.of(registry.metadata(), "Production").ledger[-1].why
        # From a version that is no better nothing is lost.
        run("promote", "2")
        client.set_model_version_tag(registry.name, "2", "ndcg_at_10_popularity", "0.4")
        assert run("promote", "1")[0] == 0
    finally:
        for version in ("1", "2"):
            client.delete_model_version_tag(registry.name, version, "ndcg_at_10_popularity")


def test_promote_altered_files_are_refused(registry, run):
    client = client_of(registry)
    good = registry.version(3).tags["recsys.artifact_sha256"]
    client.set_model_version_tag(registry.name, "3", "recsys.artifact_sha256", "0" * 64)
    code, out, _ = run("promote", "3")
    client.set_model_version_tag(registry.name, "3", "recsys.artifact_sha256", good)
    assert code == 3
    assert "nothing was moved: version 3: it cannot be served: the artifacts of version 3 of movie-recommender" in out
    assert "have been altered" in out
    assert registry.aliases() == {}


@pytest.mark.parametrize("other", [True, False])
def test_promote_over_unreadable_production_still_compares_the_names_of_the_data(
    registry: Registry, run, dataset: Dataset, tiny: Dataset, other: bool
) -> None:
    run("promote", "2")
    newest = add_version(registry, tiny if other else dataset, recipe("item-knn"), ndcg_at_10=0.5).version
    there = stored_files(registry, 2)
    moved = there.with_name("moved")
    there.rename(moved)
    try:
        got, out, err = run("promote", str(newest))
        assert got == (3 if other else 0)
        assert registry.aliased("Production").version == (2 if other else newest)
        if other:
            assert f"it was trained on {tiny.name}, Production on {dataset.name}, by the tags of both" in out + err
            assert run("promote", str(newest), "--force")[0] == 0
            assert registry.aliased("Production").version == newest
    finally:
        moved.rename(there)
        client = client_of(registry)
        for alias in registry.aliases():
            client.delete_registered_model_alias(registry.name, alias)
        client.delete_model_version(registry.name, str(newest))


@pytest.mark.parametrize("command", [("promote", "3", "--force"), ("rollback", "--to", "3")])
def test_unsigned_version_is_not_put_where_the_service_would_refuse_it(registry, run, monkeypatch, command):
    run("promote", "1")
    monkeypatch.setenv("RECSYS_MODEL__SIGNING_KEY", "a key of the tests only")
    monkeypatch.setenv("RECSYS_MODEL__REQUIRE_SIGNATURE", "true")
    code, out, _ = run(*command)
    assert (code, "version 3 of movie-recommender has no signature" in out) == (3, True)
    assert registry.aliased("production").version == 1


def test_recommend_and_evaluate_altered_files_are_refused(registry, run, monkeypatch, tmp_path):
    """A whole other model in its place, so that the sums inside of it are right."""
    (tmp_path / "history.csv").write_text("user_id,movie_id,rating\n1,50,5\n")
    there, other = (stored_files(registry, number) for number in (3, 1))
    shutil.copytree(there, tmp_path / "kept")
    shutil.copytree(other, there, dirs_exist_ok=True)
    uri = f"models:/{registry.name}/3"
    commands = [
        ("recommend", "--model", uri, "--history", "history.csv", "--out", "lists.csv"),
        ("evaluate", "--model", uri, "--data-dir", "sample"),
    ]
    try:
        for command in commands:
            code, _, err = run(*command)
            assert (code, "the artifacts of version 3 of movie-recommender have been altered" in err) == (1, True), err
        with pytest.raises(ArtifactError, match="have been altered"):
            load(uri)
    finally:
        shutil.rmtree(there)
        shutil.copytree(tmp_path / "kept", there)


@pytest.mark.parametrize("spelling", ["production", "Production", "PRODUCTION"])
def test_moved_by_others_next_command_enters_it_and_rollback_knows_it(registry, run, spelling):
    run("promote", "1")
    client_of(registry).set_registered_model_alias(registry.name, spelling, "2")
    _, out, err = run("versions", "--history")
    assert "outside of this product's commands; it is now in the history" in err
    assert history_of(registry)[-1] == ("moved", 1, 2)
    assert "0.3000" in out
    assert set(registry.aliases().values()) == {2}
    assert run("rollback")[1] == "Production is now version 1; before it was version 2\n"


def test_removed_by_others_is_no_version_and_training_does_not_set_it_again(registry, run):
    run("promote", "1")
    for spelling in ("Production", "production"):
        client_of(registry).delete_registered_model_alias(registry.name, spelling)
    assert registry.aliased("Production") is None
    registry.repair(registry.alias_state("Production"))
    assert history_of(registry)[-1] == ("removed", 1, None)
    assert not promote_first(registry, "Production", registry.version(3))
    assert run("rollback")[1] == "Production is now version 1; before it was not set\n"


def test_versions_table_and_json(registry, run):
    run("promote", "2")
    lines = run("versions")[1].splitlines()
    assert lines[0].split() == ["version", "aliases", "method", "dataset", "nDCG@10", "split", "created", "run"]
    assert lines[2].split()[:5] == ["2", "Production", "item-knn", "sample", "0.3000"]
    rows = json.loads(run("versions", "--json")[1])
    assert rows[1]["aliases"] == ["Production", "production"]


def test_versions_of_an_empty_registry_say_what_to_do(run, tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", write_empty_store(tmp_path))
    assert run("versions")[:2] == (0, "no version is registered yet; train one: python -m training train\n")
    assert run("promote", "latest")[0] == 2


def test_aliased_disagreeing_spellings_reader_serves_the_newest_and_repair_aligns_them(registry, run):
    run("promote", "2")
    client_of(registry).set_registered_model_alias(registry.name, "production", "1")
    assert registry.aliased("Production").version == 1
    assert registry.aliases() == {"Production": 2, "production": 1}
    registry.repair(registry.alias_state("Production"))
    assert registry.aliases() == {"Production": 1, "production": 1}
    assert history_of(registry)[-1] == ("moved", 2, 1)


def test_aliased_registry_read_only_reader_serves_on(registry, run, monkeypatch):
    run("promote", "2")
    client_of(registry).set_registered_model_alias(registry.name, "production", "1")

    def refuse(*_: object) -> None:
        raise RegistryError("read-only")

    monkeypatch.setattr(registry, "set_tag", refuse)
    registry.repair(registry.alias_state("Production"))
    assert registry.aliased("Production").version == 1
    assert registry.aliases() == {"Production": 2, "production": 1}


def test_compare_better_and_worse_are_told_apart(registry, run, dataset, monkeypatch):
    monkeypatch.setattr("training.commands.shared_flags.dataset_of", lambda *_: dataset)
    code, out, _ = run("compare", "1", "2")
    assert code == 0
    assert "A: version 1 (content-jaccard)" in out
    assert "B is better" in out
    told = json.loads(run("compare", "1", "2", "--json")[1])
    ndcg = told["rows"][0]
    assert ndcg["metric"] == "ndcg_at_10"
    assert ndcg["lower"] <= ndcg["difference"] <= ndcg["upper"]
    assert ndcg["difference"] == pytest.approx(ndcg["b"] - ndcg["a"])
    assert len(told["users"]) == 5
    assert told["notes"] == []
    assert all(len(user["both"]) + len(user["only_a"]) == 10 for user in told["users"])


def test_compare_names_its_data_and_its_split(registry, run, dataset, monkeypatch):
    monkeypatch.setattr("training.commands.shared_flags.dataset_of", lambda *_: dataset)
    code, out, _ = run("compare", "1", "2", "--seed", "5", "--holdout-ratio", "0.3")
    assert code == 0
    assert out.splitlines()[0] == (
        f"Compared on sample, digest {dataset.digest[:8]}: split random, holdout ratio 0.3, seed 5; both were fitted "
        "again, on the training part."
    )
    assert json.loads(run("compare", "1", "2", "--json")[1])["terms"].startswith("Compared on sample")


@pytest.fixture
def mixed(registry, dataset, tiny, tmp_path, monkeypatch):
    """Return another registry, of two versions of different data."""
    other = make_store(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", other.tracking_uri)
    for data, ndcg in ((dataset, 0.5), (tiny, 0.9)):
        add_version(other, data, recipe("item-knn"), ndcg_at_10=ndcg)
    yield other
    mlflow.set_tracking_uri(registry.tracking_uri)


def test_compare_two_versions_without_a_digest_gives_no_verdict(mixed, run):
    for version in ("1", "2"):
        client_of(mixed).delete_model_version_tag(mixed.name, version, "dataset_digest")
    code, out, _ = run("compare", "1", "2")
    assert code == 0
    assert "whether these are the same data is not on record, so there is no verdict" in out
    assert "both lists" not in out


@pytest.mark.usefixtures("mixed")
def test_compare_versions_of_different_data_gives_no_verdict(run, dataset, tiny):
    code, out, _ = run("compare", "1", "2")
    assert code == 0
    assert out.startswith(
        f"Version 1 was trained on sample, digest {dataset.digest[:8]}, and version 2 on tiny, digest "
        f"{tiny.digest[:8]}: different data"
    )
    assert ("0.5000" in out, "0.9000" in out) == (True, True)
    for verdict in ("better", "no clear difference", "0.4000", "both lists"):
        assert verdict not in out
    told = json.loads(run("compare", "1", "2", "--json")[1])
    assert (told["metrics_a"], "rows" in told) == ({"ndcg_at_10": "0.5000"}, False)


def test_compare_same_version_differs_in_nothing(registry, run, dataset, monkeypatch):
    monkeypatch.setattr("training.commands.shared_flags.dataset_of", lambda *_: dataset)
    told = json.loads(run("compare", "2", "2", "--json")[1])
    assert {row["difference"] for row in told["rows"]} == {0.0}
    assert told["overlap"] == 1.0
    assert told["notes"] == [SAME_LISTS]


def test_compare_damaged_files_recipe_comes_from_the_run(registry, run, dataset, monkeypatch):
    monkeypatch.setattr("training.commands.shared_flags.dataset_of", lambda *_: dataset)
    store = Path(registry.tracking_uri.removeprefix("sqlite:///")).parent
    manifests = sorted((store / "artifacts").glob(f"**/{LOGGED_FOLDER}/model.json"))
    kept = {path: path.read_bytes() for path in manifests}
    try:
        for path in manifests:
            path.write_text("{", encoding="utf-8")
        told = json.loads(run("compare", "1", "2", "--json")[1])
    finally:
        for path, content in kept.items():
            path.write_bytes(content)
    assert (told["a"], told["b"]) == ("version 1 (content-jaccard)", "version 2 (item-knn)")
    assert "the files of version 1 cannot be read" in told["notes"][0]
