"""The picture of a verdict, for someone who was not there."""

import textwrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.gating.verdict import Verdict

CONTESTS = {"contest_as_served": "upper", "contest_of_recipes": "lower"}
"""Which end of the interval decides."""
BETTER, WORSE, SAME, LINE = "#2f7d4f", "#b3423a", "#b0b7bf", "#1f5f99"


def gate_picture(verdict: Verdict, candidate: str) -> Figure:
    """Return the distribution of the users' differences above the interval of their mean, under the verdict."""
    figure = Figure(figsize=(9, 6.2), layout="constrained")
    color = BETTER if verdict.promote else WORSE
    heading = f"{candidate} {'passes' if verdict.promote else 'is refused at'} the gate"
    sentences = "\n".join(textwrap.fill(sentence, 105) for sentence in (*verdict.reasons, *verdict.notes))
    figure.suptitle(f"{heading}\n", color=color, fontsize=14, fontweight="bold")
    if verdict.differences is None or verdict.interval is None:
        axes = figure.subplots()
        axes.axis("off")
        axes.text(0.5, 0.6, f"No comparison was made.\n\n{sentences}", ha="center", va="center", fontsize=10)
        return figure
    upper, lower = figure.subplots(2, 1, height_ratios=[3, 1.3])
    upper.set_title(sentences, fontsize=9, loc="left", color="#444444")
    _distribution(upper, verdict.differences)
    _interval(lower, verdict)
    return figure


def _distribution(axes: Axes, differences: np.ndarray) -> None:
    better, worse = differences[differences > 0], differences[differences < 0]
    n_same = len(differences) - len(better) - len(worse)
    reach = max(0.05, float(np.abs(differences).max(initial=0)))
    bins = np.linspace(-reach, reach, 41).tolist()
    axes.hist(worse, bins=bins, color=WORSE, label=f"{len(worse)} users worse off")
    axes.hist(better, bins=bins, color=BETTER, label=f"{len(better)} users better off")
    axes.plot([], [], color=SAME, linewidth=6, label=f"{n_same} users with no difference (not drawn)")
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_xlabel("difference in nDCG@10 of a user, candidate - Production")
    axes.set_ylabel("users")
    axes.legend(frameon=False, fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)


def _interval(axes: Axes, verdict: Verdict) -> None:
    interval, tolerance = verdict.interval, verdict.numbers["tolerance"]
    if interval is None:
        return
    held = next(check for check in verdict.checks if check.name in CONTESTS and check.number is not None)
    color = BETTER if held.passed else WORSE
    axes.plot([interval.lower, interval.upper], [0, 0], color=color, linewidth=5, solid_capstyle="butt")
    axes.plot(interval.mean, 0, marker="o", color="white", markeredgecolor=color, markersize=10, markeredgewidth=2)
    axes.axvline(0, color="black", linewidth=0.8)
    label = f"tolerance: the {CONTESTS[held.name]} end has to be above {-tolerance:g}"
    axes.axvline(-tolerance, color=LINE, linestyle="--", label=label)
    ends = (interval.lower, interval.upper, 0.0, -tolerance)
    margin = 0.15 * (max(ends) - min(ends)) + 1e-4
    axes.set_xlim(min(ends) - margin, max(ends) + margin)
    axes.set_ylim(-1, 1)
    axes.set_yticks([])
    text = f"{interval.mean:+.4f}  [{interval.lower:+.4f}, {interval.upper:+.4f}]"
    axes.annotate(text, (interval.mean, 0), xytext=(0, 12), textcoords="offset points", ha="center", fontsize=9)
    n_users, confidence = interval.n_users, interval.confidence
    axes.set_xlabel(f"mean difference over {n_users} users, with its {confidence:.0%} interval (paired bootstrap)")
    axes.legend(frameon=False, fontsize=9, loc="lower right")
    axes.spines[["top", "right", "left"]].set_visible(False)
