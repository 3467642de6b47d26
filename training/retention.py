"""Deleting old versions from the registry, on demand. Their runs, and all that lies in them, stay."""

from loguru import logger

from recsys.alias.ledger import moves_in, read_ledger
from recsys.registry import Registry

KEEP_TAG = "keep"
"""A version with this tag is never deleted, whatever the tag's value but ``false``."""
RECENT_MOVES = 5
"""Versions in so many last entries of the alias's ledger stay, as a rollback may lead to them."""


def delete_old_versions(registry: Registry, alias: str, keep: int) -> list[int]:
    """Delete all but the newest versions and those that somebody may need, and return their numbers, newest first.

    Never deleted are versions that any alias points to, that stand in the last `RECENT_MOVES` entries of the ledger, or
    that carry the tag ``keep``.

    Parameters
    ----------
    alias
        Whose ledger.
    keep
        How many of the newest versions stay in any case, at least 1.
    """
    metadata = registry.metadata()
    moves = moves_in(read_ledger(metadata.tags, alias))[-RECENT_MOVES:]
    needed = {*metadata.aliases.values()}
    needed |= {version for entry in moves for version in (entry.from_version, entry.to_version) if version is not None}
    deleted = []
    for version in registry.versions()[keep:]:
        if version.version in needed or version.tags.get(KEEP_TAG, "false").lower() != "false":
            continue
        registry.delete_version(version.version)
        deleted.append(version.version)
    if deleted:
        numbers = ", ".join(map(str, deleted))
        logger.info("deleted {} old versions of {} from the registry: {}", len(deleted), registry.name, numbers)
    return deleted
