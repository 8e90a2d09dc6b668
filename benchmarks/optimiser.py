"""Measure the optimiser on generated programmes: how light its models are, how near to the best its plans.

Covers, for sizes from 30 groups over 20 quarters to 1,000 over 60 and for several seeds each: build and
hand-over by PuLP against arrays straight to HiGHS; both gaps against time, harm made linear; an LP solved
again after its costs change by 5%, as plans do it and from its last basis alone, against a new one; peak
memory; on the two smallest sizes also exact harm with the bound on it. Gaps refer to the model in single
periods with every order that it weighs. Limits on the clock are for measurements alone; HiGHS runs with the
options of `optimise`. Each instance is measured in a process of its own, one after the other.

    python benchmarks/optimiser.py --json [--quick] [--sizes small,hubs,medium,large] [--seeds 0,1,2,3,4]
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from instances_optimiser import SIZES, Instance, instance

from demilsim.optimisation.assemble import Model, assemble, cost_scale, pulp_problem
from demilsim.optimisation.blocks import single_periods
from demilsim.optimisation.bridge import arrays_of_model, arrays_of_pulp, check, hand_over
from demilsim.optimisation.highs import HIGHS_OPTIONS, silent_stdout
from demilsim.optimisation.interior import relax
from demilsim.optimisation.kept import KeptHighs, keep
from demilsim.optimisation.optimise import optimise
from demilsim.optimisation.problem import Problem, make_problem
from demilsim.optimisation.relax_and_fix import relax_and_fix
from demilsim.plan import Floats

QUICK = ("small", "hubs")
CHANGE = 0.05
"""Largest relative change of a cost before the kept LP is solved again [1]."""

SAME = 1e-9
"""Largest relative difference of two optima [1]."""

MB_PER_KB = 1.0 / 1024.0


@dataclass(frozen=True)
class Target:
    """A gap at which a solve ends, and the seconds after which it does in any case.

    Parameters
    ----------
    gap
        The gap [1].
    of
        ``remaining`` or ``averted`` harm.
    limit_s
        Seconds on the clock [s]; infinite where no branching is tried: orders by relax-and-fix in blocks of
        years, flows and the bound from relaxations in single periods.
    """

    gap: float
    of: str
    limit_s: float

    @property
    def by_years(self) -> bool:
        """Whether no branching is tried."""
        return np.isinf(self.limit_s)


TARGETS = {
    "small": Target(0.001, "remaining", 10.0),
    "hubs": Target(0.005, "remaining", 60.0),
    "medium": Target(0.005, "averted", 60.0),
    "large": Target(0.01, "averted", np.inf),
}


def gaps(incumbent: float, bound: float, do_nothing: float) -> dict[str, float | None]:
    """Return both gaps of a plan [1], null without a plan or bound."""
    if not np.isfinite(incumbent) or not np.isfinite(bound):
        return {"remaining": None, "averted": None}
    difference = incumbent - bound
    return {"remaining": difference / incumbent, "averted": difference / (do_nothing - incumbent)}


def light(model: Model) -> dict[str, float]:
    """Return seconds of CPU of both ways from our rows to a solver, and their ratio."""
    marks = [time.process_time()]
    direct = hand_over(arrays_of_model(model))
    marks.append(time.process_time())
    prob, variables = pulp_problem(model)
    marks.append(time.process_time())
    bridged = hand_over(arrays_of_pulp(prob, variables))
    marks.append(time.process_time())
    assert direct.getNumNz() == bridged.getNumNz()
    straight, build, over = np.diff(marks).tolist()
    return {
        "arrays_s": straight, "pulp_build_s": build, "pulp_hand_over_s": over,
        "pulp_over_arrays": (build + over) / straight,
    }  # fmt: skip


def again(case: Instance, problem: Problem, model: Model, seed: int) -> dict[str, dict[str, float]]:
    """Return what a changed LP takes as plans do it and from its basis, for two kinds of change.

    Once harm changes by storehouse and period, as the simulation's factors do; once every flow's cost by
    itself, which leaves nothing of the order between them.
    """
    rng = np.random.default_rng(seed)
    low, high = 1.0 - CHANGE, 1.0 + CHANGE
    factors = rng.uniform(low, high, (len(case.scenario.storehouses), case.scenario.periods))
    _, flow_cost = replace(case, stock=case.stock.with_factor(factors)).linear(problem)
    by_storehouse = model.cost.copy()
    by_storehouse[: flow_cost.size] = flow_cost
    by_flow = model.cost * rng.uniform(low, high, model.cost.size)
    changes = {"harm_factors_change": by_storehouse, "cost_of_each_flow_changes": by_flow}
    return {name: _again(model.lp_relaxation(), cost) for name, cost in changes.items()}


def _again(model: Model, changed: Floats) -> dict[str, float]:
    """Return seconds of CPU of a new LP, as plans do it and from the kept basis, and ratios to the new LP."""
    scale = cost_scale(changed)
    new = hand_over(arrays_of_model(replace(model, cost=changed), scale))
    started = time.process_time()
    check(new.run(), "run")
    new_s = time.process_time() - started
    least = new.getInfo().objective_function_value
    found = {"new_s": new_s}
    for name, make in (("as_in_plans", keep), ("basis_alone", KeptHighs)):
        kept = make(model)
        kept.minimise(model.cost)
        started = time.process_time()
        values = kept.minimise(changed).values
        found[f"{name}_s"] = time.process_time() - started
        found[f"{name}_over_new"] = found[f"{name}_s"] / new_s
        assert values is not None, name
        assert np.isclose(scale * changed @ values, least, rtol=SAME, atol=0.0), (name, least)
        assert not model.violations(values), name
    return found


def solved(
    model: Model, target: Target, start: Floats | None, least: float, started: float
) -> dict[str, Any]:
    """Return incumbent, bound and both gaps against time of a MILP.

    Parameters
    ----------
    model, target
        What to solve, and how far.
    start
        A plan to begin with, if there is one.
    least
        Bound of the relaxation, which HiGHS has to find for itself before it has any.
    started
        When the clock started [s].
    """
    trace: list[dict[str, float | None]] = []
    scale = cost_scale(model.cost)
    highs = hand_over(arrays_of_model(model, scale))
    gap = target.gap
    if target.of == "remaining":
        # What a plan averts and leaves is not known before; no plan leaves less than the relaxation.
        gap *= least / (model.constant - least)
    # HiGHS reports on its way only if it may print; it prints nowhere.
    watched = {"output_flag": True, "log_to_console": False, "mip_rel_gap": gap, **HIGHS_OPTIONS}
    for option, value in watched.items():
        check(highs.setOptionValue(option, value), option)
    left = max(target.limit_s - (time.perf_counter() - started), 0.0)
    check(highs.setOptionValue("time_limit", left), "time_limit")

    def look(event: Any) -> None:
        incumbent = event.data_out.mip_primal_bound / scale + model.constant
        bound = max(event.data_out.mip_dual_bound / scale + model.constant, least)
        trace.append({"s": time.perf_counter() - started, **gaps(incumbent, bound, model.constant)})

    highs.cbMipLogging += look
    if start is not None:
        import highspy

        point = highspy.HighsSolution()
        point.col_value = start.tolist()
        check(highs.setSolution(point), "start")
    check(highs.run(), "run")
    info = highs.getInfo()
    values = np.array(highs.getSolution().col_value)
    return {
        "s": time.perf_counter() - started, "nodes": info.mip_node_count,
        "wrong": model.violations(values), "incumbent": model.objective(values),
        "bound": max(info.mip_dual_bound / scale + model.constant, least), "trace": trace,
    }  # fmt: skip


def orders_by_years(case: Instance) -> dict[int, int]:
    """Return the period in which each facility is ordered, by relax-and-fix with work in blocks of years."""
    coarse = case.problem(yearly=True)
    harm, cost = case.linear(coarse)
    values = relax_and_fix(assemble(coarse, cost, harm.do_nothing))
    assert values is not None, "no order at all is a plan"
    chosen = np.flatnonzero(values[coarse.order_offset : coarse.payment_offset] > 0.5)
    return {int(coarse.orders.facility[o]): int(coarse.orders.period[o]) for o in chosen}


def first_plan(problem: Problem, model: Model, orders: dict[int, int]) -> Floats | None:
    """Return the best flows in single periods for orders, each in the next period that has a column."""
    fixed = np.zeros(problem.orders.facility.size)
    for facility, period in orders.items():
        later = (problem.orders.facility == facility) & (problem.orders.period >= period)
        fixed[np.flatnonzero(later)[:1]] = 1.0
    lower, upper = np.zeros(model.cost.size), model.columns.upper.copy()
    orders_at = slice(problem.order_offset, problem.payment_offset)
    lower[orders_at] = upper[orders_at] = fixed
    return keep(model).minimise(model.cost, (lower, upper)).values


def linear(case: Instance, problem: Problem, model: Model, target: Target) -> dict[str, Any]:
    """Return how near to the best plan the target's seconds lead, harm made linear."""
    started = time.perf_counter()
    orders = orders_by_years(case)
    ordered_s = time.perf_counter() - started
    if target.by_years:
        found = by_relaxations(case, model, orders, started)
    else:
        start = first_plan(problem, model, orders)
        planned_s = time.perf_counter() - started
        least = relax(model).bound
        relaxed_s = time.perf_counter() - started
        reached = np.inf if start is None else model.objective(start)
        near = gaps(reached, least, model.constant)[target.of]
        if near is None or near > target.gap:
            plans = (start, relax_and_fix(model))
            start = min((plan for plan in plans if plan is not None), key=model.objective, default=None)
        found = {"planned_s": planned_s, "relaxed_s": relaxed_s}
        found |= solved(model, target, start, least, started)
    both = gaps(found["incumbent"], found["bound"], model.constant)
    return found | {"ordered_s": ordered_s, "gaps": both, "reached": both[target.of] <= target.gap}


