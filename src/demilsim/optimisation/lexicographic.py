"""Two objectives in order: harm and then cost, or cost and then harm, the first given up within a tolerance.

The plan of least harm comes first in both. Least cost is found for its commissionings, for fewer, and for
those of a MILP that pays as little as possible for linear harm; what may be spent beyond it goes to harm by
the same search as ever. Measures other than destruction stay as they were chosen for least harm.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from demilsim.optimisation.assemble import Model, assemble
from demilsim.optimisation.candidates import Search, begin, finish, group_flows
from demilsim.optimisation.kept import keep
from demilsim.optimisation.least_cost import Cheapener, CheapPlan
from demilsim.optimisation.limited_model import LimitedModel
from demilsim.optimisation.measure_choice import Taken
from demilsim.optimisation.objective import planning_harm
from demilsim.optimisation.payments import exactly_paid, payment_cost
from demilsim.optimisation.problem import USD_PER_KUSD
from demilsim.optimisation.result import PlanResult
from demilsim.optimisation.rows import Rows, Sense
from demilsim.optimisation.sequential import descend
from demilsim.optimisation.solve import solve
from demilsim.optimisation.status import InOrder, SolveOptions, gap_of
from demilsim.optimisation.task import Choice, Task
from demilsim.optimisation.tour_choice import FEWEST, PLACES, ever_fewer, tour_note
from demilsim.plan import Commissioning, Floats

ROUNDING = 1e-9
"""Share of harm averted, and of cost, by which a plan may miss what it is measured by itself [1]."""


TURNS = 8
"""Turns of less harm and less cost at most."""

SMALL_GAIN = 1e-4
"""Share of its cost below which a turn that makes a plan cheaper is the last [1]."""


@dataclass(frozen=True)
class _Ended:
    """A search, where it came to, its harm in the task with measures applied [persons] and its cost [USD]."""

    search: Search
    values: Floats
    harm: float
    cost_usd: float


def in_order(task: Task, result: PlanResult, wanted: InOrder, options: SolveOptions) -> PlanResult:
    """Return the best plan found by two objectives in order.

    Parameters
    ----------
    task
        The task, without measures.
    result
        The plan of least harm that was found.
    wanted
        The order, and how much of the first may be given up.
    options
        How to solve.
    """
    taken = None
    if result.measures_paid_usd is not None:
        taken = Taken(result.measures, result.measures_paid_usd)
    applied = replace(task if taken is None else taken.applied(task), tours=result.tours)
    kept = replace(applied, releases=result.releases)
    wanted_t = result.flows.destroyed_t(applied.shape)
    best = _best_again(kept, result, wanted_t, options)
    averted = result.do_nothing_harm - result.planned_harm
    given_up = wanted.within if wanted.first == "harm" else 1.0 - wanted.averting
    target = best.harm + (given_up + ROUNDING) * averted
    cheap = _cheapest(applied, result, best, target, options)
    found = cheap
    if wanted.first == "cost":
        found = _less_harm(cheap, _starts(cheap, best, wanted.within), wanted.within, options)
    return _result(task, applied, taken, result, found, best, cheap, wanted)


def _best_again(task: Task, result: PlanResult, wanted_t: Floats, options: SolveOptions) -> _Ended:
    """Return the search that stands at the plan of least harm, as its flows are."""
    choice = task.choice_of(result.commissionings)
    searches = [s for s in begin(task, choice, task.left_t(wanted_t), wanted_t) if s.from_start]
    assert searches, "a plan that was optimised can be paid and keeps its limits"
    return _ended(searches[0].polished(options.max_steps // 2))


def _ended(search: Search) -> _Ended:
    values = exactly_paid(search.problem, search.descent.values)
    cost_usd = USD_PER_KUSD * float(payment_cost(search.problem) @ values)
    return _Ended(search, values, search.exact_harm, cost_usd)


def _cheapest(task: Task, result: PlanResult, best: _Ended, target: float, options: SolveOptions) -> _Ended:
    """Return the cheapest plan found whose harm is at most the target [persons]."""
    path = best.search.harm.remaining_t(best.values[: best.search.harm.flows])
    wanted_t = result.flows.destroyed_t(task.shape)
    found = [_cheapened(best.search, Cheapener(best.search).cheapest(target))]
    for choice in _choices(task, result, path, target, options):
        for each in task.release_starts():
            if choice == best.search.choice and each.releases is None:
                continue
            searches = begin(each, choice, path, None, [wanted_t])
            if searches:
                search = finish(searches, options.max_steps)[0]
                found.append(_cheapened(search, Cheapener(search).cheapest(target)))
    plans = [plan for plan in found if plan is not None]
    # The plan of least harm reaches the target itself, so that there is one at least.
    cheap = min(plans, key=lambda plan: (plan.cost_usd, plan.harm), default=best)
    fewer = _with_fewer_moves(replace(task, releases=cheap.search.releases), cheap, path, target, options)
    return _in_turns(min([cheap, *fewer], key=lambda plan: plan.cost_usd), target, options)


def _with_fewer_moves(
    task: Task, cheap: _Ended, path_t: Floats, target: float, options: SolveOptions
) -> list[_Ended]:
    """Return plans for the target in which mobile plant moves as little as it can, or nearly."""
    found: list[_Ended] = []
    choice, wanted_t = cheap.search.choice, np.zeros(task.shape)
    flows = cheap.search.problem.flows
    wanted_t[flows.group, flows.facility, flows.block] = cheap.values[: cheap.search.harm.flows]
    several = () if task.tours is None else ever_fewer(task, choice, path_t, task.tours)[1:]
    for moves in reversed(several):
        if len(found) == FEWEST:
            break
        searches = begin(replace(task, tours=moves), choice, path_t, None, [wanted_t])
        if searches:
            search = finish(searches, options.max_steps)[0]
            plan = _cheapened(search, Cheapener(search).cheapest(target))
            found += [] if plan is None else [plan]
    return found


def _in_turns(cheap: _Ended, target: float, options: SolveOptions) -> _Ended:
    """Return a plan made cheaper in turns: less harm for its cost, then less cost for the target.

    A search for least cost alone ends early where the target, or a limit on risk, bends away from its steps.
    """
    cheapener = Cheapener(cheap.search)
    for _ in range(TURNS):
        better = _less_harm(cheap, [cheap.values], 0.0, options)
        found = _cheapened(cheap.search, cheapener.cheapen(better.values, target))
        if found is None or found.cost_usd > (1.0 - SMALL_GAIN) * cheap.cost_usd:
            break
        cheap = found
    return cheap


def _cheapened(search: Search, plan: CheapPlan | None) -> _Ended | None:
    return None if plan is None else _Ended(search, plan.values, plan.harm, plan.cost_usd)


def _choices(
    task: Task, result: PlanResult, path_t: Floats, target: float, options: SolveOptions
) -> Iterator[Choice]:
    """Yield commissionings to try: none, the plan's less one each, those of the cheapest linear plan."""
    own = task.choice_of(result.commissionings)
    problem = task.yearly_problem()
    harm = planning_harm(problem, task.stock)
    flow_cost = harm.linearised(path_t)
    model = assemble(problem, np.zeros(harm.flows), 0.0)
    row = _row("target", flow_cost, target - harm.do_nothing)
    least = replace(model, families=(*model.families, row), cost=payment_cost(problem))
    found = solve(least, options)
    cheap = [] if found.values is None else [problem.choice_of(found.values)]
    fewer = [tuple(order for order in own if order != out) for out in own]
    yield from dict.fromkeys([(), *fewer, *cheap])


