"""A worker process: answers requests from the published model. No MLflow, no registry client."""
