"""Plans that are nearly as good and as different as can be (modelling to generate alternatives).

Each search keeps harm averted within a few percent of the plan's by a row on linear harm, and drives tonnes
out of what the plan uses: its two busiest facilities, the fund that pays most, the site that it serves most,
its first years, dear work, or all that it and earlier alternatives use. Harm is then taken exactly; a plan
that lost too much goes back towards the first one, on the line between them, until it loses no more than is
allowed. Commissionings are left out one at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from demilsim.optimisation.assemble import Model
from demilsim.optimisation.candidates import begin
from demilsim.optimisation.kept import keep
from demilsim.optimisation.objective import PlanningHarm
from demilsim.optimisation.payments import exactly_paid, paid_usd
from demilsim.optimisation.plan_model import PlanModel
from demilsim.optimisation.problem import Problem
from demilsim.optimisation.rows import Rows, Sense, over_columns
from demilsim.optimisation.task import Choice
from demilsim.plan import Floats, Ints

NEAR = 0.02
"""Harm averted that an alternative may lose against the plan, as a share of it [1]."""

MOST = 4
"""Alternatives at most."""

LEAST_MOVED = 0.05
"""Share of tonnes that must go elsewhere, come from elsewhere or go in another year, to be different [1]."""

HALVINGS = 12
"""Halvings of the line between two plans in search of the furthest that is near enough."""

STEPS_ELSEWHERE = 4
"""Steps of the sequential LP for other commissionings."""


@dataclass(frozen=True)
class Alternative:
    """A near-optimal plan.

    Parameters
    ----------
    aim
        What it was made to avoid, in words, e.g. ``without KILN1 as far as possible``.
    choice
        Commissionings.
    planned_harm
        Exact planning harm [persons].
    averted_share
        Harm averted, as a share of what the plan averts [1].
    cost_usd
        What its work, commissionings and moves cost [USD].
    moved
        Share of tonnes that go to another facility, come from another site or go in another year, see
        `distance` [1].
    tonnes
        By (site, facility, year), shape as in `usage`.
    paid_usd
        By each fund [USD], shape (fund,).
    """

    aim: str
    choice: Choice
    planned_harm: float
    averted_share: float
    cost_usd: float
    moved: float
    tonnes: Floats
    paid_usd: Floats


@dataclass(frozen=True)
class _Plan:
    """A plan as the comparison sees it."""

    aim: str
    choice: Choice
    harm: float
    tonnes: Floats
    paid_usd: Floats


def alternatives(at: PlanModel, near: float = NEAR) -> tuple[Alternative, ...]:
    """Return up to `MOST` plans within `near` of the harm averted, those that differ most first.

    Parameters
    ----------
    at
        The plan, which is not among them.
    near
        Harm averted that may be lost, as a share of it [1].
    """
    own = _Plan("", at.choice, at.total, usage(at.problem, at.flows), paid_usd(at.problem, at.values))
    limit = at.total + near * at.averted
    pool = [*_same_orders(at, own, limit, near), *_other_orders(at, limit)]
    chosen: list[_Plan] = []
    while pool and len(chosen) < MOST:
        best = max(pool, key=lambda plan: min(distance(plan.tonnes, o.tonnes) for o in (own, *chosen)))
        if min(distance(best.tonnes, other.tonnes) for other in (own, *chosen)) < LEAST_MOVED:
            break
        chosen.append(best)
        pool.remove(best)
    return tuple(
        Alternative(
            aim=plan.aim,
            choice=plan.choice,
            planned_harm=plan.harm,
            averted_share=(at.harm.do_nothing - plan.harm) / at.averted if at.averted > 0.0 else 1.0,
            cost_usd=float(plan.paid_usd.sum()),
            moved=distance(plan.tonnes, own.tonnes),
            tonnes=plan.tonnes,
            paid_usd=plan.paid_usd,
        )
        for plan in chosen
    )


def distance(one: Floats, other: Floats) -> float:
    """Return half of all differences between two plans, as a share of the tonnes of the larger one [1].

    Of plans of as many tonnes that is the share which they do not do likewise.
    """
    larger = max(float(one.sum()), float(other.sum()))
    return float(np.abs(one - other).sum()) / (2.0 * larger or 1.0)


def usage(problem: Problem, flows: Floats) -> Floats:
    """Return tonnes by site, facility and calendar year, shape (site, facility, year)."""
    scenario = problem.scenario
    years = np.unique(problem.blocks.year)
    result = np.zeros((len(scenario.sites), len(scenario.facilities), years.size))
    year = np.searchsorted(years, problem.blocks.year[problem.flows.block])
    np.add.at(result, (_site(problem)[problem.flows.group], problem.flows.facility, year), flows)
    return result


def _same_orders(at: PlanModel, own: _Plan, limit: float, near: float) -> Iterator[_Plan]:
    """Yield plans with the commissionings of the plan, each driven away from something that it uses."""
    path = at.harm.remaining_t(at.flows)
    flow_cost = at.harm.linearised(path)
    capped = keep(_with_cap(at.model, flow_cost, near * at.averted + float(flow_cost @ at.flows)))
    used: list[Floats] = [at.flows]
    for aim, weight in _aims(at):
        values = capped.minimise(_beside_harm(at, weight)).values
        if values is None:
            continue
        values = _near_enough(at, values, limit)
        used.append(values[: at.harm.flows])
        yield _plan_of(aim, at.choice, at.problem, at.harm, values)
    # Away from all that was found so far, in one: the hop, skip and jump of Brill.
    cost = over_columns(np.mean([flows > 0.0 for flows in used], axis=0), at.values.size)
    values = capped.minimise(_beside_harm(at, cost)).values
    if values is not None:
        values = _near_enough(at, values, limit)
        yield _plan_of("unlike the plan and the other alternatives", at.choice, at.problem, at.harm, values)


def _aims(at: PlanModel) -> Iterator[tuple[str, Floats]]:
    """Yield what to drive out of the plan, in words and as weights of the columns, shape (column,)."""
    problem, scenario, flows = at.problem, at.problem.scenario, at.problem.flows

    def of_flows(weights: Floats) -> Floats:
        return over_columns(weights, at.values.size)

    tonnes = usage(problem, at.flows)
    for f in _largest(tonnes.sum(axis=(0, 2))):
        name = scenario.facilities[f].name
        yield f"with as little work as possible at {name}", of_flows((flows.facility == f).astype(float))
    paid, pays = paid_usd(problem, at.values), np.zeros(at.values.size)
    for k in _largest(paid)[:1]:
        first = problem.payment_offset
        pays[first : first + problem.payments.fund.size] = problem.payments.fund == k
        yield f"with as little money as possible of {scenario.funds[k].name}", pays
    site = _site(problem)[flows.group]
    for s in _largest(tonnes.sum(axis=(1, 2)))[:1]:
        # Sites are not for the public, and aims are told to all.
        yield (
            "with as little as possible from the site that the plan serves most",
            of_flows((site == s).astype(float)),
        )
    # The period by whose end half of the tonnes are gone.
    gone = np.cumsum(np.bincount(flows.block, at.flows, minlength=problem.blocks.count))
    middle = int(np.searchsorted(gone, gone[-1] / 2.0))
    until = problem.blocks.labels[middle]
    yield f"with as little work as possible until {until}", of_flows((flows.block <= middle).astype(float))
    cost = problem.groups.cost_usd_per_t[flows.group, flows.facility]
    yield "at the least cost", of_flows(cost / max(float(cost.max(initial=0.0)), 1.0))


def _beside_harm(at: PlanModel, weight: Floats) -> Floats:
    """Return costs that avoid what is weighed, and harm beside it: each as a share of the plan's."""
    used, averted = float(weight @ exactly_paid(at.problem, at.values)), float(-at.model.cost @ at.values)
    return weight / (used or 1.0) + at.model.cost / (averted or 1.0)


