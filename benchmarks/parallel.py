"""Measure what worker processes cost beyond the work itself, in CPU time.

Covers: the Kazakhstan programme under eight policies, a spin of the same length as the floor that this
machine sets in the same round, and tasks without any work. Efficiency is CPU time in one process over CPU
time of all processes together; workers are started and prepared before, and that is reported on its own.
Since others on the machine only ever add time, efficiency by the quickest rounds of each kind is given too.
A spin may be slower in the caller, which has much else in memory, than in a worker: so that like is compared
with like, the same work is also done by one worker alone and by all at once (`alone_over_together`).
A process may be some percents faster or slower than another for as long as it lives, whatever it does: with
`--runs` everything is started anew so often, and medians over runs are given with what each run found.
Wall-clock times on a shared machine mean little and are not reported.

    python benchmarks/parallel.py --json [--rounds N] [--replications N] [--workers N] [--runs N]
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

RATIOS = (
    "engine_efficiency",
    "spin_efficiency",
    "engine_over_spin",
    "engine_alone_over_together",
    "spin_alone_over_together",
)

CPU_CLOCK_OF_PROCESS = 2
"""Low bits of the Linux clock id of another process's CPU time."""

SHARED: list[Any] = []


def share(*values: Any) -> None:
    SHARED[:] = values


def nothing(number: int) -> int:
    return number


def spin(_: int) -> int:
    return spin_for(SHARED[0])


def spin_for(additions: int) -> int:
    total = 0
    for number in range(additions):
        total += number
    return total


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
        self.alone, self.together = (
            ProcessPoolExecutor(count, context, initializer=begin, initargs=(self.scenario, self.plans))
            for count in (1, workers)
        )

    def tasks(
        self, function: Callable[[int], Any], count: int, jobs: int, *shared: Any,
        chunk: int | None = None, packing: Packing | None = None,
    ) -> None:  # fmt: skip
        for _ in run_tasks(function, range(count), jobs, share, shared, chunk=chunk, packing=packing):
            pass

    def engine(self, jobs: int, count: int) -> None:
        replicate(self.scenario, self.plans, count, seed=1, jobs=jobs)

    def additions(self) -> int:
        """Return additions of a spin that takes as long as one replication under all plans."""
        ensemble._initialise(self.scenario, self.plans, {}, 1, False)
        ensemble._replication(0)
        seconds = spent(lambda: [ensemble._replication(number) for number in range(5)]) / 5
        share(1_000_000)
        return int(seconds / spent(lambda: spin(0)) * 1_000_000)


def efficiencies(bench: Bench, additions: int) -> dict[str, float]:
    """Return CPU times [s] and efficiency of the engine and of the spin in one round, and chunks."""
    count, workers = bench.replications, bench.workers
    bench.engine(workers, 2 * workers + MEASURED_TASKS)  # prepares the workers for this scenario
    serial = spent(lambda: bench.engine(1, count))
    bench.sizes.clear()
    parallel = spent(lambda: bench.engine(workers, count))
    chunks = len(bench.sizes)
    floor_serial = spent(lambda: bench.tasks(spin, count, 1, additions))
    floor_parallel = spent(lambda: bench.tasks(spin, count, workers, additions))
    return {
        "engine_serial": serial,
        "engine_parallel": parallel,
        "spin_serial": floor_serial,
        "spin_parallel": floor_parallel,
        "engine_ms_per_replication": 1e3 * serial / count,
        "engine_replications_per_chunk": (count - MEASURED_TASKS) / max(chunks, 1),
        "engine_efficiency": serial / parallel,
        "spin_efficiency": floor_serial / floor_parallel,
        "engine_over_spin": serial / parallel / (floor_serial / floor_parallel),
    }


def contention(bench: Bench, additions: int) -> dict[str, float]:
    """Return CPU time of work of one worker alone over that of all at once, of the engine and of the spin."""

    def spent_by(pool: ProcessPoolExecutor, work: Callable[[int], object], given: list[int]) -> float:
        return spent(lambda: list(pool.map(work, given, chunksize=5)))

    found = {}
    numbers, spins = list(range(bench.replications)), [additions] * bench.replications
    for name, work, given in (("engine", simulated, numbers), ("spin", spin_for, spins)):
        alone, together = spent_by(bench.alone, work, given), spent_by(bench.together, work, given)
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
        given = spent(lambda give=give: give(RETURNED, DIFFERENT_ROWS))
        found[f"results_{name}_us_per_replication"] = 1e6 * given / RETURNED
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one JSON document (the only form there is)")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--replications", type=int, default=60)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--runs", type=int, default=1)
    asked = parser.parse_args()
    document = (
        measured(asked.workers, asked.replications, asked.rounds) if asked.runs == 1 else repeated(asked)
    )
    print(json.dumps(document, indent=2))


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
    additions = bench.additions()
    contention(bench, additions)  # starts and warms these workers
    rounds = [
        efficiencies(bench, additions) | contention(bench, additions) | overheads(bench) for _ in range(count)
    ]
    bench.alone.shutdown()
    bench.together.shutdown()
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
            for work in ("engine", "spin")
        },
        "quickest_alone_over_together": {
            work: min(found[f"{work}_alone"] for found in rounds)
            / min(found[f"{work}_together"] for found in rounds)
            for work in ("engine", "spin")
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
