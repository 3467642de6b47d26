import pytest

from serving.worker.http.negotiation import preferred

JSON, TEXT, HTML = "application/json", "text/plain", "text/html"


@pytest.mark.parametrize(
    ("accept", "offers", "expected"),
    [
        ("", [JSON, TEXT], JSON),
        ("*/*", [JSON, TEXT], JSON),
        ("text/plain", [JSON, TEXT], TEXT),
        ("text/*", [JSON, TEXT], TEXT),
        ("text/plain;q=0.3, */*;q=0.1", [JSON, TEXT], TEXT),
        ("text/plain;version=0.0.4;q=0.2, application/json;q=0.9", [JSON, TEXT], JSON),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", [JSON, HTML], HTML),
        ("TEXT/PLAIN", [JSON, TEXT], TEXT),
        ("image/png", [JSON, TEXT], JSON),
        ("text/plain;q=nonsense", [JSON, TEXT], JSON),
        (",;,", [JSON, TEXT], JSON),
    ],
)
def test_preferred_follows_the_header(accept: str, offers: list[str], expected: str) -> None:
    assert preferred(accept, offers) == expected
