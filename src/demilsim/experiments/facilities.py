"""Which facilities to order when constants, money and capacity may turn out otherwise.

A draw is a set of constants (`experiments.parameters`), and the money and working days of one replication.
The harm of each draw is made linear along the plan of a good rule on nominal coefficients. Measures other
than destruction are left aside, and its sentences say so; lots with dates are refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from demilsim.errors import DemilsimError
from demilsim.experiments.facility_options import OptionWorth, worth_of_options
from demilsim.experiments.parameters import scrambled_draws, with_parameters
from demilsim.experiments.statistics import Estimate, estimate
from demilsim.optimisation.deadlines import refuse_dates
from demilsim.optimisation.recourse import Order, Recourse
from demilsim.optimisation.releases import without_milestones
from demilsim.optimisation.risk_limits import refuse_risk_limits
from demilsim.optimisation.task import Task, make_task
from demilsim.optimisation.two_stage import Draws, FirstStage, WorthOfDraws, first_stage, worth_of_draws
from demilsim.plan import DisposalPlan, Floats, PlanningCoefficients
from demilsim.planning.rules import DO_NOTHING, nominal_coefficients, nominal_start
from demilsim.scenario.scenario import Scenario
from demilsim.simulation.draws import draw
from demilsim.simulation.replication import run
from demilsim.simulation.schedule import compile_plan
from demilsim.simulation.streams import Streams
from demilsim.simulation.world import prepare, refreshed
from demilsim.units import CENTS_PER_USD

DRAWS, BATCHES = 8, 2
"""Draws that are planned for, and batches of as many fresh ones by which the plan is judged, by default."""

FIRST_REPLICATION = 5_000_000
"""Number of the replication whose money and working days the first draw has."""

GAP_AVERTED = 1e-3
"""Gap at which each choice of facilities stops, as a share of the harm averted [1]."""


@dataclass(frozen=True)
class FacilitiesOutcome:
    """Facilities for many draws.

    Parameters
    ----------
    scenario
        The scenario.
    worth
        Orders for all draws, orders for their mean, and what knowing the draw would be worth.
    tail
        Orders of least conditional value at risk, if that was asked for.
    do_nothing
        Mean planning harm of doing nothing [persons].
    fresh_gap
        How much more harm the orders do in fresh batches than the best orders of each batch [persons]: an
        upper estimate of what a better choice could gain (Mak, Morton and Wood 1999,
        doi:10.1016/S0167-6377(98)00054-6); None without batches.
    emergency_usd
        Emergency money that the orders for all draws need in each draw [USD], shape (draw,).
    options
        What each facility that could be ordered is worth beside the orders for all draws.
    seed, batches, tail_share
        What was asked; None for no tail.
    """

    scenario: Scenario
    worth: WorthOfDraws
    tail: FirstStage | None
    do_nothing: float
    fresh_gap: Estimate | None
    emergency_usd: Floats
    options: tuple[OptionWorth, ...]
    seed: int
    batches: int
    tail_share: float | None

    @property
    def averted(self) -> float:
        """Planning harm that the orders for all draws avert on average [persons]."""
        return self.do_nothing - self.worth.stochastic.objective


def facilities_under_draws(
    scenario: Scenario,
    count: int = DRAWS,
    *,
    seed: int | None = None,
    tail: float | None = None,
    batches: int = BATCHES,
    tell: Callable[[str], None] = lambda _: None,
) -> FacilitiesOutcome:
    """Return the facilities to order before it is known which draw comes.

    Parameters
    ----------
    scenario
        The scenario.
    count
        Draws, >= 2.
    seed
        Root seed; the scenario's by default.
    tail
        Share of the worst draws whose mean harm is to be least as well, in (0, 1); None to leave that out.
    batches
        Batches of as many fresh draws, 0 or >= 2.
    tell
        Told what is done next.

    Raises
    ------
    DemilsimError
        If a number is out of its range, or the scenario has no facility to order.
    StudyError
        If a lot has a date.
    """
    _check(scenario, count, tail, batches)
    root = scenario.settings.seed if seed is None else seed
    plan = nominal_start(scenario)
    tell(f"flows of {count} draws")
    tasks = draw_tasks(scenario, count * (1 + batches), root)
    own = tasks[:count]
    draws = Draws([recourse_along(task, plan) for task in own])
    mean = first_stage(Draws([recourse_along(mean_task(scenario, own), plan)]), gap_averted=GAP_AVERTED)
    for_mean = draws.indices(mean.orders)
    worth = worth_of_draws(draws, for_mean, gap_averted=GAP_AVERTED, tell=tell)
    least_tail = first_stage(draws, tail=tail, gap_averted=GAP_AVERTED) if tail else None
    do_nothing = float(np.mean([recourse.do_nothing for recourse in draws.recourses]))
    gaps = []
    for batch in range(batches):
        tell(f"fresh draws, batch {batch + 1} of {batches}")
        some = tasks[count * (batch + 1) : count * (batch + 2)]
        gaps.append(fresh_gap([recourse_along(task, plan) for task in some], worth.stochastic.orders))
    judged = estimate(np.array(gaps)) if gaps else None
    chosen = draws.indices(worth.stochastic.orders)
    possible = [i for i, facility in enumerate(scenario.facilities) if facility.status == "possible"]
    tell("each facility with and without")
    options = worth_of_options(draws, chosen, possible)
    emergency = draws.emergency_usd(chosen)
    return FacilitiesOutcome(
        scenario, worth, least_tail, do_nothing, judged, emergency, options, root, batches, tail
    )


def _check(scenario: Scenario, count: int, tail: float | None, batches: int) -> None:
    refuse_dates(scenario, "some choice of facilities in some draw")
    refuse_risk_limits(scenario, "some choice of facilities in some draw")
    if not any(facility.status == "possible" for facility in scenario.facilities):
        raise DemilsimError("the scenario has no facility of status possible: there is nothing to order")
    if count < 2:
        raise DemilsimError(f"draws: expected at least 2 (got {count})")
    if batches == 1 or batches < 0:
        raise DemilsimError(f"batches: expected 0, or at least 2 for an interval (got {batches})")
    if tail is not None and not 0.0 < tail < 1.0:
        raise DemilsimError(f"tail: expected a share between 0 and 1 (got {tail:g})")


def draw_tasks(scenario: Scenario, count: int, seed: int) -> list[Task]:
    """Return the planning task of each draw: its constants, and the money and days of one replication."""
    # In a draw nothing is done, so that nothing is released: money that waits for a milestone does not come.
    known, given = nominal_coefficients(scenario), prepare(scenario)
    tasks = []
    for number, constants in enumerate(scrambled_draws(scenario, count, seed)):
        drawn = with_parameters(scenario, constants)
        world = refreshed(given, drawn)
        streams = Streams(seed, FIRST_REPLICATION + number)
        result = run(world, compile_plan(world, DO_NOTHING), draw(world, streams))
        came = replace(
            known,
            working_days=result.working_days,
            receipts_usd=result.receipts_cents / CENTS_PER_USD,
        )
        tasks.append(make_task(without_milestones(drawn), came))
    return tasks


def mean_task(scenario: Scenario, tasks: list[Task]) -> Task:
    """Return the task with the constants as given, and the mean money and days of some draws."""
    coefficients = [task.coefficients for task in tasks]
    mean = PlanningCoefficients(
        working_days=np.mean([c.working_days for c in coefficients], axis=0),
        receipts_usd=np.mean([c.receipts_usd for c in coefficients], axis=0),
        harm_factor=coefficients[0].harm_factor,
    )
    return make_task(without_milestones(scenario), mean)


def recourse_along(task: Task, plan: DisposalPlan) -> Recourse:
    """Return a draw's flows with harm made linear along a plan."""
    return Recourse(task, task.left_t(task.destroyed_t(plan)))


def fresh_gap(recourses: list[Recourse], orders: tuple[Order, ...]) -> float:
    """Return how much more harm some orders do in a batch than the orders that are best for it [persons]."""
    batch = Draws(recourses)
    chosen = batch.indices(orders)
    best = first_stage(batch, gap_averted=GAP_AVERTED, start=chosen)
    return float(batch.harm(chosen).mean()) - best.bound
