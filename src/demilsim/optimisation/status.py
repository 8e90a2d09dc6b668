"""What is asked of a solve, and what is known after it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from demilsim.plan import Floats

ZERO_OBJECTIVE = 1e-12
"""Below this size an objective counts as zero in a gap."""


class PlanStatus(StrEnum):
    """What is known of a solve; ours, never PuLP's word."""

    OPTIMAL = "optimal"
    """A checked point, within the gap that was asked for of a bound that the solver proved."""
    FEASIBLE = "feasible"
    """A checked point; the solver stopped early and its bound is further away."""
    INFEASIBLE = "infeasible"
    """The solver proved that no point satisfies the rows."""
    UNBOUNDED = "unbounded"
    """The objective falls without limit: an error in the model."""
    NO_INCUMBENT = "no_incumbent"
    """The solver stopped, or handed over a point that fails our check, and proved nothing."""


@dataclass(frozen=True)
class InOrder:
    """Two objectives in order of importance.

    Parameters
    ----------
    first
        ``harm``: least harm, then least cost; ``cost``: least cost to avert enough, then least harm.
    within
        How much of the first may be given up for the second [1], >= 0: a share of the harm that the plan of
        least harm averts, or of the least cost.
    averting
        Share that must be averted of what the plan of least harm averts [1], 0 to 1, if cost is first.
    """

    first: Literal["harm", "cost"]
    within: float
    averting: float = 1.0


@dataclass(frozen=True)
class SolveOptions:
    """How to solve.

    Parameters
    ----------
    gap_averted
        Gap at which the MILP stops, as a fraction of the harm averted by the incumbent [1], >= 0.
    node_limit
        Branch-and-bound nodes at which it stops, >= 0. There is no limit on time: a plan must not depend
        on how busy the machine is.
    solvers
        ``HiGHS`` and ``CBC``, in the order in which they are tried.
    max_steps
        Steps of each sequential LP, >= 0; half as many limited ones follow.
    neighbours
        Whether to look at every single commissioning dropped, added or moved by a period, beside those of
        the MILP, of the start and none at all. It takes a second or two for each, on a large scenario.
    bound_steps
        LPs that bound exact harm over all plans, >= 0; without any there is no bound, and the search has one
        start less. On the Kazakhstan scenario 12 leave 2.0% of the harm averted open, 25 leave 1.9%.
    near
        Whether the search begins only at the plans that are given, if there are any, and keeps to what is
        near them: for one of many variants of a problem. Steps are those of `hull`. There is no bound: LPs
        of `bound_steps` relax harm for the best commissionings alone, and another search begins there.
    milp
        Whether the MILP chooses commissionings as well then; without, they are those of the plans that are
        given, put off where they cannot be paid. A search that is not near needs it.
    in_order
        Cost as another objective, before or after harm; None is least harm alone.
    """

    gap_averted: float = 0.005
    node_limit: int = 500
    solvers: tuple[str, ...] = ("HiGHS", "CBC")
    max_steps: int = 40
    neighbours: bool = False
    bound_steps: int = 12
    near: bool = False
    milp: bool = True
    in_order: InOrder | None = None


@dataclass(frozen=True)
class Solution:
    """Outcome of one solve.

    Parameters
    ----------
    status
        What is known.
    values
        Checked point, shape (column,); None without incumbent.
    objective
        Objective of the point with the model's constant; infinite without incumbent.
    bound
        Proved lower bound with the model's constant; minus infinity if there is none.
    solver
        Name and version, e.g. ``HiGHS 1.16.0``.
    notes
        What the reader of the plan should know.
    """

    status: PlanStatus
    values: Floats | None
    objective: float
    bound: float
    solver: str
    notes: tuple[str, ...] = ()


def gap_of(incumbent: float, bound: float, whole: float) -> float:
    """Return incumbent less bound as a share of a whole [1]; infinite without bound."""
    return relative_gap(whole, whole - (incumbent - bound)) if math.isfinite(bound) else math.inf


def relative_gap(incumbent: float, bound: float) -> float:
    """Return |incumbent - bound| / |incumbent| [1]; 0 if both are 0, infinite if only the incumbent is."""
    difference = abs(incumbent - bound)
    if abs(incumbent) <= ZERO_OBJECTIVE:
        return 0.0 if difference <= ZERO_OBJECTIVE else float("inf")
    return difference / abs(incumbent)