def by_relaxations(case: Instance, model: Model, orders: dict[int, int], started: float) -> dict[str, Any]:
    """Return flows in single periods for orders, and the bound without and then with cumulative cuts."""
    fixed = make_problem(
        case.scenario, case.coefficients, case.options, case.groups, single_periods(case.scenario), orders
    )
    _, cost = case.linear(fixed)
    flows = assemble(fixed, cost, model.constant)
    plan = relax(flows)
    incumbent = flows.objective(plan.values)
    planned_s = time.perf_counter() - started
    without = replace(model, families=tuple(f for f in model.families if f.family != "cumulative_cuts"))
    trace, bound = [], -np.inf
    for rows in (without, model):
        bound = max(relax(rows).bound, bound)
        trace.append({"s": time.perf_counter() - started, **gaps(incumbent, bound, model.constant)})
    return {
        "s": time.perf_counter() - started, "planned_s": planned_s, "orders": len(orders),
        "wrong": flows.violations(plan.values), "incumbent": incumbent, "bound": bound, "trace": trace,
    }  # fmt: skip


def exact(case: Instance) -> dict[str, Any]:
    """Return the plan by exact harm with its bound, both gaps and seconds."""
    started = time.perf_counter()
    found = optimise(case.scenario, case.coefficients)
    return {
        "s": time.perf_counter() - started, "planned": found.planned_harm, "bound": found.best_bound,
        "gaps": {"remaining": found.gap_remaining, "averted": found.gap_averted},
    }  # fmt: skip


