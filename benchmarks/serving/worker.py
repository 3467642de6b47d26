"""What a worker is like beside its speed: memory, imported modules, and the time to the first answer."""

import json
import re
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.serving.contenders import RECOMMEND, first_line, start_ours
from benchmarks.serving.load import Load, run_wrk
from benchmarks.serving.processes import Server, environment
from benchmarks.serving.questions import Questions

N_WORKERS = 4
UNREACHABLE = "http://127.0.0.1:9"
HEAVY = ("mlflow", "pandas", "scipy", "sklearn", "pyarrow", "matplotlib")

MODULES = """
import asyncio, json, sys
import serving.worker.__main__
from recsys.settings import read_settings
from serving.worker.app import create_app
own = set(sys.modules)

async def ask(app, path, query, body):
    statuses = []
    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}
    async def send(message):
        statuses.append(message.get("status"))
    headers = [(b"host", b"127.0.0.1"), (b"content-type", b"application/json")]
    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST" if body else "GET"}
    scope |= {"scheme": "http", "path": path, "raw_path": path.encode(), "query_string": query, "headers": headers}
    scope |= {"root_path": "", "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80)}
    await app(scope, receive, send)
    assert statuses[0] == 200, (path, statuses)

async def ask_all():
    app = create_app(read_settings())
    async with app.router.lifespan_context(app):
        for path, query in (("/movies/search", b"q=a"), ("/metrics", b""), ("/health", b"")):
            await ask(app, path, query, b"")
        await ask(app, "/recommend", b"", b'{"user_ratings": {}}')

asyncio.run(ask_all())
names = {name.partition(".")[0] for name in sys.modules} - set(sys.stdlib_module_names)
print(json.dumps([len(own), sorted(name for name in names if not name.startswith("_"))]))
"""
"""Without a test client, which only development installs."""


@dataclass(frozen=True)
class Memory:
    """Of one process, bytes.

    Attributes
    ----------
    private
        What nobody shares: its own cost.
    model, model_private
        Pages of the model's files in memory, and those among them that nobody shares.
    """

    private: int
    model: int
    model_private: int


def memory_of_workers(home: Path, questions: Questions, load: Load) -> list[Memory]:
    """Return the memory of each worker of a service in its normal size, after it has answered for a while."""
    server = start_ours(home, cpu=None, workers=N_WORKERS)
    try:
        server.wait_until_it_answers("POST", RECOMMEND, first_line(questions.ours))
        _wait_for_all_workers(server)
        run_wrk(load, server.port, RECOMMEND, questions.ours)
        return [_memory(pid, home / "model-cache") for pid in server.children if _is_worker(pid)]
    finally:
        server.stop()


def start_seconds(home: Path, questions: Questions, *, workers: int, times: int) -> float:
    """Return the median time from the start to the first recommendation: model in the cache, registry unreachable."""
    found = []
    for _ in range(times):
        started = time.perf_counter()
        server = start_ours(home, cpu=None, workers=workers, registry=UNREACHABLE)
        try:
            server.wait_until_it_answers("POST", RECOMMEND, first_line(questions.ours))
            found.append(time.perf_counter() - started)
        finally:
            server.stop()
    return statistics.median(found)


def modules_of_a_worker(home: Path) -> tuple[int, list[str]]:
    """Return how many modules a worker's imports bring, and the packages that are not Python's own."""
    variables = {"RECSYS_ENVIRONMENT": "prod", "RECSYS_MODEL__CACHE_DIR": str(home / "model-cache")}
    command = [sys.executable, "-W", "ignore", "-c", MODULES]
    done = subprocess.run(
        command, cwd=home, env=environment(variables), capture_output=True, text=True, timeout=120, check=True
    )
    count, packages = json.loads(done.stdout.splitlines()[-1])
    return count, packages


def _wait_for_all_workers(server: Server) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if b"listening on" in server.log.read_bytes():
            return
        time.sleep(0.1)
    raise RuntimeError(f"the workers do not come:\n{server.log.read_text()[-2000:]}")


def _is_worker(pid: int) -> bool:
    return b"serving.worker" in Path(f"/proc/{pid}/cmdline").read_bytes()


def _memory(pid: int, model_cache: Path) -> Memory:
    total = _sizes(Path(f"/proc/{pid}/smaps_rollup").read_text())
    mapped = re.split(r"\n(?=[0-9a-f]+-[0-9a-f]+ )", Path(f"/proc/{pid}/smaps").read_text())
    model = [_sizes(block) for block in mapped if str(model_cache) in block.partition("\n")[0]]
    return Memory(
        private=total["Private_Clean"] + total["Private_Dirty"],
        model=sum(block["Rss"] for block in model),
        model_private=sum(block["Private_Clean"] + block["Private_Dirty"] for block in model),
    )


def _sizes(text: str) -> dict[str, int]:
    return {name: int(kilobytes) * 1024 for name, kilobytes in re.findall(r"^(\w+): +(\d+) kB$", text, re.MULTILINE)}
