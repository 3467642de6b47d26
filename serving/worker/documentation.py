"""``/docs`` and ``/redoc``, which work without a way to the internet."""

from collections.abc import Mapping
from pathlib import Path

import fastapi_offline
from fastapi import FastAPI
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from starlette.responses import HTMLResponse

from serving.worker.http.byte_ranges import RangedFiles
from serving.worker.http.security_headers import EMPTY, page_headers, policy_for

ASSETS = "/docs-assets"

# Relative, so that the pages work behind a proxy that puts the service under a path of its own.
SCHEMA, FILES = "openapi.json", ASSETS.removeprefix("/")
SERVERS = [{"url": ".", "description": "this service"}]

REDOC_SCROLLBARS = "'sha256-QMIg+bpjm3JdElJ388KYke01izlUW0UoNOeKjpMxdgc='"
"""Sum of the one style that ReDoc's script writes as text; a browser test tells when another version has another."""

DESCRIPTION = """
Recommends movies to a user from a history of ratings, and finds movies that resemble one.

The model is the one that the MLflow registry's alias points to; `X-Model-Version` on every answer says which that is.
Every error is `{"error", "detail", "correlation_id"}`; the id is also in the header `X-Correlation-ID` and in the log.
"""


def add_documentation(app: FastAPI) -> None:
    """Add the two pages and the files they need, which come from the package `fastapi_offline`."""
    files = Path(fastapi_offline.__file__).parent / "static"
    app.mount(ASSETS, RangedFiles(directory=files), name="docs-assets")

    swagger = get_swagger_ui_html(
        openapi_url=SCHEMA,
        title=app.title,
        swagger_js_url=f"{FILES}/swagger-ui-bundle.js",
        swagger_css_url=f"{FILES}/swagger-ui.css",
        swagger_favicon_url=f"{FILES}/favicon.png",
    )
    redoc = get_redoc_html(
        openapi_url=SCHEMA,
        title=app.title,
        redoc_js_url=f"{FILES}/redoc.standalone.js",
        redoc_favicon_url=f"{FILES}/favicon.png",
        with_google_fonts=False,
    )
    _add_page(app, "/docs", swagger, {"img-src": "'self' data:"})
    # ReDoc fills its styles by script, and searches in a worker that it makes itself.
    _add_page(
        app,
        "/redoc",
        redoc,
        {"img-src": "'self' data:", "style-src": f"{EMPTY} {REDOC_SCROLLBARS}", "worker-src": "blob:"},
    )


def _add_page(app: FastAPI, path: str, written: HTMLResponse, sources: Mapping[str, str]) -> None:
    html = bytes(written.body).decode()
    headers = page_headers(policy_for(html, sources))

    @app.get(path, include_in_schema=False)
    async def page() -> HTMLResponse:
        return HTMLResponse(html, headers=headers)
