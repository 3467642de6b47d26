"""A running MLflow server, and a way to make it fail."""

import http.client
import http.server
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from service_process import environment, free_port


@contextmanager
def running_server(home: Path, *, serves_artifacts: bool = False, **variables: str) -> Iterator[str]:
    """Yield the address of a server over ``home/mlflow.db``.

    Clients read and write ``home/mlruns`` themselves, unless the server does it for them.
    """
    url = f"http://127.0.0.1:{free_port()}"
    root = "mlflow-artifacts:/" if serves_artifacts else str(home / "mlruns")
    store = ["--backend-store-uri", f"sqlite:///{home}/mlflow.db", "--default-artifact-root", root]
    if serves_artifacts:
        store += ["--artifacts-destination", str(home / "mlruns")]
    where = ["--host", "127.0.0.1", "--port", str(urlsplit(url).port), "--workers", "1"]
    with (home / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "mlflow", "server", *store, *where],
            cwd=home,
            env=environment(**variables),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        _wait(url, process, home / "server.log")
        yield url
    finally:
        process.terminate()
        process.wait(120)


@contextmanager
def failing_proxy(url: str, fails: Callable[[str, bytes], bool]) -> Iterator[str]:
    """Yield the address of a proxy that hangs up on the requests for which ``fails(path, body)`` is true."""
    target = urlsplit(url)

    class Proxy(http.server.BaseHTTPRequestHandler):
        def forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if fails(self.path, body):
                self.close_connection = True
                self.connection.close()
                return
            connection = http.client.HTTPConnection(str(target.hostname), target.port, timeout=120)
            headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
            connection.request(self.command, self.path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.getheader("Content-Type", "application/json"))
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            connection.close()

        do_GET = do_POST = do_PATCH = do_DELETE = forward  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 600
    while True:
        assert process.poll() is None, log.read_text()[-3000:]
        assert time.monotonic() < deadline, log.read_text()[-3000:]
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=5):
                return
        except OSError:
            time.sleep(0.2)
