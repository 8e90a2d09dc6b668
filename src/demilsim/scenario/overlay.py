"""Values of variants and of the command line laid over a scenario that is still text."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import replace

from demilsim.errors import Problem
from demilsim.scenario.paths import CellPath, ScalarPath, UnknownPathError, parse_path
from demilsim.scenario.phrases import plain
from demilsim.scenario.schema import Source
from demilsim.scenario.source import SETTINGS, ScenarioText, SetText, SettingsText
from demilsim.scenario.tables import TextRow, TextTable
from demilsim.scenario.text import Tree

SET_SOURCE = Source(
    source_id="set", confidence="assumed", text="laid over the scenario by a variant or on the command line"
)
"""What a constant cites that was set without a source of its own."""


def laid_over(text: ScenarioText, sets: Iterable[SetText]) -> ScenarioText:
    """Return a scenario with values in place of its own; what cannot be placed becomes a problem.

    Parameters
    ----------
    text
        What was read; not changed.
    sets
        The values of one variant, or of the command line.
    """
    layer = _Layer(text)
    # A source comes after the value that it belongs to, in whatever order they were given.
    for one in sorted(sets, key=lambda one: one.path.rstrip().endswith(".source")):
        layer.put(one)
    return layer.result()


class _Layer:
    """Puts the values of one layer over a scenario."""

    def __init__(self, text: ScenarioText) -> None:
        self._text = text
        self._problems: list[Problem] = []
        self._settings = text.settings and _copied(text.settings)
        self._tables: dict[str, TextTable] = dict(text.tables)
        self._done: set[tuple[str, str, int]] = set()

    def result(self) -> ScenarioText:
        """Return the scenario with all that was put over it."""
        problems = (*self._text.problems, *self._problems)
        return replace(self._text, settings=self._settings, tables=self._tables, problems=problems)

    def put(self, one: SetText) -> None:
        """Put one value in its place."""
        try:
            path = parse_path(one.path)
        except UnknownPathError as unknown:
            self._wrong(one, str(unknown))
            return
        if isinstance(path, CellPath):
            self._put_cells(path, one)
        elif self._settings is not None and self._once(one, SETTINGS, path.path, {0}):
            self._put_scalar(self._settings, path, one)

    def _put_cells(self, path: CellPath, one: SetText) -> None:
        table = self._tables.get(path.table.name)
        if table is None or not table.header_line:
            # A table that should be there, and is not, is a problem of its own.
            if path.table.optional and table is None:
                self._wrong(one, f"expected a scenario with {path.table.name} (got one without)")
            return
        # Rows are found as they were before this layer, so that the order of its values does not matter.
        given = self._text.tables[path.table.name].rows
        chosen = {row.line for row in given if path.matches(row)}
        if not chosen:
            self._wrong(one, path.nothing_found(given))
        elif self._once(one, path.table.name, path.column, chosen):
            rows = tuple(
                _with_cell(row, path.column, one) if row.line in chosen else row for row in table.rows
            )
            self._tables[path.table.name] = replace(table, rows=rows)

    def _put_scalar(self, settings: SettingsText, path: ScalarPath, one: SetText) -> None:
        places = dict(settings.places)
        *above, key = _keys(path)
        target: str | Tree = settings.tree
        for name in above:
            target = target.setdefault(name, {}) if isinstance(target, dict) else target
        if isinstance(target, dict):
            target[key] = one.text
            if key == "value" and path.key:
                target["source"] = SET_SOURCE.source_id
                places[path.path.removesuffix("value") + "source"] = one.place
        places[path.path] = one.place
        # A constant that the scenario does not have begins where its first part is set.
        if path.key:
            places.setdefault(path.path.rpartition(".")[0], one.place)
        self._settings = replace(settings, places=places)

    def _once(self, one: SetText, table: str, column: str, lines: set[int]) -> bool:
        places = {(table, column, line) for line in lines}
        if places & self._done:
            self._wrong(one, "expected each value once (got another for the same before)")
            return False
        self._done |= places
        return True

    def _wrong(self, one: SetText, message: str) -> None:
        self._problems.append(one.place.problem(plain(one.path), message))


def _keys(path: ScalarPath) -> list[str]:
    """Return the keys that lead to a scalar; that of a constant holds a dot."""
    return ["parameters", path.key, path.path.rpartition(".")[2]] if path.key else path.path.split(".")


def _copied(settings: SettingsText) -> SettingsText:
    return replace(settings, tree=deepcopy(settings.tree))


def _with_cell(row: TextRow, column: str, one: SetText) -> TextRow:
    place = replace(one.place, path=plain(one.path.strip()))
    return TextRow(row.line, row.cells | {column: one.text}, {**row.moved, column: place})
