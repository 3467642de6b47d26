"""Asks the registry for its versions; the workers read the list that is written from them."""

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from serving.shared.cached_version import utc_now
from serving.shared.version_list import ListedVersion, VersionList

if TYPE_CHECKING:
    from recsys.registry import Registry

NEWEST = 50
"""So many of the newest versions are listed, and beside them whatever has an alias."""

_METRIC = re.compile(r"[a-z_]+_at_\d+(_popularity|_random_split|_lower|_upper)?")


def ask_for_versions(registry: "Registry") -> VersionList:
    """Return what the registry lists now.

    Raises
    ------
    RegistryError
        When it does not answer.
    """
    aliases = registry.aliases()
    listed = []
    for position, found in enumerate(registry.versions()):
        own = _one_spelling(alias for alias, number in aliases.items() if number == found.version)
        if own or position < NEWEST:
            listed.append(
                ListedVersion(
                    version=found.version,
                    aliases=own,
                    run_id=found.run_id,
                    method=found.tags.get("method"),
                    dataset=found.tags.get("dataset"),
                    dataset_digest=found.tags.get("dataset_digest"),
                    split=found.tags.get("split"),
                    metrics=_metrics(found.tags),
                    created=found.created.isoformat(timespec="seconds").replace("+00:00", "Z"),
                )
            )
    return VersionList(utc_now(), tuple(listed))


def _one_spelling(aliases: Iterable[str]) -> tuple[str, ...]:
    """Return each alias once; of several spellings the one with capitals, which sorts first."""
    spelled: dict[str, str] = {}
    for alias in sorted(aliases):
        spelled.setdefault(alias.lower(), alias)
    return tuple(sorted(spelled.values()))


def _metrics(tags: Mapping[str, str]) -> dict[str, float]:
    metrics = {}
    for name, value in sorted(tags.items()):
        if _METRIC.fullmatch(name):
            try:
                metrics[name] = float(value)
            except ValueError:
                continue
    return metrics
