"""Time the engine against what a user would pick instead, and against a compiled loop as the limit.

Covers: model P (see `yardsticks/plain.py`) at 500, 5,000 and 50,000 lots under (a) SimPy with a daily wake
for each lot, (b) event-driven SimPy, (c) salabim and Ciw (Ciw without incidents, which it cannot express),
(d) a hand-tuned numba loop, (e) the parts of this engine in NumPy, `fast` the same parts compiled; and K, the
Kazakhstan programme with a fixed plan, under an event-driven SimPy reference and under this engine.

Seconds of CPU per replication on one core, draws included, imports, compilation and what replications share
excluded: medians of interleaved rounds. `ratios` are medians of ratios within a round. What would take
minutes is timed over some days and extrapolated by lot days, and listed in `extrapolated`.

    python benchmarks/engine.py --json [--quick]
"""

from __future__ import annotations

import os

# One thread for BLAS, before NumPy is loaded: CPU time is what is compared.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

import argparse
import gc
import importlib
import json
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.yardsticks import plain_engine, plain_events, plain_naive
from benchmarks.yardsticks.plain import Plain, plain

from demilsim.experiments.sweep import simple_plan
from demilsim.scenario.loader import load_scenario
from demilsim.simulation.compiled import SWITCH, compiled
from demilsim.simulation.draws import draw
from demilsim.simulation.replication import run
from demilsim.simulation.schedule import compile_plan
from demilsim.simulation.streams import Streams
from demilsim.simulation.world import prepare

Task = Callable[[int], object]
"""Does the replication of a number."""

SIZES = (500, 5_000, 50_000)
ROUNDS = {True: 5, False: 15}
"""By whether it has to be quick."""
BATCH = {
    "b": {500: 8, 5_000: 3, 50_000: 1},
    "c_salabim": {500: 2, 5_000: 1},
    "c_ciw": {500: 1},
    "d": {500: 300, 5_000: 120, 50_000: 25},
    "e": {500: 100, 5_000: 50, 50_000: 15},
    "fast": {500: 250, 5_000: 100, 50_000: 25},
}
"""Replications timed together in a round, hundredths of a second or more; none where that takes too long."""
NAIVE_WHOLE = {True: (500,), False: (500, 5_000)}
"""Sizes at which (a) runs to the horizon, once in a quick run, at 500 lots in three rounds otherwise."""
NAIVE_ROUNDS = {500: 3, 5_000: 1, 50_000: 1}
NAIVE_DAYS = {5_000: 30.0, 50_000: 6.0}
"""Days over which a wake of (a) is timed elsewhere; the first half pays for making the processes."""
NATIONAL = 10
RULE = "risk_per_day_first"
SCENARIO = Path(__file__).resolve().parent.parent / "scenarios" / "kazakhstan"
MEMORY_REPLICATIONS = 5
MEGABYTE = 1e6


def cpu(task: Task, count: int, kernels: bool = False) -> float:
    """Return seconds per replication, with or without the compiled kernels."""
    os.environ[SWITCH] = "1" if kernels else "0"
    gc.collect()
    started = time.process_time()
    for number in range(count):
        task(number)
    return (time.process_time() - started) / count


def plain_tasks(model: Plain, skipped: dict[str, str]) -> dict[str, Task]:
    """Return the engines of model P that are installed."""
    parts = plain_engine.prepare(model, compiled=False)
    tasks: dict[str, Task] = {
        "b": lambda number: plain_events.replication(model, Streams(1, number)),
        "e": lambda number: plain_engine.replication(parts, Streams(1, number)),
    }
    for name, module in (
        ("c_salabim", "plain_salabim"),
        ("c_ciw", "plain_ciw"),
        ("d", "plain_tuned"),
        ("fast", "plain_fast"),
    ):
        try:
            engine = importlib.import_module(f"benchmarks.yardsticks.{module}")
        except ModuleNotFoundError as missing:
            skipped[name] = f"not run: {missing.name} is not installed"
            continue
        if name == "d":
            tuned = engine.prepare(model)
            tasks[name] = lambda number, tuned=tuned: tuned(Streams(1, number))
        else:
            given = plain_engine.prepare(model, compiled=True) if name == "fast" else model
            tasks[name] = lambda number, e=engine, given=given: e.replication(given, Streams(1, number))
    return tasks


def naive_seconds(model: Plain, whole: bool) -> float:
    """Return what a replication of (a) takes, or would take judging by some of its days."""
    lots = model.work.size
    generator = np.random.default_rng(1)
    if whole:
        return cpu(lambda _: plain_naive.replication(model, generator), 1)
    days = NAIVE_DAYS[lots]
    short = cpu(lambda _: plain_naive.replication(model, generator, days / 2.0), 1)
    long = cpu(lambda _: plain_naive.replication(model, generator, days), 1)
    lot_days = float(plain_engine.simulate(plain_engine.prepare(model), Streams(1, 0))[0].removal_day.sum())
    per_lot_day = (long - short) / (lots * days / 2.0)
    return short + per_lot_day * (lot_days - lots * days / 2.0)


