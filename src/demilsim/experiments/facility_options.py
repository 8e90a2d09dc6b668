"""What each facility that could be ordered is worth beside the orders that were chosen, draw by draw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demilsim.optimisation.recourse import Order
from demilsim.optimisation.two_stage import Draws
from demilsim.plan import Floats

ROUNDING_PERSONS, ROUNDING_USD = 1e-9, 0.01
"""What a linear program does not tell from nothing."""


@dataclass(frozen=True)
class OptionWorth:
    """One facility that could be ordered.

    Parameters
    ----------
    facility
        Its index.
    ordered
        Whether the chosen orders have it.
    order
        Its order among the chosen ones; else the one that promises most beside them: of its dates, that of
        the steepest mean slope. None where no order of it adds a working day in any draw.
    averted
        How much less harm the flows leave with it than without it, the other orders as chosen [persons],
        shape (draw,): what the funds' money for it would have averted elsewhere is counted against it.
    beyond_usd
        Money that it needs beyond the funds, so that it is paid in every draw [USD], shape (draw,). It
        averts nothing, and its price is not in `averted`.
    """

    facility: int
    ordered: bool
    order: Order | None
    averted: Floats
    beyond_usd: Floats


def worth_of_options(draws: Draws, chosen: tuple[int, ...], facilities: list[int]) -> tuple[OptionWorth, ...]:
    """Return what each facility is worth beside some orders.

    Parameters
    ----------
    draws
        The subproblems.
    chosen
        The orders, by index, at most one of each facility.
    facilities
        Indices of the facilities that could be ordered.
    """
    kept = {draws.orders[index][0]: index for index in chosen}
    own = _flows_and_beyond(draws, chosen)
    slopes = np.mean([draws.evaluate(draw, chosen)[1] for draw in range(own[0].size)], axis=0)
    found = []
    for facility in facilities:
        dates = [index for index, (of, _) in enumerate(draws.orders) if of == facility]
        if facility in kept:
            without = tuple(index for index in chosen if index != kept[facility])
            order, (with_it, other) = draws.orders[kept[facility]], (own, _flows_and_beyond(draws, without))
        elif dates:
            best = min(dates, key=lambda index: (slopes[index], index))
            more = tuple(sorted((*chosen, best)))
            order, (with_it, other) = draws.orders[best], (_flows_and_beyond(draws, more), own)
        else:
            order, (with_it, other) = None, (own, own)
        averted = _without_dust(other[0] - with_it[0], ROUNDING_PERSONS)
        beyond_usd = _without_dust(with_it[1] - other[1], ROUNDING_USD)
        found.append(OptionWorth(facility, facility in kept, order, averted, beyond_usd))
    return tuple(found)


def _without_dust(values: Floats, rounding: float) -> Floats:
    return np.where(np.abs(values) < rounding, 0.0, values)


def _flows_and_beyond(draws: Draws, chosen: tuple[int, ...]) -> tuple[Floats, Floats]:
    """Return the harm that the flows leave [persons] and the emergency money [USD], both of shape (draw,)."""
    beyond_usd = draws.emergency_usd(chosen)
    prices = np.array([recourse.emergency_price for recourse in draws.recourses])
    return draws.harm(chosen) - prices * beyond_usd, beyond_usd
