"""Secrets as files: where ``NAME_FILE`` is set, ``NAME`` is what that file holds, as Docker mounts secrets."""

from collections.abc import MutableMapping
from pathlib import Path

from recsys.errors import ParameterError

SUFFIX = "_FILE"

SECRETS = (
    "RECSYS_API__ADMIN_TOKEN",
    "RECSYS_MODEL__SIGNING_KEY",
    "MLFLOW_TRACKING_USERNAME",
    "MLFLOW_TRACKING_PASSWORD",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
)
"""Variables that may come from a file."""


def read_secret_files(environment: MutableMapping[str, str]) -> None:
    """Set each secret whose file is named, without the line feed at its end; the name of the file is then removed.

    Raises
    ------
    ParameterError
        When a file cannot be read or is empty, or the secret is given in both ways.
    """
    for name in SECRETS:
        path = environment.pop(name + SUFFIX, "")
        if not path:
            continue
        try:
            secret = Path(path).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise ParameterError(f"{name}{SUFFIX} names {path}, which cannot be read: {error}") from None
        if not secret:
            raise ParameterError(f"{name}{SUFFIX} names {path}, which is empty; write the secret into it")
        if environment.get(name, secret) not in ("", secret):
            raise ParameterError(f"{name} and {name}{SUFFIX} are both set, to different values; keep one of them")
        environment[name] = secret
