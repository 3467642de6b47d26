"""A real standalone cluster of Spark on the loopback interface: a master, and workers that can be killed."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

PATIENCE_SECONDS = 180.0
CONF = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.executor.memory": "1g",
    "spark.driver.memory": "1g",
}


@dataclass(eq=False)
class Cluster:
    """A master and its workers.

    Attributes
    ----------
    folder
        For logs, and for what the workers write.
    url
        ``spark://127.0.0.1:PORT``.
    """

    folder: Path
    url: str = ""
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, n_workers: int) -> None:
        master = self._spawn("master", "org.apache.spark.deploy.master.Master", "--port", "0")
        self.url = wait_for(master, r"Starting Spark master at (spark://\S+)")
        for number in range(n_workers):
            work = self.folder / f"work-{number}"
            log = self._spawn(
                f"worker-{number}",
                "org.apache.spark.deploy.worker.Worker",
                *("--cores", "1", "--memory", "2g", "--work-dir", str(work), self.url),
            )
            wait_for(log, r"(Successfully registered with master)")

    def kill_worker(self, number: int) -> None:
        """Kill a worker and the executors that it has started, as a machine that loses its power."""
        os.killpg(self.processes[1 + number].pid, signal.SIGKILL)

    def stop(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _spawn(self, name: str, main_class: str, *arguments: str) -> Path:
        import pyspark

        home = Path(pyspark.__file__).parent
        log = self.folder / f"{name}.log"
        command = [home / "bin" / "spark-class", main_class, "--host", "127.0.0.1", "--webui-port", "0", *arguments]
        environment = {
            **os.environ,
            "SPARK_HOME": str(home),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "PYSPARK_PYTHON": sys.executable,
            "SPARK_DAEMON_MEMORY": "256m",
        }
        # The workers have to get this package from the driver, not from a path of the tests.
        environment.pop("PYTHONPATH", None)
        with log.open("wb") as written:
            self.processes.append(
                subprocess.Popen(
                    command,
                    stdout=written,
                    stderr=subprocess.STDOUT,
                    cwd=self.folder,
                    env=environment,
                    start_new_session=True,
                )
            )
        return log


def wait_for(log: Path, pattern: str) -> str:
    """Return what a pattern finds in a log, once it does."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        found = re.search(pattern, log.read_text(encoding="utf-8", errors="replace"))
        if found:
            return found[1]
        time.sleep(0.1)
    raise TimeoutError(f"{log} never said {pattern}: {log.read_text(encoding='utf-8', errors='replace')[-2000:]}")


@contextmanager
def running_cluster(folder: Path, n_workers: int) -> Iterator[Cluster]:
    cluster = Cluster(folder)
    try:
        cluster.start(n_workers)
        yield cluster
    finally:
        cluster.stop()
