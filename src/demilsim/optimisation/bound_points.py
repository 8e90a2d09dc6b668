"""Points on or below the harm rate of one storehouse, whose lower hull is below it everywhere.

A storehouse's harm rate f = B(Q) + A C(Q) depends on two numbers, the NEQ Q and the event rate by ageing A.
What they can be, if each group holds between none and all of its mass, is a zonotope in the plane. It is
cut into strips of Q so narrow that on each B and C lie within one cubic piece, between straight sides.
On a strip both curves are at least their chords less the most by which a chord lies above its curve; the
product of A and a chord is linear in A, and along the two slanting sides it is at least its own chord less a
quarter of the product of what A and C rise by. So f is at least every convex combination of its values in the
four corners, less these allowances, and that is what the points hold.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demilsim.model.harm import StockHarm
from demilsim.plan import Floats, Ints


@dataclass(frozen=True)
class Points:
    """Corners of the strips of one storehouse, with heights.

    Parameters
    ----------
    neq_kg
        Q, rising [kg], shape (knot, line).
    ageing_per_year
        A at the lower and the upper side of the zonotope [1/yr], shape (knot, 2, line).
    height
        Lowered harm rate [persons/yr], shape (knot, 2, line).
    """

    neq_kg: Floats
    ageing_per_year: Floats
    height: Floats


def storehouse_points(
    stock: StockHarm, storehouse: int, groups: Ints, least_t: Floats, most_t: Floats
) -> Points:
    """Return the points of one storehouse.

    Parameters
    ----------
    stock
        Harm over groups.
    storehouse
        Which.
    groups
        Its groups.
    least_t, most_t
        What each group holds at least and at most [t], shape (knot, group of the storehouse).
    """
    kg_per_t, rate_per_t = stock.blast_kg_per_t[groups], stock.ageing_rate_per_t_year[:, groups]
    room = most_t - least_t
    neq = least_t @ kg_per_t
    lengths, ratio = room * kg_per_t, _ratio(rate_per_t, kg_per_t)
    without_neq = np.sum(room * rate_per_t * (kg_per_t == 0.0), axis=1)
    order = np.argsort(ratio, axis=1, kind="stable")
    lower = _Side(neq, np.sum(least_t * rate_per_t, axis=1), lengths, ratio, order)
    upper = _Side(neq, lower.ageing + without_neq, lengths, ratio, order[:, ::-1])
    nodes = stock.curves.neq_max_kg[storehouse] * np.linspace(0.0, 1.0, _pieces(stock) + 1) ** 3
    knots = neq.size
    cuts = (np.broadcast_to(nodes, (knots, nodes.size)), neq[:, None], lower.ends, upper.ends)
    line = np.clip(np.concatenate(cuts, axis=1), neq[:, None], (most_t @ kg_per_t)[:, None])
    line.sort(axis=1)
    sides = np.stack([lower(line), upper(line)], axis=1)
    return Points(line, sides, _heights(stock, storehouse, line, sides))


def _pieces(stock: StockHarm) -> int:
    return int(stock.curves.coefficients.shape[1])


def _ratio(rate_per_t: Floats, kg_per_t: Floats) -> Floats:
    """Return event rate by ageing per kg NEQ of each group, shape (knot, group); zero without NEQ."""
    return rate_per_t * np.divide(1.0, kg_per_t, out=np.zeros_like(kg_per_t), where=kg_per_t > 0.0)


class _Side:
    """One side of the zonotope: groups added one after the other, in order of ageing per kg."""

    def __init__(self, neq: Floats, ageing: Floats, lengths: Floats, ratio: Floats, order: Ints) -> None:
        self.ageing = ageing
        self._lengths = np.take_along_axis(lengths, order, axis=1)
        self._ratio = np.take_along_axis(ratio, order, axis=1)
        self.ends = neq[:, None] + np.cumsum(self._lengths, axis=1)

    def __call__(self, line: Floats) -> Floats:
        """Return ageing [1/yr] at NEQ of shape (knot, line)."""
        result = np.repeat(self.ageing[:, None], line.shape[1], axis=1)
        for group in range(self._lengths.shape[1]):
            end, length = self.ends[:, [group]], self._lengths[:, [group]]
            result += np.clip(line - end + length, 0.0, length) * self._ratio[:, [group]]
        return result


def _heights(stock: StockHarm, storehouse: int, line: Floats, sides: Floats) -> Floats:
    """Return the harm rate in the corners less the allowances of the strips that meet there."""
    curves, pieces = stock.curves, _pieces(stock)
    most_kg = curves.neq_max_kg[storehouse]
    u = np.cbrt(np.clip(line / most_kg, 0.0, 1.0)) * pieces
    piece = np.minimum((0.5 * (u[:, 1:] + u[:, :-1])).astype(np.int64), pieces - 1)
    left, right = (np.clip(x - piece, 0.0, 1.0) for x in (u[:, :-1], u[:, 1:]))
    cubic = np.moveaxis(curves.coefficients[storehouse, piece], -1, 0)
    at_left, at_right = _value(cubic, left), _value(cubic, right)
    width = np.diff(line, axis=1)
    slope = np.divide(at_right - at_left, width, out=np.zeros_like(at_left), where=width > 0.0)
    neq = np.stack([piece**3, 3 * piece**2, 3 * piece, np.ones_like(piece)], axis=-1) * (most_kg / pieces**3)
    above = cubic - slope[..., None] * neq
    above[..., 0] -= at_left - slope * line[:, :-1]
    base, per_event = np.maximum(-_least(above, left, right), 0.0)
    rise = np.diff(sides, axis=2) * (at_right - at_left)[1][:, None]
    allowance = base + sides.max(axis=1)[:, 1:] * per_event + np.maximum(rise.max(axis=1), 0.0) / 4.0
    at_line = np.concatenate([at_left, at_right[..., -1:]], axis=-1)
    none = np.zeros((line.shape[0], 1))
    lowered = np.maximum(np.hstack([none, allowance]), np.hstack([allowance, none]))
    result: Floats = at_line[0][:, None] + sides * at_line[1][:, None] - lowered[:, None]
    return result


def _value(cubic: Floats, x: Floats) -> Floats:
    result: Floats = cubic[..., 0] + x * (cubic[..., 1] + x * (cubic[..., 2] + x * cubic[..., 3]))
    return result


def _least(cubic: Floats, left: Floats, right: Floats) -> Floats:
    """Return the least value of cubics on [left, right]; coefficients of shape (..., 4)."""
    c1, c2, c3 = cubic[..., 1], 2.0 * cubic[..., 2], 3.0 * cubic[..., 3]
    root = np.sqrt(np.maximum(c2 * c2 - 4.0 * c1 * c3, 0.0))
    # The one of the two sums that loses no digits; the other root follows from the product of both.
    half = -0.5 * (c2 + np.where(c2 >= 0.0, root, -root))
    least = np.minimum(_value(cubic, left), _value(cubic, right))
    for over, under in ((half, c3), (c1, half)):
        x = np.divide(over, under, out=np.zeros_like(over), where=under != 0.0)
        least = np.minimum(least, _value(cubic, np.clip(x, left, right)))
    return least
