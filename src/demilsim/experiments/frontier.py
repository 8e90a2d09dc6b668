"""What each harm costs: the cheapest plans found that reach given harms, and when they are done.

The other side of the funding curve: there money is given and harm is least, here harm is given and money is.
Commissionings are those of the optimised plan, or none; the cheaper one counts. Targets come in rising order
of harm, each search starts from the cheapest plan of the one before, so that cost never rises with the harm
that is allowed. Measures other than destruction are left aside, and the result says so; lots with dates are
refused.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from demilsim.errors import DemilsimError
from demilsim.optimisation.candidates import Search, begin, finish
from demilsim.optimisation.deadlines import refuse_dates
from demilsim.optimisation.least_cost import Cheapener, CheapPlan, clearance_period
from demilsim.optimisation.optimise import optimise
from demilsim.optimisation.risk_limits import refuse_risk_limits
from demilsim.optimisation.status import SolveOptions
from demilsim.optimisation.task import Choice, make_task
from demilsim.planning.rules import nominal_coefficients, nominal_start
from demilsim.scenario.scenario import Scenario

SHARES = (1.0, 0.95, 0.9, 0.8, 0.65, 0.5)
"""Shares of the harm averted by the best plan found that are priced, by default."""


@dataclass(frozen=True)
class FrontierPoint:
    """The cheapest plan found that averts a share of what can be averted.

    Parameters
    ----------
    share
        Share of the harm averted by the best plan found [1].
    harm, target
        Exact planning harm, and what was asked [persons].
    cost_usd
        What the funds pay [USD].
    destroyed_t
        Gross mass [t].
    done
        End of the last period in which anything is destroyed; None if nothing is.
    commissioned
        Facilities that are ordered.
    """

    share: float
    harm: float
    target: float
    cost_usd: float
    destroyed_t: float
    done: dt.date | None
    commissioned: tuple[str, ...]


@dataclass(frozen=True)
class Frontier:
    """Cost of harm.

    Parameters
    ----------
    scenario
        The scenario.
    do_nothing_harm, least_harm
        Planning harm of doing nothing and of the best plan found [persons].
    points
        From the least harm to the most.
    notes
        What its reader should know.
    """

    scenario: Scenario
    do_nothing_harm: float
    least_harm: float
    points: tuple[FrontierPoint, ...]
    notes: tuple[str, ...] = ()


def frontier(
    scenario: Scenario,
    shares: Sequence[float] = SHARES,
    *,
    options: SolveOptions | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Frontier:
    """Return the cheapest plans found that avert given shares of what the best plan averts.

    Capacity, money and harm are the nominal ones, before any simulation.

    Parameters
    ----------
    scenario
        The scenario.
    shares
        Within (0, 1].
    options
        How to solve.
    tell
        Told what is done next.

    Raises
    ------
    DemilsimError
        If a share is out of range, or there is nothing to avert.
    StudyError
        If a lot has a date: what is left for a cheaper plan would miss it.
    """
    refuse_dates(scenario, "cheaper plans")
    refuse_risk_limits(scenario, "cheaper plans")
    if not shares or not all(0.0 < share <= 1.0 for share in shares):
        raise DemilsimError(f"shares: expected some within 0 and 1 (got {', '.join(map(str, shares))})")
    tell("the plan of least harm")
    searches = least_harm_searches(scenario, options or SolveOptions())
    best = searches[0]
    nothing, least = best.harm.do_nothing, best.exact_harm
    if not least < nothing:
        raise DemilsimError("no plan that the money allows averts any harm: there is nothing to price")
    kept = {search.choice: (search, Cheapener(search)) for search in reversed(searches)}
    plans: dict[Choice, CheapPlan] = {}
    points = []
    for share in sorted(set(shares), reverse=True):
        tell(f"the cheapest plan that averts {share:.0%} of {nothing - least:.3g} deaths")
        # Rounding must not put the best plan itself out of reach of its own harm.
        target = nothing - share * (nothing - least) * (1.0 - 1e-9)
        for choice, (_, cheapener) in kept.items():
            before = [plans[choice].values] if choice in plans else []
            found = cheapener.cheapest(target, before)
            if found is not None:
                plans[choice] = found
        choice = min(plans, key=lambda c: (plans[c].cost_usd, c))
        points.append(_point(share, target, plans[choice], kept[choice][0]))
    left_aside = (f"{len(scenario.measures)} measures other than destruction are left aside",)
    return Frontier(scenario, nothing, least, tuple(points), left_aside if scenario.measures else ())


def least_harm_searches(scenario: Scenario, options: SolveOptions) -> list[Search]:
    """Return searches of least harm, best first: with the optimised plan's commissionings, and with none.

    Measures are left aside: they would compete for the money.
    """
    scenario = replace(scenario, measures=())
    known = nominal_coefficients(scenario)
    result = optimise(scenario, known, start=nominal_start(scenario), options=options)
    task = make_task(scenario, known)
    chosen = task.choice_of(result.commissionings)
    wanted = result.flows.destroyed_t(task.shape)
    path = task.left_t(wanted)
    found: list[Search] = []
    for choice in dict.fromkeys((chosen, ())):
        searches = begin(task, choice, path, wanted if choice == chosen else None)
        if searches:
            found.append(finish(searches, options.max_steps)[0])
    return sorted(found, key=lambda search: search.exact_harm)


def _point(share: float, target: float, plan: CheapPlan, search: Search) -> FrontierPoint:
    scenario = search.problem.scenario
    last = clearance_period(search.harm, search.problem, plan.values)
    return FrontierPoint(
        share=share,
        harm=plan.harm,
        target=target,
        cost_usd=plan.cost_usd,
        destroyed_t=float(plan.values[: search.harm.flows].sum()),
        done=scenario.period_dates[last + 1] if last >= 0 else None,
        commissioned=tuple(scenario.facilities[f].facility_id for f, _ in search.choice),
    )
