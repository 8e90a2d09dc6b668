"""Shadow prices of the plan's limits: harm averted by one more unit, beside the optimum solved again.

A price is the dual of a row of the linear plan with commissionings fixed, where exact harm was made linear.
It holds for small changes only, and only where it is one number: at a kink, one more unit is worth less than
one unit less costs, several duals are valid, and the price is marked as not unique. That is told only if the
difference is more than the solver's own rounding; where this hides what would have to be seen, the price is
marked as not resolved.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from demilsim.optimisation.duals import Duals, PricedLp, optimum_after
from demilsim.optimisation.places import places
from demilsim.optimisation.plan_model import PlanModel
from demilsim.optimisation.problem import USD_PER_KUSD
from demilsim.optimisation.rows import Rows
from demilsim.plan import Floats, Ints

PRICED = {"budget": USD_PER_KUSD, "working_days": 1.0, "permits": 1.0}
"""Families that are priced, and how many units for the reader make one of the row: USD, days, tonnes."""

UNITS = {"budget": "USD", "working_days": "working day", "permits": "t"}

STEP = 1e-2
"""Change at which the optimum is solved again, as a share of the limit [1]."""

SMALLEST_STEP = 1.0
"""The least such change, in units of the row: 1,000 USD, a working day, a tonne."""

LEAST_ROOM = 1e-3
"""Room in units of the row below which the range of a dual counts as having no width."""

SAME = 1e-5
"""Relative difference up to which two prices are one [1]."""

MOST_RESOLVED = 16
"""Rows that are solved again, those of the highest prices; the others have their range only."""


@dataclass(frozen=True)
class Price:
    """What one more unit of a limit averts.

    Parameters
    ----------
    row, family
        Name of the row, and its family.
    subject, period
        Id of the fund or facility, and label of the period or year.
    unit
        ``USD``, ``working day`` or ``t``.
    limit
        The right-hand side [unit].
    value
        Planning harm averted per unit more [persons/unit]; never below zero but for rounding.
    valid_from, valid_to
        Limits between which the value holds if all else stays [unit]; None if not known, else maybe infinite.
    step_up, step_down
        Changes at which the linear plan was solved again [unit]; 0 if it was not.
    up, down
        Harm averted per unit by the step up, and lost per unit by the step down [persons/unit]; None if not
        solved again, or if no plan is possible with that much less. Zero if the solver cannot tell it from
        nothing.
    resolution
        Least difference of `up` and `down` that is more than the solver's rounding [persons/unit].
    """

    row: str
    family: str
    subject: str
    period: str
    unit: str
    limit: float
    value: float
    valid_from: float | None
    valid_to: float | None
    step_up: float = 0.0
    step_down: float = 0.0
    up: float | None = None
    down: float | None = None
    resolution: float = 0.0

    @property
    def resolved(self) -> bool | None:
        """Whether the solver could tell steps up and down apart if they differed; None if not both known."""
        if self.up is None or self.down is None:
            return None
        size = max(abs(self.up), abs(self.down))
        kink = abs(self.up - self.down) > SAME * size + self.resolution
        # Two steps that are worth nothing that can be told are one price.
        return kink or size == 0.0 or self.resolution <= SAME * size

    @property
    def unique(self) -> bool | None:
        """Whether steps up and down tell one price; None if they are not both known, or not resolved."""
        if self.up is None or self.down is None or not self.resolved:
            return None
        size = max(abs(self.up), abs(self.down))
        return abs(self.up - self.down) <= SAME * size + self.resolution


def limit_prices(at: PlanModel, duals: Duals, most_resolved: int = MOST_RESOLVED) -> tuple[Price, ...]:
    """Return the prices of money by fund and period, working days by facility and period, and permits.

    Parameters
    ----------
    at
        The linear plan.
    duals
        Its duals.
    most_resolved
        Rows of the highest prices that are solved again, up and down.
    """
    prices = []
    for rows, index in priced_rows(at):
        factor = PRICED[rows.family]
        where = places(at.problem, rows)
        for i, (name, rhs, row) in enumerate(zip(rows.names, rows.rhs.tolist(), index.tolist(), strict=True)):
            low, high = duals.lowest[row], duals.highest[row]
            prices.append(
                Price(
                    row=name,
                    family=rows.family,
                    subject=where.ids[where.entity[i]],
                    period=where.times[where.time[i]],
                    unit=UNITS[rows.family],
                    limit=rhs * factor,
                    value=0.0 - float(duals.row[row]) / factor,
                    valid_from=None if np.isnan(low) else float(low) * factor,
                    valid_to=None if np.isnan(high) else float(high) * factor,
                )
            )
    worth = sorted(range(len(prices)), key=lambda i: (-abs(prices[i].value * PRICED[prices[i].family]), i))
    position = {name: row for row, name in enumerate(at.row_names)}
    for i in worth[:most_resolved]:
        prices[i] = _resolved(at.lp, at.model.cost, duals, position[prices[i].row], prices[i])
    return tuple(prices)


def priced_rows(at: PlanModel) -> Iterator[tuple[Rows, Ints]]:
    """Yield the families that are priced, each with the positions of its rows in the model."""
    first = 0
    for rows in at.model.families:
        if rows.family in PRICED:
            yield rows, np.arange(first, first + rows.rhs.size)
        first += rows.rhs.size


def _resolved(lp: PricedLp, cost: Floats, duals: Duals, row: int, price: Price) -> Price:
    """Return a price with what the optimum does a step up and a step down."""
    factor = PRICED[price.family]
    limit = price.limit / factor
    step = max(STEP * abs(limit), SMALLEST_STEP)
    steps = [
        _within(step, duals.highest[row] - limit),
        _within(step, limit - duals.lowest[row]),
    ]
    averted: list[float | None] = []
    resolution = 0.0
    for sign, size in zip((1.0, -1.0), steps, strict=True):
        change = np.zeros(duals.row.size)
        change[row] = sign * size
        found = optimum_after(lp, cost, change)
        gain, rounding = duals.objective - found.objective, duals.rounding + found.rounding
        if abs(gain) <= rounding:
            gain = 0.0
        averted.append(sign * gain / (size * factor) if np.isfinite(gain) else None)
        resolution += rounding / (size * factor)
    return replace(
        price,
        step_up=steps[0] * factor,
        step_down=steps[1] * factor,
        up=averted[0],
        down=averted[1],
        resolution=resolution,
    )


def _within(step: float, room: float) -> float:
    """Return a step that stays in the range of a dual, unless that has no width on this side."""
    return min(step, room / 2.0) if room > LEAST_ROOM else step
