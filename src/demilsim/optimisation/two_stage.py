"""Facilities before the draw, flows after it: a two-stage program by Benders' method with kept subproblems.

Each draw's harm is convex in the orders, so the planes that the subproblems return bound it from below. The
master chooses orders by these bounds; it stops when the best choice met and the bound agree. Benders 1962,
doi:10.1007/BF01386316; several cuts an iteration after Birge and Louveaux 1988,
doi:10.1016/0377-2217(88)90159-2; conditional value at risk after Rockafellar and Uryasev 2000,
doi:10.21314/JOR.2000.038.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from demilsim.errors import SolverError
from demilsim.optimisation.assemble import Model
from demilsim.optimisation.recourse import Order, Recourse, first_from
from demilsim.optimisation.rows import Columns, Rows, Sense, rows_of
from demilsim.optimisation.solve import SolveOptions, solve
from demilsim.plan import Floats, Ints

MOST_ITERATIONS = 60
"""Iterations at which the method stops with the gap that it has."""

LEAST_AVERTED = 1e-9
"""Harm averted of which a gap is a share at least, for where nothing is averted [persons]."""

EXACT = SolveOptions(gap_averted=0.0, node_limit=10_000)
"""The master is small: it is solved to the end."""


@dataclass(frozen=True)
class FirstStage:
    """Orders that are best before the draw is known.

    Parameters
    ----------
    orders
        The orders.
    objective, bound
        Mean planning harm, or its conditional value at risk, of these orders and of none better [persons].
    harm
        Planning harm of these orders in each draw [persons], shape (draw,).
    iterations
        Of the master.
    """

    orders: tuple[Order, ...]
    objective: float
    bound: float
    harm: Floats
    iterations: int


@dataclass
class Draws:
    """The subproblems of all draws, over the orders of any of them.

    Parameters
    ----------
    recourses
        One for each draw, all equally likely.
    """

    recourses: Sequence[Recourse]
    orders: tuple[Order, ...] = field(init=False)
    _columns: list[Ints] = field(init=False)
    _known: dict[tuple[int, tuple[int, ...]], tuple[float, Floats]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.orders = tuple(sorted({order for recourse in self.recourses for order in recourse.orders}))
        self._columns = [first_from(self.orders, recourse.orders) for recourse in self.recourses]

    def indices(self, orders: Sequence[Order]) -> tuple[int, ...]:
        """Return which orders of these draws do what some orders do."""
        return tuple(_met(first_from(orders, self.orders)).tolist())

    def evaluate(self, draw: int, chosen: tuple[int, ...]) -> tuple[float, Floats]:
        """Return the harm of some orders in a draw, and its slopes over all orders [persons]."""
        key = (draw, chosen)
        if key not in self._known:
            own = self._columns[draw]
            harm, slopes = self.recourses[draw].evaluate(_met(own[list(chosen)]))
            self._known[key] = harm, np.where(own >= 0, slopes[own] if slopes.size else 0.0, 0.0)
        return self._known[key]

    def harm(self, chosen: tuple[int, ...]) -> Floats:
        """Return the harm of some orders in each draw [persons], shape (draw,)."""
        return np.array([self.evaluate(draw, chosen)[0] for draw in range(len(self.recourses))])

    def emergency_usd(self, chosen: tuple[int, ...]) -> Floats:
        """Return the emergency money that some orders need in each draw [USD], shape (draw,)."""
        return np.array(
            [
                recourse.emergency_usd(_met(columns[list(chosen)]))
                for recourse, columns in zip(self.recourses, self._columns, strict=True)
            ]
        )


def _met(found: Ints) -> Ints:
    """Return the orders that were found, each once, in rising order."""
    return np.unique(found[found >= 0])


def mean_or_tail(harm: Floats, tail: float | None) -> float:
    """Return the mean over draws, or over the worst share of them: the conditional value at risk [persons].

    Parameters
    ----------
    harm
        Harm in each draw [persons], shape (draw,).
    tail
        Share of the worst draws that count, in (0, 1]; None for all.
    """
    if tail is None:
        return float(harm.mean())
    worst = np.sort(harm)[::-1]
    weight = np.clip(tail * harm.size - np.arange(harm.size), 0.0, 1.0)
    return float(worst @ weight / weight.sum())


def first_stage(
    draws: Draws,
    among: Sequence[int] | None = None,
    *,
    tail: float | None = None,
    gap_averted: float = 1e-3,
    start: tuple[int, ...] = (),
) -> FirstStage:
    """Return the orders of least mean harm over some draws.

    Parameters
    ----------
    draws
        The subproblems.
    among
        Draws that count; all by default.
    tail
        As in `mean_or_tail`.
    gap_averted
        Gap at which it stops, as a share of the mean harm averted by the best orders [1].
    start
        Orders to look at first, by index, at most one of each facility.

    Raises
    ------
    SolverError
        If the master has no solution.
    """
    counted = list(range(len(draws.recourses))) if among is None else list(among)
    nothing = float(np.mean([draws.recourses[d].do_nothing for d in counted]))
    cuts: list[list[tuple[float, Floats]]] = [[] for _ in counted]
    chosen, bound, iterations = start, -np.inf, 0
    best: tuple[float, tuple[int, ...], Floats] | None = None
    met: set[tuple[int, ...]] = set()
    while True:
        met.add(chosen)
        found = [draws.evaluate(d, chosen) for d in counted]
        harm = np.array([value for value, _ in found])
        value = mean_or_tail(harm, tail)
        if best is None or value < best[0]:
            best = (value, chosen, harm)
        for own, (at, slopes) in zip(cuts, found, strict=True):
            own.append((at - float(slopes[list(chosen)].sum()), slopes))
        iterations += 1
        chosen, bound = _master(draws.orders, cuts, tail)
        close = best[0] - bound <= gap_averted * max(nothing - best[0], LEAST_AVERTED)
        if close or chosen in met or iterations == MOST_ITERATIONS:
            break
    value, chosen, harm = best
    orders = tuple(draws.orders[i] for i in chosen)
    return FirstStage(orders, value, min(bound, value), harm, iterations)


def _master(
    orders: tuple[Order, ...], cuts: list[list[tuple[float, Floats]]], tail: float | None
) -> tuple[tuple[int, ...], float]:
    """Return the orders that the cuts like best, and the bound that they prove [persons]."""
    count, draws = len(orders), len(cuts)
    # Harm above the least intercept of all cuts, so that columns have zero as their lower bound.
    floor = min(at + float(np.minimum(slopes, 0.0).sum()) for own in cuts for at, slopes in own)
    level, excess = count + draws, count + draws + 1 + np.arange(draws)
    names = [f"z{i}" for i in range(count)] + [f"h{d}" for d in range(draws)]
    names += ["level", *(f"over{d}" for d in range(draws))]
    whole = np.arange(len(names)) < count
    cost = np.zeros(len(names))
    if tail is None:
        cost[count : count + draws] = 1.0 / draws
    else:
        cost[level], cost[excess] = 1.0, 1.0 / (tail * draws)
    columns = Columns(tuple(names), np.where(whole, 1.0, np.inf), whole)
    families = [_one_order_each(orders), _cut_rows(cuts, count, floor)]
    if tail is not None:
        families.append(_tail_rows(draws, count, level, excess))
    found = solve(Model(columns, tuple(families), cost, floor), EXACT)
    if found.values is None:
        raise SolverError(f"the choice of facilities ended {found.status.value}: expected one")
    return tuple(np.flatnonzero(found.values[:count] > 0.5).tolist()), found.bound


def _one_order_each(orders: tuple[Order, ...]) -> Rows:
    """Order a facility at most once. Sum over o of f of z[o] <= 1, a pure number."""
    facility = np.array([f for f, _ in orders], dtype=np.int64)
    terms = (facility, np.arange(len(orders)), np.ones(len(orders)))
    limit = np.ones(int(facility.max(initial=-1)) + 1)
    return rows_of("once", [terms], Sense.AT_MOST, limit, lambda f: f"once_{f}")


def _cut_rows(cuts: list[list[tuple[float, Floats]]], count: int, floor: float) -> Rows:
    """Bound a draw's harm by its planes. h[d] - sum over o of s[o] z[o] >= intercept - floor [persons]."""
    flat = [(d, at, slopes) for d, own in enumerate(cuts) for at, slopes in own]
    terms = []
    for row, (d, _, slopes) in enumerate(flat):
        steep = np.flatnonzero(slopes)
        terms.append((np.full(steep.size, row), steep, -slopes[steep]))
        terms.append((np.array([row]), np.array([count + d]), np.ones(1)))
    rhs = np.array([at - floor for _, at, _ in flat])
    return rows_of("planes", terms, Sense.AT_LEAST, rhs, lambda row: f"plane_{row}")


