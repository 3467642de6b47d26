"""What all tests of training share."""

import pytest


@pytest.fixture(scope="module", autouse=True)
def _nobody_else_moves_aliases(no_waiting: None) -> None:
    """Let no move wait for others, as there are none."""
