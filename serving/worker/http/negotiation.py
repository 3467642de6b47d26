"""Which of several forms of an answer the caller prefers."""

from collections.abc import Sequence


def preferred(accept: str, offers: Sequence[str]) -> str:
    """Return the media type among the offers that an ``Accept`` header likes best, the first when it likes all alike.

    An offer is rated by the most specific range that covers it (RFC 9110, 12.5.1). A header that takes none of
    the offers gets the first, rather than a refusal.
    """
    ranges = [_parsed(part) for part in accept.split(",") if part.strip()]
    if not ranges:
        return offers[0]
    return max(offers, key=lambda offer: _quality(offer, ranges))


def _parsed(part: str) -> tuple[str, float]:
    media_range, *parameters = (piece.strip().lower() for piece in part.split(";"))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return media_range, float(value)
            except ValueError:
                return media_range, 0.0
    return media_range, 1.0


def _quality(offer: str, ranges: Sequence[tuple[str, float]]) -> float:
    for covering in (offer, f"{offer.partition('/')[0]}/*", "*/*"):
        qualities = [quality for media_range, quality in ranges if media_range == covering]
        if qualities:
            return max(qualities)
    return 0.0
