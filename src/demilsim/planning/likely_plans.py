"""A plan that counts on money only where it is likely to have come, beside the one on expected money.

It is optimised near that plan, and simulation tells which is better: see `likely_money` for why it may be.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from demilsim.optimisation.likely_money import LIKELY, likely_coefficients
from demilsim.optimisation.optimise import optimise
from demilsim.optimisation.result import PlanResult
from demilsim.optimisation.solve import SolveOptions
from demilsim.plan import PlanningCoefficients
from demilsim.planning.disaggregate import flow_plan
from demilsim.scenario.scenario import Scenario

COUNTED = (
    "it counts on each tranche whole, from the first period by whose start it has come with a probability "
    f"of {LIKELY:.0%}, and never on one that has not; planned harm and bound are for that money. What it "
    "commissions was chosen for expected money, to which the status belongs, and is later or left out where "
    "that is not likely to have come"
)
"""What is told of such a plan."""


def likely_result(
    scenario: Scenario,
    coefficients: PlanningCoefficients,
    expected: PlanResult,
    options: SolveOptions,
) -> PlanResult | None:
    """Return the best plan found for money as it is likely to have come; None where none is indicative.

    Commissionings are those of the plan on expected money, put off where they cannot be paid: a MILP of its
    own took a quarter of all planning on the Kazakhstan scenario, and gained nothing in simulation.

    Parameters
    ----------
    scenario, coefficients
        The scenario, with money as expected.
    expected
        The plan for that, at which the search begins, and whose milestones and moves of mobile plant are kept
        where they can be paid.
    options
        How that plan was solved; this one is searched near it and has no bound (see `with_bound`).

    Raises
    ------
    SolverError, InfeasibleError
        As `optimise`.
    """
    likely = likely_coefficients(scenario, coefficients)
    if likely is None:
        return None
    near = replace(options, near=True, milp=False, bound_steps=0)
    given = flow_plan(scenario, expected)
    result = optimise(scenario, likely, start=given, like=expected, options=near)
    return replace(
        result,
        status=expected.status,
        solver=expected.solver,
        solver_notes=expected.solver_notes,
        without_orders=None,
        receipts_usd=likely.receipts_usd,
        on_expected=replace(expected, receipts_usd=coefficients.receipts_usd),
        notes=(*expected.solver_notes, *result.notes, COUNTED),
    )


def likely_note(results: Collection[PlanResult], chosen: PlanResult) -> tuple[str, ...]:
    """Return what is told of a choice between plans, one of which counts on likely money alone."""
    if all(result.on_expected is None for result in results):
        return ()
    which = "did not do better" if chosen.on_expected is None else "did better, and is proposed"
    return (
        "a plan that counts only on money that is likely to have come was simulated beside the one on "
        f"expected money: it {which}",
    )
