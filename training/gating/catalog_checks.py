"""Checks of the movies: whether the candidate is about the same ones as Production."""

import numpy as np

from recsys.catalog import Catalog
from recsys.drift.sketch import share_kept
from training.gating.params import GateParams
from training.gating.sides import Side
from training.gating.thresholds import at_least, not_checked, switched_off
from training.gating.verdict import Check

NAME = "dataset_name"
"""The check of what the data are called."""

SAME_SOURCE = 0.1
"""Data of another name that still hold this share of Production's ratings come from the same people."""


def catalog_checks(
    candidate: Side | str, production: Side | str, params: GateParams, names: tuple[str, str] = ("", "")
) -> tuple[Check, ...]:
    """Return the checks of the movies, their genres and the name of the data, if need be by the ``names`` of both."""
    if isinstance(candidate, str) or isinstance(production, str):
        why = candidate if isinstance(candidate, str) else str(production)
        movies, genres = (not_checked(check, "catalog", why) for check in ("catalog_kept", "genres_kept"))
        told = name_check(*names, params, ", by the tags of both") if all(names) else not_checked(NAME, "catalog", why)
        return movies, genres, told
    return (
        _movies(candidate.catalog, production.catalog, params),
        _genres(candidate.catalog, production.catalog, params),
        _name(candidate, production, params),
    )


def share_of_movies_kept(production: Catalog, candidate: Catalog) -> float:
    """Return the share of Production's movies that the candidate has under the same id and title."""
    rows = candidate.find(production.movie_ids)
    same = [row >= 0 and candidate.titles[row] == title for row, title in zip(rows, production.titles, strict=True)]
    return float(np.mean(same))


def share_of_genres_kept(production: Catalog, candidate: Catalog) -> float | None:
    """Return the share of Production's movies with genres that have the same ones; None where none has any."""
    rows = candidate.find(production.movie_ids).tolist()
    known = [(index, row) for index, row in enumerate(rows) if row >= 0 and production.genres[index].any()]
    if not known:
        return None
    return float(np.mean([set(production.genres_of(a)) == set(candidate.genres_of(b)) for a, b in known]))


def name_check(candidate: str, production: str, params: GateParams, known_by: str = "") -> Check:
    """Return the check of the names of the data alone; ``known_by`` ends its sentence."""
    sentence = f"it was trained on {candidate}, Production on {production}{known_by}"
    if candidate == production:
        return Check(NAME, "catalog", "passed", sentence)
    if params.min_catalog_kept is None:
        return switched_off(NAME, "catalog", None, sentence)
    return Check(NAME, "catalog", "refused", f"{sentence}: other data are for a person to decide on")


def _movies(candidate: Catalog, production: Catalog, params: GateParams) -> Check:
    kept = share_of_movies_kept(production, candidate)
    sentence = f"it knows {kept:.1%} of Production's movies by the same id and title"
    otherwise = "another catalog is for a person to decide on"
    return at_least("catalog_kept", "catalog", kept, params.min_catalog_kept, sentence, otherwise=otherwise)


def _genres(candidate: Catalog, production: Catalog, params: GateParams) -> Check:
    kept = share_of_genres_kept(production, candidate)
    if kept is None:
        return not_checked("genres_kept", "catalog", "no movie that both know had a genre")
    sentence = f"{kept:.1%} of the movies that both know have the genres that they had"
    otherwise = "genres have been lost or mixed up"
    return at_least("genres_kept", "catalog", kept, params.min_genres_kept, sentence, otherwise=otherwise)


def _name(candidate: Side, production: Side, params: GateParams) -> Check:
    check = name_check(candidate.name, production.name, params)
    if check.status == "refused" and candidate.profile and production.profile:
        kept = share_kept(production.profile.sketch, candidate.profile.sketch).ratings
        if kept >= SAME_SOURCE:
            told = f"it was trained on {candidate.name}, Production on {production.name}, of whose ratings it holds "
            told += f"{kept:.0%}: the same source under another name"
            return Check(check.name, check.group, "passed", told, kept, SAME_SOURCE)
    return check
