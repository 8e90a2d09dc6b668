"""A convex function below planning harm: the lower hull of its points, per storehouse and knot."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.spatial import ConvexHull, QhullError

from demilsim.model.harm import StockHarm
from demilsim.optimisation.bound_points import storehouse_points
from demilsim.optimisation.objective import PlanningHarm
from demilsim.plan import Floats, Ints

KNOTS_A_HULL = 4
"""Knots, one after the other, whose planes have the slopes of the hull at the last of them.

What ages changes little in a year of quarters, and each plane is moved to touch its own knot's points."""

STEEP = 1e-9
"""Vertical part of the normal of a facet, in a unit box, below which it bounds nothing [1]."""


@dataclass(frozen=True)
class Envelope:
    """Planes below the harm rate of each cell: a storehouse at a knot, storehouse after storehouse.

    The rate is at least intercept + per_kg Q + per_rate A for every plane of its cell, and at least what any
    other slopes leave of the points: that does not depend on the planes being the hull.

    Parameters
    ----------
    stock
        Harm over groups.
    planes
        Intercept [persons/yr], slope per kg NEQ and slope per unit of ageing rate, shape (plane, 3).
    first_plane, first_point
        Where each cell starts, shape (cell,).
    points
        Q [kg], A [1/yr] and height [persons/yr], shape (point, 3).
    """

    stock: StockHarm
    planes: Floats
    first_plane: Ints
    points: Floats
    first_point: Ints

    @cached_property
    def weight_years(self) -> Floats:
        """Weight of each cell [yr], shape (cell,)."""
        return self.stock.weight_years.T.ravel()

    @cached_property
    def _plane_cell(self) -> Ints:
        return _cell_of(self.first_plane, self.planes.shape[0])

    @cached_property
    def _point_cell(self) -> Ints:
        return _cell_of(self.first_point, self.points.shape[0])

    def state(self, remaining_t: Floats) -> tuple[Floats, Floats]:
        """Return NEQ [kg] and ageing rate [1/yr] of each cell from tonnes of shape (knot, group)."""
        neq, ageing = self.stock.held(remaining_t)
        return neq.T.ravel(), ageing.T.ravel()

    def rate(self, neq: Floats, ageing: Floats) -> tuple[Floats, Floats]:
        """Return the highest plane of each cell: value [persons/yr], shape (cell,), and slopes, (cell, 2)."""
        value = self._of_planes(neq, ageing)
        highest = np.maximum.reduceat(value, self.first_plane)
        is_highest = np.where(value == highest[self._plane_cell], np.arange(value.size), -1)
        return highest, self.planes[np.maximum.reduceat(is_highest, self.first_plane), 1:]

    def rate_along(
        self, here: tuple[Floats, Floats], there: tuple[Floats, Floats]
    ) -> Callable[[float], Floats]:
        """Return the rate of each cell [persons/yr], (cell,), as a function of the share of the way."""
        start, end = self._of_planes(*here), self._of_planes(*there)
        rise = end - start
        return lambda share: np.maximum.reduceat(start + share * rise, self.first_plane)

    def _of_planes(self, neq: Floats, ageing: Floats) -> Floats:
        """Return the value of every plane in the state of its cell [persons/yr], shape (plane,)."""
        cell, planes = self._plane_cell, self.planes
        value: Floats = planes[:, 0] + planes[:, 1] * neq[cell] + planes[:, 2] * ageing[cell]
        return value

    def intercepts(self, slopes: Floats) -> Floats:
        """Return the highest intercepts of planes of given slopes that stay below the rate, shape (cell,)."""
        cell, points = self._point_cell, self.points
        above = points[:, 2] - slopes[cell, 0] * points[:, 0] - slopes[cell, 1] * points[:, 1]
        return np.minimum.reduceat(above, self.first_point)

    def per_tonne(self, slopes: Floats) -> Floats:
        """Return weighted harm per tonne left [persons/t], shape (knot, group), from slopes of (cell, 2)."""
        stock = self.stock
        weighted = (slopes * self.weight_years[:, None]).reshape(*stock.weight_years.T.shape, 2)
        per_kg, per_rate = weighted[..., 0].T, weighted[..., 1].T
        return (
            per_kg[:, stock.storehouse] * stock.blast_kg_per_t
            + per_rate[:, stock.storehouse] * stock.ageing_rate_per_t_year
        )


