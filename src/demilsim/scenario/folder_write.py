"""Write a scenario as a folder of ``scenario.yaml`` and CSV tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from demilsim.errors import Problem, ScenarioError
from demilsim.scenario.cells import (
    OVERRIDE_COLUMNS,
    Cell,
    cell_text,
    parameters_of,
    records_of,
    row_of,
    scalars_of,
    used_columns,
)
from demilsim.scenario.folder import SETTINGS_FILE
from demilsim.scenario.formula_guard import csv_lines, quoted_formula
from demilsim.scenario.layout import LAYOUT
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import Record
from demilsim.scenario.settled import settled
from demilsim.scenario.source import VariantText
from demilsim.scenario.variants import VARIANTS


def write_folder(scenario: Scenario, folder: Path, variants: Iterable[VariantText] = ()) -> None:
    """Write a scenario into a new folder.

    Parameters
    ----------
    scenario
        The scenario; comments of the files that it came from are not known any more.
    folder
        A folder that does not exist yet, in one that does.
    variants
        Its variants.

    Raises
    ------
    ScenarioError
        If there is something of that name already: nothing is ever overwritten.
    """
    scenario = settled(scenario)
    files = {SETTINGS_FILE: settings_yaml(scenario) + _variants_yaml(variants)}
    for name, layout in LAYOUT.items():
        records = records_of(scenario, name)
        if records or not layout.optional:
            files[f"{name}.csv"] = records_csv(name, records)
    write_files(folder, files)


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """Write texts by file name into a new folder; see `write_folder`."""
    try:
        folder.mkdir()
        for file, text in files.items():
            (folder / file).write_text(text, encoding="utf-8", newline="\n")
    except FileExistsError:
        message = "is there already; choose another name or move it away"
        raise ScenarioError([Problem(str(folder), 0, "", message)]) from None
    except OSError as error:
        raise ScenarioError([Problem(str(folder), 0, "", f"cannot be written: {error.strerror}")]) from error


def records_csv(table: str, records: Sequence[Record]) -> str:
    """Return rows of a table as CSV text with the optional columns that are used."""
    layout = LAYOUT[table]
    rows = [row_of(record, layout) for record in records]
    used = used_columns(layout, rows)
    return csv_text([layout.columns[number] for number in used], [[row[n] for n in used] for row in rows])


def csv_text(header: list[str], rows: list[list[Cell]]) -> str:
    """Return cells as CSV text; what a spreadsheet would take for a formula gets a leading quote."""
    lines: list[list[str]] = [header]
    for row in rows:
        lines.append([quoted_formula(cell) if isinstance(cell, str) else cell_text(cell) for cell in row])
    return csv_lines(lines)


def settings_yaml(scenario: Scenario) -> str:
    """Return the scalars as YAML text; groups of scalars are mappings."""
    lines = []
    group = ""
    for path, cell in scalars_of(scenario).items():
        if cell is None:
            continue
        above, _, key = path.rpartition(".")
        if above != group and above:
            lines.append(f"{above}:")
        group = above
        lines.append(f"{'  ' if above else ''}{key}: {_scalar(cell)}")
    own = parameters_of(scenario)
    if own:
        lines.append("parameters:")
    for key, cells in own.items():
        given = zip(OVERRIDE_COLUMNS, cells, strict=True)
        lines += [f"  {key}:", *(f"    {name}: {_scalar(cell)}" for name, cell in given if cell is not None)]
    return "\n".join([*lines, ""])


def _variants_yaml(variants: Iterable[VariantText]) -> str:
    """Return variants as YAML text below the scalars; nothing if there is none."""
    lines = []
    for variant in variants:
        lines += [f"  {variant.name}:", f"    extends: {_scalar(variant.extends)}", "    set:"]
        lines += [f"      {_scalar(one.path)}: {_scalar(one.text)}" for one in variant.sets]
    return "\n".join([f"{VARIANTS}:", *lines, ""]) if lines else ""


def _scalar(cell: Cell) -> str:
    """Return a YAML scalar: text in double quotes, with what is not printable escaped; all else plain."""
    if not isinstance(cell, str):
        return cell_text(cell)
    escaped = cell.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in escaped) + '"'
