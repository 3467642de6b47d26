"""Settings from the environment and from ``.env``: read once by each entry point, then passed down."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from dotenv import load_dotenv
from pydantic import BaseModel, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from recsys.errors import ParameterError, did_you_mean
from recsys.parameters import first_problem
from recsys.secret_files import read_secret_files
from recsys.setting_groups import (
    ApiSettings,
    CacheSettings,
    CorsSettings,
    DataSettings,
    LimitSettings,
    LoggingSettings,
    ModelSettings,
    RecommendSettings,
)
from recsys.tracking_address import SQLITE, address_problem, split_userinfo

PREFIX = "RECSYS_"
DELIMITER = "__"
TRACKING_VARIABLE = "MLFLOW_TRACKING_URI"


class Settings(BaseSettings):
    """All settings, each with a default that works on one machine without any service."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter=DELIMITER, extra="forbid", frozen=True, use_attribute_docstrings=True
    )

    environment: Literal["dev", "prod"] = "dev"
    """``prod``: JSON logs, four workers."""
    data: DataSettings = DataSettings()
    model: ModelSettings = ModelSettings()
    recommend: RecommendSettings = RecommendSettings()
    api: ApiSettings = ApiSettings()
    limits: LimitSettings = LimitSettings()
    cors: CorsSettings = CorsSettings()
    cache: CacheSettings = CacheSettings()
    logging: LoggingSettings = LoggingSettings()
    s3_endpoint_url: str | None = Field(None, validation_alias="MLFLOW_S3_ENDPOINT_URL")
    """Address of the S3 store, when it is not Amazon's; MLflow's own variable. Keys come from ``AWS_*``."""
    tracking_uri: str = Field(SQLITE, validation_alias=TRACKING_VARIABLE)
    """MLflow's tracking server and registry; MLflow's own variable, SQLite in the working folder by default."""

    @field_validator("tracking_uri")
    @classmethod
    def _can_work(cls, value: str) -> str:
        address = value.strip() or SQLITE
        problem = address_problem(address)
        if problem:
            raise ValueError(problem)
        return split_userinfo(address)[0]

    @property
    def n_workers(self) -> int:
        """Return the number of worker processes."""
        return self.api.workers or (4 if self.environment == "prod" else 1)


def read_settings(env_file: Path = Path(".env")) -> Settings:
    """Return the settings, after the lines of ``env_file`` have joined the environment, which wins where both speak.

    MLflow's and the S3 client's own variables in the file take effect as well.

    Raises
    ------
    ParameterError
        For an unknown ``RECSYS_`` name, with the nearest right one, or a value that does not fit.
    """
    load_dotenv(env_file)
    read_secret_files(os.environ)
    known = set(setting_names())
    for name in sorted(os.environ):
        if name.startswith(PREFIX) and name not in known:
            raise ParameterError(f"there is no setting {name}{did_you_mean(name, known)}")
    try:
        settings = Settings()
    except ValidationError as error:
        raise ParameterError(first_problem(error, spell=_variable)) from None
    _pass_on_to_mlflow(settings.tracking_uri)
    return settings


def _pass_on_to_mlflow(tracking_uri: str) -> None:
    """Let MLflow use the address as it was read, and the password of a web address through its own variables.

    MLflow prints the address it was given; so it is given one without a password.
    """
    given = os.environ.get(TRACKING_VARIABLE, "").strip()
    _, user, password = split_userinfo(given)
    if user is not None:
        os.environ["MLFLOW_TRACKING_USERNAME"] = user
        os.environ["MLFLOW_TRACKING_PASSWORD"] = password or ""
    if given:
        os.environ[TRACKING_VARIABLE] = tracking_uri


def _variable(path: list[str]) -> str:
    if path[0].isupper():
        return path[0]
    return PREFIX + DELIMITER.join(path).upper()


def setting_names() -> Iterator[str]:
    """Yield the names of all settings as environment variables."""
    for name, field in Settings.model_fields.items():
        if field.validation_alias is not None:
            continue  # MLflow's own, without the prefix
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            for inner in field.annotation.model_fields:
                yield _variable([name, inner])
        else:
            yield _variable([name])
