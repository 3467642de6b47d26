"""By which rules a run was measured: the metrics of two runs on the same data compare where these are the same."""

from collections.abc import Mapping

RULES = ("split", "holdout_ratio", "seed", "eval_users")
"""The parameters of a run that hold them."""

UNKNOWN = "unknown"
OF_OLD = {"eval_users": "all"}
"""What runs without a parameter were measured with: those from before it was put on record."""


def rules_of(params: Mapping[str, str]) -> dict[str, str]:
    """Return the rules of a run by name, from its parameters; `UNKNOWN` where one is not on record."""
    return {name: _in_one_spelling(params.get(name, OF_OLD.get(name, UNKNOWN))) for name in RULES}


def other_rules(theirs: Mapping[str, str], ours: Mapping[str, str]) -> str:
    """Return in what the second of two runs was measured otherwise, in words; empty where in nothing."""
    before, now = rules_of(theirs), rules_of(ours)
    return " and ".join(f"{name} {now[name]} instead of {before[name]}" for name in RULES if before[name] != now[name])


def _in_one_spelling(value: str) -> str:
    """Return a parameter as our commands log it: `mlflow run` logs numbers as they were typed, such as ``.250``."""
    try:
        return str(int(value)) if value.strip().lstrip("+-").isdecimal() else str(float(value))
    except ValueError:
        return value
