"""Measure what worker processes cost beyond the work itself, in CPU time.

Covers: the Kazakhstan programme under eight policies, a spin of the same length as the floor that this
machine sets in the same round, and tasks without any work. Efficiency is CPU time in one process over CPU
time of all processes together; workers are started and prepared before, and that is reported on its own.
Since others on the machine only ever add time, efficiency by the quickest rounds of each kind is given too.
The spin hashes a small block: the same code of one library on the same bytes, which takes equally long in
every process. A loop of the interpreter does not: it is faster or slower by a tenth for as long as a process
lives, by where its objects lie, and is given beside it as `loop`. `--paces N` shows both in N processes that
run alone, one after another.
The same work is also done by each worker alone, then by all at once (`alone_over_together`): that compares a
process with itself. With `--runs` everything is started anew so often, and medians over runs are given with
what each run found. Wall-clock times on a shared machine mean little and are not reported.

    python benchmarks/parallel.py --json [--rounds N] [--replications N] [--workers N] [--runs N]
    python benchmarks/parallel.py --paces N
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from hashlib import sha256
from itertools import repeat
from pathlib import Path
from typing import Any

from demilsim.experiments import backends, ensemble
from demilsim.experiments.backends import MEASURED_TASKS, Packing, run_tasks
from demilsim.experiments.ensemble import replicate
from demilsim.experiments.packing import pack_rows, unpack_rows
from demilsim.experiments.sweep import POLICIES, simple_plan
from demilsim.plan import DisposalPlan
from demilsim.planning.rules import DO_NOTHING
from demilsim.scenario.loader import load_scenario
from demilsim.scenario.scenario import Scenario
from demilsim.simulation.record import RunResult

SCENARIO = Path(__file__).parent.parent / "scenarios" / "kazakhstan"
TRIVIAL_TASKS = 200_000
CHUNKS_OF_ONE = 2_000
RETURNED, DIFFERENT_ROWS = 400, 20
"""Rows of results that are sent back, a chunk of different ones at a time: pickle sends equal ones once."""
USUAL_REPLICATIONS = 400
"""Of a run, for which the chunks are counted that it would get."""

BLOCK = bytes(65_536)
"""What a spin hashes, small enough for a core's own cache."""

RATIOS = (
    "engine_efficiency",
    "spin_efficiency",
    "loop_efficiency",
    "engine_over_spin",
    "engine_alone_over_together",
    "spin_alone_over_together",
    "loop_alone_over_together",
)

CPU_CLOCK_OF_PROCESS = 2
"""Low bits of the Linux clock id of another process's CPU time."""

SHARED: list[Any] = []


def share(*values: Any) -> None:
    SHARED[:] = values


def nothing(number: int) -> int:
    return number


def spin(blocks: int) -> bytes:
    """Hash a block so often, and return the last digest."""
    digest = b""
    for _ in repeat(None, blocks):
        digest = sha256(BLOCK).digest()
    return digest


def loop(additions: int) -> int:
    """Add up whole numbers, and return their sum."""
    total = 0
    for number in range(additions):
        total += number
    return total


def spin_shared(_: int) -> bytes:
    return spin(SHARED[0])


def loop_shared(_: int) -> int:
    return loop(SHARED[0])


def begin(scenario: Scenario, plans: dict[str, DisposalPlan]) -> None:
    """Make a worker ready to simulate and to keep the results."""
    ensemble._initialise(scenario, plans, {}, 1, False)
    ensemble._replication(0)


def simulated(number: int) -> None:
    """Simulate a replication under all plans, and send nothing."""
    ensemble._replication(number)


def row_given(number: int) -> dict[str, RunResult]:
    rows = SHARED[0]
    return rows[number % len(rows)]


def cpu_seconds() -> float:
    """Return the CPU time of this process and its workers [s]."""
    workers = [
        time.clock_gettime((~child.pid << 3) | CPU_CLOCK_OF_PROCESS)
        for child in multiprocessing.active_children()
        if child.pid is not None
    ]
    return time.process_time() + sum(workers)


def spent(work: Callable[[], object]) -> float:
    before = cpu_seconds()
    work()
    return cpu_seconds() - before


def count_chunks() -> list[int]:
    """Return a list to which the size of every chunk that is sent will be added."""
    sizes: list[int] = []
    plain = backends._Chunks.next

    def counted(self: backends._Chunks) -> Sequence[Any]:
        chunk = plain(self)
        sizes.append(len(chunk))
        return chunk

    backends._Chunks.next = counted  # type: ignore[method-assign]
    return sizes


