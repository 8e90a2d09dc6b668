"""The command that makes a table of a scenario from somebody's own sheet."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from demilsim.errors import Problem, ScenarioError
from demilsim.terminal import Console

if TYPE_CHECKING:
    from demilsim.exchange.own_mapping import SheetMapping
    from demilsim.exchange.own_table import OwnTable
    from demilsim.scenario.source import ScenarioText

Of = Annotated[
    Path | None,
    typer.Option("--scenario", help="Scenario that it is for.", show_default=False),
]
SHOWN_LEFT_OUT = 20
"""Rows left out that are told one by one."""
TOML = ".toml"


def table(
    name: Annotated[str, typer.Argument(help="Table to make, as lots.", show_default=False)],
    file: Annotated[Path, typer.Argument(help="Your .xlsx or .csv file.", show_default=False)],
    mapping: Annotated[
        Path | None, typer.Option(help="How it becomes the table.", show_default=False)
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="New folder for the table, or new .toml file for a mapping.", show_default=False),
    ] = None,
    scenario: Of = None,
    leave_out: Annotated[bool, typer.Option("--leave-out", help="Leave out rows that are wrong.")] = False,
    sheet: Annotated[str, typer.Option(help="Sheet of a workbook that has several.")] = "",
    headings: Annotated[str, typer.Option(help="Row of the headings, as 4 or 4-5. [default: a guess]")] = "",
    encoding: Annotated[str, typer.Option(help="Of a CSV file: utf-8, cp1251 or kz1048.")] = "",
) -> None:
    """Read a table from your own sheet, as a mapping says.

    Without --mapping it writes one to edit. With one, and a .toml file to write, it writes that mapping
    again with what it leaves open. With one and no --out it only looks and tells.
    """
    from demilsim.exchange.own_mapping import read_mapping
    from demilsim.exchange.own_mapping_checks import TABLES

    if name not in TABLES:
        raise typer.BadParameter(f"expected one of {', '.join(TABLES)} (got {name!r})")
    if out is not None:
        only_new(out)
    drafts = mapping is None or (out is not None and out.suffix.lower() == TOML)
    if mapping and (sheet or headings or encoding):
        raise typer.BadParameter(
            "--sheet, --headings and --encoding: expected in the mapping, once there is one"
        )
    if drafts:
        if out is not None and out.suffix.lower() != TOML:
            raise typer.BadParameter(
                f"--out: expected a new .toml file for the mapping (got {out}), or --mapping"
            )
        before = read_mapping(mapping, name, unfinished=True) if mapping else None
        said = {"sheet": sheet, "headings": headings, "encoding": encoding}
        _draft(name, file, before, {key: text for key, text in said.items() if text}, out)
    elif mapping:
        _make(file, read_mapping(mapping, name), scenario, leave_out, out)


def _draft(
    name: str, file: Path, before: SheetMapping | None, said: dict[str, str], out: Path | None
) -> None:
    """Write a mapping to edit, to a file or to be looked at."""
    from demilsim.exchange.own_draft import draft_mapping
    from demilsim.exchange.own_sheet import ENCODINGS, delimiter_of, is_csv, read_own_sheet
    from demilsim.reporting.folder import write_atomically

    form = dict(before.form) if before else said
    _encoding(form, ENCODINGS)
    if "headings" in form and not all(part.isdecimal() for part in form["headings"].split("-")):
        raise typer.BadParameter(f"--headings: expected a row, as 4, or 4-5 (got {form['headings']!r})")
    if is_csv(file):
        form["stated"] = " ".join(form)
        form.setdefault("encoding", "utf-8")
        form.setdefault("delimiter", delimiter_of(file, form["encoding"]))
    own = read_own_sheet(file, form.get("sheet", ""), form.get("encoding", ""), form.get("delimiter", ""))
    text = draft_mapping(own, name, form, before)
    if out is None:
        typer.echo(text, nl=False)
        return
    write_atomically(out, text)
    typer.echo(
        f"{out}: mapping written. Edit it, then: demilsim table {name} {file} --mapping {out} --out FOLDER"
    )


def _encoding(form: dict[str, str], known: dict[str, str]) -> None:
    if form.get("encoding", "utf-8") not in known:
        raise typer.BadParameter(f"--encoding: expected one of {', '.join(known)} (got {form['encoding']!r})")


def _make(
    file: Path, mapping: SheetMapping, scenario: Path | None, leave_out: bool, out: Path | None
) -> None:
    """Make the table, tell what came of it, and write it if there is a place for it."""
    from demilsim.exchange.own_sheet import read_own_sheet
    from demilsim.exchange.own_table import table_from
    from demilsim.scenario.folder_write import records_csv, write_files

    form, console = mapping.form, Console(quiet=False)
    own = read_own_sheet(file, form.get("sheet", ""), form.get("encoding", ""), form.get("delimiter", ""))
    made = table_from(own, mapping, _text(scenario), leave_out)
    for line in _told(made, mapping):
        console.warn(line)
    typer.echo(_tally(made, mapping))
    if out is None:
        typer.echo("nothing written: name a new folder with --out")
        return
    texts = {f"{mapping.table}.csv": records_csv(mapping.table, made.records)}
    texts["sources.csv"] = records_csv("sources", (*made.kept, *made.sources))
    write_files(out, texts)
    typer.echo(f"{out}: {mapping.table}.csv and sources.csv written; {_next(scenario)}")


def _text(scenario: Path | None) -> ScenarioText | None:
    from demilsim.scenario.loader import read_text

    return read_text(scenario) if scenario else None


def _next(scenario: Path | None) -> str:
    if scenario is None:
        return "add the rows of its sources.csv to those of a scenario"
    return f"put both in place of those of {scenario}, then: demilsim check {scenario}"


def _told(made: OwnTable, mapping: SheetMapping) -> Iterator[str]:
    """Yield what whoever uses the table should know of how it was read."""
    rows = made.rows
    for (column, value, blank), lines in rows.added.items():
        count = len(set(lines).intersection(made.lines))
        if count:
            where = f"{count:,} blank cells" if blank else "every row"
            yield f"given by the mapping: {column} = {value or 'nothing'} in {where}"
    for column in made.rows.small_percents(mapping):
        head = rows.headings[column]
        yield f"{head} [{column}]: no number is above 1 %; if Excel shows 0.35 as 35%, the unit is 1"
    if rows.formulas:
        yield f"formulas: {rows.formulas:,} cells read as when the file was saved"
    if rows.own_units:
        yield f"units in cells: {rows.own_units:,} numbers read in the unit that they bring along"
    if rows.blank:
        yield f"blank: {rows.blank:,} rows in which nothing stands"
    if rows.unread:
        yield f"not read: {', '.join(rows.unread)}"
    for count, (line, why) in enumerate(sorted(made.left_out.items())):
        if count == SHOWN_LEFT_OUT:
            yield f"left out: {len(made.left_out) - count:,} more rows"
            break
        yield f"left out: row {line}: {why}"


def _tally(made: OwnTable, mapping: SheetMapping) -> str:
    """Return rows and totals as read, as written and as left out."""
    from demilsim.exchange.own_table import totals

    sums = totals(made, mapping)
    read = [_sum(column, total) for column, total, _, _ in sums]
    written = [_sum(column, total) for column, _, total, _ in sums]
    out = [_sum(column, total) for column, _, _, total in sums]
    count, left = len(made.records), len(made.left_out)
    lines = f"{_joined(count + left, read)} read; {_joined(count, written)} written"
    return f"{lines}; {_joined(left, out)} left out" if left else lines


def _joined(rows: int, sums: list[str]) -> str:
    return ", ".join([f"{rows:,} row{'' if rows == 1 else 's'}", *sums])


def _sum(column: str, total: Fraction) -> str:
    from demilsim.exchange.own_table import unit_and_name

    return f"{float(total):,.10g} {unit_and_name(column)}"


def only_new(path: Path) -> None:
    """Refuse to write over anything."""
    if path.exists() or path.is_symlink():
        message = "is there already; choose another name or move it away"
        raise ScenarioError([Problem(str(path), 0, "", message)])
