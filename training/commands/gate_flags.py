"""The flags of the gate, one for each of its parameters."""

import argparse
from typing import Any

from recsys.parameters import validated
from training.gating.params import GateParams

FLAGS = tuple(name for name in GateParams.model_fields if name not in ("n_resamples", "seed"))
NEVER_OFF = ("tolerance", "confidence", "min_users")
"""No check of their own."""


def add_gate_flags(parser: argparse.ArgumentParser) -> None:
    """Add ``--tolerance`` and the others."""
    for name in FLAGS:
        field = GateParams.model_fields[name]
        sentence = str(field.description).strip().rstrip(".").replace("%", "%%")
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            default=str(field.default),
            metavar="NUMBER" if name in NEVER_OFF else "NUMBER|off",
            help=f"{sentence[0].lower()}{sentence[1:]}; default: {field.default}",
        )


def gate_of(args: argparse.Namespace) -> GateParams:
    """Return the parameters of the gate that the flags name."""
    values: dict[str, Any] = {name: getattr(args, name) for name in FLAGS}
    return validated(GateParams, values, owner="the gate")
