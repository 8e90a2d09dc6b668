"""Duals against finite differences, each solver's against the other's."""

from __future__ import annotations

import numpy as np
import pytest

from demilsim.optimisation.duals import Optimum, PricedLp, optimum_after, priced
from demilsim.optimisation.optimise import optimise
from demilsim.optimisation.plan_model import PlanModel, plan_model
from demilsim.optimisation.prices import PRICED, SAME, Price, limit_prices, priced_rows
from optimisation.instances import coefficients
from optimisation.random_cases import random_scenario

FAST, SOAK = range(3), range(3, 40)
SOLVERS = ("HiGHS", "CBC")
ALL = 10**6

PRINTED_AS_KINKS = (10, 20)
"""Seeds that have prices which CBC's printed digits, eight of each value, told as not unique."""

EXACT = 1e-12
"""Share of the objective by which the optima of two solvers may differ [1]."""


def told(up: float | None, down: float | None, resolution: float) -> Price:
    """Return a price with what steps up and down avert and lose."""
    return Price(
        "budget_us_2026", "budget", "US", "2026", "USD", 1.0, 1.0, None, None, 1.0, 1.0, up, down, resolution
    )


@pytest.mark.parametrize(
    ("up", "down", "resolution", "resolved", "unique"),
    [
        (1.0, 1.0 + 0.5 * SAME, 0.01 * SAME, True, True),
        (1.0, 1.0 + 2.0 * SAME, 0.01 * SAME, True, False),
        (1.0, 1.0 + 2.0 * SAME, 10.0 * SAME, False, None),  # the difference may be rounding
        (1.0, 1.0, 10.0 * SAME, False, None),  # so may be that there is none
        (0.0, 1.0, 10.0 * SAME, True, False),  # a kink that no rounding hides
        (0.0, 0.0, 10.0 * SAME, True, True),
        (1.0, None, 0.0, None, None),
    ],
)
def test_a_kink_is_told_only_beyond_rounding(
    up: float, down: float | None, resolution: float, resolved: bool | None, unique: bool | None
) -> None:
    """A difference that the solver's rounding may hide or make is called neither a kink nor none."""
    found = told(up, down, resolution)
    assert (found.resolved, found.unique) == (resolved, unique)


def planned(seed: int, solver: str) -> PlanModel:
    """Return the linear plan around the optimised plan of a random scenario."""
    scenario = random_scenario(seed)
    known = coefficients(scenario)
    return plan_model(scenario, known, optimise(scenario, known), solver)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("seed", FAST)
def test_prices_are_true(seed: int, solver: str) -> None:
    """Every dual has the sign and, to 1e-5, the size of the other solver's differences; or is not unique."""
    check_prices(seed, solver)


@pytest.mark.parametrize("seed", PRINTED_AS_KINKS)
def test_printed_digits_make_no_kinks(seed: int) -> None:
    """A price of CBC is not unique only where HiGHS sees the kink as well."""
    check_prices(seed, "CBC")


@pytest.mark.soak
@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("seed", SOAK)
def test_many_prices_are_true(seed: int, solver: str) -> None:
    """The same on more random programmes."""
    check_prices(seed, solver)


def check_prices(seed: int, solver: str) -> None:
    """Check all prices of a random programme in one solver against differences in the other."""
    at = planned(seed, solver)
    other = priced(at.model, SOLVERS[1 - SOLVERS.index(solver)])
    duals = at.lp.duals(at.model.cost)
    assert duals is not None
    base = optimum_after(other, at.model.cost, np.zeros(duals.row.size))
    assert base.objective == pytest.approx(duals.objective, rel=EXACT, abs=0.0)
    assert max(base.rounding, duals.rounding) <= EXACT * abs(base.objective)
    prices = limit_prices(at, duals, ALL)
    rows = [row for _, index in priced_rows(at) for row in index.tolist()]
    largest = {family: max((p.value for p in prices if p.family == family), default=0.0) for family in PRICED}
    for price, row in zip(prices, rows, strict=True):
        least = SAME * largest[price.family]
        assert price.value >= -least, price
        (up, up_rounding), (down, down_rounding) = (
            difference(other, at, base, row, sign, size, PRICED[price.family])
            for sign, size in ((1.0, price.step_up), (-1.0, price.step_down))
        )
        wide = SAME * abs(price.value) + least + max(up_rounding, down_rounding)
        assert up - wide <= price.value <= down + wide, (price, up, down)
        if price.unique is None:
            # In problems as small as these all is resolved.
            assert down == np.inf, (price, down)
        elif price.unique:
            assert abs(up - price.value) <= wide, (price, up)
            assert abs(down - price.value) <= wide, (price, down)
        else:
            assert down - up > 0.5 * SAME * abs(down), (price, up, down)


def difference(
    lp: PricedLp, at: PlanModel, base: Optimum, row: int, sign: float, size: float, factor: float
) -> tuple[float, float]:
    """Return harm averted per unit by a step of a row, of `factor` units each, and its rounding."""
    change = np.zeros(len(at.row_names))
    change[row] = sign * size / factor
    found = optimum_after(lp, at.model.cost, change)
    return sign * (base.objective - found.objective) / size, (base.rounding + found.rounding) / size
