"""Simple rules that make a full plan within money and capacity: the comparators of every optimised plan.

Period by period, lots are ranked, and each goes to the cheapest facility that has room and can be paid.
No rule commissions a facility of itself; it may be given orders.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import repeat

import numpy as np

from demilsim.model.calendar import expected_working_days
from demilsim.model.harm import arrival_period, arrival_probability, held_t, lot_masses_t
from demilsim.model.money import expected_receipts_usd
from demilsim.optimisation.releases import waiting_tranches
from demilsim.plan import Commissioning, DisposalPlan, Floats, PlanningCoefficients
from demilsim.planning.draft import Draft, Piece, period_by_period, write_plan
from demilsim.planning.filler import Filler, Job
from demilsim.planning.premises import Premises, premises_of
from demilsim.scenario.scenario import Scenario


@dataclass(frozen=True)
class Outlook:
    """What a rule may look at when it ranks.

    Parameters
    ----------
    period
        Period to be filled.
    left_t
        Tonnes of each lot left at its start, shape (lot,).
    path_t
        Tonnes left at each knot if nothing more is done, shape (knot, lot).
    premises
        What is planned on.
    """

    period: int
    left_t: Floats
    path_t: Floats
    premises: Premises


Ranking = Callable[[Outlook], Floats]
"""Score of each (lot, facility) pair, higher first; minus infinity for never."""

Queue = Callable[[Outlook], Iterable[Job]]
"""Jobs of a period, those that come first in front."""


def _by_lot(score: Floats, outlook: Outlook) -> Floats:
    """Return a score by lot as one by pair; among a lot's facilities the cheapest comes first."""
    cost = outlook.premises.options.cost_usd_per_t
    order = np.argsort(np.argsort(score, kind="stable"), kind="stable")[:, None]
    return order - cost / (cost.max() + 1.0)


def oldest_first(outlook: Outlook) -> Floats:
    """Score lots by year made, oldest first."""
    return _by_lot(-np.array([lot.year_made for lot in outlook.premises.scenario.lots], dtype=float), outlook)


def most_neq_first(outlook: Outlook) -> Floats:
    """Score lots by net explosive quantity, largest first."""
    return _by_lot(np.array([lot.neq_kg for lot in outlook.premises.scenario.lots], dtype=float), outlook)


def highest_risk_first(outlook: Outlook) -> Floats:
    """Score lots by the present harm rate of their storehouse, worst first."""
    harm = outlook.premises.harm
    rate = harm.rate_per_year(outlook.path_t[outlook.period][None, :].repeat(outlook.path_t.shape[0], 0))
    return _by_lot(rate[outlook.period][harm.storehouse], outlook)


def cheapest_first(outlook: Outlook) -> Floats:
    """Score pairs by cost per tonne, cheapest first."""
    return -outlook.premises.options.cost_usd_per_t


def risk_per_day_first(outlook: Outlook) -> Floats:
    """Score pairs by exact marginal harm averted per facility-day, accidents taken off; losses never.

    A c-mu index: the gradient of the planning harm at what is left, ranked anew each period.
    """
    harm, options = outlook.premises.harm, outlook.premises.options
    _, gradient = harm.total_and_gradient(outlook.path_t)
    per_tonne = gradient[outlook.period + 1 :].sum(axis=0)[:, None] - options.accident_harm_per_t
    with np.errstate(invalid="ignore"):
        score = per_tonne / options.days_per_t
    return np.where(per_tonne > 0.0, score, -np.inf)


RULES: dict[str, Ranking] = {
    "oldest_first": oldest_first,
    "most_neq_first": most_neq_first,
    "highest_risk_first": highest_risk_first,
    "risk_per_day_first": risk_per_day_first,
    "cheapest_first": cheapest_first,
}

HOST_RANKING = "risk_per_day_first"
"""How the host spends its own money in `host_only`: as well as the best simple rule, so that the donor's
baseline is not made of straw."""

