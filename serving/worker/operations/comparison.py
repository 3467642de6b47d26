"""Which version answers a request, and what the registry tells of the versions."""

from typing import Any

from starlette.requests import Request

from serving.shared.comparison_files import State
from serving.shared.version_list import ListedVersion, address_of_run
from serving.worker.context import RequestContext, context_of
from serving.worker.loaded_model import LoadedModel
from serving.worker.operations.admin import check_comparer
from serving.worker.state import Services, services_of


async def chosen_model(request: Request, version: int) -> LoadedModel:
    """Return the model of ``?version=``; the request's context names it from then on, and so does the header.

    Raises
    ------
    CrossSiteError
        When another site's page asks.
    AdminClosedError, AdminTokenError
        When the caller may not look at other versions.
    RecsysError
        As `ComparisonModels.get`.
    """
    context = context_of(request)
    context.turn = None  # a refusal, too, counts for neither version of a split
    services = await check_comparer(request)
    # To ask for a version is to have it fetched.
    foreign = services.admission.foreign(request.scope)
    if foreign is not None:
        raise foreign
    split = services.served.split
    # With a split on, the other of the two is at hand as well.
    at_hand = (context.loaded, split and split.production, split and split.challenger)
    held = next((model for model in at_hand if model and model.version == str(version)), context.loaded)
    model = await services.comparisons.get(version, held)
    context.answer_by(model)
    return model


def describe_model(request: Request) -> dict[str, Any]:
    """Return the body of ``GET /model``."""
    services, model = services_of(request), context_of(request).model
    listed = services.comparisons.version_list().find(int(model.version))
    return {
        "name": model.name,
        "alias": services.settings.model.alias,
        "version": model.version,
        "method": model.info.method,
        "params": model.info.params,
        "dataset": model.info.dataset,
        "genres": sorted(model.catalog.genre_names),
        "years": _span(model),
        "metrics": dict(listed.metrics) if listed else {},
        "created": listed.created if listed else None,
        "run_id": model.run_id,
        "run_url": _run_url(services, model.run_id),
        "loaded_at": model.loaded_at,
        "newest_rating": model.newest_rating,
        "comparing": _comparing(services),
    }


def _span(model: LoadedModel) -> list[int] | None:
    known = model.catalog.years[model.catalog.years > 0]
    return [int(known.min()), int(known.max())] if len(known) else None


def describe_versions(services: Services, context: RequestContext) -> dict[str, Any]:
    """Return the body of ``GET /versions``."""
    found = services.comparisons.version_list()
    served = context.loaded.version if context.loaded else None
    versions = [_describe(services, listed, served) for listed in found.versions]
    return {"as_of": found.as_of, "served": served, "versions": versions}


def ask_for_version(services: Services, context: RequestContext, version: int) -> dict[str, Any]:
    """Return the body of ``POST /versions/{version}/load``."""
    state, problem = services.comparisons.ask_for(version, context.loaded)
    return {"version": str(version), "state": state, "problem": problem}


def _describe(services: Services, listed: ListedVersion, served: str | None) -> dict[str, Any]:
    state: State
    state, problem = ("served", None)
    if str(listed.version) != served:
        state, problem = services.comparisons.files.state(listed.version)
    return {
        "version": str(listed.version),
        "aliases": listed.aliases,
        "method": listed.method,
        "dataset": listed.dataset,
        "dataset_digest": listed.dataset_digest,
        "split": listed.split,
        "metrics": listed.metrics,
        "created": listed.created,
        "run_id": listed.run_id,
        "run_url": _run_url(services, listed.run_id),
        "state": state,
        "problem": problem,
    }


def _run_url(services: Services, run_id: str) -> str | None:
    return address_of_run(services.settings.api.mlflow_url or services.tracking_uri, run_id)


def _comparing(services: Services) -> str:
    if services.settings.environment == "dev":
        return "open"
    return "token" if services.settings.api.admin_token else "closed"
