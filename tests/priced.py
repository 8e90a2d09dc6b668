"""A frontier made by hand: what averting harm costs in a tiny world, now and in haste."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from demilsim.experiments.frontier import Frontier, FrontierPoint
from optimisation.instances import build_or_not

HOSTILE = "<b>Kiln</b> $x^2$"
HASTE = dt.date(2027, 7, 1)


def point(share: float, harm: float, cost_usd: float, by: dt.date | None = None) -> FrontierPoint:
    """Return a point that orders the kiln."""
    done = dt.date(2027, 4, 1)
    return FrontierPoint(share, harm, harm, cost_usd, by, cost_usd / 500.0, done, ("KILN",))


def priced_by_hand() -> Frontier:
    """Return a frontier: of 10 deaths the best plan averts 8, for 4 million; half is cheap.

    By an earlier date the half alone is reached, at a higher price.
    """
    scenario = build_or_not()
    facilities = tuple(row.model_copy(update={"name": HOSTILE}) for row in scenario.facilities)
    scenario = replace(scenario, facilities=facilities, asked_as="two@late")
    points = (point(0.5, 6.0, 2e6, HASTE), point(1.0, 2.0, 4e6), point(0.75, 4.0, 2e6), point(0.5, 6.0, 1e6))
    note = "by 2027-07-01 no plan was found that averts more than 60.0% of what can be averted"
    return Frontier(scenario, 10.0, 2.0, points, (1.0, 0.75, 0.5), (HASTE,), (note,))
