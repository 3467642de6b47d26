"""Tables for the terminal."""

from collections.abc import Sequence

from recsys.evaluation.report import CUTOFFS
from training.experiment import BASELINE_SUFFIX, Outcome

SHOWN = ("ndcg", "map", "precision", "recall", "hit_rate", "mrr", "coverage", "novelty", "diversity", "popularity_bias")


def text_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return rows as aligned text: the first column to the left, numbers to the right with four decimals."""
    cells = [[f"{cell:.4f}" if isinstance(cell, float) else str(cell) for cell in row] for row in (header, *rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    lines = []
    for row in cells:
        first, *others = (cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        lines.append("  ".join([first.strip().ljust(widths[0]), *others]).rstrip())
    return "\n".join(lines) + "\n"


def text_listing(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return rows as aligned text, every column to the left, numbers with four decimals."""
    cells = [[f"{cell:.4f}" if isinstance(cell, float) else str(cell) for cell in row] for row in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in cells) + "\n"


def metrics_table(outcome: Outcome, method: str) -> str:
    """Return every metric at every cut-off, the baseline's below the model's."""
    header = ("", *(f"{name}" for name in SHOWN))
    rows = []
    for cutoff in CUTOFFS:
        for label, suffix in ((method, ""), ("popularity", BASELINE_SUFFIX)):
            values = [outcome.metrics[f"{name}_at_{cutoff}{suffix}"] for name in SHOWN]
            rows.append((f"{label} @{cutoff}", *values))
    return text_table(header, rows)
