"""Lots that age alike in one storehouse are planned as one group."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass, replace
from itertools import product
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from demilsim.model.harm import StockHarm, arrival_period, arrival_probability, lot_masses_t
from demilsim.model.options import Bools, DisposalOptions
from demilsim.plan import Floats, Ints
from demilsim.scenario.scenario import Scenario

CLASS_RATIOS = (1.25, 2.0, math.inf)
"""Widths of a trajectory class: ratio of the highest to the lowest mean ageing rate in it [1]."""

Number = TypeVar("Number", np.int64, np.float64)

GROUP_LIMIT = 600
"""Groups above which a coarser grouping is taken: about 100,000 flow columns in quarters over 15 years."""


@dataclass(frozen=True)
class Groups:
    """Lots in groups: one storehouse, one nature (or category), one trajectory class.

    Parameters
    ----------
    group_of_lot
        Group of each lot, shape (lot,). Reserve lots have groups of their own.
    mass_t
        Gross mass [t], shape (group,).
    days_per_t, cost_usd_per_t, direct_usd_per_t, accident_harm_per_t, scrap_usd_per_t
        As in `DisposalOptions`, means over the lots by mass; days are infinite where any lot of the
        group is not allowed. Shape (group, facility).
    road
        Row of the route that a group takes to a facility, -1 on site, shape (group, facility).
    running_eligible
        Whether a fund may pay for destroying a group at a facility, shape (fund, group, facility).
    arrival, likely
        First period at whose start the group is there, and the probability that it comes [1], shape (group,).
    """

    group_of_lot: Ints
    mass_t: Floats
    days_per_t: Floats
    cost_usd_per_t: Floats
    direct_usd_per_t: Floats
    accident_harm_per_t: Floats
    road: Ints
    running_eligible: Bools
    scrap_usd_per_t: Floats
    arrival: Ints
    likely: Floats

    def held_t(self, periods: int) -> Floats:
        """Return what is expected in store at each knot if nothing leaves [t], shape (knot, group)."""
        there = np.arange(periods + 1)[:, None] >= self.arrival
        return there * (self.mass_t * self.likely)

    def without_moves(self, mobile: Ints) -> Groups:
        """Return the groups with work at mobile plant that bears no part of the cost of its moves."""
        cost = self.cost_usd_per_t.copy()
        cost[:, mobile] = self.direct_usd_per_t[:, mobile]
        return replace(self, cost_usd_per_t=cost)

    @property
    def count(self) -> int:
        """Number of groups."""
        return self.mass_t.size

    @property
    def allowed(self) -> Bools:
        """Whether a group may go to a facility, shape (group, facility)."""
        return np.isfinite(self.days_per_t)


def make_groups(
    scenario: Scenario, options: DisposalOptions, harm: StockHarm, limit: int = GROUP_LIMIT
) -> Groups:
    """Return the finest grouping with at most `limit` groups, or the coarsest there is.

    From fine to coarse: by nature with classes of ratio 1.25, 2, and one class; then by category.

    Parameters
    ----------
    scenario
        The scenario.
    options
        Options of its lots.
    harm
        Harm over its lots, for their ageing rates.
    limit
        Highest number of groups wanted, >= 1.
    """
    index = np.empty(0, dtype=np.int64)
    for by_nature, ratio in product((True, False), CLASS_RATIOS):
        index = _index(scenario, harm, by_nature, ratio)
        if index.size == 0 or index.max() < limit:
            break
    likely = arrival_probability(scenario)
    return grouped(index, lot_masses_t(scenario), options, arrival_period(scenario), likely)


def trajectory_class(harm: StockHarm, ratio: float) -> Ints:
    """Return a class for each lot from the mean of its ageing rate over the horizon, shape (lot,).

    Lots at one site in like storehouses follow one curve of depletion, entered at different points, so
    one number orders them.

    Parameters
    ----------
    harm
        Harm over lots.
    ratio
        Width of a class [1], > 1; infinite puts all lots into one class.
    """
    rate = harm.ageing_rate_per_t_year.mean(axis=0)
    if math.isinf(ratio):
        return np.zeros(rate.size, dtype=np.int64)
    # Lots without an ageing rate share a class far below any other.
    safe = np.maximum(rate, np.finfo(float).tiny)
    number: Ints = np.floor(np.log(safe) / math.log(ratio)).astype(np.int64)
    return number


def _index(scenario: Scenario, harm: StockHarm, by_nature: bool, ratio: float) -> Ints:
    """Return the group of each lot, numbered in order of first appearance."""
    classes = trajectory_class(harm, ratio).tolist()
    natures = scenario.natures
    seen: dict[Hashable, int] = {}
    index = []
    arrivals = arrival_period(scenario).tolist()
    for lot, ageing, arrival in zip(scenario.lots, classes, arrivals, strict=True):
        sort = lot.nature_id if by_nature else natures[lot.nature_id].category
        key = (
            lot.storehouse_id,
            sort,
            lot.status,
            lot.safe_to_move,
            ageing,
            arrival,
            lot.arrival_probability,
            lot.destroy_by,
        )
        index.append(seen.setdefault(key, len(seen)))
    return np.array(index, dtype=np.int64)


def grouped(
    index: Ints,
    mass_t: Floats,
    options: DisposalOptions,
    arrival: Ints | None = None,
    likely: Floats | None = None,
) -> Groups:
    """Return groups with options averaged by mass.

    Parameters
    ----------
    index
        Group of each lot, 0 to the number of groups less one, shape (lot,).
    mass_t
        Gross mass of each lot [t], shape (lot,).
    options
        Options of the lots.
    arrival, likely
        Of each lot, equal within a group; all are there at the start by default.
    """
    count = int(index.max()) + 1 if index.size else 0
    share = np.zeros((count, index.size))
    share[index, np.arange(index.size)] = mass_t
    group_mass = share.sum(axis=1)
    share /= group_mass[:, None]
    everywhere = (share > 0.0).astype(float) @ (~options.allowed) == 0.0
    days = share @ np.where(options.allowed, options.days_per_t, 0.0)
    road = np.full(days.shape, -1, dtype=np.int64)
    road[index] = options.road
    barred = np.einsum("gl,klf->kgf", (share > 0.0).astype(float), (~options.running_eligible).astype(float))
    return Groups(
        group_of_lot=index,
        mass_t=group_mass,
        days_per_t=np.where(everywhere, days, np.inf),
        cost_usd_per_t=share @ options.cost_usd_per_t,
        direct_usd_per_t=share @ options.direct_usd_per_t,
        accident_harm_per_t=share @ options.accident_harm_per_t,
        road=road,
        running_eligible=barred == 0.0,
        scrap_usd_per_t=share @ options.scrap_usd_per_t,
        arrival=_of_first(index, count, arrival if arrival is not None else np.zeros_like(index)),
        likely=_of_first(index, count, likely if likely is not None else np.ones(index.size)),
    )


def _of_first(index: Ints, count: int, values: npt.NDArray[Number]) -> npt.NDArray[Number]:
    """Return the value of a lot of each group."""
    found = np.zeros(count, dtype=values.dtype)
    found[index] = values
    return found
