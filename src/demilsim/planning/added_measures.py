"""Measures other than destruction that simulation adds to a plan, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from demilsim.optimisation.audit import refused_moves
from demilsim.plan import DisposalPlan, MeasureOrder
from demilsim.planning.draft import LEAD_PERIODS
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import Measure

MeanObjective = Callable[[dict[str, DisposalPlan]], dict[str, float]]
"""Returns the mean simulated objective of named plans, all on the same replications [weighted persons]."""


def untaken_measures(scenario: Scenario, plan: DisposalPlan) -> list[Measure]:
    """Return the measures that a scenario offers and a plan does not take."""
    taken = {order.measure_id for order in plan.measures}
    return [m for m in scenario.measures if m.measure_id not in taken]


def with_measures(
    scenario: Scenario, plan: DisposalPlan, mean_objective: MeanObjective
) -> tuple[DisposalPlan, tuple[str, ...]]:
    """Return a plan with every further measure that, taken at once and paid for, lowers simulated harm.

    Measures are tried in order of what each alone averts per dollar.

    Parameters
    ----------
    scenario
        The scenario.
    plan
        The plan, which may take measures already.
    mean_objective
        Simulates plans.

    Returns
    -------
    tuple of (DisposalPlan, tuple of str)
        The plan, and what its reader should know.
    """
    untaken = untaken_measures(scenario, plan)
    alone = {m.measure_id: _taking(plan, m.measure_id) for m in untaken}
    harm = mean_objective({"": plan, **alone})
    years = scenario.settings.horizon_years
    worth = {
        m.measure_id: (harm[""] - harm[m.measure_id]) / (m.cost_usd + m.yearly_cost_usd * years + 1.0)
        for m in untaken
    }
    least, notes = harm[""], []
    for name in sorted((name for name in worth if worth[name] > 0.0), key=lambda name: -worth[name]):
        trial = _taking(plan, name)
        refused = refused_moves(scenario, trial, LEAD_PERIODS)
        if refused:
            notes.append(f"{name} is left out: {refused[0]}")
            continue
        with_it = mean_objective({"": trial})[""]
        if with_it < least:
            plan, least = trial, with_it
    left_out = len(scenario.measures) - len(plan.measures)
    notes.append(f"{len(plan.measures)} measures other than destruction taken, {left_out} not")
    return plan, tuple(notes)


def _taking(plan: DisposalPlan, measure_id: str) -> DisposalPlan:
    """Return a plan that takes one more measure, in the first period."""
    return replace(plan, measures=(*plan.measures, MeasureOrder(measure_id, 0)))
