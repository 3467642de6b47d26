"""The contenders, and their parameters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Contender:
    """A method of a library.

    Attributes
    ----------
    name
        As shown in the table.
    environment, adapter
        Where it runs (see `benchmarks.leaderboard.environments`) and the module of `adapters` that knows how.
    settings
        What the adapter is given. Those of the peers are the best of ``grid`` by `benchmarks.leaderboard.tuning`.
    grid
        Values that the tuning tries, all combinations.
    once
        It takes so long that it runs on the headline seed only, once.
    """

    name: str
    environment: str
    adapter: str
    settings: Mapping[str, Any]
    grid: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    once: bool = False

    @property
    def is_ours(self) -> bool:
        """Return whether this is one of our methods."""
        return self.environment == "ours"

    @property
    def params(self) -> str:
        """Return the settings as shown, without the model's name."""
        shown = {name: value for name, value in self.settings.items() if name not in ("model", "method", "seed")}
        return ", ".join(f"{name}={value}" for name, value in shown.items()) or "defaults"


def _ours(method: str, row: str = "", **settings: Any) -> Contender:
    return Contender(row or method, "ours", "ours", {"method": method, **settings})


def _implicit(name: str, settings: Mapping[str, Any], grid: Mapping[str, Sequence[Any]]) -> Contender:
    return Contender(f"implicit {name}", "peers", "implicit_library", settings, grid)


_L2 = (200.0, 350.0, 500.0, 700.0, 1000.0, 1500.0)
_NEIGHBORS = (20, 50, 100, 200, 400, 800)

CONTENDERS: tuple[Contender, ...] = (
    *map(_ours, ("content-cosine", "content-jaccard", "item-knn", "ease", "spectral", "hybrid")),
    _ours("popularity", ever=True),
    _ours("popularity", "popularity lately"),
    _ours("hybrid", "hybrid as served", min_rating=None),
    _ours("hybrid", "hybrid as served, recency 1", min_rating=None, recency=1.0),
    _implicit("cosine", {"model": "cosine", "K": 400, "binary": True}, {"K": _NEIGHBORS, "binary": (True, False)}),
    _implicit("TF-IDF", {"model": "tfidf", "K": 800, "binary": False}, {"K": _NEIGHBORS, "binary": (True, False)}),
    _implicit(
        "BM25",
        {"model": "bm25", "K": 800, "K1": 3.0, "B": 0.3, "binary": True},
        {"K": (100, 400, 800), "K1": (1.2, 3.0, 10.0), "B": (0.3, 0.75)},
    ),
    _implicit(
        "ALS",
        {"model": "als", "factors": 64, "regularization": 30.0, "alpha": 3.0, "iterations": 15, "random_state": 42}
        | {"binary": True},
        {"factors": (32, 64, 128), "regularization": (10.0, 30.0, 100.0), "alpha": (3.0, 10.0)},
    ),
    _implicit(
        "BPR",
        {"model": "bpr", "factors": 16, "regularization": 0.01, "learning_rate": 0.003, "iterations": 100}
        | {"random_state": 42, "binary": True},
        {
            "factors": (16, 32),
            "regularization": (0.01, 0.05),
            "learning_rate": (0.003, 0.01, 0.03),
            "iterations": (50, 100),
        },
    ),
    Contender(
        "lenskit ItemKNN",
        *("peers", "lenskit_library", {"model": "item-knn", "feedback": "implicit", "max_nbrs": 400}),
        {"max_nbrs": _NEIGHBORS},
    ),
    Contender(
        *("lenskit EASE", "peers", "lenskit_library", {"model": "ease", "regularization": 700.0}),
        {"regularization": _L2},
    ),
    Contender(
        *("rectools EASE", "rectools", "rectools_library", {"model": "ease", "regularization": 1000.0}),
        {"regularization": _L2},
    ),
    Contender(
        *("rectools PureSVD", "rectools", "rectools_library", {"model": "pure-svd", "factors": 8}),
        {"factors": (4, 8, 12, 16, 24, 32)},
    ),
    Contender(
        *("cornac EASE", "peers", "cornac_library", {"model": "ease", "lamb": 700.0, "posB": False, "binary": True}),
        {"lamb": _L2, "posB": (False, True)},
    ),
    Contender(  # parameters of the notebook of the Microsoft Recommenders, whose row leads their published table
        *("cornac BiVAE", "peers", "cornac_library"),
        {"model": "bivae", "k": 50, "encoder_structure": [100], "act_fn": "tanh", "likelihood": "pois"}
        | {"n_epochs": 500, "batch_size": 128, "learning_rate": 0.001, "use_gpu": False, "binary": False},
        once=True,
    ),
)
