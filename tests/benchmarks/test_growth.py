"""The table of growth, and a fit in a process of its own."""

import json
from pathlib import Path

import pytest

from benchmarks import growth
from benchmarks.growth_child import CONTENDERS

FOUND = {
    "1M": {"hybrid": {"cpu": 7.54, "wall": 5.0, "gb": 0.5}, "implicit-als": {"cpu": 3.0, "wall": 2.0, "gb": 0.4}},
    "3M": {"hybrid": {"cpu": 1.8, "wall": 1.0, "gb": 0.5}, "implicit-als": {}},
}


def test_render_shows_each_measure_and_a_dash_where_a_fit_has_no_numbers() -> None:
    text = growth.render(FOUND)
    assert "| processor seconds | 1M | 3M |" in text
    assert "| **hybrid** | 7.5 | 1.8 |" in text
    assert "| implicit-als | 3.0 | — |" in text
    assert "| **hybrid** | 0.5 | 0.5 |" in text


def test_every_contender_has_an_environment() -> None:
    assert CONTENDERS.keys() == growth.ENVIRONMENTS.keys()


def test_draw_has_a_line_for_each_contender_with_numbers() -> None:
    first, second = growth.draw(FOUND).axes
    assert [len(line.get_xdata()) for line in first.lines] == [2, 1]
    assert second.get_title() == "a fit's peak memory, GB"


def test_growth_measures_a_fit_in_a_process_and_adds_it_to_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = tmp_path / "growth.json"
    results.write_text(json.dumps({"1M": FOUND["1M"]}), encoding="utf-8")
    arguments = ["--sizes", "100K", "--contenders", "item-knn", "--results", str(results)]
    assert growth.main([*arguments, "--picture", str(tmp_path / "growth.png")]) == 0
    found = json.loads(results.read_text(encoding="utf-8"))
    assert found["1M"] == FOUND["1M"]
    assert found["100K"]["item-knn"].keys() == {"cpu", "wall", "gb"}
    assert (tmp_path / "growth.png").stat().st_size > 1000
    assert "| **item-knn** |" in capsys.readouterr().out
