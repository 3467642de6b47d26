"""A registered model in memory, whose writes can be counted and made to fail."""

from collections.abc import Mapping

from recsys.alias.state import ModelMetadata
from recsys.errors import RegistryError


class MemoryAliasStore:
    """Aliases and tags as MLflow's registry keeps them: case-sensitive, without compare-and-set.

    Parameters
    ----------
    fail_at
        The number of the write, from 0, that fails, and all after it; None for none.
    lands
        Whether the failing write takes effect all the same, as when only the answer is lost.
    """

    name = "movies"

    def __init__(self, aliases: Mapping[str, int] | None = None) -> None:
        self.aliases_now: dict[str, int] = dict(aliases or {})
        self.tags_now: dict[str, str] = {}
        self.writes: list[str] = []
        self.fail_at: int | None = None
        self.lands = False

    def metadata(self) -> ModelMetadata:
        return ModelMetadata(dict(self.aliases_now), dict(self.tags_now))

    def tags(self) -> Mapping[str, str]:
        return dict(self.tags_now)

    def set_tag(self, key: str, value: str) -> None:
        self._write(f"set {key}", lambda: self.tags_now.__setitem__(key, value))

    def delete_tag(self, key: str) -> None:
        self._write(f"delete {key}", lambda: self.tags_now.pop(key, None))

    def point(self, spelling: str, version: int) -> None:
        self._write(f"point {spelling}", lambda: self.aliases_now.__setitem__(spelling, version))

    def headline_metrics(self, version: int) -> Mapping[str, float]:
        return {"ndcg_at_10": version / 10}

    def heal(self) -> None:
        self.fail_at = None

    def _write(self, what: str, change: object) -> None:
        assert callable(change)
        fails = self.fail_at is not None and len(self.writes) >= self.fail_at
        if not fails or (self.lands and len(self.writes) == self.fail_at):
            change()
        self.writes.append(what)
        if fails:
            raise RegistryError("the registry does not answer")
