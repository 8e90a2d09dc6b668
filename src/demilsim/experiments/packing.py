"""Results of a chunk of replications on their way back from a worker: one array for each field, not hundreds.

Packing and unpacking change no bit of any result, nor how its arrays lie in memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import chain, islice
from typing import Any

import numpy as np

from demilsim.plan import Floats, Ints
from demilsim.simulation.record import Event, RunResult

RESULT_FIELDS = tuple(field.name for field in fields(RunResult))


@dataclass(frozen=True, slots=True)
class PackedRows:
    """Rows of results, each of the same policies.

    Parameters
    ----------
    policies
        Names, in the order of each row.
    columns
        One for each field of `RunResult`, of all rows and policies.
    """

    policies: tuple[str, ...]
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Arrays:
    """Arrays of one shape, each run of equal ones once: policies often share what a plan does not change.

    Parameters
    ----------
    distinct
        Shape (run, ...).
    run
        Of each array, shape (array,).
    """

    distinct: Floats | Ints
    run: Ints


@dataclass(frozen=True, slots=True)
class Happenings:
    """Events of all results, field by field, and how many each result has."""

    columns: tuple[tuple[Any, ...], ...]
    counts: tuple[int, ...]


Column = Arrays | Happenings | Sequence[Any]


def pack_rows(rows: list[dict[str, RunResult]]) -> PackedRows:
    """Return results by policy of each replication of a chunk, packed."""
    policies = tuple(rows[0])
    results = [row[name] for row in rows for name in policies]
    columns = (_packed([getattr(result, name) for result in results]) for name in RESULT_FIELDS)
    return PackedRows(policies, tuple(columns))


def unpack_rows(packed: PackedRows) -> list[dict[str, RunResult]]:
    """Return what was packed; equal arrays of neighbouring policies are one array."""
    results = [RunResult(*values) for values in zip(*map(_unpacked, packed.columns), strict=True)]
    size = len(packed.policies)
    return [
        dict(zip(packed.policies, results[first : first + size], strict=True))
        for first in range(0, len(results), size)
    ]


def _packed(values: Sequence[Any]) -> Column:
    if _alike(values):
        stacked = np.array(values)
        # Bits are compared: zeros of either sign are equal, and must not become one another.
        bits = stacked.reshape(len(values), -1).view(f"u{stacked.itemsize}")
        differs = np.append(True, (bits[1:] != bits[:-1]).any(axis=1))
        return Arrays(stacked if differs.all() else stacked[differs], np.cumsum(differs) - 1)
    if isinstance(values[0], tuple):
        return Happenings(tuple(zip(*chain.from_iterable(values), strict=True)), tuple(map(len, values)))
    return values


def _unpacked(column: Column) -> Sequence[Any]:
    if isinstance(column, Arrays):
        distinct = list(column.distinct)
        return [distinct[run] for run in column.run.tolist()]
    if isinstance(column, Happenings):
        events = map(Event._make, zip(*column.columns, strict=True))
        return [tuple(islice(events, count)) for count in column.counts]
    return column


def _alike(values: Sequence[Any]) -> bool:
    """Return whether all values are arrays of one shape and type whose rows lie one after another."""
    first = values[0]
    # Sums depend on the order of memory in their last bit: other arrays travel as they are.
    return isinstance(first, np.ndarray) and all(
        v.shape == first.shape and v.dtype == first.dtype and v.flags.c_contiguous for v in values
    )
