"""The search for parameters: an Optuna study as nested runs."""
