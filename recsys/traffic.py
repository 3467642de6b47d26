"""The switch that lets the Challenger answer a share of the traffic, or shadow it: two tags of the registered model.

``traffic.challenger = 10%`` gives a tenth of the callers answers of the Challenger, ``traffic.shadow = 20%`` lets it
answer a fifth of what Production answers once more, unseen. Who is in the share is told by a keyed hash of the caller
that lies below a threshold: the same caller always gets the same version, and a share that grows moves nobody back.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from hashlib import blake2b

from recsys.errors import ParameterError

CHALLENGER = "Challenger"
"""Alias of the newest candidate."""

CHALLENGER_TAG, SHADOW_TAG = "traffic.challenger", "traffic.shadow"
TRAFFIC_TAGS = (CHALLENGER_TAG, SHADOW_TAG)

POSITIONS = 2**64
"""A caller has one of so many positions."""

_SHARE = re.compile(r"(?P<percent>[0-9]{1,3}(\.[0-9]{1,4})?) ?%")
LONGEST_SHOWN = 40


@dataclass(frozen=True)
class Share:
    """A share of all callers.

    Attributes
    ----------
    percent
        From 0 to 100, exact.
    """

    percent: Fraction = Fraction(0)

    @property
    def threshold(self) -> int:
        """Return the number below which the positions of the share lie, 0 to 2**64."""
        return int(self.percent / 100 * POSITIONS)

    def __bool__(self) -> bool:
        """Return whether it is more than nothing."""
        return self.percent > 0

    def __str__(self) -> str:
        """Return it as a tag holds it."""
        return f"{float(self.percent):g}%"

    @classmethod
    def parse(cls, text: str) -> "Share":
        """Return the share that a text names: ``10%``, ``2.5%`` or ``10 %``; never ``10`` or ``0.1``.

        Raises
        ------
        ParameterError
            When it names none. A number alone is refused, as it may be meant as a percentage or as a part of one.
        """
        found = _SHARE.fullmatch(text.strip())
        percent = Fraction(found["percent"]) if found else None
        if percent is None or percent > 100:
            shown = text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."
            raise ParameterError(f"{shown!r} is no share; write a percentage from 0% to 100%, as 10% or 2.5%")
        return cls(percent)


@dataclass(frozen=True)
class Shares:
    """What the tags ask for.

    Attributes
    ----------
    challenger
        Of the callers, who get answers of the Challenger.
    shadow
        Of what Production answers, which the Challenger answers as well, unseen.
    """

    challenger: Share = Share()
    shadow: Share = Share()

    def __bool__(self) -> bool:
        """Return whether the Challenger has anything to do."""
        return bool(self.challenger or self.shadow)

    @classmethod
    def of(cls, tags: Mapping[str, str]) -> "Shares":
        """Return what the tags of a registered model ask for; nothing where they are absent.

        Raises
        ------
        ParameterError
            When a tag holds no share.
        """
        return cls(*(_share_of(tags, key) for key in TRAFFIC_TAGS))


def _share_of(tags: Mapping[str, str], key: str) -> Share:
    try:
        return Share.parse(tags[key]) if key in tags else Share()
    except ParameterError as error:
        raise ParameterError(f"the tag {key} of the registered model: {error}") from None


def traffic_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Return those among the tags of a registered model that are the switch, as they are."""
    return {key: tags[key] for key in TRAFFIC_TAGS if key in tags}


def salt_of(version: int, artifact_sha256: str) -> str:
    """Return the salt of an experiment, 32 hexadecimal digits: another Challenger gets other callers."""
    return blake2b(f"{version}:{artifact_sha256}".encode(), digest_size=16).hexdigest()


SPLIT, SHADOW = b"split", b"shadow"
"""What a caller's position is for."""


class Draw:
    """Tells whether callers are in a share, as their `position_of` does, in a fifth of the time.

    Parameters
    ----------
    share, salt, purpose
        As for `position_of`.
    """

    def __init__(self, share: Share, salt: bytes, purpose: bytes = SPLIT) -> None:
        # Copied for each caller, as the key takes as long as all else. Of bytes in big-endian order the first that
        # differs decides, as it does of numbers; what follows all of them is no position, so everyone is in the share.
        self._hash = blake2b(digest_size=8, key=salt, person=purpose)
        everyone = share.threshold == POSITIONS
        self._end = b"\xff" * 9 if everyone else share.threshold.to_bytes(8, "big")

    def takes(self, caller: bytes) -> bool:
        """Return whether a caller is in the share."""
        own = self._hash.copy()
        own.update(caller)
        return own.digest() < self._end


def position_of(caller: bytes, salt: bytes, purpose: bytes = SPLIT) -> int:
    """Return where a caller stands, 0 to 2**64 - 1, the same each time and independent for each salt and purpose.

    Parameters
    ----------
    caller
        Who asks.
    salt
        Of the experiment, at most 64 bytes.
    purpose
        At most 16 bytes.
    """
    return int.from_bytes(blake2b(caller, digest_size=8, key=salt, person=purpose).digest(), "big")
