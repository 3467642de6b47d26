"""Checks that compare a number with a threshold."""

from training.gating.verdict import Check, Group, Status


def at_least(
    name: str, group: Group, number: float, threshold: float | None, sentence: str, *, otherwise: str
) -> Check:
    """Return a check that passes when the number is not below the threshold; None for the threshold switches it off.

    Parameters
    ----------
    sentence
        What was measured, in any case.
    otherwise
        What a reader has to know when it is refused.
    """
    if threshold is None:
        return switched_off(name, group, number, sentence)
    if number < threshold:
        return Check(name, group, "refused", f"{sentence}: {otherwise}", number, threshold)
    return Check(name, group, "passed", sentence, number, threshold)


def at_most(
    name: str,
    group: Group,
    number: float,
    threshold: float | None,
    sentence: str,
    *,
    otherwise: str,
    status: Status = "refused",
) -> Check:
    """Return a check that passes when the number is not above the threshold, else has the given status."""
    if threshold is None:
        return switched_off(name, group, number, sentence)
    if number > threshold:
        return Check(name, group, status, f"{sentence}: {otherwise}", number, threshold)
    return Check(name, group, "passed", sentence, number, threshold)


def switched_off(name: str, group: Group, number: float | None, sentence: str) -> Check:
    """Return a check that somebody has switched off; what was measured is told all the same."""
    return Check(name, group, "switched off", sentence, number)


def not_checked(name: str, group: Group, why: str) -> Check:
    """Return a check that could not be made."""
    return Check(name, group, "not checked", why)
