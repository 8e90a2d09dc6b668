"""Time the parts of the main job in units of a plain loop on the same machine.

Covers: one replication of the Kazakhstan programme under three plans, its draws, and one optimisation.
Times are medians of interleaved rounds; ratios divide by a loop of a million additions timed in the same
round, since seconds on a shared machine mean little. Event counts are exact.

    python benchmarks/run.py [--rounds N]
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from demilsim.model.harm import stock_harm
from demilsim.model.options import disposal_options
from demilsim.optimisation.optimise import optimise
from demilsim.planning.draft import period_by_period
from demilsim.planning.rules import DO_NOTHING, nominal_coefficients, rule_draft, rule_plan
from demilsim.scenario.loader import load_scenario
from demilsim.simulation.draws import draw
from demilsim.simulation.replication import run
from demilsim.simulation.schedule import compile_plan
from demilsim.simulation.streams import Streams
from demilsim.simulation.world import prepare

SCENARIO = Path(__file__).parent.parent / "scenarios" / "kazakhstan"
LOOP = 1_000_000
REPLICATIONS = 10


def spin() -> None:
    total = 0
    for number in range(LOOP):
        total += number


def seconds(task: Callable[[], object]) -> float:
    started = time.process_time()
    task()
    return time.process_time() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    scenario = load_scenario(SCENARIO)
    world, harm, options = prepare(scenario), stock_harm(scenario), disposal_options(scenario)
    coefficients = nominal_coefficients(scenario)
    plans = {"do_nothing": DO_NOTHING}
    for name in ("host_only", "highest_risk_first"):
        plans[name] = rule_plan(name, scenario, coefficients, harm, options)
    schedules = {name: compile_plan(world, plan) for name, plan in plans.items()}
    chance = [draw(world, Streams(1, number)) for number in range(REPLICATIONS)]
    tasks: dict[str, Callable[[], object]] = {
        "draws": lambda: [draw(world, Streams(1, number)) for number in range(REPLICATIONS)],
        **{
            name: lambda schedule=schedule: [run(world, schedule, draws) for draws in chance]
            for name, schedule in schedules.items()
        },
    }
    times: dict[str, list[float]] = {name: [] for name in ("loop", *tasks)}
    for _ in range(rounds):
        times["loop"].append(seconds(spin))
        for name, task in tasks.items():
            times[name].append(seconds(task) / REPLICATIONS)
    start = rule_draft("risk_per_day_first", scenario, coefficients, harm, options)
    loop = seconds(spin)
    optimising = seconds(lambda: optimise(scenario, coefficients, start=period_by_period(start, scenario)))
    print(
        json.dumps(
            {
                "seconds_per_replication": {n: statistics.median(t) for n, t in times.items() if n != "loop"},
                "loops_per_replication": {
                    n: statistics.median(a / b for a, b in zip(t, times["loop"], strict=True))
                    for n, t in times.items()
                    if n != "loop"
                },
                "optimise_seconds": optimising,
                "optimise_loops": optimising / loop,
                "plan_lines": {name: len(plan.lines) for name, plan in plans.items()},
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
