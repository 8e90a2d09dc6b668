"""Columns and rows of a linear model as plain arrays: what every constraint family emits, once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np

from demilsim.model.options import Bools
from demilsim.plan import Floats, Ints


class Sense(IntEnum):
    """Sense of a row; the values are those that PuLP uses."""

    AT_MOST = -1
    EQUAL = 0
    AT_LEAST = 1


@dataclass(frozen=True)
class Columns:
    """Decision variables.

    Parameters
    ----------
    names
        Unique; letters, digits and underscores only.
    upper
        Upper bounds, lower bounds being zero, shape (column,).
    integer
        Whether a column takes whole values only, shape (column,).
    """

    names: tuple[str, ...]
    upper: Floats
    integer: Bools


@dataclass(frozen=True)
class Rows:
    """Rows of one constraint family, as terms.

    Parameters
    ----------
    family
        Name of the family, e.g. ``budget``.
    names
        One for each row; letters, digits and underscores only.
    row, column, coefficient
        Terms, shape (term,), sorted by row and then column.
    sense
        Sense of every row of the family.
    rhs
        Right-hand sides, shape (row,).
    """

    family: str
    names: tuple[str, ...]
    row: Ints
    column: Ints
    coefficient: Floats
    sense: Sense
    rhs: Floats


def rows_of(
    family: str,
    terms: Iterable[tuple[Ints, Ints, Floats]],
    sense: Sense,
    rhs: Floats,
    name: Callable[[int], str],
) -> Rows:
    """Return a family from its terms.

    Candidate rows without any term are left out, except those that no point could satisfy.

    Parameters
    ----------
    family
        Name of the family.
    terms
        Batches of (candidate row, column, coefficient), each of shape (term,).
    sense
        Sense of the rows.
    rhs
        Right-hand side of every candidate row, shape (candidate,).
    name
        Gives the name of a candidate row.
    """
    batches = list(terms)
    key, column, coefficient = (
        np.concatenate([np.asarray(batch[part]) for batch in batches]) if batches else np.empty(0)
        for part in range(3)
    )
    key, column = key.astype(np.int64), column.astype(np.int64)
    kept = coefficient != 0.0
    order = np.lexsort((column[kept], key[kept]))
    key, column, coefficient = key[kept][order], column[kept][order], coefficient[kept][order]
    impossible = {Sense.AT_MOST: rhs < 0.0, Sense.EQUAL: rhs != 0.0, Sense.AT_LEAST: rhs > 0.0}[sense]
    used = np.union1d(key, np.flatnonzero(impossible))
    row = np.searchsorted(used, key)
    return Rows(
        family=family,
        names=tuple(name(int(candidate)) for candidate in used),
        row=row.astype(np.int64),
        column=column,
        coefficient=coefficient.astype(float),
        sense=sense,
        rhs=rhs[used].astype(float),
    )


def over_columns(per_flow: Floats, columns: int) -> Floats:
    """Return values of the flows, the first columns, as values of all columns: 0 for the others."""
    values = np.zeros(columns)
    values[: per_flow.size] = per_flow
    return values


def with_terms(rows: Rows, row: Ints, column: Ints, coefficient: Floats) -> Rows:
    """Return rows with more terms, each of shape (term,), in columns that they do not have yet."""
    every_row = np.concatenate([rows.row, row])
    every_column = np.concatenate([rows.column, column])
    order = np.lexsort((every_column, every_row))
    return replace(
        rows,
        row=every_row[order],
        column=every_column[order],
        coefficient=np.concatenate([rows.coefficient, coefficient])[order],
    )


def labels(identifiers: Iterable[str]) -> tuple[str, ...]:
    """Return identifiers as lower-case letters, digits and underscores, numbered where they collide.

    PuLP rewrites other characters by itself, and two names that become one crash CBC.
    """
    seen: set[str] = set()
    result = []
    for identifier in identifiers:
        plain = re.sub(r"[^a-z0-9_]", "_", identifier.lower())
        label, number = plain, 2
        while label in seen:
            label, number = f"{plain}_{number}", number + 1
        seen.add(label)
        result.append(label)
    return tuple(result)
