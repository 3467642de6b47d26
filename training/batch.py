"""Recommendations for a file of histories."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.sparse as sp
from tqdm import tqdm

from recsys.batch import ListBlock, recommend_all
from recsys.catalog import MAX_STARS, Catalog
from recsys.data.formats import DEFAULT_POLICIES
from recsys.data.histories import read_histories
from recsys.data.indexing import find_ids
from recsys.data.policies import Policies
from recsys.data.rating_table import RatingTable
from recsys.filter import MovieFilter, allowed_movies
from recsys.model import DEFAULT_N, check_question
from recsys.registry import Registry
from recsys.signatures import Signatures
from recsys.storage import LOGGED_FOLDER, load_model
from training.list_writer import list_writer


@dataclass(frozen=True)
class Written:
    """How many users got a list, and how many ratings were of movies that the model does not know."""

    n_users: int
    n_unknown: int


@dataclass(frozen=True)
class Wanted:
    """What each list is to be, as in `recsys.model.Recommender.recommend`."""

    n: int = DEFAULT_N
    min_rating: float | None = None
    diversity: float = 0.0
    recency: float | None = None
    new: int = 0
    filter: MovieFilter | None = None


def recommend_file(
    model_uri: str,
    tracking_uri: str,
    history: Path | str,
    out: Path,
    *,
    wanted: Wanted,
    hidden: frozenset[int] = frozenset(),
    policies: Policies = DEFAULT_POLICIES,
    s3_endpoint_url: str | None = None,
    signatures: Signatures | None = None,
) -> Written:
    """Write the recommendations for each user of a file of histories, which is read as `read_histories` does.

    Parameters
    ----------
    hidden
        Ids of movies that may not be shown, whatever is wanted.
    signatures
        What the signature of the version has to be like.

    Raises
    ------
    DataError
        When the file cannot be read.
    ParameterError
        When something wanted is out of its range, or a genre that no movie has.
    RegistryError, ArtifactError
        When the model cannot be had.
    """
    check_question(n=wanted.n, diversity=wanted.diversity, recency=wanted.recency, new=wanted.new)
    table = read_histories(history, policies, s3_endpoint_url=s3_endpoint_url)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Registry.fetch(model_uri, tracking_uri, Path(scratch), signatures)
        model, _ = load_model(folder / LOGGED_FOLDER)
        user_ids, histories, n_unknown = as_histories(table, model.catalog)
        blocks = recommend_all(
            model.hiding(hidden),
            histories,
            n=wanted.n,
            min_rating=wanted.min_rating,
            diversity=wanted.diversity,
            recency=wanted.recency,
            new=wanted.new,
            allowed=allowed_movies(model.catalog, wanted.filter),
        )
        with list_writer(out) as write, tqdm(total=len(user_ids), unit="user", disable=None) as progress:
            for block in blocks:
                write(as_frame(block, user_ids, model.catalog))
                progress.update(len(block.item_indices))
    return Written(len(user_ids), n_unknown)


def as_histories(table: RatingTable, catalog: Catalog) -> tuple[np.ndarray, sp.csr_array, int]:
    """Return histories in terms of a catalog.

    Returns
    -------
    (user_ids, histories, n_unknown): int64 (n_users,) ascending, every user of the table; CSR float32
    (n_users, n_items), stars, five where the table has no ratings; and the number of ratings that were left out because
    the catalog does not hold their movie.
    """
    user_ids, user_indices = np.unique(table.user_ids, return_inverse=True)
    item_indices = find_ids(catalog.movie_ids, table.movie_ids)
    known = item_indices >= 0
    stars = np.full(len(known), MAX_STARS) if table.ratings is None else table.ratings
    histories = sp.csr_array(
        (stars[known].astype(np.float32), (user_indices[known], item_indices[known])),
        shape=(len(user_ids), catalog.n_items),
    )
    return user_ids, histories, int(np.count_nonzero(~known))


def as_frame(block: ListBlock, user_ids: np.ndarray, catalog: Catalog) -> pd.DataFrame:
    """Return a block of lists as rows: user_id, movie_id, rank from 1, score."""
    listed = block.item_indices >= 0
    ranks = np.broadcast_to(np.arange(1, listed.shape[1] + 1), listed.shape)
    users = np.repeat(user_ids[block.rows], listed.sum(axis=1))
    movie_ids = catalog.movie_ids[block.item_indices[listed]]
    return pd.DataFrame({"user_id": users, "movie_id": movie_ids, "rank": ranks[listed], "score": block.scores[listed]})
