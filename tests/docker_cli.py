"""The docker command, as tests call it."""

import base64
import os
import subprocess

MINIO = "minio/minio:RELEASE.2025-09-07T16-13-09Z"
"""The image of the bucket, as the compose file names it."""

HISTORY = {"user_ratings": {"1": 5, "50": 4.5}, "n": 5}
"""A question to the API."""


def docker(*arguments: str, check: bool = True, seconds: float = 600, **variables: str) -> str:
    """Run docker and return what it prints to standard output."""
    done = subprocess.run(
        ["docker", *arguments],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds,
    )
    assert not check or done.returncode == 0, (
        f"docker {' '.join(arguments)}:\n{done.stdout[-2000:]}{done.stderr[-4000:]}"
    )
    return done.stdout


def basic_login(name: str, password: str) -> str:
    """Return the header that logs a user in."""
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()
