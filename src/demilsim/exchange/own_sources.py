"""Where the rows of a table come from that was made of somebody's own sheet: file, hash and rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from demilsim.errors import Problem, ScenarioError
from demilsim.exchange.own_mapping import SheetMapping
from demilsim.exchange.own_rows import OwnRows
from demilsim.scenario.phrases import got
from demilsim.scenario.resolve import draft_of
from demilsim.scenario.schema import Source
from demilsim.scenario.source import ScenarioText

MOST_RANGES = 200
"""Ranges of rows that the text of one source names; a cell holds some 10,000 characters."""

Range = tuple[int, int]


def ranges_of(lines: Iterable[int]) -> list[Range]:
    """Return rising row numbers as first and last of each unbroken run."""
    ranges: list[Range] = []
    for line in lines:
        if ranges and line == ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], line)
        else:
            ranges.append((line, line))
    return ranges


def ranges_text(ranges: Iterable[Range]) -> str:
    """Return runs of rows as ``5-16, 18``."""
    return ", ".join(f"{first}-{last}" if last > first else f"{first}" for first, last in ranges)


def sources_of(rows: OwnRows, mapping: SheetMapping, lines: Sequence[int]) -> list[Source]:
    """Return the sources of the rows of a table: one for each `MOST_RANGES` runs, one for what is added.

    The n-th row of the table is the n-th of the rows that the text names.
    """
    sheet, own, by = rows.sheet, mapping.source, Path(mapping.file).name
    where = f"{sheet.file}, sheet {sheet.sheet}" if sheet.sheet else sheet.file
    sources = [
        Source(
            source_id=name,
            confidence=own.confidence,
            text=_joined(
                own.text,
                f"{where}, rows {ranges_text(ranges)} in the order of the table, as {by} reads them; "
                f"sha256 {sheet.sha256}, of {by} {mapping.sha256}",
            ),
        )
        for name, ranges in _parts(own.id, lines)
    ]
    told = list(_added(rows, set(lines)))
    if told:
        text = f"not in {sheet.file} but given in {by}: {'; '.join(told)}; sha256 {mapping.sha256}"
        given = mapping.given
        sources.append(
            Source(source_id=given.id, confidence=given.confidence, text=_joined(given.text, text))
        )
    return sources


def source_cells(rows: OwnRows, mapping: SheetMapping, lines: Sequence[int]) -> list[str]:
    """Return what each row cites: the sheet, and the mapping if a value of the row comes from there."""
    whole = any(not blank for _, _, blank in rows.added)
    filled = {line for (_, _, blank), own in rows.added.items() if blank for line in own}
    part_of = {
        line: name
        for name, ranges in _parts(mapping.source.id, lines)
        for first, last in ranges
        for line in range(first, last + 1)
    }
    return [
        f"{part_of[line]};{mapping.given.id}" if whole or line in filled else part_of[line] for line in lines
    ]


def _parts(name: str, lines: Sequence[int]) -> Iterator[tuple[str, list[Range]]]:
    ranges = ranges_of(lines)
    for number, start in enumerate(range(0, len(ranges), MOST_RANGES), start=1):
        yield name if number == 1 else f"{name}.{number}", ranges[start : start + MOST_RANGES]


def _added(rows: OwnRows, lines: set[int]) -> Iterator[str]:
    for (column, value, blank), own in rows.added.items():
        count = len(lines.intersection(own))
        if count:
            what = f"{count:,} blank cells" if blank else "all rows"
            yield f"{column} = {value or 'nothing'} in {what}"


def _joined(text: str, more: str) -> str:
    return f"{text}: {more}" if text else more


def cited_elsewhere(
    scenario: ScenarioText | None, mapping: SheetMapping
) -> tuple[tuple[Source, ...], list[Problem]]:
    """Return the sources that other tables and the settings of a scenario cite, and ids that they have taken.

    Raises
    ------
    ScenarioError
        If its sources cannot be read.
    """
    if scenario is None:
        return (), []
    problems = [p for p in scenario.problems if p.file == scenario.names["sources"]]
    found: list[Problem] = []
    records = draft_of(scenario, found, []).sources.records
    problems += [p for p in found if p.file == scenario.names["sources"]]
    if problems:
        raise ScenarioError(problems)
    cited = set(scenario.settings.cited) if scenario.settings else set()
    for name, table in scenario.tables.items():
        if name != mapping.table:
            for row in table.rows:
                cited |= {part.strip() for part in row.cells.get("source", "").split(";")}
    kept = tuple(record for record in records if record.source_id in cited)
    ids = {record.source_id for record in kept}
    taken = [("source", mapping.source.id), ("given", mapping.given.id)]
    message = f"expected an id that no other table of {scenario.name} cites"
    clashes = [mapping.problem(f"{key}.id", f"{message} {got(name)}") for key, name in taken if name in ids]
    return kept, clashes
