"""Retrain, and die by SIGKILL when a stage is reached: ``python kill_retraining.py MODULE:FUNCTION NTH FLAGS...``."""

import os
import signal
import sys
from importlib import import_module

from training.cli import main

module, _, name = sys.argv[1].partition(":")
owner = import_module(module)
if "." in name:
    inner, _, name = name.partition(".")
    owner = getattr(owner, inner)
original = getattr(owner, name)
calls: list[int] = []


def die(*args: object, **kwargs: object) -> object:
    """Call through until the n-th time, then die before anything is done."""
    calls.append(1)
    if len(calls) >= int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    return original(*args, **kwargs)


setattr(owner, name, die)
sys.exit(main(["retrain", *sys.argv[3:]]))