def _starts(cheap: _Ended, best: _Ended, within: float) -> list[Floats]:
    """Return plans that may be paid: the cheapest, and as far from it towards the best as money goes."""
    if best.search is not cheap.search:
        return [cheap.values]
    more, gap = within * cheap.cost_usd, best.cost_usd - cheap.cost_usd
    way = min(more / gap, 1.0) if gap > 0.0 else 1.0
    return [cheap.values, cheap.values + way * (best.values - cheap.values)]


def _less_harm(cheap: _Ended, starts: list[Floats], within: float, options: SolveOptions) -> _Ended:
    """Return the plan of least harm found that costs no more than the cheapest one and a tolerance."""
    search, cost = cheap.search, payment_cost(cheap.search.problem)
    most = (1.0 + within + ROUNDING) * cheap.cost_usd
    model = _capped(search.model, _row("cost_cap", cost, most / USD_PER_KUSD))
    limited = None if search.limited is None else LimitedModel(model, search.limited.limits)
    capped = replace(search, model=model, kept=keep(model), limited=limited)
    found = [cheap]
    for start in starts:
        if limited is not None and limited.limits.excess(start[: search.harm.flows]) > 0.0:
            continue
        begun = replace(capped, descent=descend(capped.kept, capped.harm, start, 0))
        found.append(_ended(begun.further(options.max_steps).polished(options.max_steps // 2)))
    return min(found, key=lambda plan: plan.harm)


def _capped(model: Model, row: Rows) -> Model:
    return replace(model, families=(*model.families, row))


def _row(name: str, coefficient: Floats, most: float) -> Rows:
    """Return one row: the sum of coefficients times columns is at most a number, scaled to order one."""
    column = np.flatnonzero(coefficient)
    scale = float(np.max(np.abs(coefficient), initial=0.0)) or 1.0
    return Rows(
        name, (name,), np.zeros(column.size, dtype=np.int64), column.astype(np.int64),
        coefficient[column] / scale, Sense.AT_MOST, np.array([most / scale]),
    )  # fmt: skip


def _result(
    task: Task,
    applied: Task,
    taken: Taken | None,
    result: PlanResult,
    found: _Ended,
    best: _Ended,
    cheap: _Ended,
    wanted: InOrder,
) -> PlanResult:
    """Return the plan with its harm, with dates of measures, the bound of all plans, and what it gave up."""
    search = found.search
    harm = found.harm
    if taken is not None:
        path = search.harm.remaining_t(found.values[: search.harm.flows])
        harm += task.stock.total(path) - applied.stock.total(path) - taken.averted(task, path)
    bound = min(result.best_bound, harm)
    averted = result.do_nothing_harm - harm
    least = result.do_nothing_harm - result.planned_harm
    measures = 0.0 if result.measures_paid_usd is None else float(result.measures_paid_usd.sum())
    said = {
        "harm": f"harm first, then cost within {100.0 * wanted.within:.3g}% of the harm averted",
        "cost": f"cost first to avert {100.0 * wanted.averting:.3g}% of what can be averted, then harm "
        f"within {100.0 * wanted.within:.3g}% of that cost",
    }[wanted.first]
    facilities = applied.scenario.facilities
    moves = None if search.problem.tours is None else search.problem.tours.fixed
    moved = tour_note(moves or (), search.instead)
    note = (
        f"{said}: {found.cost_usd + measures:,.0f} USD avert {averted:.4g}, where the plan of least harm "
        f"takes {best.cost_usd + measures:,.0f} USD to avert {least:.4g}; the least cost found is "
        f"{cheap.cost_usd + measures:,.0f} USD"
    )
    return replace(
        result,
        incumbent=harm,
        planned_harm=harm,
        best_bound=bound,
        gap_remaining=gap_of(harm, bound, harm),
        gap_averted=gap_of(harm, bound, averted),
        linear_harm=search.harm.do_nothing + float(search.flow_cost @ found.values[: search.harm.flows]),
        flows=group_flows(search.problem, found.values[: search.harm.flows]),
        commissionings=tuple(Commissioning(facilities[f].facility_id, t) for f, t in search.choice),
        releases=search.releases,
        tours=moves,
        source="milp",
        without_orders=None,
        cost_usd=found.cost_usd + measures,
        notes=(*(moved if one.startswith(PLACES) else one for one in result.notes), note),
    )
