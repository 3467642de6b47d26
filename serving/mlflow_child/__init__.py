"""Child processes that import MLflow, started and killed by the parent: registry calls, downloads, smoke tests."""
