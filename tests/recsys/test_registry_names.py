"""Names and aliases, against MLflow's own validation as oracle."""

import pytest
from mlflow.exceptions import MlflowException
from mlflow.utils import validation

from recsys.registry_names import alias_problem, name_problem


def validate_alias(alias: str) -> None:
    validation._validate_model_alias_name(alias)
    validation._validate_model_alias_name_reserved(alias)


@pytest.mark.parametrize("name", ["team/movies", "a:b", "..", ".", "../x", "", " ", "a//b", "x/"])
def test_name_that_mlflow_refuses_is_a_problem(name: str) -> None:
    with pytest.raises(MlflowException):
        validation._validate_model_name(name)
    assert name_problem(name)


@pytest.mark.parametrize("name", ["a@b", "it's", "a?b", " movies", "movies\n", "x" * 257])
def test_name_that_no_address_can_hold_is_a_problem(name: str) -> None:
    assert name_problem(name)


@pytest.mark.parametrize("name", ["movie-recommender", "prod movies", "team.movies", "filme_ü", "50% off", "c#"])
def test_name_that_works_is_none(name: str) -> None:
    validation._validate_model_name(name)
    assert name_problem(name) == ""


@pytest.mark.parametrize("alias", ["latest", "LATEST", "v3", "V12", "Prod 1", "a.b", "a/b", "", "x" * 256])
def test_alias_that_mlflow_refuses_is_a_problem(alias: str) -> None:
    with pytest.raises(MlflowException):
        validate_alias(alias)
    assert alias_problem(alias)


@pytest.mark.parametrize("alias", ["12", "Prod\n"])
def test_alias_that_reads_as_something_else_is_a_problem(alias: str) -> None:
    assert alias_problem(alias)


@pytest.mark.parametrize("alias", ["Production", "champion-2", "Größte", "v", "v3b"])
def test_alias_that_works_is_none(alias: str) -> None:
    validate_alias(alias)
    assert alias_problem(alias) == ""