def _largest(amounts: Floats) -> list[int]:
    """Return the two largest of some amounts, without those that are nothing."""
    return [i for i in np.argsort(-amounts, kind="stable").tolist()[:2] if amounts[i] > 0.0]


def _other_orders(at: PlanModel, limit: float) -> Iterator[_Plan]:
    """Yield the best plans found without each of the commissionings."""
    path = at.harm.remaining_t(at.flows)
    names = [facility.name for facility in at.problem.scenario.facilities]
    for facility, period in at.choice:
        choice = tuple(pair for pair in at.choice if pair != (facility, period))
        for search in begin(at.task, choice, path, None):
            ended = search.further(STEPS_ELSEWHERE)
            if ended.exact_harm <= limit:
                yield _plan_of(
                    f"without commissioning {names[facility]}",
                    choice,
                    ended.problem,
                    ended.harm,
                    ended.descent.values,
                )


def _near_enough(at: PlanModel, other: Floats, limit: float) -> Floats:
    """Return the furthest point on the line from the plan to another within limits on exact harm and risk."""
    plan, flows = at.values, at.harm.flows
    harm = at.harm.along(plan[:flows], other[:flows])
    excess = at.limits.excess_along(plan[:flows], other[:flows]) if at.limits else lambda _: 0.0

    def value(share: float) -> float:
        return np.inf if excess(share) > 0.0 else harm(share)

    if value(1.0) <= limit:
        return other
    near, far = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (near + far) / 2.0
        near, far = (middle, far) if value(middle) <= limit else (near, middle)
    return plan + near * (other - plan)


def _plan_of(aim: str, choice: Choice, problem: Problem, harm: PlanningHarm, values: Floats) -> _Plan:
    flows = values[: harm.flows]
    return _Plan(aim, choice, harm.total(flows), usage(problem, flows), paid_usd(problem, values))


def _with_cap(model: Model, flow_cost: Floats, most: float) -> Model:
    """Return a model with a row that bounds linear harm: sum of harm per tonne times flow <= most [persons].

    The row is scaled to have coefficients of order one.
    """
    column = np.flatnonzero(flow_cost)
    scale = float(np.max(np.abs(flow_cost), initial=0.0)) or 1.0
    row = Rows(
        family="harm_cap",
        names=("harm_cap",),
        row=np.zeros(column.size, dtype=np.int64),
        column=column.astype(np.int64),
        coefficient=flow_cost[column] / scale,
        sense=Sense.AT_MOST,
        rhs=np.array([most / scale]),
    )
    return replace(model, families=(*model.families, row))


def _site(problem: Problem) -> Ints:
    """Return the site of each group, shape (group,)."""
    scenario = problem.scenario
    index = {site.site_id: i for i, site in enumerate(scenario.sites)}
    of_house = {house.storehouse_id: index[house.site_id] for house in scenario.storehouses}
    site = np.zeros(problem.groups.count, dtype=np.int64)
    site[problem.groups.group_of_lot] = [of_house[lot.storehouse_id] for lot in scenario.lots]
    return site
