"""The HTTP service: a parent process that keeps the model up to date, and workers that answer."""
