"""What replications teach a planner, and the objective that they come to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from demilsim.errors import StudyError
from demilsim.plan import Floats, PlanningCoefficients
from demilsim.scenario.scenario import Scenario
from demilsim.simulation.record import RunResult
from demilsim.units import CENTS_PER_USD

LEAST_HARM = 1e-9
"""Harm of a storehouse and year below which its factor is not learned [persons]."""


def objective(scenario: Scenario, results: Sequence[RunResult]) -> Floats:
    """Return the simulated planning objective of each replication [weighted persons].

    Weighted expected deaths over the horizon, and the storage rate left times the terminal years.
    """
    weights = scenario.settings.harm_weights
    return np.array(
        [
            weights.fatalities_public * r.expected_public
            + weights.fatalities_workers * r.expected_workers
            + weights.fatalities_transport * r.expected_transport
            + scenario.settings.terminal_years * r.weighted_rate_end
            for r in results
        ]
    )


def learned_coefficients(results: Sequence[RunResult], known: PlanningCoefficients) -> PlanningCoefficients:
    """Return what replications of one plan teach.

    Capacity and money are means over the replications; days of moves are capacity, which a plan with other
    moves has for work. A harm factor is harm with propagation over harm without; where a storehouse has too
    little harm to tell, that of the period before.

    Parameters
    ----------
    results
        Replications with harm by storehouse.
    known
        Coefficients to keep where nothing is learned.

    Raises
    ------
    StudyError
        If the replications do not tell harm by storehouse.
    """
    if not all(r.stock_harm.size for r in results):
        raise StudyError(
            "learning from replications: expected harm by period and storehouse in each (got none); "
            "let the simulator call replicate with detailed=True"
        )
    with_chain = np.mean([r.stock_harm for r in results], axis=0).T
    without = np.mean([r.root_harm for r in results], axis=0).T
    enough = without > LEAST_HARM
    factor = np.where(enough, with_chain / np.where(enough, without, 1.0), np.nan)
    return PlanningCoefficients(
        working_days=np.mean([r.working_days + r.moving_days for r in results], axis=0),
        receipts_usd=np.mean([r.receipts_cents for r in results], axis=0) / CENTS_PER_USD,
        harm_factor=_carried_forward(factor, known.harm_factor),
    )


def _carried_forward(factor: Floats, known: Floats) -> Floats:
    """Return factors in which a missing period takes the last one before it, or else what was known."""
    result = factor.copy()
    for period in range(result.shape[1]):
        before = result[:, period - 1] if period else known[:, 0]
        result[:, period] = np.where(np.isnan(result[:, period]), before, result[:, period])
    return result