class Bench:
    """One scenario, its plans, and how many workers and replications."""

    def __init__(self, workers: int, replications: int) -> None:
        self.workers, self.replications = workers, replications
        self.scenario: Scenario = load_scenario(SCENARIO)
        self.plans: dict[str, DisposalPlan] = {
            "do_nothing_again": DO_NOTHING,
            **{name: simple_plan(name, self.scenario) for name in POLICIES},
        }
        self.sizes = count_chunks()
        context = multiprocessing.get_context("spawn")
        self.pools = [
            ProcessPoolExecutor(1, context, initializer=begin, initargs=(self.scenario, self.plans))
            for _ in range(workers)
        ]

    def tasks(
        self, function: Callable[[int], Any], count: int, jobs: int, *shared: Any,
        chunk: int | None = None, packing: Packing | None = None,
    ) -> None:  # fmt: skip
        for _ in run_tasks(function, range(count), jobs, share, shared, chunk=chunk, packing=packing):
            pass

    def engine(self, jobs: int, count: int) -> None:
        replicate(self.scenario, self.plans, count, seed=1, jobs=jobs)

    def lengths(self) -> dict[str, int]:
        """Return how long a spin and a loop are that take as long as one replication under all plans."""
        ensemble._initialise(self.scenario, self.plans, {}, 1, False)
        ensemble._replication(0)
        seconds = spent(lambda: [ensemble._replication(number) for number in range(5)]) / 5
        return {
            "spin": int(seconds / spent(lambda: spin(1_000)) * 1_000),
            "loop": int(seconds / spent(lambda: loop(1_000_000)) * 1_000_000),
        }


def efficiencies(bench: Bench, lengths: dict[str, int]) -> dict[str, float]:
    """Return CPU times [s] and efficiency of the engine, the spin and the loop in one round, and chunks."""
    count, workers = bench.replications, bench.workers
    bench.engine(workers, 2 * workers + MEASURED_TASKS)  # prepares the workers for this scenario
    found = {"engine_serial": spent(lambda: bench.engine(1, count))}
    bench.sizes.clear()
    found["engine_parallel"] = spent(lambda: bench.engine(workers, count))
    chunks = len(bench.sizes)
    for name, work in (("spin", spin_shared), ("loop", loop_shared)):
        for kind, jobs in (("serial", 1), ("parallel", workers)):
            found[f"{name}_{kind}"] = spent(partial(bench.tasks, work, count, jobs, lengths[name]))
    ratios = {
        f"{name}_efficiency": found[f"{name}_serial"] / found[f"{name}_parallel"]
        for name in ("engine", "spin", "loop")
    }
    return {
        **found,
        **ratios,
        "engine_over_spin": ratios["engine_efficiency"] / ratios["spin_efficiency"],
        "engine_ms_per_replication": 1e3 * found["engine_serial"] / count,
        "engine_replications_per_chunk": (count - MEASURED_TASKS) / max(chunks, 1),
    }


def contention(bench: Bench, lengths: dict[str, int]) -> dict[str, float]:
    """Return CPU time of work that each worker does alone over that of all at once."""

    def spent_on(
        pools: Sequence[ProcessPoolExecutor], work: Callable[[int], object], given: list[int]
    ) -> float:
        def do() -> None:
            for answers in [pool.map(work, given, chunksize=5) for pool in pools]:
                for _ in answers:
                    pass

        return spent(do)

    found = {}
    share_of_one = range(bench.replications // bench.workers)
    for name, work, given in (
        ("engine", simulated, list(share_of_one)),
        ("spin", spin, [lengths["spin"]] * len(share_of_one)),
        ("loop", loop, [lengths["loop"]] * len(share_of_one)),
    ):
        alone = sum(spent_on([pool], work, given) for pool in bench.pools)
        together = spent_on(bench.pools, work, given)
        found[f"{name}_alone"], found[f"{name}_together"] = alone, together
        found[f"{name}_alone_over_together"] = alone / together
    return found


def overheads(bench: Bench) -> dict[str, float]:
    """Return what chunks, tasks without work and results on their way back cost [µs]."""
    workers = bench.workers
    bench.tasks(nothing, 100, workers, chunk=1)
    ones = spent(lambda: bench.tasks(nothing, CHUNKS_OF_ONE, workers, chunk=1))
    serial = spent(lambda: bench.tasks(nothing, TRIVIAL_TASKS, 1))
    bench.sizes.clear()
    parallel = spent(lambda: bench.tasks(nothing, TRIVIAL_TASKS, workers))
    found = {
        "us_per_chunk": 1e6 * ones / CHUNKS_OF_ONE,
        "trivial_us_per_task": 1e6 * (parallel - serial) / TRIVIAL_TASKS,
        "trivial_tasks_per_chunk": statistics.mean(bench.sizes),
    }
    rows = [ensemble._replication(number) for number in range(DIFFERENT_ROWS)]
    for name, packing in (("packed", (pack_rows, unpack_rows)), ("as_they_are", None)):

        def give(count: int, chunk: int, packing: Packing | None = packing) -> None:
            bench.tasks(row_given, count, workers, rows, chunk=chunk, packing=packing)

        give(10, 1)
        given = spent(partial(give, RETURNED, DIFFERENT_ROWS))
        found[f"results_{name}_us_per_replication"] = 1e6 * given / RETURNED
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one JSON document (the only form there is)")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--replications", type=int, default=60)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--paces", type=int, metavar="N", help="time spin and loop in N processes instead")
    asked = parser.parse_args()
    if asked.paces:
        print(json.dumps(paces(asked.paces), indent=2))
        return
    document = (
        measured(asked.workers, asked.replications, asked.rounds) if asked.runs == 1 else repeated(asked)
    )
    print(json.dumps(document, indent=2))


