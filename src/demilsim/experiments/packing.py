"""Results of a chunk of replications on their way back from a worker: one array for each field, not hundreds.

Packing and unpacking change no bit of any result, nor how its arrays lie in memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from demilsim.plan import Floats, Ints
from demilsim.simulation.record import RunResult

RESULT_FIELDS = tuple(field.name for field in fields(RunResult))


@dataclass(frozen=True, slots=True)
class PackedRows:
    """Rows of results, each of the same policies.

    Parameters
    ----------
    policies
        Names, in the order of each row.
    columns
        One for each field of `RunResult`: its values in all rows and policies, as an array with a leading
        axis where all are alike, else as a list.
    """

    policies: tuple[str, ...]
    columns: tuple[Floats | Ints | Sequence[Any], ...]


def pack_rows(rows: list[dict[str, RunResult]]) -> PackedRows:
    """Return results by policy of each replication of a chunk, packed."""
    policies = tuple(rows[0])
    results = [row[name] for row in rows for name in policies]
    columns: list[Floats | Ints | Sequence[Any]] = []
    for name in RESULT_FIELDS:
        values = [getattr(result, name) for result in results]
        columns.append(np.array(values) if _alike(values) else values)
    return PackedRows(policies, tuple(columns))


def unpack_rows(packed: PackedRows) -> list[dict[str, RunResult]]:
    """Return what was packed."""
    results = [RunResult(*values) for values in zip(*packed.columns, strict=True)]
    size = len(packed.policies)
    return [
        dict(zip(packed.policies, results[first : first + size], strict=True))
        for first in range(0, len(results), size)
    ]


def _alike(values: Sequence[Any]) -> bool:
    """Return whether all values are arrays of one shape and type whose rows lie one after another."""
    first = values[0]
    # Sums depend on the order of memory in their last bit: other arrays travel as they are.
    return isinstance(first, np.ndarray) and all(
        v.shape == first.shape and v.dtype == first.dtype and v.flags.c_contiguous for v in values
    )
