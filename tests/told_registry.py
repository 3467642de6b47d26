"""A registry that is told what to say, for the sync and what it starts."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from published_models import save_artifacts

from recsys.data import Dataset
from recsys.model_checks import checksum_tags
from serving.parent.look import Look


@dataclass
class ToldRegistry:
    """A registry that gives what the test has put in."""

    store: Path
    name: str = "movie-recommender"
    points_to: int | None = 1
    tags: dict[int, dict[str, str]] = field(default_factory=dict)
    failure: Exception | None = None
    downloads: int = 0
    is_settled: bool = True
    challenger: int | None = None
    traffic: dict[str, str] = field(default_factory=dict)

    def put(self, version: int, dataset: Dataset, method: str) -> Path:
        folder = self.store / str(version)
        save_artifacts(dataset, folder, method)
        self.tags[version] = checksum_tags(folder)
        return folder

    def look(self, alias: str) -> Look:  # noqa: ARG002
        if self.failure:
            raise self.failure
        version = None if self.points_to is None else self._version(self.points_to)
        challenger = None if self.challenger is None or not self.traffic else self._version(self.challenger)
        return Look(version, self.is_settled, dict(self.traffic), challenger)

    def _version(self, number: int) -> Any:
        return SimpleNamespace(name=self.name, version=number, run_id=f"run-{number}", tags=dict(self.tags[number]))

    def download(self, version: Any, folder: Path) -> Path:
        self.downloads += 1
        shutil.copytree(self.store / str(version.version), folder, dirs_exist_ok=True)
        return folder