def paces(count: int) -> dict[str, Any]:
    """Return the least CPU time of a spin and of a loop in fresh processes that run alone [ms]."""
    found: dict[str, list[float]] = {"spin": [], "loop": []}
    for _ in range(count):
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            for name, work, length in (("spin", spin, 300), ("loop", loop, 400_000)):
                found[name].append(1e3 * min(pool.submit(timed, work, length).result() for _ in range(9)))
    spread = {f"{name}_slowest_over_fastest": max(ms) / min(ms) for name, ms in found.items()}
    return {**spread, "ms": found}


def timed(work: Callable[[int], object], length: int) -> float:
    """Return the CPU time of this process on some work [s]."""
    before = time.process_time()
    work(length)
    return time.process_time() - before


def repeated(asked: argparse.Namespace) -> dict[str, Any]:
    """Return medians over runs of this program, each with processes of its own, and what each found."""
    command = [sys.executable, __file__, "--json", "--rounds", str(asked.rounds)]
    command += ["--replications", str(asked.replications), "--workers", str(asked.workers)]
    runs = [
        json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
        for _ in range(asked.runs)
    ]
    found = {name: [run[name] for run in runs] for name in RATIOS}
    return {
        "runs": asked.runs,
        "rounds": asked.rounds,
        "replications": asked.replications,
        **{name: statistics.median(values) for name, values in found.items()},
        "of_each_run": found,
    }


def measured(workers: int, replications: int, count: int) -> dict[str, Any]:
    """Return medians over rounds in these processes."""
    backends.WORTH_SECONDS = 0.0
    bench = Bench(workers, replications)
    started = spent(lambda: bench.tasks(nothing, 100, workers, chunk=1))
    lengths = bench.lengths()
    contention(bench, lengths)  # starts and warms these workers
    rounds = [
        efficiencies(bench, lengths) | contention(bench, lengths) | overheads(bench) for _ in range(count)
    ]
    for pool in bench.pools:
        pool.shutdown()
    medians = {name: statistics.median(found[name] for found in rounds) for name in rounds[0]}
    usual = backends._Chunks(range(USUAL_REPLICATIONS), workers, 0.0, None)
    usual.seconds = medians["engine_ms_per_replication"] / 1e3
    chunks = 0
    while usual.left:
        backends._Chunks.next(usual)
        chunks += 1
    return {
        "workers": workers,
        "policies": len(bench.plans),
        "replications": replications,
        "rounds": count,
        "start_cpu_seconds_per_worker": started / workers,
        **medians,
        "quickest": {
            work: min(found[f"{work}_serial"] for found in rounds)
            / min(found[f"{work}_parallel"] for found in rounds)
            for work in ("engine", "spin", "loop")
        },
        "quickest_alone_over_together": {
            work: min(found[f"{work}_alone"] for found in rounds)
            / min(found[f"{work}_together"] for found in rounds)
            for work in ("engine", "spin", "loop")
        },
        "ranges": {
            name: [min(found[name] for found in rounds), max(found[name] for found in rounds)]
            for name in RATIOS
        },
        f"chunks_of_{USUAL_REPLICATIONS}_replications": chunks,
        "us_of_chunks_per_replication": medians["us_per_chunk"] * chunks / USUAL_REPLICATIONS,
    }


if __name__ == "__main__":
    main()