STARTING_RULE = "risk_per_day_first"
"""A good rule: searches begin with its plan, and harm is made linear along it."""

DO_NOTHING = DisposalPlan("do_nothing", "none")


def nominal_coefficients(scenario: Scenario) -> PlanningCoefficients:
    """Return what can be expected before anything is simulated: mean capacity and money, plain harm."""
    return PlanningCoefficients(
        working_days=expected_working_days(scenario),
        receipts_usd=expected_receipts_usd(scenario),
        harm_factor=np.ones((len(scenario.storehouses), scenario.periods)),
    )


def rule_draft(name: str, premises: Premises, orders: tuple[Commissioning, ...] = ()) -> Draft:
    """Return what a rule would do.

    Parameters
    ----------
    name
        Key of `RULES`, or ``host_only``.
    premises
        What is planned on. Tranches that wait for a milestone come once the rule has earned them.
    orders
        Facilities that are ordered as well, before anything else is paid.
    """
    funds: tuple[str, ...] = ()
    if name == "host_only":
        funds = tuple(fund.fund_id for fund in premises.scenario.funds if fund.holder == "host")
        if not funds:
            # A host without money does nothing; a plan that names no fund may spend all of them.
            return Draft(name, f"rule:{name}", ())
    ranking = RULES[HOST_RANKING if name == "host_only" else name]
    waiting = waiting_tranches(premises.scenario, premises.coefficients)
    filler = Filler(premises, funds, orders, waiting=waiting)
    return Draft(name, f"rule:{name}", filled(filler, by_score(ranking)), orders, funds)


def by_score(ranking: Ranking) -> Queue:
    """Return the jobs of a ranking: every pair of lot and facility that it scores, best first."""

    def jobs(outlook: Outlook) -> Iterable[Job]:
        score = np.where(outlook.premises.options.allowed, ranking(outlook), -np.inf)
        order = np.argsort(-score, axis=None, kind="stable")
        order = order[np.isfinite(score.ravel()[order])]
        lots, facilities = np.unravel_index(order, score.shape)
        return zip(lots.tolist(), facilities.tolist(), repeat(-1))

    return jobs


def filled(filler: Filler, queue: Queue, first: int = 0) -> tuple[Piece, ...]:
    """Return what is done, period by period from the first on, if jobs queue anew in each.

    Parameters
    ----------
    filler
        Capacity and money.
    queue
        Who comes first.
    first
        First period; lots that arrive before it are there.
    """
    scenario, options = filler.premises.scenario, filler.premises.options
    mass = np.where(options.allowed.any(axis=1), lot_masses_t(scenario), 0.0)
    arrives, likely = arrival_period(scenario), arrival_probability(scenario)
    left, path = np.where(arrives <= first, mass, 0.0), held_t(scenario)
    pieces: list[Piece] = []
    for period in range(first, scenario.periods):
        filler.open(period)
        if period > first:
            left += np.where(arrives == period, mass, 0.0)
        outlook = Outlook(period, left, path, filler.premises)
        for piece in filler.fill(period, left, queue(outlook)):
            pieces.append(piece)
            left[piece.lot] -= piece.mass_t
            path[period + 1 :, piece.lot] -= likely[piece.lot] * piece.mass_t
        np.maximum(path, 0.0, out=path)
    return tuple(pieces)


def nominal_start(scenario: Scenario) -> DisposalPlan:
    """Return the plan of a good rule on nominal coefficients, a line for each piece of a lot."""
    premises = premises_of(scenario, nominal_coefficients(scenario))
    return period_by_period(rule_draft(STARTING_RULE, premises), scenario)


def rule_plan(name: str, premises: Premises, orders: tuple[Commissioning, ...] = ()) -> DisposalPlan:
    """Return the plan of a rule; parameters as in `rule_draft`."""
    draft = rule_draft(name, premises, orders)
    known = premises.scenario, premises.harm, premises.options
    return write_plan(draft, *known, lambda *_: f"{name} takes it next")
