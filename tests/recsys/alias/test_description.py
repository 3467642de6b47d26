"""What the registry's pages tell, and what of other people's words stays."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from recsys.alias.description import BEGIN, END, FACTS_TAG, LINKS_TAG, describe, model_block, version_block, with_block
from recsys.alias.ledger import Entry, entry_key, read_ledger
from recsys.alias.state import AliasState, ModelMetadata
from recsys.errors import RegistryError
from recsys.model_version import ModelVersion


def entry(number: int, to: int | None, *, why: str = "", before: int | None = None) -> Entry:
    at = f"2026-11-{number:02}T10:00:00Z"
    return Entry(number, at, "ann@desk", "promoted", before, to, why, {"ndcg_at_10": 0.5})


def version(number: int, **tags: str) -> ModelVersion:
    return ModelVersion("movies", number, "run", "", datetime(2026, 11, 1, tzinfo=UTC), tags)


class Pages:
    """A registered model whose descriptions can be read."""

    name = "movies"

    def __init__(self, *ledger: Entry) -> None:
        tags = {entry_key("Production", found.number): found.as_tag() for found in ledger}
        self.state = ModelMetadata({"Production": 1, "production": 1}, tags)
        self.texts = {1: "", 2: ""}
        self.refuses = False
        self.n_writes = 0

    def metadata(self) -> ModelMetadata:
        return self.state

    def versions(self) -> list[ModelVersion]:
        return [replace(version(number), description=text) for number, text in self.texts.items()]

    def describe_version(self, version: int, text: str) -> None:
        if self.refuses:
            raise RegistryError("read-only")
        self.n_writes += 1
        self.texts[version] = text

    def describe_model(self, text: str) -> None:
        self.n_writes += 1
        self.state = replace(self.state, description=text)


def test_with_block_is_put_in_front_of_what_people_wrote() -> None:
    assert with_block("", "ours\n\nmore") == f"ours {BEGIN}\n\nmore\n{END}"
    assert with_block("mine", "ours") == f"ours {BEGIN}\n\n{END}\n\nmine"


def test_with_block_replaces_its_own_words_only() -> None:
    first = with_block("mine", r"one \1 \g<0>")
    edited = f"above\n{first}\nbelow"
    assert with_block(edited, "two") == f"above\ntwo {BEGIN}\n\n{END}\n\nmine\nbelow"
    assert with_block(with_block(edited, "two"), "two") == with_block(edited, "two")


def test_version_block_in_production_tells_since_when_by_whom_and_why() -> None:
    tags = {FACTS_TAG: "the facts", LINKS_TAG: "the links", "gate": "passed: +0.01"}
    told = version_block(version(2, **tags), {"Production": [entry(3, 2, why="better")]})
    assert (
        told == "Production since 2026-11-03 10:00 (ann@desk: better).\n\nthe facts\n\nGate passed: +0.01.\n\nthe links"
    )


def test_version_block_replaced_tells_by_which_version() -> None:
    told = version_block(version(1), {"Production": [entry(1, 1), entry(2, 2, why="newer")]})
    assert told == "Was Production from 2026-11-01 10:00 to 2026-11-02 10:00, then version 2 (ann@desk: newer)."


def test_version_block_withdrawn_and_never_served() -> None:
    ledger = {"Production": [entry(1, 1), entry(2, None)]}
    assert "then no version" in version_block(version(1), ledger)
    assert version_block(version(5, method="ease", dataset="ml", ndcg_at_10="0.5"), ledger).startswith(
        "Has never been in production.\n\n`ease` on **ml**. nDCG@10 0.5."
    )


def test_blocks_bear_what_people_type() -> None:
    nasty = "a | b\n" + END + " <script>" + "x" * 10_000
    for told in (
        version_block(version(1), {"Production": [entry(1, 1, why=nasty)]}),
        model_block("movies", {"Production": [entry(1, 1, why=nasty)]}),
    ):
        assert END not in told
        assert "<script" not in told
        assert len(told) < 2000


def test_model_block_lists_the_newest_moves_first() -> None:
    told = model_block("movies", {"Production": [entry(number, number) for number in range(1, 15)]})
    rows = [line for line in told.splitlines() if line.startswith("| 2026")]
    assert len(rows) == 10
    assert rows[0].startswith("| 2026&#8209;11&#8209;14&nbsp;10:00")


def test_describe_writes_what_has_changed_only() -> None:
    pages = Pages(entry(1, 1), entry(2, 2))
    pages.texts[1] = "keep this"
    describe(pages)
    assert "Was Production" in pages.texts[1]
    assert pages.texts[1].endswith("keep this")
    assert "Production since" in pages.texts[2]
    assert "| 2026&#8209;11&#8209;02&nbsp;10:00" in pages.metadata().description
    written = pages.n_writes
    describe(pages)
    assert pages.n_writes == written


def test_describe_that_fails_stops_nothing() -> None:
    pages = Pages(entry(1, 1))
    pages.refuses = True
    describe(pages)
    assert pages.texts == {1: "", 2: ""}


@pytest.mark.parametrize("prefix", ["", "recsys."])
def test_tags_of_earlier_releases_are_still_read(prefix: str) -> None:
    old = {
        f"{prefix}history.production.000001": entry(1, 1).as_tag(),
        "recsys.history.production.000002": entry(2, 2).as_tag(),
    }
    assert [found.number for found in read_ledger(old, "Production")] == [1, 2]
    intent = {**old, f"{prefix}intent.production": entry(3, 3).as_tag()}
    found = AliasState.of(ModelMetadata({"Production": 2}, intent), "Production")
    assert found.intent is not None
    assert found.next_number == 3
