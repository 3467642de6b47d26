"""Versions of other hands, and promotion from one registered model to another on the same server."""

from pathlib import Path

import mlflow
import pytest
from builders import first_users
from model_stores import add_version, client_of, make_store, recipe

from recsys.data import Dataset
from recsys.data.sample import sample_dataset
from recsys.model_checks import has_checksums
from recsys.registry import Registry
from training.cli import main

PROD = "prod-movie-recommender"


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return first_users(sample_dataset(), 60)


@pytest.fixture
def registry(tmp_path: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """Return a registry with one version of ours."""
    monkeypatch.chdir(tmp_path)
    made = make_store(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", made.tracking_uri)
    add_version(made, dataset, recipe("item-knn"), ndcg_at_10=0.3)
    return made


def registered_by_hand(registry: Registry) -> int:
    """Register the model of version 1 once more, as a person does in a notebook."""
    mlflow.set_tracking_uri(registry.tracking_uri)
    return int(mlflow.register_model(registry.version(1).source, registry.name).version)


def test_promote_adopts_a_version_registered_by_hand(
    registry: Registry, dataset: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    number = registered_by_hand(registry)
    assert not has_checksums(registry.version(number))
    assert main(["promote", str(number)]) == 0
    told = capsys.readouterr()
    assert "the checksums of its files are now on record" in told.err
    adopted = registry.version(number)
    assert has_checksums(adopted)
    expected = {"method": "item-knn", "dataset": "sample", "dataset_digest": dataset.digest, "ndcg_at_10": "0.3000"}
    assert expected.items() <= adopted.tags.items()
    assert registry.aliases()["Production"] == number
    assert main(["promote", str(number)]) == 0
    assert "on record" not in capsys.readouterr().err


def test_promote_by_hand_what_is_no_recommender_is_refused(
    registry: Registry, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    client = client_of(registry)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "MLmodel").write_text("flavors: {}\n")
    number = client.create_model_version(registry.name, (tmp_path / "other").as_uri()).version
    assert main(["promote", str(number)]) == 3
    assert "this is not a movie recommender" in capsys.readouterr().out
    assert registry.aliases() == {}
    assert not has_checksums(registry.version(int(number)))


def test_promote_to_copies_checks_and_moves_the_alias_there(
    registry: Registry, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["promote", "1", "--to", PROD, "--why", "first release"]) == 0
    assert capsys.readouterr().out == (
        f"{PROD}: Production is now version 1 (first release; version 1 of movie-recommender); before it was not set\n"
    )
    prod = Registry(PROD, registry.tracking_uri)
    assert prod.aliases() == {"Production": 1, "production": 1}
    assert registry.aliases() == {}
    source, copied = registry.version(1), prod.version(1)
    assert has_checksums(copied)
    assert {name: text for name, text in copied.tags.items() if name in source.tags} == dict(source.tags)
    assert "Production since" in copied.description
    assert "Has never been in production" not in copied.description


def test_promote_to_twice_makes_one_copy(registry: Registry, dataset: Dataset) -> None:
    assert main(["promote", "1", "--to", PROD]) == 0
    add_version(registry, dataset, recipe("content-cosine"), ndcg_at_10=0.4)
    assert main(["promote", "latest", "--to", PROD]) == 0
    assert main(["promote", "1", "--to", PROD]) == 0
    prod = Registry(PROD, registry.tracking_uri)
    assert [version.version for version in prod.versions()] == [2, 1]
    assert prod.aliases()["Production"] == 1


def test_promote_to_copies_nothing_that_is_refused(registry: Registry, capsys: pytest.CaptureFixture[str]) -> None:
    client_of(registry).set_model_version_tag(registry.name, "1", "recsys.artifact_sha256", "0" * 64)
    assert main(["promote", "1", "--to", PROD]) == 3
    assert "nothing was moved" in capsys.readouterr().out
    assert Registry(PROD, registry.tracking_uri).versions() == []


def test_copy_by_mlflows_own_call_can_be_promoted(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    client_of(registry).copy_model_version("models:/movie-recommender/1", PROD)
    monkeypatch.setenv("RECSYS_MODEL__NAME", PROD)
    assert main(["promote", "latest"]) == 0
    assert Registry(PROD, registry.tracking_uri).aliases()["Production"] == 1


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["promote", "1", "--to", "team/movies"], "cannot name a registered model"),
        (["promote", "1", "--alias", "v3"], "cannot be an alias"),
        (["rollback", "--alias", "Prod 1"], "cannot be an alias"),
    ],
)
def test_names_that_mlflow_will_not_take_are_called_wrong(
    argv: list[str], words: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(argv)
    assert ended.value.code == 2
    assert words in capsys.readouterr().err
