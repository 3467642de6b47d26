"""The servers, and what each is asked."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.serving.processes import Server, free_port, start_server
from benchmarks.serving.questions import Questions
from benchmarks.serving.store import MODEL_URI, tracking_uri

RECOMMEND = "/recommend"
INVOCATIONS = "/invocations"


@dataclass(frozen=True)
class Case:
    """One question, or many in turn, to one server."""

    name: str
    server: Server
    path: str
    bodies: Path | None = None


@contextmanager
def running_cases(home: Path, questions: Questions, similar_to: int, cpu: int) -> Iterator[dict[str, Case]]:
    """Start all servers and yield the cases by name; the servers are stopped at the end."""
    similar = f"/movies/{similar_to}/similar"
    with ExitStack() as stack:
        ours = start_ours(home, cpu=cpu, workers=1)
        stack.callback(ours.stop)
        n_bytes = {
            "BARE_POST_BYTES": len(ours.wait_until_it_answers("POST", RECOMMEND, first_line(questions.ours))),
            "BARE_GET_BYTES": len(ours.wait_until_it_answers("GET", similar)),
        }
        sizes = {name: str(size) for name, size in n_bytes.items()}
        mlflow = _start_mlflow(home, cpu)
        stack.callback(mlflow.stop)
        fastapi, asgi = (_start_bare(home, name, cpu, sizes) for name in ("fastapi_app", "asgi_app"))
        stack.callback(fastapi.stop)
        stack.callback(asgi.stop)
        cases = [
            Case("ours: recommend", ours, RECOMMEND, questions.ours),
            Case("ours: recommend, from the cache", ours, RECOMMEND, questions.ours_once),
            Case("ours: similar, from the cache", ours, similar),
            Case("mlflow: recommend", mlflow, INVOCATIONS, questions.mlflow),
            Case("mlflow: similar", mlflow, INVOCATIONS, questions.mlflow_similar),
            Case("bare FastAPI: POST", fastapi, RECOMMEND, questions.ours),
            Case("bare FastAPI: GET", fastapi, "/constant"),
            Case("bare FastAPI: GET, same parameters", fastapi, similar),
            Case("bare ASGI: POST", asgi, RECOMMEND, questions.ours),
        ]
        for case in cases:
            case.server.wait_until_it_answers(
                "POST" if case.bodies else "GET", case.path, first_line(case.bodies) if case.bodies else None
            )
        yield {case.name: case for case in cases}


def start_ours(
    home: Path,
    *,
    cpu: int | None,
    workers: int,
    registry: str | None = None,
    port: int | None = None,
    **settings: str,
) -> Server:
    """Start our service in production's way, with CORS on as well; JSON logs go to a file."""
    port = port or free_port()
    variables = {
        "MLFLOW_TRACKING_URI": registry or tracking_uri(home),
        "RECSYS_ENVIRONMENT": "prod",
        "RECSYS_API__WORKERS": str(workers),
        "RECSYS_API__PORT": str(port),
        "RECSYS_CORS__ORIGINS": "http://localhost:3000",
        "RECSYS_MODEL__CACHE_DIR": str(home / "model-cache"),
        **settings,
    }
    return start_server([sys.executable, "-m", "serving"], port=port, folder=home, cpu=cpu, variables=variables)


def first_line(path: Path) -> bytes:
    """Return the first body of a file."""
    with path.open("rb") as lines:
        return next(lines).strip()


def _start_mlflow(home: Path, cpu: int) -> Server:
    port = free_port()
    serve = ["models", "serve", "--model-uri", MODEL_URI, "--env-manager", "local", "--workers", "1"]
    command = [sys.executable, "-m", "mlflow", *serve, "--host", "127.0.0.1", "--port", str(port)]
    variables = {"MLFLOW_TRACKING_URI": tracking_uri(home)}
    return start_server(command, port=port, folder=home, cpu=cpu, variables=variables)


def _start_bare(home: Path, app: str, cpu: int, sizes: dict[str, str]) -> Server:
    port = free_port()
    flags = ["--host", "127.0.0.1", "--port", str(port), "--no-access-log", "--log-level", "warning"]
    command = [sys.executable, "-m", "uvicorn", f"benchmarks.serving.bare:{app}", *flags]
    return start_server(command, port=port, folder=home, cpu=cpu, variables=sizes)
