"""What can still be had of a registered version: its model, its recipe, what it tells of its data."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from mlflow import MlflowClient

from recsys.drift.profile import DataProfile
from recsys.errors import ParameterError, RecsysError, RegistryError
from recsys.fitting import Recipe
from recsys.methods import get_method, make_params
from recsys.model import Recommender
from recsys.model_version import ModelVersion
from recsys.registry import Registry
from recsys.storage import LOGGED_FOLDER, ModelInfo, load_model, read_profile
from training.gating.sides import Side


@dataclass(frozen=True, eq=False)
class Registered:
    """What can still be had of a registered version.

    Attributes
    ----------
    version
        Which one.
    method, params
        What it was made with; the method's name is empty when that is not to be had.
    model
        As it is served; None when its files cannot be read.
    problem
        Why they cannot be read, else empty.
    info
        What ``model.json`` tells; None when it cannot be read.
    profile
        Of its data; None where it has none, or a damaged one.
    """

    version: ModelVersion
    method: str
    params: dict[str, object]
    model: Recommender | None
    problem: str = ""
    info: ModelInfo | None = None
    profile: DataProfile | None = None

    @property
    def label(self) -> str:
        """Return what people call it."""
        return f"version {self.version.version} ({self.method or 'method unknown'})"

    @property
    def side(self) -> Side | str:
        """Return what is known of its data; where its files cannot be read, why."""
        if self.model is None or self.info is None:
            return f"the files of version {self.version.version} cannot be read: {self.problem}"
        counts = {name: int(self.info.dataset.get(name, 0)) for name in ("n_users", "n_ratings")}
        name = self.version.tags.get("dataset") or str(self.info.dataset.get("name", "unknown data"))
        return Side(name, **counts, catalog=self.model.catalog, popularity=self.model.popularity, profile=self.profile)

    def recipe(self) -> Recipe:
        """Return the recipe.

        Raises
        ------
        ParameterError
            When this release knows no such method, or not with these parameters.
        """
        if not self.method:
            raise ParameterError(f"the method of version {self.version.version} is not on record")
        method = get_method(self.method)
        return Recipe(method.name, make_params(method, self.params))


def open_registered(registry: Registry, version: ModelVersion, folder: Path) -> Registered:
    """Return a version, its files fetched into a folder; where they are unreadable, its recipe from its run.

    Raises
    ------
    RegistryError
        When the tracking server does not answer at all.
    """
    try:
        found = registry.download(version, folder) / LOGGED_FOLDER
        model, info = load_model(found)
        profile = read_profile(found)
    except (RecsysError, OSError) as error:
        registry.metadata()  # an unreachable registry is no damaged version
        method, params = _recipe_of_run(registry, version)
        return Registered(version, method, params, None, str(error))
    return Registered(version, info.method, dict(info.params), model, info=info, profile=profile)


def recipe_of(registry: Registry, version: ModelVersion) -> Recipe:
    """Return the recipe of a version.

    Raises
    ------
    ParameterError
        When this release cannot make it.
    """
    with tempfile.TemporaryDirectory() as scratch:
        return open_registered(registry, version, Path(scratch)).recipe()


def _recipe_of_run(registry: Registry, version: ModelVersion) -> tuple[str, dict[str, object]]:
    """Return method and parameters as the run of a version has them; an empty name where it is gone."""
    try:
        with registry.registry_errors(f"the run of version {version.version}"):
            params = MlflowClient(tracking_uri=registry.tracking_uri).get_run(version.run_id).data.params
        method = get_method(params["method"])
    except (RegistryError, KeyError):
        return "", {}
    except ParameterError:
        return params["method"], {}
    return method.name, {name: params[name] for name in method.params_type.model_fields if name in params}
