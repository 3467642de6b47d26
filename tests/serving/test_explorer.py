"""The explorer's files and headers; what it does in a browser is tested in tests/e2e/test_explorer_browser.py."""

import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from serving.worker.explorer import FOLDER

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
MAX_BYTES = 130 * 1024
"""The page may weigh 150 KB with its data; so much is for the files alone that every visit loads."""
LATER = {"compare.js", "compare_metrics.js", "import.js", "life.js", "overlap.js", "parse.js"}
"""Scripts that are loaded when they are first needed."""

PAGE = (FOLDER / "index.html").read_text(encoding="utf-8")
SCRIPTS = sorted(path.name for path in FOLDER.glob("*.js"))


def test_index_browser_gets_the_page(client: TestClient) -> None:
    answer = client.get("/", headers={"Accept": BROWSER})
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["vary"].startswith("Accept")
    assert answer.text == PAGE
    assert answer.headers["x-model-version"] == "1"


@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/plain"])
def test_index_program_gets_information(client: TestClient, accept: str) -> None:
    answer = client.get("/", headers={"Accept": accept})
    assert answer.json()["model_version"] == "1"
    assert answer.headers["vary"].startswith("Accept")


def test_index_without_a_model_gets_the_page_too(empty_client: TestClient) -> None:
    assert empty_client.get("/", headers={"Accept": BROWSER}).status_code == 200


@pytest.mark.parametrize("path", ["/", "/explorer/app.js", "/explorer/style.css", "/explorer/fonts/figtree.woff2"])
def test_explorer_files_may_load_from_the_service_only(client: TestClient, path: str) -> None:
    answer = client.get(path, headers={"Accept": BROWSER})
    assert answer.status_code == 200
    assert answer.headers["content-security-policy"].startswith("default-src 'self'; ")
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_explorer_unchanged_file_is_not_sent_again(client: TestClient) -> None:
    first = client.get("/explorer/app.js")
    assert client.get("/explorer/app.js", headers={"If-None-Match": first.headers["etag"]}).status_code == 304


def test_page_names_every_script_of_a_visit_so_that_none_is_waited_for() -> None:
    named = re.findall(r'(?:href|src)="explorer/([\w-]+\.js)"', PAGE)
    assert sorted(named) == sorted({*SCRIPTS} - LATER)


@pytest.mark.parametrize("name", SCRIPTS)
def test_script_imports_exist(name: str) -> None:
    text = (FOLDER / name).read_text(encoding="utf-8")
    for names, module in re.findall(r'import \{([^}]+)\} from "\./([\w-]+\.js)"', text):
        exported = (FOLDER / module).read_text(encoding="utf-8")
        for wanted in (part.strip() for part in names.split(",")):
            assert re.search(rf"export (async )?(function|const|class) {wanted}\b", exported), f"{name}: {wanted}"


def test_files_name_no_other_host() -> None:
    for path in FOLDER.rglob("*"):
        if path.suffix in (".js", ".css", ".html"):
            addresses = re.findall(r"(?:https?:)?//[\w.-]+\.\w+", path.read_text(encoding="utf-8"))
            assert addresses in ([], ["http://www.w3.org"]), path.name  # the name space of SVG is no address


def test_files_are_small() -> None:
    files = [path for path in FOLDER.rglob("*") if path.is_file() and path.suffix != ".txt"]
    loaded = [path for path in files if path.name not in LATER]
    assert sum(path.stat().st_size for path in loaded) < MAX_BYTES


def test_fonts_come_with_their_license() -> None:
    assert "SIL OPEN FONT LICENSE" in Path(FOLDER / "fonts" / "OFL.txt").read_text(encoding="utf-8")


def test_schema_operations_read_alike_and_ask_for_a_token_only_where_one_is_needed(client: TestClient) -> None:
    schema = client.get("/openapi.json").json()
    operations = [operation for path in schema["paths"].values() for operation in path.values()]
    assert all(" " in operation["summary"] or operation["summary"] == "Ping" for operation in operations)
    locked = {path for path, methods in schema["paths"].items() for way in methods.values() if "security" in way}
    assert locked == {"/versions", "/versions/{version}/load", "/cache/clear", "/model/reload"}
