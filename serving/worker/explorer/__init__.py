"""The explorer: the page that ``GET /`` shows in a browser. Plain files, served as they are; no build step."""

from pathlib import Path

from fastapi import FastAPI
from starlette.responses import Response
from starlette.types import Scope

from serving.worker.http.byte_ranges import RangedFiles
from serving.worker.http.security_headers import page_headers

HTML = "text/html"
FOLDER = Path(__file__).parent / "static"
MOUNTED = "/explorer"

HEADERS = page_headers()


class ExplorerFiles(RangedFiles):
    """The page's scripts, styles and fonts."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file, with the headers that all of the page has."""
        response = await super().get_response(path, scope)
        response.headers.update(HEADERS)
        return response


def explorer_page() -> Response:
    """Return the page itself."""
    page = (FOLDER / "index.html").read_bytes()
    return Response(page, media_type=HTML, headers={**HEADERS, "Vary": "Accept"})


def add_explorer(app: FastAPI) -> None:
    """Serve the files that the page asks for."""
    app.mount(MOUNTED, ExplorerFiles(directory=FOLDER), name="explorer")
