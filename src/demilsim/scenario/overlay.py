"""Values of variants and of the command line laid over a scenario that is still text."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import replace

from demilsim.errors import Problem
from demilsim.scenario.overlay_rows import LIKE, REMOVE, copied_row, empty_row, row_name
from demilsim.scenario.paths import NEW, CellPath, ScalarPath, UnknownPathError, parse_path
from demilsim.scenario.phrases import got, plain
from demilsim.scenario.source import SET_SOURCE, SETTINGS, Gone, ScenarioText, SetText, SettingsText
from demilsim.scenario.tables import TextRow, TextTable
from demilsim.scenario.text import Tree

ONCE = "expected each value once (got another for the same before)"


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
    for one in sorted(sets, key=_turn):
        layer.put(one)
    return layer.result()


def _turn(one: SetText) -> int:
    """Return which of a layer's values come first, in whatever order they were given.

    Rows go before others come, a row comes before its cells, a source after the value that it belongs to.
    """
    path = one.path.rstrip()
    if path.endswith("]"):
        return 0 if one.text.strip() == REMOVE else 1
    return 3 if path.endswith(".source") else 2


class _Layer:
    """Puts the values of one layer over a scenario."""

    def __init__(self, text: ScenarioText) -> None:
        self._text = text
        self._problems: list[Problem] = []
        self._settings = text.settings and _copied(text.settings)
        self._tables: dict[str, TextTable] = dict(text.tables)
        self._done: set[tuple[str, str, int]] = set()
        self._new: dict[tuple[str, str], int] = {}
        self._removed: dict[str, set[int]] = {}
        self._gone = list(text.gone)

    def result(self) -> ScenarioText:
        """Return the scenario with all that was put over it."""
        problems = (*self._text.problems, *self._problems)
        return replace(
            self._text,
            settings=self._settings,
            tables=self._tables,
            problems=problems,
            gone=tuple(self._gone),
        )

    def put(self, one: SetText) -> None:
        """Put one value in its place."""
        try:
            path = parse_path(one.path)
        except UnknownPathError as unknown:
            self._wrong(one, str(unknown))
            return
        if isinstance(path, CellPath):
            if path.new:
                self._put_new(path, one)
            elif path.column:
                self._put_cells(path, one)
            else:
                self._remove(path, one)
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
        given = self._given(path.table.name)
        chosen = {row.line for row in given if path.matches(row)}
        if not chosen:
            self._wrong(one, path.nothing_found(given))
        elif chosen & self._removed.get(path.table.name, set()):
            self._wrong(one, f"expected a row that stays (got {path.row}, which is removed here too)")
        elif self._once(one, path.table.name, path.column, chosen):
            rows = tuple(
                _with_cell(row, path.column, one) if row.line in chosen else row for row in table.rows
            )
            self._tables[path.table.name] = replace(table, rows=rows)

    def _given(self, table: str) -> tuple[TextRow, ...]:
        """Return the rows of a table as they were before this layer."""
        return self._text.tables[table].rows if table in self._text.tables else ()

    def _remove(self, path: CellPath, one: SetText) -> None:
        """Take rows out; what cited their sources counts as cited still."""
        name = path.table.name
        found = [row for row in self._given(name) if path.matches(row)]
        again = {row.line for row in found} & self._removed.get(name, set())
        if one.text.strip() != REMOVE:
            wanted = f"expected {REMOVE}, or a column as {name}[{path.row}].{path.table.columns[-1]}"
            self._wrong(one, f"{wanted} {got(one.text, (REMOVE,))}")
        elif again or not found:
            self._wrong(one, ONCE if again else path.nothing_found(self._given(name)))
        else:
            lines = {row.line for row in found}
            self._removed.setdefault(name, set()).update(lines)
            table = self._tables[name]
            rows = tuple(row for row in table.rows if row.line not in lines)
            self._tables[name] = replace(table, rows=rows)
            self._gone += [Gone(name, row_name(path.table, row), one.place) for row in found]
            cited = {part.strip() for row in found for part in row.cells.get("source", "").split(";")}
            if self._settings is not None:
                self._settings = replace(self._settings, cited=self._settings.cited | cited)

    def _put_new(self, path: CellPath, one: SetText) -> None:
        """Add a row where it is named first; later values of its name go into it."""
        name = path.table.name
        table = self._tables.get(name)
        if table is None and path.table.optional:
            table = TextTable(self._text.names[name], 1, path.table.columns, (), ())
        if table is None or not table.header_line:
            return
        if (name, path.row) not in self._new:
            there = [row for row in table.rows if path.matches(row)]
            if there:
                message = f"expected the name of a new row (got {path.row}, which is there); "
                self._wrong(one, f"{message}write {name}[{path.row}] to change it")
                return
            line = 1 + max((row.line for row in (*table.rows, *self._given(name))), default=table.header_line)
            row = self._new_row(path, line, one)
            if row is None:
                return
            self._new[name, path.row] = line
            self._done |= {(name, key, line) for key in path.table.keys}
            self._tables[name] = table = replace(table, rows=(*table.rows, row))
        line = self._new[name, path.row]
        if path.column and self._once(one, name, path.column, {line}):
            rows = tuple(_with_cell(row, path.column, one) if row.line == line else row for row in table.rows)
            self._tables[name] = replace(table, rows=rows)

    def _new_row(self, path: CellPath, line: int, one: SetText) -> TextRow | None:
        """Return a row with nothing but its name, or a copy of another; None if that cannot be."""
        if path.column:
            return empty_row(path, line, one.place)
        name = path.table.name
        word, _, other = one.text.strip().partition(" ")
        names = [part.strip() for part in other.split(",")]
        copied = CellPath(path.table, tuple(zip(path.table.keys, names, strict=False)), "")
        found = [row for row in self._given(name) if copied.matches(row)]
        if word != LIKE or not other.strip():
            example = next((row_name(path.table, row) for row in self._given(name)), "ROW")
            wanted = f"expected {LIKE} and the row that it copies, as {LIKE} {example}"
            column = f"{name}[{NEW}{path.row}].{path.table.columns[-1]}"
            self._wrong(one, f"{wanted} {got(one.text)}; or name its columns one by one, as {column}")
        elif len(names) != len(path.table.keys) or not found:
            self._wrong(one, copied.nothing_found(self._given(name)))
        else:
            return copied_row(self._text.tables[name], found[0], path, line, one.place)
        return None

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
            self._wrong(one, ONCE)
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
