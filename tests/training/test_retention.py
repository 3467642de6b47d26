"""Which old versions are deleted from the registry, and which never."""

from pathlib import Path

import pytest
from model_stores import client_of, make_store

from recsys.alias.move import move
from recsys.alias.traffic_switch import set_traffic
from recsys.registry import Registry
from recsys.traffic import CHALLENGER_TAG, Share
from training.retention import KEEP_TAG, delete_old_versions

N_VERSIONS = 16


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """Return a model with many versions without files, as retention looks at none."""
    store = make_store(tmp_path)
    client = client_of(store)
    client.create_registered_model(store.name)
    run = client.create_run(client.create_experiment("of old versions"))
    for _ in range(N_VERSIONS):
        client.create_model_version(store.name, source=run.info.artifact_uri, run_id=run.info.run_id)
    return store


def numbers(registry: Registry) -> list[int]:
    return [version.version for version in registry.versions()]


def test_delete_old_versions_keeps_the_newest_and_leaves_the_run(registry: Registry) -> None:
    assert delete_old_versions(registry, "Production", keep=3) == list(range(N_VERSIONS - 3, 0, -1))
    assert numbers(registry) == [16, 15, 14]
    run_id = registry.versions()[0].run_id
    assert client_of(registry).get_run(run_id).info.lifecycle_stage == "active"


def test_delete_old_versions_never_what_an_alias_or_the_ledger_or_a_tag_names(registry: Registry) -> None:
    for version in (2, 3, 4, 5, 6, 7, 8):  # the last five moves lead from 3 to 8
        move(registry, "Production", version, action="promoted")
    registry.set_alias("Challenger", 10)
    for share in ("5%", "20%", "50%"):  # no moves, so they push none out
        set_traffic(registry, "Production", {CHALLENGER_TAG: Share.parse(share)})
    registry.set_alias("canary", 11)
    registry.tag_version(12, {KEEP_TAG: "true"})
    registry.tag_version(13, {KEEP_TAG: "false"})
    assert delete_old_versions(registry, "Production", keep=1) == [15, 14, 13, 9, 2, 1]
    assert numbers(registry) == [16, 12, 11, 10, 8, 7, 6, 5, 4, 3]
    assert delete_old_versions(registry, "Production", keep=1) == []


def test_delete_old_versions_few_are_left_alone(registry: Registry) -> None:
    assert delete_old_versions(registry, "Production", keep=20) == []
    assert len(numbers(registry)) == N_VERSIONS
