"""Sums over the members of each part, along the last axis: lots of a storehouse, storehouses of a site."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from demilsim.plan import Floats, Ints


@dataclass(frozen=True)
class Partition:
    """Members assigned to parts.

    Parameters
    ----------
    parts
        Number of parts; some may be empty.
    order
        Members sorted by part, shape (member,).
    start, label
        Where each non-empty part begins in `order`, and which it is.
    """

    parts: int
    order: Ints
    start: Ints
    label: Ints

    @cached_property
    def _in_order(self) -> bool:
        return bool(np.all(np.diff(self.order) == 1))

    def sum(self, values: Floats) -> Floats:
        """Return sums by part, shape (..., member) to (..., part)."""
        result = np.zeros((*values.shape[:-1], self.parts))
        if self.order.size:
            ordered = values if self._in_order else values[..., self.order]
            result[..., self.label] = np.add.reduceat(ordered, self.start, axis=-1)
        return result


def partition(part_of_member: Ints, parts: int) -> Partition:
    """Return the partition that puts each member into its part, numbered from 0."""
    order = np.argsort(part_of_member, kind="stable")
    ordered = part_of_member[order]
    start = np.flatnonzero(np.diff(ordered, prepend=-1))
    return Partition(parts, order, start, ordered[start])


def sums(part_of_member: Ints, values: Floats, parts: int) -> Floats:
    """Return sums by part of one value a member, for parts that are used once; shape (member,) to (part,)."""
    return np.asarray(np.bincount(part_of_member, values, parts), dtype=float)
