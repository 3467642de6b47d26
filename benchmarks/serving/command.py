"""The service beside `mlflow models serve`, bare FastAPI and bare ASGI: throughput, latency, memory, start.

Trains a model into a temporary registry, starts all servers on one core and lets wrk ask them from another, in turns,
for several rounds. Then the same with a Challenger on half of the traffic, and in the shadow. Needs Linux, two cores,
wrk and taskset.
"""

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tqdm import tqdm

from benchmarks.data import add_data_dir, open_data
from benchmarks.machine import machine
from benchmarks.serving import worker
from benchmarks.serving.contenders import Case, first_line, running_cases
from benchmarks.serving.load import Load, run_wrk
from benchmarks.serving.processes import ask
from benchmarks.serving.questions import Questions, write_questions
from benchmarks.serving.report import Round, Rounds, ratios, table
from benchmarks.serving.store import train
from benchmarks.serving.traffic import about_pairs, about_shadow, split_cases
from recsys.data import Dataset

MEGABYTE = 2**20


def main(arguments: Sequence[str]) -> int:
    options = _parser().parse_args(arguments)
    missing = [name for name in ("wrk", "taskset") if shutil.which(name) is None]
    if missing:
        sys.stderr.write(f"error: {' and '.join(missing)} not found; on Debian: apt-get install wrk util-linux\n")
        return 1
    dataset, place = open_data(options.data_dir)
    with tempfile.TemporaryDirectory(prefix="serving-benchmark-") as scratch:
        home = Path(scratch)
        train(home, place)
        similar_to = int(dataset.catalog.movie_ids[dataset.popularity.argmax()])
        questions = write_questions(dataset, options.ratings, similar_to, home)
        load = Load(options.connections, options.seconds, options.load_cpu)
        print(_setting(options, dataset), flush=True)
        if not options.traffic:
            with running_cases(home, questions, similar_to, options.server_cpu) as cases:
                check_same_answers(cases)
                rounds = compete(cases, load, options.rounds)
            print(table(rounds), ratios(rounds), sep="\n\n", end="\n\n", flush=True)
        with split_cases(home, place, questions, options.server_cpu) as cases:
            rounds, pairs = compete(cases, load, options.rounds), about_pairs(cases)
        print(table(rounds), ratios(rounds), pairs, sep="\n\n", end="\n\n", flush=True)
        print(about_shadow(home, place, questions, options.server_cpu), end="\n\n", flush=True)
        if not options.traffic:
            print(_about_workers(home, questions, load))
    return 0


def compete(cases: Mapping[str, Case], load: Load, n_rounds: int) -> Rounds:
    """Return the findings of all rounds; in each, all cases take their turn, every other round in reverse."""
    found: dict[str, list[Round]] = {name: [] for name in cases}
    warm_up = Load(load.connections, 1, load.cpu)
    for case in cases.values():
        run_wrk(warm_up, case.server.port, case.path, case.bodies)
    turns = [name for number in range(n_rounds) for name in list(cases)[:: -1 if number % 2 else 1]]
    for name in tqdm(turns, file=sys.stderr, disable=None):
        case = cases[name]
        before = case.server.cpu_seconds()
        run = run_wrk(load, case.server.port, case.path, case.bodies)
        found[name].append(Round(run, (case.server.cpu_seconds() - before) / run.requests * 1e6))
    return found


def check_same_answers(cases: Mapping[str, Case]) -> None:
    """See that both servers of the model give the same movies for the same question."""
    ours, theirs = (cases[f"{name}: recommend"] for name in ("ours", "mlflow"))
    answers = [ask(case.server.port, "POST", case.path, first_line(case.bodies)) for case in (ours, theirs)]  # type: ignore[arg-type]
    mine = [movie["movie_id"] for movie in json.loads(answers[0] or b"")["recommendations"]]
    (other,) = json.loads(answers[1] or b"")["predictions"]
    if mine != other["movie_ids"]:
        raise RuntimeError(f"the answers differ: {mine} and {other['movie_ids']}")


def _setting(options: argparse.Namespace, dataset: Dataset) -> str:
    return (
        f"{machine()}\n{dataset.name}, {dataset.n_items} movies; {options.connections} connections, "
        f"{options.rounds} rounds of {options.seconds:g} s a case, medians; one worker on core {options.server_cpu}, "
        f"wrk on core {options.load_cpu}; {options.ratings} ratings a question, 2,000 questions in turn\n"
    )


def _about_workers(home: Path, questions: Questions, load: Load) -> str:
    memory = worker.memory_of_workers(home, questions, load)
    private, model, own = (
        [getattr(one, name) / MEGABYTE for one in memory] for name in ("private", "model", "model_private")
    )
    count, packages = worker.modules_of_a_worker(home)
    heavy = [name for name in worker.HEAVY if name in packages]
    one, four = (worker.start_seconds(home, questions, workers=workers, times=5) for workers in (1, worker.N_WORKERS))
    return (
        f"memory of {len(memory)} workers after load: private at most {max(private):.1f} MiB each (goal: 90 MB); "
        f"{max(model):.1f} MiB of the model's files are mapped, {max(own):.1f} MiB of them not shared\n"
        f"a worker imports {count} modules; of {', '.join(worker.HEAVY)}: {', '.join(heavy) or 'none'}\n"
        f"from the start to the first recommendation, model in the cache, registry unreachable, no core of its own: "
        f"{one:.2f} s with one worker, {four:.2f} s with four (median of 5, goal: 2 s)"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks serving", description=__doc__)
    add_data_dir(parser)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=3, help="of each run of wrk")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--ratings", type=int, default=10, help="in each question")
    parser.add_argument("--traffic", action="store_true", help="only what a Challenger on real traffic costs")
    parser.add_argument("--server-cpu", type=int, default=0)
    parser.add_argument("--load-cpu", type=int, default=1)
    return parser
