"""Ratings and movies: the readers of the MovieLens formats, the download, and the embedded sample."""

from recsys.data.dataset import Dataset
from recsys.data.formats import open_dataset

__all__ = ["Dataset", "open_dataset"]
