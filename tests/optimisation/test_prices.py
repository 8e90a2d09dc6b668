"""Duals against finite differences, each solver's against the other's."""

from __future__ import annotations

import numpy as np
import pytest

from demilsim.optimisation.duals import PricedLp, optimum, priced
from demilsim.optimisation.optimise import optimise
from demilsim.optimisation.plan_model import PlanModel, plan_model
from demilsim.optimisation.prices import PRICED, SAME, limit_prices, priced_rows
from optimisation.instances import coefficients
from optimisation.random_cases import random_scenario

FAST, SOAK = range(3), range(3, 40)
SOLVERS = ("HiGHS", "CBC")
ALL = 10**6


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
    base = optimum(other, at.model.cost, np.zeros(duals.row.size))
    assert base == pytest.approx(duals.objective, rel=1e-7, abs=1e-12)
    prices = limit_prices(at, duals, ALL)
    rows = [row for _, index in priced_rows(at) for row in index.tolist()]
    largest = {family: max((p.value for p in prices if p.family == family), default=0.0) for family in PRICED}
    for price, row in zip(prices, rows, strict=True):
        least = SAME * largest[price.family]
        assert price.value >= -least, price
        up, down = (
            difference(other, at, base, row, sign, size / PRICED[price.family]) / PRICED[price.family]
            for sign, size in ((1.0, price.step_up), (-1.0, price.step_down))
        )
        wide = SAME * abs(price.value) + least
        assert up - wide <= price.value <= down + wide, (price, up, down)
        if price.unique is None:
            assert down == np.inf, (price, down)
        elif price.unique:
            assert abs(up - price.value) <= wide, (price, up)
            assert abs(down - price.value) <= wide, (price, down)
        else:
            assert down - up > 0.5 * SAME * abs(down), (price, up, down)


def difference(lp: PricedLp, at: PlanModel, base: float, row: int, sign: float, size: float) -> float:
    """Return harm averted per unit of the row by a step."""
    change = np.zeros(len(at.row_names))
    change[row] = sign * size
    return sign * (base - optimum(lp, at.model.cost, change)) / size
