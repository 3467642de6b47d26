"""How strict the gate is."""

from pydantic import BaseModel, ConfigDict, Field


class GateParams(BaseModel):
    """How strict the gate is."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    tolerance: float = Field(0.002, ge=0, le=1)
    """How much worse in nDCG@10 a candidate may be, at the lower end of the interval."""
    confidence: float = Field(0.95, gt=0.5, lt=1)
    """Of the two-sided interval."""
    min_coverage_ratio: float = Field(0.25, ge=0, le=1)
    """The least that may be left of Production's catalogue coverage, as a share of it."""
    min_catalog_kept: float = Field(0.9, ge=0, le=1)
    """The least share of Production's movies that the candidate has to know, by the same id and title."""
    min_users: int = Field(30, ge=1)
    """With fewer holdout users an interval means nothing."""
    n_resamples: int = Field(10_000, ge=100)
    """Draws of the bootstrap."""
    seed: int = Field(0, ge=0)
    """Of the bootstrap, so that a verdict can be repeated."""
