"""Names of the tags that are for machines: one prefix keeps them behind what people read.

Releases before wrote the same tags without the prefix; these are still read.
"""

from collections.abc import Mapping

PREFIX = "recsys."


def machine_tag(name: str) -> str:
    """Return the name under which a tag is written."""
    return f"{PREFIX}{name}"


def read_tag(tags: Mapping[str, str], key: str) -> str | None:
    """Return the value of a machine's tag, also under its earlier name; None where there is none."""
    return tags.get(key, tags.get(key.removeprefix(PREFIX)))
