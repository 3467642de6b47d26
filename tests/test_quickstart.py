"""The notebook docs/quickstart.ipynb runs from its first cell to its last, in an empty folder."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from empty_store import write_empty_store

from recsys.data import Dataset, csv_family, open_dataset

ROOT = Path(__file__).parent.parent
NOTEBOOK = ROOT / "docs" / "quickstart.ipynb"


def code_cells() -> list[str]:
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def test_quickstart_runs_from_the_first_cell_to_the_last(tmp_path: Path) -> None:
    script = "\n\n".join(code_cells()) + '\n\nprint("last cell reached", same)\n'
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RECSYS_", "MLFLOW_"))}
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={**kept, "PYTHONPATH": str(ROOT), "MLFLOW_TRACKING_URI": write_empty_store(tmp_path)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.endswith("last cell reached True\n")


def test_quickstart_shows_what_it_does() -> None:
    code = "\n".join(code_cells())
    for call in ("read_ratings(", "Dataset.from_frame(", "recsys.fit(", ".recommend(", ".similar(", "recsys.evaluate("):
        assert call in code
    assert "@Production" in code


def test_quickstart_holds_outputs_but_no_address_of_a_machine() -> None:
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    assert notebook["nbformat"] == 4
    assert sum(bool(cell.get("outputs")) for cell in notebook["cells"]) >= 8
    text = NOTEBOOK.read_text(encoding="utf-8")
    assert "/home/" not in text
    assert str(ROOT) not in text


def test_readme_python_lines_run(tmp_path: Path, tiny: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    block = re.search(
        r"```python\n(import recsys\n.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL
    )
    assert block is not None
    *lines, last = block[1].strip().splitlines()
    csv_family.write(tiny, tmp_path / "ml-100k")
    monkeypatch.chdir(tmp_path)
    exec("\n".join(lines), {})
    assert last.startswith('model = recsys.load("models:/')


def test_data_page_file_of_ten_lines_works(tmp_path: Path) -> None:
    blocks = re.findall(
        r"```\n(userId,.*?|movieId,.*?)```", (ROOT / "docs/data.md").read_text(encoding="utf-8"), re.DOTALL
    )
    ratings, movies = blocks
    assert len(ratings.strip().splitlines()) == 10
    (tmp_path / "ratings.csv").write_text(ratings, "utf-8")
    assert open_dataset(tmp_path / "ratings.csv").n_ratings == 9
    (tmp_path / "movies.csv").write_text(movies, "utf-8")
    assert open_dataset(tmp_path / "ratings.csv").catalog.titles[1] == "Misérables, Les (1995)"
