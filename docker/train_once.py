#!/usr/bin/env python3
"""Train a first model, unless one is served already: `docker compose up` may be said any number of times."""

import json
import os
import subprocess
import sys
from typing import NoReturn

TRAINING = [sys.executable, "-m", "training"]


def main(flags: list[str]) -> int:
    """Return 0 when a version is served or has been trained now, else the exit code of what failed."""
    alias = os.environ.get("RECSYS_MODEL__ALIAS") or "Production"
    listed = subprocess.run([*TRAINING, "versions", "--json"], stdout=subprocess.PIPE, text=True, check=False)
    if listed.returncode:
        return listed.returncode
    for row in json.loads(listed.stdout):
        if alias.lower() in (spelling.lower() for spelling in row["aliases"]):
            print(f"version {row['version']} is {alias} already; nothing is trained (docker/train.sh trains another)")
            return 0
    return train(flags)


def train(flags: list[str]) -> NoReturn:
    """Become the training: signals reach it, and its exit code is the exit code."""
    os.execv(sys.executable, [*TRAINING, "train", *flags])  # noqa: S606  no shell, as wanted


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