def _tail_rows(draws: int, count: int, level: int, excess: Ints) -> Rows:
    """Measure what exceeds the level. over[d] - h[d] + level >= 0 [persons]."""
    row, ones = np.arange(draws), np.ones(draws)
    terms = [(row, excess, ones), (row, count + row, -ones), (row, np.full(draws, level), ones)]
    return rows_of("tail", terms, Sense.AT_LEAST, np.zeros(draws), lambda d: f"tail_{d}")


@dataclass(frozen=True)
class WorthOfDraws:
    """What it is worth to plan for many draws, and to know which one comes.

    Parameters
    ----------
    stochastic
        Orders for all draws.
    for_mean
        Orders of the plan for mean coefficients, by index, and their harm in each draw [persons].
    wait_and_see
        Least harm in each draw if it were known before [persons], shape (draw,); a bound within the gap.
    """

    stochastic: FirstStage
    for_mean: tuple[Order, ...]
    for_mean_harm: Floats
    wait_and_see: Floats

    @property
    def value_of_stochastic_solution(self) -> float:
        """How much less the orders for all draws do than those for the mean, >= 0 up to the gap [persons]."""
        return float(self.for_mean_harm.mean()) - self.stochastic.objective

    @property
    def expected_value_of_perfect_information(self) -> float:
        """How much less harm there would be if the draw were known before the orders [persons]."""
        return self.stochastic.objective - float(self.wait_and_see.mean())


def worth_of_draws(
    draws: Draws,
    for_mean: tuple[int, ...],
    *,
    gap_averted: float = 1e-3,
    tell: Callable[[str], None] = lambda _: None,
) -> WorthOfDraws:
    """Return orders for all draws beside those for the mean, and what perfect information would be worth.

    Parameters
    ----------
    draws
        The subproblems.
    for_mean
        Orders of the plan for mean coefficients, by index.
    gap_averted
        As in `first_stage`.
    tell
        Told what is done next.
    """
    tell("orders for all draws")
    stochastic = first_stage(draws, gap_averted=gap_averted, start=for_mean)
    waiting = []
    for draw in range(len(draws.recourses)):
        tell(f"orders for draw {draw + 1} of {len(draws.recourses)} alone")
        alone = first_stage(draws, [draw], gap_averted=gap_averted, start=for_mean)
        waiting.append(alone.bound)
    orders = tuple(draws.orders[i] for i in for_mean)
    return WorthOfDraws(stochastic, orders, draws.harm(for_mean), np.array(waiting))
