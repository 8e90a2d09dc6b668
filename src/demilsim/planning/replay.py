"""What a plan comes to if capacity and money are as expected: its lines in their order, period by period."""

from __future__ import annotations

from dataclasses import replace

from demilsim.optimisation.releases import Waiting, waiting_tranches
from demilsim.optimisation.tours import Tours
from demilsim.plan import DisposalPlan, ObservedState, PlanLine
from demilsim.planning.draft import Draft
from demilsim.planning.filler import Filler, Job
from demilsim.planning.premises import Premises
from demilsim.planning.rules import Outlook, filled
from demilsim.scenario.scenario import Scenario
from demilsim.units import grams, tonnes


def unfinished(plan: DisposalPlan, scenario: Scenario, observed: ObservedState) -> tuple[PlanLine, ...]:
    """Return what is left to do of a plan's lines: of what has gone of a lot, its first lines are done.

    A plan that leaves part of a lot where it is leaves it still. Done over again, such parts cost 0.09 deaths
    of workers in 15 years on the Kazakhstan scenario.

    Parameters
    ----------
    plan, scenario
        As they were at the start.
    observed
        What can be seen.
    """
    now = scenario.period_dates[observed.period]
    done = {
        lot.lot_id: 0 if lot.arrives and lot.arrives > now else max(grams(lot.gross_mass_t) - left_g, 0)
        for lot, left_g in zip(scenario.lots, observed.remaining_g.tolist(), strict=True)
    }
    lines = []
    for line in plan.lines:
        gone = min(done[line.lot_id], line.mass_g)
        done[line.lot_id] -= gone
        if gone < line.mass_g:
            lines.append(replace(line, mass_g=line.mass_g - gone))
    return tuple(lines)


def replayed(
    plan: DisposalPlan, premises: Premises, first: int = 0, waiting: Waiting | None = None
) -> tuple[Draft, Tours]:
    """Return what a plan's lines come to if nothing but what is expected happens.

    Lines that name a lot that the scenario does not have, or does not have any more, are left out.

    Parameters
    ----------
    plan
        The plan: its lines are taken in priority, none early, each once its facility has room and there is
        money; its facilities are ordered when due and paid.
    premises
        What is expected.
    first
        First period in which anything may be done.
    waiting
        Tranches that wait for a milestone, if they are not as expected. Each comes once these lines have
        earned it.

    Returns
    -------
    tuple of (Draft, Tours)
        What is done when, and the moves of mobile plant.
    """
    scenario = premises.scenario
    lots = {lot.lot_id: i for i, lot in enumerate(scenario.lots)}
    facilities = {facility.facility_id: f for f, facility in enumerate(scenario.facilities)}
    lines = [line for line in sorted(plan.lines, key=lambda line: line.priority) if line.lot_id in lots]
    jobs = [(lots[line.lot_id], facilities[line.facility_id], k) for k, line in enumerate(lines)]

    def due(outlook: Outlook) -> list[Job]:
        return [job for line, job in zip(lines, jobs, strict=True) if line.earliest_period <= outlook.period]

    lines_t = [tonnes(line.mass_g) for line in lines]
    waiting = waiting or waiting_tranches(scenario, premises.coefficients)
    lines_due = [line.earliest_period for line in lines]
    ordered = plan.funds, plan.commissionings
    filler = Filler(premises, *ordered, lines_t, lines_due, waiting)
    pieces = filled(filler, due, first)
    sites = {site.site_id: i for i, site in enumerate(scenario.sites)}
    tours = tuple((facility, period, sites[to]) for facility, period, to in filler.moves)
    return Draft(plan.name, plan.source, pieces, plan.commissionings, plan.funds), tours
