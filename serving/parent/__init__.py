"""The parent process: follows the registry, publishes checked versions, supervises the workers. No FastAPI."""
