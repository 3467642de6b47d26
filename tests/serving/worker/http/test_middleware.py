"""What the outermost layer adds to every answer."""

from starlette.testclient import TestClient


def test_answers_of_a_service_that_ends_close_their_connection(client: TestClient) -> None:
    """The caller opens its next connection elsewhere, and no request is sent into one that is being closed."""
    paths = ("/movies/10", "/movies/11", "/health/live", "/metrics")
    assert [client.get(path).headers.get("connection") for path in paths] == [None] * len(paths)
    client.app.state.services.metrics.board.announce_end()  # type: ignore[attr-defined]
    assert [client.get(path).headers.get("connection") for path in paths] == ["close"] * len(paths)
