"""What the tests of the alias share."""

from collections.abc import Iterator

import pytest

from recsys.alias import lease


@pytest.fixture(scope="module")
def no_waiting() -> Iterator[None]:
    """Let a lease settle at once, as a store in memory needs no time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lease, "SETTLE_SECONDS", 0.002)
        yield
