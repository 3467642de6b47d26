"""What the routes hand their questions to; built once for each app."""

from dataclasses import dataclass

from fastapi import FastAPI, Request

from recsys.settings import Settings
from serving.shared.model_cache import ModelCache
from serving.worker.answer_cache import AnswerCache
from serving.worker.comparison_models import ComparisonModels
from serving.worker.http.admission import Admission
from serving.worker.metrics.counters import Metrics
from serving.worker.operations.guesses import Guesses
from serving.worker.scoring import Scoring
from serving.worker.served_model import ServedModel
from serving.worker.traffic.shadow import Shadow


@dataclass(frozen=True)
class Services:
    """What the routes hand their questions to."""

    settings: Settings
    model_cache: ModelCache
    served: ServedModel
    metrics: Metrics
    answers: AnswerCache
    admission: Admission
    guesses: Guesses
    scoring: Scoring
    comparisons: ComparisonModels
    shadow: Shadow
    tracking_uri: str


def services_of(request: Request) -> Services:
    """Return the services of the app that a request has come to."""
    services: Services = request.app.state.services
    return services


def attach(app: FastAPI, services: Services) -> None:
    """Give an app its services."""
    app.state.services = services
