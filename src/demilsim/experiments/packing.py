"""Results of a chunk of replications on their way back from a worker: one array for each field, not hundreds.

Packing and unpacking change no bit of any result, nor how its arrays lie in memory.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import chain, islice
from typing import Any

import numpy as np
import numpy.typing as npt

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
    """Arrays of one shape: policies often share what a plan does not change, a facility's days for example.

    Parameters
    ----------
    rows
        Along the last axis, each run of equal ones at one place once, shape (row, ...).
    row
        Which of them are at each place of the arrays that differ from the one before, shape (array, place).
    run
        Which of these each array is, shape (array,).
    shape
        Of one array.
    """

    rows: Floats | Ints
    row: npt.NDArray[np.int32]
    run: npt.NDArray[np.int32]
    shape: tuple[int, ...]


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
        return _packed_arrays(values)
    if isinstance(values[0], tuple):
        return Happenings(tuple(zip(*chain.from_iterable(values), strict=True)), tuple(map(len, values)))
    return values


def _packed_arrays(values: Sequence[npt.NDArray[Any]]) -> Arrays:
    shape = values[0].shape
    stacked: npt.NDArray[Any] = np.concatenate(values, axis=None)
    rows = stacked.reshape(len(values), math.prod(shape[:-1]), shape[-1])
    # Bits are compared: zeros of either sign are equal, and must not become one another.
    bits = rows.view(f"u{rows.itemsize}")
    differs = np.ones(rows.shape[:2], dtype=bool)
    (bits[1:] != bits[:-1]).any(axis=2, out=differs[1:])
    row = np.where(differs, differs.cumsum(dtype=np.int32).reshape(differs.shape) - 1, 0)
    new = np.append(True, differs[1:].any(axis=1))
    run = new.cumsum(dtype=np.int32) - 1
    return Arrays(rows[differs], np.maximum.accumulate(row, axis=0)[new], run, shape)


def _unpacked(column: Column) -> Sequence[Any]:
    if isinstance(column, Arrays):
        different = list(column.rows[column.row].reshape(len(column.row), *column.shape))
        return [different[run] for run in column.run.tolist()]
    if isinstance(column, Happenings):
        events = map(Event._make, zip(*column.columns, strict=True))
        return [tuple(islice(events, count)) for count in column.counts]
    return column


def _alike(values: Sequence[Any]) -> bool:
    """Return whether all values are arrays of one shape and type whose rows lie one after another."""
    first = values[0]
    if not isinstance(first, np.ndarray) or not first.flags.c_contiguous:
        return False
    # Sums depend on the order of memory in their last bit: other arrays travel as they are.
    shape, strides, dtype = first.shape, first.strides, first.dtype
    return all(v.strides == strides and v.shape == shape and v.dtype == dtype for v in values)
