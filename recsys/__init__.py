"""Item-item movie recommendation.

From Python in five lines::

    import recsys
    ratings = recsys.read_ratings("ml-100k")
    model = recsys.fit(ratings)
    model.recommend({50: 5, 181: 4.5}, n=10)
    model = recsys.load("models:/movie-recommender@Production")

Importing this package loads nothing else; what is used is loaded when it is.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recsys.data import Dataset
    from recsys.frames import evaluate, fit, load, read_ratings
    from recsys.movie_model import MovieModel

__version__ = "0.1.0"
__all__ = ["Dataset", "MovieModel", "__version__", "evaluate", "fit", "load", "read_ratings"]

_HOMES = {
    "Dataset": "recsys.data",
    **dict.fromkeys(("MovieModel", "evaluate", "fit", "load", "read_ratings"), "recsys.frames"),
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
