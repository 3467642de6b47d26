"""What the log says when the service can be asked: where it listens, and what to try."""

from collections.abc import Callable

from loguru import logger

from recsys.settings import Settings
from serving.shared.model_cache import ModelCache


class Announcement:
    """Says once where the service listens, as soon as a question can be answered.

    With an empty cache that is after the first look at the registry: until then every question would be answered 503.
    When that look finds no model, the address is said all the same, and what is missing.

    Parameters
    ----------
    settings, address
        Of the service.
    cache
        Of its model.
    has_looked
        Whether the first look at the registry has ended.
    """

    def __init__(self, settings: Settings, address: str, cache: ModelCache, has_looked: Callable[[], bool]) -> None:
        self._settings = settings
        self._address = address
        self._cache = cache
        self._has_looked = has_looked
        self._is_waiting = False
        self._is_done = False

    def make_if_due(self) -> None:
        """Say what is to be said now; called again and again once the workers are ready."""
        if self._is_done:
            return
        # In this order: what has been published before the look ended is there afterwards.
        has_looked, has_model = self._has_looked(), self._cache.current() is not None
        if has_model or has_looked:
            self._is_done = True
            self._announce(has_model=has_model)
        elif not self._is_waiting:
            self._is_waiting = True
            logger.info("fetching {} from the registry", self._model)

    @property
    def _model(self) -> str:
        return f"models:/{self._settings.model.name}@{self._settings.model.alias}"

    def _announce(self, *, has_model: bool) -> None:
        address, n_workers = self._address, self._settings.n_workers
        logger.info("listening on {} with {}", address, "1 worker" if n_workers == 1 else f"{n_workers} workers")
        if has_model:
            logger.info("serving {} from {}", self._model, self._settings.tracking_uri)
        else:
            logger.warning("there is no model yet: questions are answered 503 until {} can be served", self._model)
        logger.info("open {0}/ for the explorer, {0}/docs for the routes, {0}/health for the state", address)
        body = '{"user_ratings": {"1": 5, "50": 4.5}, "n": 5}'
        logger.info("try: curl -s {}/recommend -H 'Content-Type: application/json' -d '{}'", address, body)
