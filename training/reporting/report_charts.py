"""The report's charts, as SVG."""

from collections.abc import Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 220, 120
LEFT, RIGHT, TOP, BOTTOM = 12, 44, 14, 20
LABEL = 250
"""Room for titles beside the map."""
CELL = 15


def curve(title: str, cutoffs: Sequence[int], ours: Sequence[float], theirs: Sequence[float]) -> str:
    """Return a small chart of a metric over the length of the list, the baseline below or above."""
    top = max(*ours, *theirs, 1e-9)
    lines = "".join(_line(values, top, kind) for values, kind in ((theirs, "than"), (ours, "ours")))
    ticks = "".join(
        f'<text x="{x:.0f}" y="{HEIGHT - 4}" text-anchor=middle>{cutoff}</text>'
        for cutoff, x in zip(cutoffs, _xs(len(cutoffs)), strict=True)
    )
    pairs = zip(cutoffs, ours, theirs, strict=True)
    spoken = ", ".join(f"at {cutoff}: {our:.3f} and {their:.3f}" for cutoff, our, their in pairs)
    label = f"{escape(title)}, the model and popularity, {spoken}"
    return (
        f"<figure><figcaption><b>{escape(title)}</b></figcaption>"
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role=img aria-label="{label}">'
        f'<path class=axis d="M0 {HEIGHT - BOTTOM}H{WIDTH - RIGHT + 8}"/>{ticks}{lines}</svg></figure>'
    )


def _line(values: Sequence[float], top: float, kind: str) -> str:
    height = HEIGHT - TOP - BOTTOM
    points = [(x, TOP + height * (1 - value / top)) for x, value in zip(_xs(len(values)), values, strict=True)]
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r=3 />' for x, y in points)
    x, y = points[-1]
    return f'<g class={kind}><path d="M{path}"/>{dots}<text x="{x + 7:.1f}" y="{y + 4:.1f}">{values[-1]:.3f}</text></g>'


def _xs(n_values: int) -> list[float]:
    positions: list[float] = np.linspace(LEFT, WIDTH - RIGHT, n_values).tolist()
    return positions


def heat_map(titles: Sequence[str], similarity: NDArray[np.float32]) -> str:
    """Return a matrix of cells, the darker the more similar; the page's script shows the titles of a cell.

    Parameters
    ----------
    titles
        (n,)
    similarity
        float32, (n, n), NaN on the diagonal.
    """
    shades = _shades(similarity)
    rows = "".join(_row(place, title, shades[place]) for place, title in enumerate(titles))
    size = len(titles) * CELL
    names = "".join(
        f'<text transform="translate({place * CELL + CELL * 0.72:.0f} -8) rotate(-90)">{escape(_short(title))}</text>'
        for place, title in enumerate(titles)
    )
    values = ";".join(",".join("" if np.isnan(value) else f"{value:.2f}" for value in row) for row in similarity)
    return (
        f'<svg id=map viewBox="{-LABEL} {-LABEL} {size + LABEL} {size + LABEL}" data-values="{values}" role=img '
        f'aria-label="Similarity among the {len(titles)} most-rated movies"><g class=columns>{names}</g>{rows}</svg>'
    )


def _row(place: int, title: str, shades: NDArray[np.float32]) -> str:
    text = f'<text x="-8" y="{CELL * 0.72:.0f}" text-anchor=end>{escape(_short(title))}</text>'
    return f'<g class=row transform="translate(0 {place * CELL})">{text}{_cells(shades)}</g>'


def _cells(shades: NDArray[np.float32]) -> str:
    return "".join(
        f"<rect x={column * CELL} width={CELL - 1} height={CELL - 1} fill-opacity={shade:.2f} />"
        for column, shade in enumerate(shades)
        if not np.isnan(shade)
    )


def _shades(similarity: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return 0.04 to 1: most similarities lie close together, so that the lowest twentieth is where shades begin."""
    known = similarity[~np.isnan(similarity)]
    if known.size == 0:
        return similarity
    least, most = float(np.quantile(known, 0.05)), float(known.max())
    scaled = (similarity - least) / max(most - least, 1e-9)
    return np.asarray(np.clip(scaled, 0.04, 1), dtype=np.float32)


def _short(title: str) -> str:
    return title if len(title) <= 38 else f"{title[:37].rstrip()}…"
