"""Small changes to a scenario folder, for tests that break or bend the starter."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

Change = Callable[[Path], None]

YAML, LOTS, PLANTS, MONEY = "scenario.yaml", "lots.csv", "facilities.csv", "funding.csv"
NEW_FUND = "X,Extra,donor,{use},{sites},{methods},{categories},0,,A-EXAMPLE"
NEW_TRANCHE = "X-1,X,2027-01-01,1000,1,0,A-EXAMPLE"
NEW_LOT = "L13,{house},{nature},10,1000,surplus,{safe},1980,{stabiliser},A-EXAMPLE"


def cell(file: str, line: int, column: str, value: str) -> Change:
    """Put a value into one cell of a table."""

    def apply(folder: Path) -> None:
        rows = list(csv.reader(io.StringIO((folder / file).read_text(encoding="utf-8"))))
        rows[line - 1][rows[0].index(column)] = value
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows)
        (folder / file).write_text(text.getvalue(), encoding="utf-8")

    return apply


def swap(file: str, old: str, new: str) -> Change:
    """Replace a text that stands exactly once in a file."""

    def apply(folder: Path) -> None:
        text = (folder / file).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{file}: {old!r} stands {text.count(old)} times"
        (folder / file).write_text(text.replace(old, new), encoding="utf-8")

    return apply


def append(file: str, row: str) -> Change:
    """Add a line at the end of a file."""

    def apply(folder: Path) -> None:
        with (folder / file).open("a", encoding="utf-8") as stream:
            stream.write(row + "\n")

    return apply


def write(file: str, content: bytes) -> Change:
    """Write a file anew."""

    def apply(folder: Path) -> None:
        (folder / file).write_bytes(content)

    return apply


def remove(file: str) -> Change:
    """Take a file away."""
    return lambda folder: (folder / file).unlink()


def both(*changes: Change) -> Change:
    """Make several changes."""

    def apply(folder: Path) -> None:
        for change in changes:
            change(folder)

    return apply


def fund(**strings: str) -> Change:
    """Add a fund with one string and a tranche into it."""
    columns = {"use": "any", "sites": "", "methods": "", "categories": "", **strings}
    return both(append("funds.csv", NEW_FUND.format(**columns)), append(MONEY, NEW_TRANCHE))


def lot(nature: str, house: str = "A1", safe: str = "yes", stabiliser: str = "0.5") -> Change:
    """Add a surplus lot."""
    return append(LOTS, NEW_LOT.format(house=house, nature=nature, safe=safe, stabiliser=stabiliser))


def extra(file: str, line: int, **values: str) -> Change:
    """Give one row values in columns that a table may do without; other rows have nothing there."""

    def apply(folder: Path) -> None:
        rows = list(csv.reader(io.StringIO((folder / file).read_text(encoding="utf-8"))))
        for column, value in values.items():
            if column not in rows[0]:
                rows = [[*row, column if i == 0 else ""] for i, row in enumerate(rows)]
            rows[line - 1][rows[0].index(column)] = value
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows)
        (folder / file).write_text(text.getvalue(), encoding="utf-8")

    return apply