def time_plain(quick: bool, skipped: dict[str, str]) -> tuple[dict[int, dict[str, list[float]]], list[str]]:
    """Return the seconds of each round by size and engine, and what was extrapolated."""
    models = {lots: plain(lots) for lots in SIZES}
    tasks = {lots: plain_tasks(model, skipped) for lots, model in models.items()}
    times: dict[int, dict[str, list[float]]] = {lots: {} for lots in SIZES}
    for lots in SIZES:
        for name, task in tasks[lots].items():
            if lots in BATCH[name]:
                task(0)
    for number in range(ROUNDS[quick]):
        for lots, model in models.items():
            whole = lots in NAIVE_WHOLE[quick]
            if number < (1 if quick else NAIVE_ROUNDS[lots]):
                times[lots].setdefault("a", []).append(naive_seconds(model, whole))
            for name, task in tasks[lots].items():
                if lots in BATCH[name]:
                    times[lots].setdefault(name, []).append(
                        cpu(task, BATCH[name][lots], kernels=name == "fast")
                    )
    return times, [f"P.{lots}.a" for lots in SIZES if lots not in NAIVE_WHOLE[quick]]


def time_national(quick: bool, skipped: dict[str, str]) -> dict[str, list[float]]:
    """Return the seconds of each round of the Kazakhstan programme."""
    scenario = load_scenario(SCENARIO)
    world = prepare(scenario)
    schedule = compile_plan(world, simple_plan(RULE, scenario))
    tasks: dict[str, Task] = {"e": lambda number: run(world, schedule, draw(world, Streams(1, number)))}
    os.environ[SWITCH] = "1"
    if compiled():
        tasks["fast"] = tasks["e"]
    else:
        skipped["K.fast"] = "not run: numba is not installed"
    try:
        from benchmarks.yardsticks import national
    except ModuleNotFoundError as missing:
        skipped["K.reference"] = f"not run: there is no module {missing.name}"
    else:
        tasks["reference"] = lambda number: national.replication(
            world, schedule, draw(world, Streams(1, number))
        )
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for task in tasks.values():
        task(0)
    for _ in range(ROUNDS[quick]):
        for name, task in tasks.items():
            times[name].append(cpu(task, NATIONAL, kernels=name == "fast"))
    return times


def traced_peak(lots: int) -> float:
    """Return the traced peak of making a case and running (e) on it, above what was there before [MB]."""
    gc.collect()
    tracemalloc.start()
    engine = plain_engine.prepare(plain(lots), compiled=False)
    for number in range(MEMORY_REPLICATIONS):
        plain_engine.replication(engine, Streams(1, number))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / MEGABYTE


def ratio(above: list[float], below: list[float]) -> float:
    """Return the median ratio within a round."""
    return statistics.median(x / y for x, y in zip(above, below, strict=False))


def ratios(times: dict[int, dict[str, list[float]]], national: dict[str, list[float]]) -> dict[str, float]:
    """Return the ratios that claims are made about."""
    pairs = (("a", "e"), ("b", "e"), ("e", "d"), ("fast", "d"))
    found = {
        f"P.{lots}.{above}/{below}": ratio(engines[above], engines[below])
        for lots, engines in times.items()
        for above, below in pairs
        if above in engines and below in engines
    }
    for name in ("e", "fast", "d"):
        for lots in SIZES[1:]:
            if name in times[lots]:
                found[f"P.{name}.{lots}/{SIZES[0]}"] = ratio(times[lots][name], times[SIZES[0]][name])
    for name in ("e", "fast"):
        if "reference" in national and name in national:
            found[f"K.reference/{name}"] = ratio(national["reference"], national[name])
    return found


def main() -> None:
    """Print the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print JSON on one line and nothing else")
    parser.add_argument("--quick", action="store_true", help="end within a minute")
    options = parser.parse_args()
    skipped: dict[str, str] = {}
    os.environ[SWITCH] = "0"
    memory = {str(lots): traced_peak(lots) for lots in SIZES}
    times, extrapolated = time_plain(options.quick, skipped)
    national = time_national(options.quick, skipped)
    result = {
        "P": {
            str(lots): {name: statistics.median(seconds) for name, seconds in sorted(engines.items())}
            for lots, engines in times.items()
        },
        "K": {name: statistics.median(seconds) for name, seconds in sorted(national.items())},
        "memory_mb": memory,
        "ratios": ratios(times, national),
        "extrapolated": extrapolated,
        "skipped": skipped,
    }
    print(json.dumps(result, indent=None if options.json else 2))


if __name__ == "__main__":
    main()
