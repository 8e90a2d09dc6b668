"""What the plan would gain if a fund, a facility or a permit had a little more, or a fund had no strings.

Commissionings stay; flows are optimised again from the plan as it is. Beside each stands what the shadow
prices promise for the same change.

A small plan is made again to the end of its search, for each change from two starts. For a large one that
would end in what its search leaves open, which is more than a change is worth; there one short step is taken
with the change and without, and the difference counts, in which much of the error goes out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from demilsim.optimisation.assemble import assemble
from demilsim.optimisation.duals import Duals, optimum, priced, shifted, vertex_after
from demilsim.optimisation.objective import planning_harm
from demilsim.optimisation.places import places
from demilsim.optimisation.plan_model import SETTLING_STEPS, PlanModel
from demilsim.optimisation.prices import PRICED, UNITS, priced_rows
from demilsim.optimisation.problem import USD_PER_KUSD
from demilsim.optimisation.risk_plan import with_risk
from demilsim.optimisation.sequential import largest_part, polish
from demilsim.optimisation.task import make_task
from demilsim.plan import Floats
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import Fund

SHARE = 0.01
"""Change of all that a fund brings, a facility works or a permit allows [1]."""

WAY = 0.1
"""Length of the step towards the best linear plan, as a share of the way [1]."""

SMALL_FLOWS = 2_000
"""Flows up to which a plan is made again to the end."""

NO_STRINGS = {
    "use": "any", "earmark_sites": (), "earmark_methods": (), "earmark_categories": (),
    "earmark_countries": (),
}  # fmt: skip
"""What a fund has without strings."""


@dataclass(frozen=True)
class Worth:
    """What a change of one limit in all periods is worth.

    Parameters
    ----------
    family, subject
        ``budget``, ``working_days`` or ``permits``; id of the fund or facility.
    unit
        ``USD``, ``working day`` or ``t``.
    amount
        All that there is of it over the horizon [unit].
    step
        The change, up and down [unit].
    price
        Harm averted per unit by the shadow prices, spread as the amount is [persons/unit].
    linear_up, linear_down
        Harm averted per unit by the step up, and lost by the step down, by the linear plan solved again
        [persons/unit]; `linear_down` is None if commissionings could not be paid with that much less.
    up, down
        The same optimised again on exact harm; None where no plan is possible. Of a small plan never below
        zero.
    """

    family: str
    subject: str
    unit: str
    amount: float
    step: float
    price: float
    linear_up: float
    linear_down: float | None
    up: float | None
    down: float | None


@dataclass(frozen=True)
class Strings:
    """What the strings of a fund cost.

    Parameters
    ----------
    fund_id
        The fund.
    price
        Harm that the first dollar would avert if it were moved to where it is worth most [persons/USD].
    averted
        Harm averted if the fund had no strings, by the linear plan solved again [persons].
    """

    fund_id: str
    price: float
    averted: float


def worths(at: PlanModel, duals: Duals) -> tuple[Worth, ...]:
    """Return what more and less of each fund's money, facility's days and permit is worth to a plan.

    Parameters
    ----------
    at
        The plan.
    duals
        Its duals.
    """
    changes = tuple(_changes(at))
    again = _made_again(at, [SHARE * change for _, _, change in changes], duals)
    found = []
    for (family, subject, change), (gain, loss) in zip(changes, again, strict=True):
        unit = PRICED[family]
        amount = float(change.sum()) * unit
        step = SHARE * amount
        moved = SHARE * change
        linear = [optimum(at.lp, at.model.cost, sign * moved) for sign in (1.0, -1.0)]
        found.append(
            Worth(
                family=family,
                subject=subject,
                unit=UNITS[family],
                amount=amount,
                step=step,
                price=0.0 - float(duals.row @ change) / amount,
                linear_up=(duals.objective - linear[0]) / step,
                linear_down=(linear[1] - duals.objective) / step if np.isfinite(linear[1]) else None,
                up=None if gain is None else gain / step,
                down=None if loss is None else loss / step,
            )
        )
    return tuple(found)


def strings(at: PlanModel, duals: Duals) -> tuple[Strings, ...]:
    """Return the price of the strings of each fund that has any and brings money."""
    scenario = at.task.scenario
    found = []
    for k, fund in enumerate(scenario.funds):
        if not tied(fund) or not at.problem.receipts_usd[k].any():
            continue
        averted = duals.objective - _without_strings(at, scenario, k)
        found.append(Strings(fund.fund_id, _first_dollar(at, duals, k), max(averted, 0.0)))
    return tuple(found)


def tied(fund: Fund) -> bool:
    """Return whether a fund has strings on what it may pay for, emergencies aside."""
    return fund.use != "emergency" and any(getattr(fund, name) != free for name, free in NO_STRINGS.items())


def untied(scenario: Scenario, fund_id: str) -> Scenario:
    """Return the scenario with a fund that may pay for anything."""
    funds = [f.model_copy(update=NO_STRINGS) if f.fund_id == fund_id else f for f in scenario.funds]
    return replace(scenario, funds=tuple(funds))


def _changes(at: PlanModel) -> Iterator[tuple[str, str, Floats]]:
    """Yield family, subject and right-hand sides of each fund, facility and permit, shape (row,)."""
    for rows, index in priced_rows(at):
        where = places(at.problem, rows)
        for entity, identifier in enumerate(where.ids):
            change = np.zeros(len(at.row_names))
            change[index] = np.where(where.entity == entity, rows.rhs, 0.0)
            if change.any():
                yield rows.family, identifier, change


def _made_again(
    at: PlanModel, changes: list[Floats], duals: Duals
) -> list[tuple[float | None, float | None]]:
    """Return what each change of limits gains and what its opposite loses, on exact harm [persons].

    None where no plan is possible.
    """
    nothing = np.zeros(len(at.row_names))
    small = at.harm.flows <= SMALL_FLOWS and at.limits is None
    # What the linear plan gives nothing for is not worth a search.
    searched = [i for i, change in enumerate(changes) if small and float(duals.row @ change) < 0.0]
    step = _step_harm(at, nothing)
    assert step is not None, "the plan is possible as it is"
    found = [
        (None if up is None else step - up, None if down is None else down - step)
        for up, down in ((_step_harm(at, change), _step_harm(at, -change)) for change in changes)
    ]
    if not searched:
        return found
    base = _searched(at, nothing, at.values) or (at.total, at.values)
    less = {i: _searched(at, -changes[i], base[1]) for i in searched}
    # What is possible with less is possible as it is, and what is possible as it is with more.
    base = min((base, *(one for one in less.values() if one is not None)), key=lambda one: one[0])
    for i in searched:
        more, fewer = _searched(at, changes[i], base[1]), less[i]
        gain = None if more is None else max(base[0] - more[0], 0.0)
        found[i] = gain, None if fewer is None else fewer[0] - base[0]
    return found


def _searched(at: PlanModel, change: Floats, plan: Floats) -> tuple[float, Floats] | None:
    """Return the least exact harm found after a change of limits, and where; None if no plan is possible.

    Limited steps begin at as much of a plan as is possible, and a short step from the one of the model: each
    alone ends now and then where the other does not.
    """
    starts = [_step_to(at, change)]
    with shifted(at.lp, change):
        starts.append(largest_part(at.lp, plan[: at.harm.flows], at.model.columns.upper))
        ends = [polish(at.lp, at.harm, s, SETTLING_STEPS) for s in starts if s is not None]
    best = min(ends, key=lambda end: end.harm[-1], default=None)
    return None if best is None else (best.harm[-1], best.values)


def _step_harm(at: PlanModel, change: Floats) -> float | None:
    """Return exact harm a short step from the plan, after a change of limits; None if no plan is possible."""
    point = _step_to(at, change)
    return None if point is None else at.harm.total(point[: at.harm.flows])


def _step_to(at: PlanModel, change: Floats) -> Floats | None:
    """Return the point a short step from the plan after a change of limits; None if no plan is possible.

    Limits are linear in the plan: (1 - s) of the plan as it is and s of one for limits that change by 1/s as
    much make a plan for the change. So all of the change is used however short the step towards the best
    linear plan is, while the error of the linear plan falls with the square of the step.
    """
    vertex = vertex_after(at.lp, at.model.cost, change / WAY).values
    return None if vertex is None else at.values + WAY * (vertex - at.values)


def _without_strings(at: PlanModel, scenario: Scenario, k: int) -> float:
    """Return the optimum of the linear plan if a fund could pay for anything, constant left out [persons]."""
    task = make_task(untied(scenario, scenario.funds[k].fund_id), at.task.coefficients)
    task = replace(task, releases=at.task.releases, tours=at.task.tours)
    problem = task.problem(at.choice)
    harm = planning_harm(problem, task.stock)
    _, per_knot = task.stock.total_and_gradient(at.harm.remaining_t(at.flows))
    model = assemble(problem, harm.per_flow(per_knot), harm.do_nothing)
    flows, destroyed_t = at.problem.flows, np.zeros(task.shape)
    destroyed_t[flows.group, flows.facility, flows.block] = at.flows
    model = with_risk(model, problem, harm, task, destroyed_t)
    vertex = priced(model).minimise(model.cost)
    assert vertex.values is not None, "a plan that can be paid can be paid without strings"
    return float(model.cost @ vertex.values)


def _first_dollar(at: PlanModel, duals: Duals, k: int) -> float:
    """Return the most that a fund's dollar could avert beyond what it averts where it may go [persons/USD].

    That is the price of a cost class and period, less the price of the fund's money then.
    """
    problem = at.problem
    row = dict(zip(at.row_names, duals.row.tolist(), strict=True))
    scenario, blocks = problem.scenario, problem.blocks
    best = 0.0
    for t, period in enumerate(blocks.labels):
        if not problem.receipts_usd[k, : t + 1].any():
            continue
        own = -row.get(f"budget_{problem.fund_labels[k]}_{period}", 0.0)
        elsewhere = max(
            (row.get(f"pay_c{c}_{period}", 0.0) for c in range(len(problem.classes.funds))), default=0.0
        )
        expires = scenario.funds[k].expires
        if expires is None or scenario.period_dates[t] <= expires:
            best = max(best, elsewhere - own)
    return best / USD_PER_KUSD