def measure(size: str, seed: int, piecewise: bool) -> dict[str, Any]:
    """Return all figures of one instance."""
    case = instance(SIZES[size], seed)
    base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()
    problem = case.problem()
    harm, cost = case.linear(problem)
    model = assemble(problem, cost, harm.do_nothing)
    found: dict[str, Any] = {
        "size": size, "seed": seed, "rows": model.rows, "columns": model.cost.size,
        "nonzeros": int(model.matrix().nnz), "integers": int(problem.orders.facility.size),
        "terms_s": time.process_time() - started,
    }  # fmt: skip
    with silent_stdout():
        found["light"] = light(model)
        if not TARGETS[size].by_years:
            found["again"] = again(case, problem, model, seed)
        found["linear"] = linear(case, problem, model, TARGETS[size])
        if piecewise:
            found["exact"] = exact(case)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return found | {"peak_mb": peak * MB_PER_KB, "peak_above_instance_mb": (peak - base) * MB_PER_KB}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one JSON document (the only form there is)")
    parser.add_argument("--quick", action="store_true", help="small and hubs, one seed")
    parser.add_argument("--sizes", default=",".join(SIZES))
    parser.add_argument("--seeds", default="0,1,2,3,4")
    asked = parser.parse_args()
    sizes = QUICK if asked.quick else asked.sizes.split(",")
    seeds = (0,) if asked.quick else tuple(map(int, asked.seeds.split(",")))
    tasks = [(size, seed, size in QUICK) for size in sizes for seed in seeds]
    context = multiprocessing.get_context("spawn")
    with context.Pool(1, maxtasksperchild=1) as pool:
        runs = [pool.apply(measure, task) for task in tasks]
    print(
        json.dumps(
            {"targets": {name: [target.gap, target.of] for name, target in TARGETS.items()}, "runs": runs},
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
