"""What the registry's pages tell about a model and its versions: what is in production, since when, by whom and why.

Written in Markdown between two marks; whatever people write before or after them stays.
"""

import re
from collections.abc import Mapping, Sequence
from textwrap import shorten
from typing import Protocol

from loguru import logger

from recsys.alias.ledger import Entry, moves_in, read_ledger
from recsys.alias.state import ModelMetadata
from recsys.alias.tag_names import PREFIX, machine_tag
from recsys.errors import RegistryError
from recsys.model_version import ModelVersion

BEGIN = "<!-- written by recsys: from this line on -->"
"""Ends the first line of ours: the table of versions shows the beginning of a description as it is typed."""

END = "<!-- written by recsys: up to here; your own words go above or below -->"
_BLOCK = re.compile(rf"^[^\n]*{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL | re.MULTILINE)
_LEDGER = re.compile(rf"(?:{re.escape(PREFIX)})?history\.(?P<alias>[\w-]+)\.\d+")

FACTS_TAG = machine_tag("facts")
"""Tag of a version: the Markdown of what does not change about it, written at registration."""

LINKS_TAG = machine_tag("links")
"""Tag of a version: the Markdown of links to its run and its report."""

GATE_TAG = "gate"
"""Tag of a version: the verdict as one line."""

SHOWN_MOVES = 10
LONGEST_REASON, LONGEST_VERDICT = 200, 1500
"""MLflow keeps 5,000 characters of a description, and people's own words have to fit as well."""


class Describable(Protocol):
    """What a registry has to offer to be described."""

    name: str

    def metadata(self) -> ModelMetadata:
        """Return aliases, tags and description."""

    def versions(self) -> list[ModelVersion]:
        """Return all versions, newest first."""

    def describe_version(self, version: int, text: str) -> None:
        """Write the description of a version."""

    def describe_model(self, text: str) -> None:
        """Write the description of the model."""


def describe(registry: Describable) -> None:
    """Bring the descriptions of the model and of its versions up to date; a warning says where that fails.

    A description must not stop a move that it tells about.
    """
    try:
        metadata = registry.metadata()
        ledgers = _ledgers(metadata)
        text = with_block(metadata.description, model_block(registry.name, ledgers))
        if text != metadata.description:
            registry.describe_model(text)
        for version in registry.versions():
            text = with_block(version.description, version_block(version, ledgers))
            if text != version.description:
                registry.describe_version(version.version, text)
    except RegistryError as error:
        logger.warning("the descriptions of {} are not brought up to date: {}", registry.name, error)


def with_block(text: str, block: str) -> str:
    """Return a description with our block in it, in its place, or in front where it has none."""
    first, _, others = block.strip().partition("\n")
    ours = f"{first} {BEGIN}\n{others}\n{END}"
    if _BLOCK.search(text):
        return _BLOCK.sub(lambda _: ours, text, count=1)
    return f"{ours}\n\n{text}" if text.strip() else ours


def version_block(version: ModelVersion, ledgers: Mapping[str, Sequence[Entry]]) -> str:
    """Return what is to be told of a version: its moves, the facts of its registration, the verdict of the gate."""
    status = [line for alias, ledger in ledgers.items() if (line := _status(version.version, alias, ledger))]
    gate = version.tags.get(GATE_TAG, "")
    parts = [
        " ".join(status) or "Has never been in production.",
        version.tags.get(FACTS_TAG) or _facts_of_tags(version.tags),
        f"Gate {shorten(gate, LONGEST_VERDICT, placeholder='...')}." if gate else "",
        version.tags.get(LINKS_TAG, ""),
    ]
    return "\n\n".join(part for part in parts if part)


def model_block(name: str, ledgers: Mapping[str, Sequence[Entry]]) -> str:
    """Return what is to be told of the registered model: what it is, how it is promoted, and its last moves."""
    parts = [
        "Recommends movies from a user's ratings, and finds similar ones. The service answers with the version that "
        f"has the alias `Production`: `models:/{name}@Production`. To move it: "
        "`python -m training promote VERSION` and `python -m training rollback`; moving the alias on "
        "a version's page does the same.",
    ]
    for alias, ledger in ledgers.items():
        rows = [f"| {_row(entry)} |" for entry in reversed(ledger[-SHOWN_MOVES:])]
        head = f"| {alias} since | version&emsp; | before&emsp; | nDCG@10&emsp; | by&emsp; | why |"
        parts.append("\n".join([head, "|:---|:---|:---|:---|:---|:---|", *rows]))
    return "\n\n".join(parts)


def _ledgers(metadata: ModelMetadata) -> dict[str, tuple[Entry, ...]]:
    """Return the ledger of each alias that has one, under the spelling with capitals where there is one."""
    spelled = {alias.lower(): alias for alias in sorted(metadata.aliases, reverse=True)}
    found = {match["alias"] for key in metadata.tags if (match := _LEDGER.fullmatch(key))}
    return {spelled.get(alias, alias.capitalize()): read_ledger(metadata.tags, alias) for alias in sorted(found)}


def _status(version: int, alias: str, ledger: Sequence[Entry]) -> str:
    """Return one sentence about what a version is, or was, to an alias; empty when it never had it."""
    ledger = moves_in(ledger)
    moves = [place for place, entry in enumerate(ledger) if entry.to_version == version]
    if not moves:
        return ""
    last = moves[-1]
    arrived, left = ledger[last], next(iter(ledger[last + 1 :]), None)
    if left is None:
        return f"{alias} since {_when(arrived)}{_why(arrived)}."
    successor = f"version {left.to_version}" if left.to_version else "no version"
    return f"Was {alias} from {_when(arrived)} to {_when(left)}, then {successor}{_why(left)}."


def _row(entry: Entry) -> str:
    metric = entry.metrics.get("ndcg_at_10")
    cells = (
        _when(entry).replace(" ", "&nbsp;").replace("-", "&#8209;"),  # else the page breaks it into lines
        str(entry.to_version or "none"),
        str(entry.from_version or "none"),
        "" if metric is None else f"{metric:.3f}",
        entry.by,
        " ".join(filter(None, (entry.action, entry.why and f"({_plain(entry.why)})"))),
    )
    return "&emsp; | ".join(cells)


def _when(entry: Entry) -> str:
    return entry.at[:16].replace("T", " ")


def _why(entry: Entry) -> str:
    return f" ({': '.join(filter(None, (entry.by, _plain(entry.why))))})"


def _plain(text: str) -> str:
    """Return what someone has typed as one line of Markdown, no longer than a table bears."""
    return shorten(text, LONGEST_REASON, placeholder="...").replace("<", "&lt;").replace("|", "\\|")


def _facts_of_tags(tags: Mapping[str, str]) -> str:
    """Return the facts of a version that an earlier release, or a person, has registered."""
    if "method" not in tags:
        return ""
    quality = f" nDCG@10 {tags['ndcg_at_10']}." if "ndcg_at_10" in tags else ""
    return f"`{tags['method']}` on **{tags.get('dataset', 'unknown data')}**.{quality}"
