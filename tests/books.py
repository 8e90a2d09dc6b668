"""Small changes to workbooks, for tests that break or bend one: parts of the zip, and cells of a sheet."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import xlsxwriter
from python_calamine import CalamineWorkbook

from demilsim.scenario.loader import load_scenario
from demilsim.scenario.starter import write_starter
from demilsim.scenario.workbook_write import workbook_bytes

Parts = dict[str, bytes]
XLSX_SHEETS = "xl/worksheets/"


def starter_book(folder: Path) -> bytes:
    """Return the starter as an .xlsx workbook."""
    return workbook_bytes(load_scenario(write_starter("pilot", folder)))


def parts_of(book: bytes) -> Parts:
    """Return the parts of a workbook by name."""
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def packed(parts: Mapping[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return parts as a zip."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", how) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return buffer.getvalue()


def sheet_part(parts: Parts, sheet: str) -> str:
    """Return the name of the part that holds a sheet."""
    names = re.findall(r'<sheet name="([^"]*)"', parts["xl/workbook.xml"].decode())
    return f"{XLSX_SHEETS}sheet{names.index(sheet) + 1}.xml"


def with_cell(book: bytes, sheet: str, cell: str, xml: str, kind: str = "") -> bytes:
    """Return a workbook in which a cell that is there holds other XML, as ``<v>5</v>``."""

    def replaced(text: str) -> str:
        pattern = re.compile(rf'<c r="{cell}"( s="\d+")?(?: t="\w+")?(?:/>|>.*?</c>)')
        shown = f' t="{kind}"' if kind else ""
        changed, count = pattern.subn(lambda m: f'<c r="{cell}"{m[1] or ""}{shown}>{xml}</c>', text)
        assert count == 1, f"{sheet}!{cell} stands {count} times"
        return changed

    return with_sheet(book, sheet, replaced)


def with_text(book: bytes, sheet: str, cell: str, text: str) -> bytes:
    """Return a workbook in which a cell that is there holds a text."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    return with_cell(book, sheet, cell, f'<is><t xml:space="preserve">{escaped}</t></is>', "inlineStr")


def with_number(book: bytes, sheet: str, cell: str, number: str) -> bytes:
    """Return a workbook in which a cell that is there holds a number as written."""
    return with_cell(book, sheet, cell, f"<v>{number}</v>")


def with_sheet(book: bytes, sheet: str, change: Callable[[str], str]) -> bytes:
    """Return a workbook with the XML of one sheet changed."""
    parts = parts_of(book)
    name = sheet_part(parts, sheet)
    parts[name] = change(parts[name].decode()).encode()
    return packed(parts)


def with_part(book: bytes, name: str, part: bytes) -> bytes:
    """Return a workbook with a part put in, or in place of the one of that name."""
    return packed(parts_of(book) | {name: part})


Sheets = dict[str, list[list[Any]]]


def cells_of(book: bytes) -> Sheets:
    """Return the cells of every sheet as a spreadsheet program has them."""
    workbook = CalamineWorkbook.from_filelike(io.BytesIO(book))
    return {
        name: workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
        for name in workbook.sheet_names
    }


def write_cells(file: Path, sheets: Sheets) -> Path:
    """Write a plain workbook as a person would make one: values, and nothing else."""
    with xlsxwriter.Workbook(file, {"strings_to_formulas": False}) as workbook:
        date = workbook.add_format({"num_format": "yyyy-mm-dd"})
        for name, rows in sheets.items():
            sheet = workbook.add_worksheet(name)
            for number, cells in enumerate(rows):
                for column, value in enumerate(cells):
                    if isinstance(value, dt.date):
                        sheet.write_datetime(number, column, value, date)
                    elif value != "":
                        sheet.write(number, column, value)
    return file
