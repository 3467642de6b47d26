"""Builds the app that each worker runs."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress

from fastapi import FastAPI
from fastapi.routing import APIRoute

from recsys import __version__
from recsys.settings import Settings
from serving.shared.board import READY, Board, private_board
from serving.shared.model_cache import ModelCache
from serving.worker.answer_cache import AnswerCache
from serving.worker.comparison_models import ComparisonModels
from serving.worker.documentation import DESCRIPTION, SERVERS, add_documentation
from serving.worker.error_answers import add_error_handlers
from serving.worker.explorer import add_explorer
from serving.worker.heartbeat import ParentWatch, beat
from serving.worker.hidden_movies import HiddenMovies
from serving.worker.http.admission import Admission
from serving.worker.http.cors import AnsweringCors
from serving.worker.http.middleware import RequestMiddleware
from serving.worker.http.short_way import ShortWays
from serving.worker.metrics.counters import Metrics
from serving.worker.openapi import add_schema
from serving.worker.operations.guesses import Guesses
from serving.worker.routes import admin, feedback, health, index, metrics, movies, recommendations, scoring, versions
from serving.worker.scoring import Scoring
from serving.worker.served_model import ServedModel
from serving.worker.state import Services, attach
from serving.worker.traffic.shadow import Shadow

ROUTERS = (recommendations, feedback, movies, versions, health, metrics, scoring, admin, index)


def create_app(
    settings: Settings,
    *,
    board: Board | None = None,
    slot: int = 0,
    parent: ParentWatch | None = None,
    check_files: bool = False,
) -> FastAPI:
    """Return the app, with the published model loaded if there is one.

    Parameters
    ----------
    settings
        Of the service.
    board, slot
        The numbers that all workers share, and this worker's row; without a board the app counts for itself.
    parent
        How the worker looks after the process that has started it; None when nobody has.
    check_files
        Compare the checksums of a version before it is loaded.
    """
    board = board or private_board()
    app = FastAPI(
        title="Movie recommender",
        version=__version__,
        description=DESCRIPTION,
        servers=SERVERS,
        docs_url=None,
        redoc_url=None,
        # The service has metrics of its own; FastAPI would look for OpenTelemetry's at every request.
        telemetry={"tracing": False, "metrics": False, "logs": False},
        lifespan=_life_of(board, slot, parent),
        # Handed over flat: FastAPI asks an included router again for each request.
        routes=[route for module in ROUTERS for route in module.router.routes],
    )
    add_documentation(app)
    add_schema(app)
    add_explorer(app)
    add_error_handlers(app)
    services = _services(settings, board, slot, _labels(), check_files=check_files)
    attach(app, services)
    # The last one added is the first on the way in.
    app.add_middleware(
        RequestMiddleware,
        served=services.served,
        metrics=services.metrics,
        admission=services.admission,
        shadow=services.shadow,
    )
    if settings.cors.origins:
        app.add_middleware(
            AnsweringCors, origins=settings.cors.origins, served=services.served, metrics=services.metrics
        )
    return app


def short_ways_of(app: FastAPI) -> ShortWays:
    """Return the short ways past the app."""
    return ShortWays((recommendations.SHORT_WAY, movies.SHORT_WAY), app.state.services)


def _services(settings: Settings, board: Board, slot: int, labels: list[str], *, check_files: bool) -> Services:
    model_cache = ModelCache(settings.model.cache_dir, settings.model.name, settings.model.alias)
    hidden = HiddenMovies(settings.recommend.hidden, model_cache.hidden)
    served = ServedModel(model_cache, hidden, check_files=check_files)
    served.refresh()
    counted = Metrics(board, slot, labels)
    answers = AnswerCache(settings.cache.maxsize, counted, board, slot)
    return Services(
        settings=settings,
        model_cache=model_cache,
        served=served,
        metrics=counted,
        answers=answers,
        admission=Admission(settings.cors.origins),
        guesses=Guesses(settings.limits.admin_guesses),
        scoring=Scoring(settings.logging.level, settings.limits, on_harm=model_cache.ask_for_check),
        comparisons=ComparisonModels(model_cache, hidden),
        shadow=Shadow(counted.traffic),
        tracking_uri=settings.tracking_uri,
    )


def _labels() -> list[str]:
    routes = [route for module in ROUTERS for route in module.router.routes if isinstance(route, APIRoute)]
    return [f"{method} {route.path}" for route in routes for method in route.methods or ()]


def _life_of(
    board: Board, slot: int, parent: ParentWatch | None
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        services: Services = app.state.services
        tasks = [asyncio.create_task(services.served.watch()), asyncio.create_task(beat(board, slot, parent))]
        board.beat(slot)
        board.row(slot)[READY] = 1
        yield
        board.row(slot)[READY] = 0
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    return life
