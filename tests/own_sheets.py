"""Sheets as planners keep them, for tests, and the mappings that lead from them to our tables."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import xlsxwriter

from demilsim.exchange.own_mapping import read_mapping
from demilsim.exchange.own_sheet import DELIMITERS, read_own_sheet
from demilsim.exchange.own_table import OwnTable, table_from
from demilsim.scenario.source import ScenarioText

HEAD = {
    "guesses_checked": True,
    "headings": "1",
    "first_row": 2,
    "decimal": ",",
    "source": {"id": "REG", "confidence": "read", "text": "Register of the test"},
    "given": {"id": "REG-added", "confidence": "assumed"},
}
"""What every mapping of a test says, unless it says otherwise."""


def toml(tree: Mapping[str, Any], path: str = "") -> str:
    """Return a tree of texts, numbers and truth values as TOML."""
    own = [f"{json.dumps(k, ensure_ascii=False)} = {_scalar(v)}" for k, v in tree.items() if not _group(v)]
    below = [
        f"\n[{path}{key if key.isidentifier() and key.isascii() else json.dumps(key)}]\n"
        f"{toml(value, f'{path}{key}.')}"
        for key, value in tree.items()
        if _group(value)
    ]
    return "\n".join([*own, *below])


def _group(value: object) -> bool:
    return isinstance(value, dict)


def _scalar(value: object) -> str:
    return (
        ("true" if value else "false") if isinstance(value, bool) else json.dumps(value, ensure_ascii=False)
    )


def mapping_file(folder: Path, table: str, said: Mapping[str, Any]) -> Path:
    """Write a mapping that says what all of these tests say, and more."""
    path = folder / f"{table}.toml"
    form = {} if "sheet" in said else {"encoding": "utf-8", "delimiter": ";"}
    path.write_text(toml({"table": table, **HEAD, **form, **said}), encoding="utf-8")
    return path


def csv_file(
    path: Path, rows: Sequence[Sequence[str]], delimiter: str = ";", encoding: str = "utf-8"
) -> Path:
    """Write rows as a CSV file."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=DELIMITERS[delimiter]).writerows(rows)
    path.write_bytes(buffer.getvalue().encode(encoding))
    return path


def workbook_file(path: Path, sheets: Mapping[str, Mapping[str, object]]) -> Path:
    """Write a workbook of cells by their names; a pair is a formula with its kept value, None for none."""
    with xlsxwriter.Workbook(path) as book:
        date = book.add_format({"num_format": "dd.mm.yyyy"})
        for name, cells in sheets.items():
            sheet = book.add_worksheet(name)
            for cell, value in cells.items():
                if ":" in cell:
                    sheet.merge_range(cell, value)
                elif isinstance(value, tuple):
                    sheet.write_formula(cell, value[0], None, "" if value[1] is None else value[1])
                elif isinstance(value, dt.date):
                    sheet.write_datetime(cell, dt.datetime.combine(value, dt.time()), date)
                elif isinstance(value, str):
                    sheet.write_string(cell, value)
                else:
                    sheet.write(cell, value)
    return path


def made(
    sheet: Path,
    mapping: Path,
    table: str,
    scenario: ScenarioText | None = None,
    leave_out: bool = False,
) -> OwnTable:
    """Return the table that a mapping makes of a sheet."""
    said = read_mapping(mapping, table)
    form = said.form
    own = read_own_sheet(sheet, form.get("sheet", ""), form.get("encoding", ""), form.get("delimiter", ""))
    return table_from(own, said, scenario, leave_out)


def decimal_text(number: Fraction) -> str | None:
    """Return a number with all its decimals; None if they never end."""
    digits, rest = 0, number.denominator
    while rest % 10 == 0 or rest % 2 == 0 or rest % 5 == 0:
        rest = rest // 10 if rest % 10 == 0 else rest // 2 if rest % 2 == 0 else rest // 5
        digits += 1
    if rest != 1:
        return None
    whole = abs(number.numerator) * 10**digits // number.denominator
    text = f"{whole:0{digits + 1}d}"
    text = f"{text[:-digits]}.{text[-digits:]}" if digits else text
    return f"-{text}" if number < 0 else text
