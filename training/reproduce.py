"""The command that does a run again."""

import shlex
from collections.abc import Mapping

from recsys.fitting import Recipe
from recsys.splits import SplitParams


def reproduction_command(
    recipe: Recipe,
    split_params: SplitParams,
    *,
    experiment: str,
    data_flags: Mapping[str, str],
    max_users: int | None = None,
) -> str:
    """Return one line for a shell in the project's folder, with its environment active.

    Parameters
    ----------
    data_flags
        Flags of the command and their values, by which the data were found and read: ``{"data_dir": "ml-100k"}``.
    max_users
        How many users were evaluated, as a fixed sample; None for all.
    """
    params = ",".join(f"{name}={value}" for name, value in recipe.params.model_dump(mode="json").items())
    parameters = {
        "method": recipe.method,
        "params": params,
        **data_flags,
        "split": split_params.strategy,
        "holdout_ratio": f"{split_params.holdout_ratio:g}",
        "seed": str(split_params.seed),
        "eval_users": str(max_users or ""),
    }
    words = ["mlflow", "run", ".", "--env-manager", "local", "--experiment-name", experiment]
    for name, value in parameters.items():
        if value:
            words += ["-P", f"{name}={value}"]
    return shlex.join(words)