def make_envelope(stock: StockHarm, least_t: Floats, most_t: Floats) -> Envelope:
    """Return the envelope of harm for stocks within a box.

    Parameters
    ----------
    stock
        Harm over groups.
    least_t, most_t
        What each group holds at least and at most at each knot [t], shape (knot, group).
    """
    planes, points = [], []
    for storehouse in range(stock.curves.neq_max_kg.size):
        groups = np.flatnonzero(stock.storehouse == storehouse)
        found = storehouse_points(stock, storehouse, groups, least_t[:, groups], most_t[:, groups])
        cells = [
            np.column_stack([np.concatenate([neq, neq]), ageing.ravel(), height.ravel()])
            for neq, ageing, height in zip(found.neq_kg, found.ageing_per_year, found.height, strict=True)
        ]
        points += cells
        for first in range(0, len(cells), KNOTS_A_HULL):
            like = cells[first : first + KNOTS_A_HULL]
            slopes = _slopes(like[-1])
            planes += [_planes(cell, slopes) for cell in like]
    return Envelope(stock, np.vstack(planes), _first(planes), np.vstack(points), _first(points))


def _first(parts: list[Floats]) -> Ints:
    return np.cumsum([0, *(len(part) for part in parts[:-1])])


def _cell_of(first: Ints, size: int) -> Ints:
    return np.repeat(np.arange(first.size), np.diff(first, append=size))


def _planes(points: Floats, slopes: Floats) -> Floats:
    """Return the highest planes of some slopes below the points of a cell, shape (plane, 3)."""
    intercept = np.min(points[:, 2] - slopes @ points[:, :2].T, axis=1)
    return np.column_stack([intercept, slopes])


def _slopes(points: Floats) -> Floats:
    """Return the slopes of the lower hull of the points of a cell, shape (plane, 2)."""
    origin = points.min(axis=0)
    span = points.max(axis=0) - origin
    scale = np.where(span > 0.0, span, 1.0)
    slopes: Floats = _hull_slopes((points - origin) / scale) * scale[2] / scale[:2]
    return slopes


def _hull_slopes(box: Floats) -> Floats:
    """Return the slopes of the lower facets of points in a unit box, shape (plane, 2)."""
    lower = np.zeros((0, 4))
    if len(box) > 3:
        with suppress(QhullError):
            normal = ConvexHull(box).equations
            lower = normal[normal[:, 2] < -STEEP]
    if len(lower):
        return -lower[:, :2] / lower[:, 2:3]
    # Flat: all points on one line of Q and A, or in one plane.
    plane = np.linalg.lstsq(np.column_stack([box[:, :2], np.ones(len(box))]), box[:, 2], rcond=None)[0]
    along = 0 if np.ptp(box[:, 0]) > 0.0 else 1
    chain = lower_slopes(box[:, along], box[:, 2])
    flat = np.zeros((chain.size, 2))
    flat[:, along] = chain
    return np.vstack([flat, plane[:2]])


def lower_slopes(x: Floats, height: Floats) -> Floats:
    """Return the slopes of the lower hull of points in a plane (Andrew's chain), shape (line,)."""
    chain: list[tuple[float, float]] = []
    for point in sorted(zip(x.tolist(), height.tolist(), strict=True)):
        if chain and point[0] == chain[-1][0]:
            continue
        while len(chain) > 1 and _turns_up(chain[-2], chain[-1], point):
            chain.pop()
        chain.append(point)
    corners = np.array(chain)
    if len(corners) == 1:
        return np.zeros(1)
    rise, width = np.diff(corners[:, 1]), np.diff(corners[:, 0])
    gentle = width > STEEP * np.abs(rise)
    return rise[gentle] / width[gentle] if gentle.any() else np.zeros(1)


def _turns_up(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> bool:
    """Return whether b lies on or above the line from a to c."""
    return (b[1] - a[1]) * (c[0] - a[0]) >= (c[1] - a[1]) * (b[0] - a[0])


def envelope_of(harm: PlanningHarm, first_period: Ints) -> Envelope:
    """Return the envelope of a planning problem's harm.

    Parameters
    ----------
    harm
        Planning harm.
    first_period
        First period in which anything of a group may go, or the number of periods, shape (group,).
    """
    moved = np.arange(harm.held_t.shape[0])[:, None] > first_period
    return make_envelope(harm.stock, harm.held_t * ~moved, harm.held_t)
