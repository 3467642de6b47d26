"""Recommendations for a file of histories."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.sparse as sp
from tqdm import tqdm

from recsys.batch import Wanted, histories_of, list_columns, recommend_wanted
from recsys.catalog import MAX_STARS, Catalog
from recsys.data.formats import DEFAULT_POLICIES
from recsys.data.histories import read_histories
from recsys.data.policies import Policies
from recsys.data.rating_table import RatingTable
from recsys.fetching import fetch_version
from recsys.model import Recommender
from recsys.signatures import Signatures
from recsys.storage import LOGGED_FOLDER, load_model
from training.list_writer import list_writer


@dataclass(frozen=True)
class Written:
    """How many users got a list, and how many ratings were of movies that the model does not know."""

    n_users: int
    n_unknown: int


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
    wanted.check()
    table = read_histories(history, policies, s3_endpoint_url=s3_endpoint_url)
    with fetched_model(model_uri, tracking_uri, signatures) as model:
        user_ids, histories, n_unknown = as_histories(table, model.catalog)
        blocks = recommend_wanted(model.hiding(hidden), histories, wanted)
        with list_writer(out) as write, tqdm(total=len(user_ids), unit="user", disable=None) as progress:
            for block in blocks:
                write(pd.DataFrame(list_columns(block, user_ids, model.catalog)))
                progress.update(len(block.item_indices))
    return Written(len(user_ids), n_unknown)


@contextmanager
def fetched_model(model_uri: str, tracking_uri: str, signatures: Signatures | None) -> Iterator[Recommender]:
    """Yield a registered model, whose files lie in a temporary folder; the parameters are those of `recommend_file`."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = fetch_version(model_uri, tracking_uri, Path(scratch), signatures)
        yield load_model(folder / LOGGED_FOLDER)[0]


def as_histories(table: RatingTable, catalog: Catalog) -> tuple[np.ndarray, sp.csr_array, int]:
    """Return histories in terms of a catalog.

    Returns
    -------
    (user_ids, histories, n_unknown): int64 (n_users,) ascending, every user of the table; CSR float32
    (n_users, n_items), stars, five where the table has no ratings; and the number of ratings that were left out because
    the catalog does not hold their movie.
    """
    stars = np.full(len(table.user_ids), MAX_STARS, np.float32) if table.ratings is None else table.ratings
    return histories_of(table.user_ids, table.movie_ids, stars, catalog)
