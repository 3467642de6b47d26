"""The verdict of the gate: one ordered list of named checks, each a value that tells itself in one sentence."""

from dataclasses import asdict, dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from recsys.evaluation.bootstrap import Interval

Group = Literal["smoke", "data", "catalog", "contest", "coverage", "floor"]
"""What a check is about; checks stand in this order."""

Status = Literal["passed", "refused", "warning", "not checked", "switched off"]
"""``refused`` alone stops a promotion. ``not checked``: what it needs is not there, as its sentence tells."""

SMOKE = "smoke"
"""The check that nobody can override."""
DECISIVE = ("contest_as_served", "contest_of_recipes", "floor")
"""Checks by which a candidate passes; all others only have nothing against it."""

NUMBER_COLUMNS = ("number", "threshold")


@dataclass(frozen=True)
class Check:
    """One question that the gate asks of a candidate, and the answer.

    Attributes
    ----------
    name
        ``"ratings_kept"``: names the tag, the metric and the parameter that switches it off.
    group
        What it is about.
    status
        What came of it.
    sentence
        The answer, for someone who was not there.
    number
        What was measured; None where nothing was, or where the answer is no number.
    threshold
        What it was compared with; None where there is none.
    """

    name: str
    group: Group
    status: Status
    sentence: str
    number: float | None = None
    threshold: float | None = None

    @property
    def passed(self) -> bool:
        """Return whether the check lets the candidate pass; what was not checked does."""
        return self.status != "refused"


@dataclass(frozen=True, eq=False)
class Verdict:
    """What the gate says.

    Attributes
    ----------
    checks
        All of them, in the order in which they are asked, those that were not asked included.
    notes
        How they came about, a sentence each.
    numbers
        Everything that was measured, by name.
    differences
        float64, (n_users,), nDCG@10 of candidate minus Production for each user; None without a comparison.
    interval
        Of the mean difference; None without a comparison.
    """

    checks: tuple[Check, ...]
    notes: tuple[str, ...] = ()
    numbers: dict[str, float] = field(default_factory=dict)
    differences: NDArray[np.float64] | None = None
    interval: Interval | None = None

    @property
    def promote(self) -> bool:
        """Return whether the candidate passes: no check refuses it."""
        return all(check.passed for check in self.checks)

    @property
    def failed(self) -> tuple[Check, ...]:
        """Return the checks that refuse the candidate."""
        return tuple(check for check in self.checks if not check.passed)

    @property
    def can_be_forced(self) -> bool:
        """Return whether a person may promote all the same: what does not answer cannot be served by anyone."""
        return all(check.name != SMOKE for check in self.failed)

    @property
    def warnings(self) -> tuple[Check, ...]:
        """Return the checks that a person should look at, though they refuse nothing."""
        return tuple(check for check in self.checks if check.status == "warning")

    @property
    def reasons(self) -> tuple[str, ...]:
        """Return why, a sentence each: what it failed by, or what it passed by in the contest."""
        if not self.promote:
            return tuple(check.sentence for check in self.failed)
        stood = [check for check in self.checks if check.name in DECISIVE and check.status == "passed"]
        return tuple(check.sentence for check in stood) or ("no check has anything against it",)

    @property
    def sentence(self) -> str:
        """Return the verdict as one line."""
        return ("passed: " if self.promote else "refused: ") + "; ".join(self.reasons)

    def table(self) -> dict[str, list[object]]:
        """Return the checks as columns, a row each, as `mlflow.log_table` and `text_table` take them."""
        rows = [asdict(check) for check in self.checks]
        return {name: [row[name] for row in rows] for name in ("group", "name", "status", *NUMBER_COLUMNS, "sentence")}

    def markdown(self) -> str:
        """Return the checks as a Markdown table under the verdict."""
        head = f"**{'passed' if self.promote else 'refused'}**: {'; '.join(self.reasons)}"
        lines = [f"| {' | '.join(_cells(check))} |" for check in self.checks]
        notes = [f"- {note}" for note in self.notes]
        return "\n".join(
            [
                head,
                "",
                "| check | status | number | threshold | what it says |",
                "|---|---|---|---|---|",
                *lines,
                *([""] if notes else []),
                *notes,
                "",
            ]
        )

    def as_json(self) -> dict[str, object]:
        """Return the verdict as JSON takes it, without the users' differences."""
        return {
            "promote": self.promote,
            "reasons": list(self.reasons),
            "notes": list(self.notes),
            "checks": [{**asdict(check), "passed": check.passed} for check in self.checks],
            "numbers": self.numbers,
            "interval": asdict(self.interval) if self.interval else None,
        }


def _cells(check: Check) -> tuple[str, ...]:
    numbers = ("" if value is None else f"{value:.4g}" for value in (check.number, check.threshold))
    return (check.name, check.status, *numbers, check.sentence.replace("|", "\\|"))
