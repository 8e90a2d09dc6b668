"""Tables as the template takes them: text in cells, a caption, columns aligned by what they hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from demilsim.reporting.wording import fixed


@dataclass(frozen=True, slots=True)
class Column:
    """Head of a column; `wide` text is aligned left, numbers right."""

    head: str
    unit: str = ""
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """Cells of a row, the first its header; a strong row stands out, a marked one carries `mark`.

    A total stays below the others when a reader sorts them.
    """

    cells: tuple[str, ...]
    strong: bool = False
    mark: str = ""
    total: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its caption and what it assumes; without rows, `empty` is said in its place."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    empty: str = ""
    assumes: str = ""


def plain_rows(cells: Iterable[Sequence[str]]) -> tuple[Row, ...]:
    """Return plain rows."""
    return tuple(Row(tuple(row)) for row in cells)


def by_year(
    caption: str,
    lead: tuple[Column, ...],
    first_year: int,
    rows: Sequence[tuple[tuple[str, ...], Sequence[float]]],
) -> Table:
    """Return tonnes by row and calendar year, with totals both ways.

    Parameters
    ----------
    caption, lead
        Caption, and the columns before the years.
    first_year
        Calendar year of the first value in each row.
    rows
        Texts of the leading columns, and tonnes of each year.
    """
    length = max((len(tonnes) for _, tonnes in rows), default=0)
    columns = (*lead, *(Column(str(first_year + i)) for i in range(length)), Column("Total", "t"))
    body = [
        Row((*names, *(fixed(t, 0) for t in tonnes), *[""] * (length - len(tonnes)), fixed(sum(tonnes), 0)))
        for names, tonnes in rows
    ]
    sums = [sum(t[i] for _, t in rows if i < len(t)) for i in range(length)]
    all_names = ("All", *[""] * (len(lead) - 1))
    total = Row((*all_names, *(fixed(t, 0) for t in sums), fixed(sum(sums), 0)), strong=True, total=True)
    return Table(caption, columns, (*body, total) if body else (), "Nothing is destroyed.")
