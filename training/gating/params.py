"""How strict the gate is: a threshold for each check, each with a default, each to be switched off by ``off``."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _off(value: object) -> object:
    return None if isinstance(value, str) and value.strip().lower() in ("off", "none") else value


Share = Annotated[Annotated[float, Field(ge=0, le=1)] | None, BeforeValidator(_off)]
Amount = Annotated[Annotated[float, Field(ge=0)] | None, BeforeValidator(_off)]
Correlation = Annotated[Annotated[float, Field(ge=-1, le=1)] | None, BeforeValidator(_off)]


class GateParams(BaseModel):
    """How strict the gate is."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    min_ratings_ratio: Share = 0.8
    """The least number of ratings, as a share of Production's."""
    min_users_ratio: Share = 0.8
    """The least number of users, as a share of Production's."""
    min_ratings_kept: Share = 0.8
    """The least share of Production's ratings that are still there; a rolling window needs it lower, or off."""
    min_times_kept: Share = 0.8
    """The least share of the ratings still there that have the time that they had."""
    max_stars_shift: Amount = 0.25
    """How far the distribution of stars may shift, as a population stability index."""
    min_popularity_correlation: Correlation = 0.8
    """The least rank correlation of the movies' numbers of ratings."""
    max_days_back: Amount = 1.0
    """How many days the newest rating may lie before Production's newest."""
    max_days_ahead: Amount = 2.0
    """How many days the newest rating may lie in the future."""
    min_month_kept: Share = 0.5
    """The least that may be left of any month between the first and the last, as a share of what it held."""
    max_same_second: Share = 0.2
    """The largest share of the ratings that may have one and the same time, above Production's."""
    max_copied_users: Share = 0.05
    """The largest share of users with the history of another user, above Production's."""
    max_top_growth: Amount = 2.0
    """How much larger the share of one movie or one user may become before a warning is given."""
    min_catalog_kept: Share = 0.9
    """The least share of Production's movies that the candidate has to know, by the same id and title."""
    min_genres_kept: Share = 0.8
    """The least share of Production's movies with genres that still have the same."""
    max_new_stars_shift: Amount = 0.5
    """How far the stars of the new ratings, averaged over users, may lie from Production's."""
    min_new_popularity: Share = 0.5
    """How much of Production's lean towards popular movies the new ratings must show."""
    min_new_ndcg: Share = 0.6
    """How much of its nDCG@10 Production must reach on the new ratings as well."""
    min_new_gain: Share = 0.3
    """How much of its gain over popularity Production must have on the new ratings as well."""
    tolerance: float = Field(0.002, ge=0, le=1)
    """How much worse in nDCG@10 a candidate may be: at the lower end of the interval where recipes differ, at the upper
    end where the recipe is the same."""
    confidence: float = Field(0.95, gt=0.5, lt=1)
    """Of the two-sided intervals."""
    min_users: int = Field(30, ge=1)
    """With fewer users an interval means nothing."""
    min_coverage_ratio: Share = 0.25
    """The least that may be left of Production's catalog coverage, as a share of it."""
    n_resamples: int = Field(10_000, ge=100)
    """Draws of the bootstrap."""
    seed: int = Field(0, ge=0)
    """Of the bootstrap, so that a verdict can be repeated."""
