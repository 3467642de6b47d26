"""The settings by topic: defaults, and what each may be. `recsys.settings` reads them."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import NoDecode

from recsys.admin_token import token_problem
from recsys.origins import origin_problem
from recsys.registry_names import alias_problem, name_problem

MIN_KEY = 16
"""Characters of a key that signs versions."""


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


def _names(value: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in value.split(",") if name.strip())


class DataSettings(_Group):
    """Where ratings come from."""

    dir: Path = Path("ml-100k")
    """Folder, file, archive or ``s3://`` address of ratings and movies."""
    duplicates: str = "keep-last"
    """What to do when a user has rated a movie twice: ``keep-last`` or ``error``."""
    unknown_movies: str = ""
    """What to do with ratings of movies that have no title: ``drop`` or ``error``; drop up to 1 % when empty."""
    scale: str = ""
    """The worst and the best rating, as ``1-10``, when they are not those of MovieLens."""

    @property
    def is_place_named(self) -> bool:
        """Return whether somebody has named the place, so that it has to exist."""
        return "dir" in self.model_fields_set


class ModelSettings(_Group):
    """Which model is served, and how it is kept up to date."""

    name: str = Field("movie-recommender", min_length=1)
    """Name of the registered model."""
    alias: str = Field("Production", min_length=1)
    """The alias that is served; any spelling of it is followed."""
    poll_seconds: float = Field(10.0, gt=0)
    """How often the registry is asked, seconds."""
    look_seconds: float = Field(15.0, gt=0)
    """How long one question to the registry may take before it counts as unreachable."""
    download_seconds: float = Field(600.0, gt=0)
    """How long the download of a version may take."""
    max_bytes: int = Field(2_000_000_000, gt=0)
    """How large a version may be that is downloaded."""
    signing_key: SecretStr | None = None
    """Key by which training signs versions and the API checks them; at least 16 characters."""
    require_signature: bool = False
    """Refuse versions without a signature; needs the key."""
    cache_dir: Path = Path("model-cache")
    """Where downloaded versions are kept."""

    @field_validator("signing_key")
    @classmethod
    def _hard_to_guess(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None or not value.get_secret_value():
            return None
        if value.get_secret_value() != value.get_secret_value().strip():
            # Some readers of .env files and of secrets cut them off, so that two services would have two keys.
            raise ValueError("a key has no blanks or line feeds at its ends; remove them")
        if len(value.get_secret_value()) < MIN_KEY:
            raise ValueError(f"a key has at least {MIN_KEY} characters; openssl rand -hex 32 makes one")
        return value

    @field_validator("name", "alias")
    @classmethod
    def _registry_takes_it(cls, value: str, info: ValidationInfo) -> str:
        problem = name_problem(value) if info.field_name == "name" else alias_problem(value)
        if problem:
            raise ValueError(problem)
        return value


class RecommendSettings(_Group):
    """What may be recommended."""

    hidden: Path | None = None
    """File of ids of movies that may not be shown, one a line; read again when it changes."""


class ApiSettings(_Group):
    """The HTTP service."""

    host: str = "127.0.0.1"
    """Address to listen on."""
    port: int = Field(8000, ge=1, le=65535)
    """Port to listen on."""
    workers: int | None = Field(None, ge=1, le=64)
    """Worker processes; 4 in prod and 1 in dev when not given."""
    reload: bool = False
    """Start again when the source changes; for development."""
    admin_token: SecretStr | None = None
    """Token of the admin routes; without one they are closed."""
    hang_seconds: float = Field(15.0, ge=0)
    """A worker without a sign of life for so long is replaced; 0 for never, as when a debugger stops it."""
    allowed_hosts: Annotated[tuple[str, ...] | None, NoDecode] = None
    """Names that requests may address the service by, separated by commas; ``*`` for all.

    When not given: all in prod, where a proxy knows them; in dev those of this machine."""
    mlflow_url: str | None = None
    """Address at which people's browsers reach MLflow, when that is not ``MLFLOW_TRACKING_URI``."""

    @field_validator("allowed_hosts", mode="before")
    @classmethod
    def _split_hosts(cls, value: Any) -> Any:
        return (_names(value) or None) if isinstance(value, str) else value

    @field_validator("admin_token")
    @classmethod
    def _fit(cls, value: SecretStr | None) -> SecretStr | None:
        problem = token_problem(value.get_secret_value()) if value and value.get_secret_value() else ""
        if problem:
            raise ValueError(problem)
        return value


class LimitSettings(_Group):
    """How much callers may ask of the service; each worker counts for itself."""

    connections: int = Field(4096, ge=1)
    """Connections that a worker holds; further ones are answered with 503."""
    head_seconds: float = Field(10.0, gt=0)
    """How long the head of a request may take."""
    body_seconds: float = Field(30.0, gt=0)
    """How long the body of a request may take after its head."""
    idle_seconds: float = Field(15.0, gt=0)
    """How long a kept connection may wait for its next request."""
    answer_seconds: float = Field(30.0, gt=0)
    """How long a caller may take next to nothing of an answer."""
    buffered_mib: int = Field(32, ge=1)
    """MiB that the unanswered requests of a worker may hold; further large ones are answered with 503."""
    scoring_slots: int = Field(2, ge=1, le=16)
    """Tables that a worker scores at a time; further ones are answered with 429."""
    scoring_rows: int = Field(1000, ge=1)
    """Rows of a table to score."""
    scoring_movies: int = Field(50_000, ge=1)
    """Rows of a table times the movies wanted for each."""
    admin_guesses: int = Field(10, ge=1)
    """Wrong admin tokens that a worker takes from one address in a minute; then it answers 429."""


class CorsSettings(_Group):
    """Which web pages may call the service."""

    origins: Annotated[tuple[str, ...], NoDecode] = ()
    """Allowed origins, separated by commas; ``*`` for all."""

    @field_validator("origins", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        if isinstance(value, str):
            text = value.strip()
            text = text[1:-1] if text.startswith("[") and text.endswith("]") else text
            return _names(text.replace('"', ""))
        return value

    @field_validator("origins")
    @classmethod
    def _check(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        problem = next(filter(None, map(origin_problem, value)), "")
        if problem:
            raise ValueError(problem)
        return value


class CacheSettings(_Group):
    """The cache of answers."""

    maxsize: int = Field(128, ge=0)
    """Answers kept in each worker."""


class LoggingSettings(_Group):
    """The log."""

    level: Literal["TRACE", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = "INFO"
    """The least severe lines that are written."""

    @field_validator("level", mode="before")
    @classmethod
    def _upper(cls, value: Any) -> Any:
        return value.upper() if isinstance(value, str) else value
