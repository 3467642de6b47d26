"""The speed of the HTTP service, beside `mlflow models serve` and beside servers that do nothing."""
