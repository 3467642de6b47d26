"""Show the versions of the registered model, newest first, or the history of the served alias.

Moves made in MLflow's UI or by other clients since the last look are entered in the history first.

exit codes: 0 shown, also when there is none yet; 1 the registry does not answer; 2 called in a wrong way
"""

import argparse
import json
import sys
from dataclasses import asdict

from recsys.alias.ledger import Entry
from recsys.alias.move import settle
from recsys.alias.state import AliasState
from recsys.errors import RegistryError
from recsys.model_version import ModelVersion
from recsys.registry import Registry, registry_of
from recsys.settings import Settings
from training.commands.words import flag_of
from training.reporting.console import text_listing

VERSION_COLUMNS = ("version", "aliases", "method", "dataset", "nDCG@10", "split", "created", "run")
HISTORY_COLUMNS = ("when", "what", "from", "to", "nDCG@10", "by", "why")


def add_arguments(parser: argparse.ArgumentParser, settings: Settings) -> None:
    """Add the flags of the command."""
    parser.add_argument(
        "--history",
        nargs="?",
        const="true",
        default="false",
        metavar="true|false",
        help="show who moved the alias, when, from what to what, why, and with which numbers",
    )
    parser.add_argument(
        "--alias",
        default=settings.model.alias,
        help=f"whose history; default: RECSYS_MODEL__ALIAS, now {settings.model.alias}",
    )
    parser.add_argument("--json", action="store_true", help="print as JSON")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Print the versions or the history, and return 0."""
    registry = registry_of(settings)
    state = _settled(registry, args.alias)
    if flag_of("--history", args.history):
        entries = state.ledger[::-1]
        text = json.dumps([asdict(entry) for entry in entries], indent=2) if args.json else history_table(entries)
    else:
        rows = [version_row(version, registry.aliases()) for version in registry.versions()]
        text = json.dumps(rows, indent=2) if args.json else version_table(rows)
    sys.stdout.write(text.rstrip("\n") + "\n")
    return 0


def version_row(version: ModelVersion, aliases: dict[str, int]) -> dict[str, object]:
    """Return what is shown of a version, as JSON takes it."""
    return {
        "version": version.version,
        "aliases": sorted(alias for alias, number in aliases.items() if number == version.version),
        "method": version.tags.get("method", ""),
        "dataset": version.tags.get("dataset", ""),
        "dataset_digest": version.tags.get("dataset_digest", ""),
        "ndcg_at_10": version.tags.get("ndcg_at_10", ""),
        "split": version.tags.get("split", ""),
        "created": version.created.isoformat(timespec="seconds"),
        "run_id": version.run_id,
        "gate": version.tags.get("gate", ""),
    }


def version_table(rows: list[dict[str, object]]) -> str:
    """Return versions as a table as text; spellings of one alias are shown once."""
    if not rows:
        return "no version is registered yet; train one: python -m training train"
    shown = []
    for row in rows:
        aliases = row["aliases"]
        spelled = {alias.lower(): alias for alias in sorted(aliases, reverse=True)} if isinstance(aliases, list) else {}
        created = str(row["created"])[:16].replace("T", " ")
        names = ", ".join(sorted(spelled.values()))
        # Numbers of one split compare, those of two do not.
        split = str(row["split"]).partition(",")[0]
        facts = (row["method"], row["dataset"], row["ndcg_at_10"], split, created, row["run_id"])
        shown.append((row["version"], names, *facts))
    return text_listing(VERSION_COLUMNS, shown)


def history_table(entries: tuple[Entry, ...]) -> str:
    """Return the history as a table as text."""
    if not entries:
        return "the alias has never been set"
    rows = []
    for entry in entries:
        moved = (entry.at, entry.action, entry.from_version or "-", entry.to_version or "-")
        rows.append((*moved, entry.metrics.get("ndcg_at_10", "-"), entry.by, entry.why))
    return text_listing(HISTORY_COLUMNS, rows)


def _settled(registry: Registry, alias: str) -> AliasState:
    try:
        state, repaired = settle(registry, alias, wait_seconds=0)
    except RegistryError as error:
        state = AliasState.of(registry.metadata(), alias)  # raises the same where the registry does not answer at all
        sys.stderr.write(f"warning: the history is not brought up to date: {error}\n")
        return state
    for sentence in repaired:
        sys.stderr.write(f"warning: {sentence}\n")
    return state
