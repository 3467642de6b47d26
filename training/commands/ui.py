"""Open MLflow's pages on the training runs, where runs are compared and the alias is moved.

A store without a server gets one on 127.0.0.1 for as long as this command runs; where MLFLOW_TRACKING_URI names one,
its address is shown and opened. MLflow starts with its pages for prompts and agents; the address leads past them.

exit codes: 0 ended by an interrupt or SIGTERM, or shown; 1 failed; 2 called in a wrong way
"""

import argparse
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
import webbrowser
from importlib.util import find_spec

from mlflow import MlflowClient

from recsys.errors import RecsysError
from recsys.processes import end_all
from recsys.registry import Registry, registry_of
from recsys.settings import Settings
from training.project_run import chosen_experiment

HOST = "127.0.0.1"
PATIENCE_SECONDS, LOOK_SECONDS, KILL_AFTER_SECONDS = 120.0, 0.3, 10.0


def add_arguments(parser: argparse.ArgumentParser, settings: Settings) -> None:  # noqa: ARG001
    """Add the flags of the command."""
    parser.add_argument("--port", type=int, default=5000, help="port of the pages; default: 5000")
    parser.add_argument("--no-browser", action="store_true", help="show the address, but do not open it")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Show and open the address, serve the pages where no server does, and return 0."""
    registry = registry_of(settings)
    path = runs_page(registry)
    if settings.tracking_uri.startswith(("http://", "https://")):
        show(f"{settings.tracking_uri.rstrip('/')}/{path}", args)
        return 0
    if find_spec("mlflow.server") is None or find_spec("fastapi") is None:
        raise RecsysError("this installation holds no MLflow server; install the package mlflow")
    return serve(settings.tracking_uri, path, args)


def runs_page(registry: Registry) -> str:
    """Return the page of the training runs; that of all experiments where there is no run yet."""
    name = chosen_experiment(registry)
    with registry.registry_errors(f"the experiment {name}"):
        found = MlflowClient(tracking_uri=registry.tracking_uri).get_experiment_by_name(name)
    place = f"experiments/{found.experiment_id}/runs" if found else "experiments"
    return f"#/{place}?workflowType=machine_learning"


def serve(tracking_uri: str, path: str, args: argparse.Namespace) -> int:
    """Serve the pages until an interrupt or SIGTERM."""
    command = [sys.executable, "-m", "mlflow", "server", "--host", HOST, "--port", str(args.port), "--workers", "1"]
    # Not as an argument, which everybody on the machine can read: the address of a database may hold a password.
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    # A session of its own: an interrupt from the terminal reaches this process only, which then ends the server.
    server = subprocess.Popen(
        command, env={**os.environ, "MLFLOW_BACKEND_STORE_URI": tracking_uri}, start_new_session=True
    )
    if wait_for(f"http://{HOST}:{args.port}/health", server, stop):
        show(f"http://{HOST}:{args.port}/{path}", args)
    while server.poll() is None:
        if stop.wait(LOOK_SECONDS):
            end_all([server], KILL_AFTER_SECONDS)
            return 0
    raise RecsysError(f"MLflow's server has ended with {server.returncode}; see above, or choose another --port")


def wait_for(address: str, server: subprocess.Popen[bytes], stop: threading.Event) -> bool:
    """Return whether the server answers before it ends, before the patience does, and before it is to stop."""
    until = time.monotonic() + PATIENCE_SECONDS
    while server.poll() is None and not stop.is_set() and time.monotonic() < until:
        try:
            with urllib.request.urlopen(address, timeout=2):  # noqa: S310  our own address
                return True
        except OSError:
            stop.wait(LOOK_SECONDS)
    return False


def show(address: str, args: argparse.Namespace) -> None:
    """Print an address, and open it where there is a screen."""
    sys.stdout.write(f"\n  training runs: {address}\n\n")
    sys.stdout.flush()
    if not args.no_browser and has_window():
        webbrowser.open(address)


def has_window() -> bool:
    """Return whether a browser opens a window of its own; one for the terminal would take it from the server."""
    try:
        return type(webbrowser.get()) is not webbrowser.GenericBrowser
    except webbrowser.Error:
        return False
