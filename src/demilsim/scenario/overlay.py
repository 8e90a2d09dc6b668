"""Values of variants and of the command line laid over a scenario that is still text."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import replace

from demilsim.errors import Problem
from demilsim.scenario.capped import MOST_OF_A_CHECK
from demilsim.scenario.overlay_rows import LIKE, REMOVE, LaidTable, row_name
from demilsim.scenario.paths import NEW, CellPath, ScalarPath, UnknownPathError, parse_path
from demilsim.scenario.phrases import got, plain
from demilsim.scenario.place import Place
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
        if layer.wrong == MOST_OF_A_CHECK:
            layer.stop(one)
            break
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
        self._tables: dict[str, LaidTable] = {}
        self._done: set[tuple[str, str, int]] = set()
        self._gone = list(text.gone)

    def result(self) -> ScenarioText:
        """Return the scenario with all that was put over it."""
        laid = {name: table.result() for name, table in self._tables.items() if table.changed}
        return replace(
            self._text,
            settings=self._settings,
            tables={**self._text.tables, **laid},
            problems=(*self._text.problems, *self._problems),
            gone=tuple(self._gone),
        )

    @property
    def wrong(self) -> int:
        """How many of its values could not be placed."""
        return len(self._problems)

    def stop(self, one: SetText) -> None:
        """Say that the values from this one on were not looked at."""
        self._wrong(one, "and perhaps more, not looked at; mend the others first")

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

    def _table(self, path: CellPath) -> LaidTable | None:
        """Return the table of a path; None if it is not there, or could not be read."""
        name = path.table.name
        if name not in self._tables:
            given = self._text.tables.get(name)
            if given is None and path.table.optional:
                given = TextTable(self._text.names[name], 1, path.table.columns, (), ())
            # A table that should be there, and is not, is a problem of its own.
            if given is None or not given.header_line:
                return None
            self._tables[name] = LaidTable(given)
        return self._tables[name]

    def _put_cells(self, path: CellPath, one: SetText) -> None:
        table, name = self._table(path), path.table.name
        if table is None:
            return
        lines = {row.line for row in table.find(path)}
        if not lines:
            self._nothing(path, table, one)
        elif lines & table.removed:
            self._wrong(one, f"expected a row that stays (got {path.row}, which is removed here too)")
        elif self._once(one, name, path.column, lines):
            table.set(lines, path.column, one.text, _place(one))

    def _remove(self, path: CellPath, one: SetText) -> None:
        """Take rows out; what cited their sources counts as cited still."""
        table, name = self._table(path), path.table.name
        if table is None:
            return
        found = table.find(path)
        lines = {row.line for row in found}
        if one.text.strip() != REMOVE:
            wanted = f"expected {REMOVE}, or a column as {name}[{path.row}].{path.table.columns[-1]}"
            self._wrong(one, f"{wanted} {got(one.text, (REMOVE,))}")
        elif not found:
            self._nothing(path, table, one)
        elif lines & table.removed:
            self._wrong(one, ONCE)
        else:
            table.remove(lines)
            self._gone += [Gone(name, row_name(path.table, row), one.place) for row in found]
            cited = {part.strip() for row in found for part in row.cells.get("source", "").split(";")}
            if self._settings is not None:
                self._settings = replace(self._settings, cited=self._settings.cited | cited)

    def _put_new(self, path: CellPath, one: SetText) -> None:
        """Add a row where it is named first; later values of its name go into it."""
        table, name = self._table(path), path.table.name
        if table is None or (path.row not in table.new and not self._added(table, path, one)):
            return
        line = table.new[path.row]
        if path.column and self._once(one, name, path.column, {line}):
            table.set((line,), path.column, one.text, _place(one))

    def _added(self, table: LaidTable, path: CellPath, one: SetText) -> bool:
        """Return whether a row could be added: one with nothing but its name, or a copy of another."""
        name = path.table.name
        if any(row.line not in table.removed for row in table.find(path)):
            message = f"expected the name of a new row (got {path.row}, which is there)"
            self._wrong(one, f"{message}; write {name}[{path.row}] to change it")
            return False
        like = None
        if not path.column:
            like = self._copied(table, path, one)
            if like is None:
                return False
        table.add(path, one.place, like)
        self._done |= {(name, key, table.new[path.row]) for key in path.table.keys}
        return True

    def _copied(self, table: LaidTable, path: CellPath, one: SetText) -> TextRow | None:
        """Return the row that a new one begins as a copy of."""
        word, _, other = one.text.strip().partition(" ")
        names = [part.strip() for part in other.split(",")]
        copied = CellPath(path.table, tuple(zip(path.table.keys, names, strict=False)), "")
        if word != LIKE or not other.strip():
            example = next((row_name(path.table, row) for row in table.given.rows), "ROW")
            column = f"{path.table.name}[{NEW}{path.row}].{path.table.columns[-1]}"
            wanted = f"expected {LIKE} and the row that it copies, as {LIKE} {example}"
            self._wrong(one, f"{wanted} {got(one.text)}; or name its columns one by one, as {column}")
            return None
        found = table.find(copied) if len(names) == len(path.table.keys) else []
        if not found:
            self._nothing(copied, table, one)
        return found[0] if found else None

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

    def _nothing(self, path: CellPath, table: LaidTable, one: SetText) -> None:
        if path.table.name not in self._text.tables:
            self._wrong(one, f"expected a scenario with {path.table.name} (got one without)")
        else:
            self._wrong(one, path.nothing_found(table.given.rows))

    def _wrong(self, one: SetText, message: str) -> None:
        self._problems.append(one.place.problem(plain(one.path), message))


def _keys(path: ScalarPath) -> list[str]:
    """Return the keys that lead to a scalar; that of a constant holds a dot."""
    return ["parameters", path.key, path.path.rpartition(".")[2]] if path.key else path.path.split(".")


def _copied(settings: SettingsText) -> SettingsText:
    return replace(settings, tree=deepcopy(settings.tree))


def _place(one: SetText) -> Place:
    return replace(one.place, path=plain(one.path.strip()))
