"""What differs in the inputs of two scenarios, value by value, and which of their draws are common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from demilsim.scenario.origins import Origin, origins
from demilsim.scenario.paths import PARAMETERS
from demilsim.scenario.resolve import Resolved
from demilsim.scenario.source import SETTINGS

LABELS = frozenset({f"{SETTINGS}.{name}" for name in ("name", "title", "seed")})
"""Scalars that are no inputs of a comparison: names, and the seed, since all are run with one seed."""

SOURCE_COLUMNS, SOURCE_TABLE = frozenset({"source", "known_at"}), "sources"
"""Where a value comes from and since when it is known: listed, but told apart from values."""

DRAWN_BY_ID = {
    "lots": "lots",
    "inflows": "lots",
    "storehouses": "storehouses",
    "facilities": "facilities",
    "funding": "tranches",
    "exchange_rates": "currencies",
}
"""Tables whose rows own draws, and what the draws are called after: see `simulation.streams`."""


class Change(StrEnum):
    """What became of a value, or of a whole row."""

    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class InputDifference:
    """A value that two scenarios do not share, or a row that only one of them has.

    Parameters
    ----------
    path
        As ``--set`` takes it; of a row, without its column.
    table
        Table; ``settings`` or ``parameters`` for what stands in none.
    column
        Column, or path within the settings or parameters; empty for a row.
    change
        Seen from the first scenario.
    first, other
        The value in each with where it came from; of a row that was added or removed, its first value, and
        None where it is not there.
    """

    path: str
    table: str
    column: str
    change: Change
    first: Origin | None
    other: Origin | None

    @property
    def unit(self) -> str:
        """Unit of the value; empty for what has none."""
        own = self.other or self.first
        return own.unit if own and self.column else ""

    @property
    def documents(self) -> bool:
        """Whether it says where a value comes from, and not what it is."""
        return self.table == SOURCE_TABLE or self.column in SOURCE_COLUMNS


@dataclass(frozen=True, slots=True)
class CommonIds:
    """How many things of one kind, each with draws of its own, two scenarios share by id.

    Parameters
    ----------
    kind
        What: lots, storehouses, facilities, tranches, currencies.
    both, only_first, only_other
        Numbers of ids in both, and in one of them alone.
    """

    kind: str
    both: int
    only_first: int
    only_other: int


@dataclass(frozen=True, slots=True)
class InputComparison:
    """Two scenarios' inputs held against each other.

    Parameters
    ----------
    differences
        In the order of the tables; rows that came or went before values that changed.
    ids
        Ids with draws, by kind; kinds that neither scenario has are left out.
    """

    differences: tuple[InputDifference, ...]
    ids: tuple[CommonIds, ...]

    @property
    def identical(self) -> bool:
        """Whether no value differs; where values come from may."""
        return all(one.documents for one in self.differences)


def compare_inputs(first: Resolved, other: Resolved) -> InputComparison:
    """Return what differs between two scenarios as they are resolved.

    Values are compared in the units of their columns, however they were written; `LABELS` are left out.

    Parameters
    ----------
    first
        The reference.
    other
        What is held against it.
    """
    ours, theirs = ({one.path: one for one in origins(scenario)} for scenario in (first, other))
    rows, other_rows = _rows(ours), _rows(theirs)
    found = [
        *(
            _row(path, Change.REMOVED, origin, None)
            for path, origin in rows.items()
            if path not in other_rows
        ),
        *(_row(path, Change.ADDED, None, origin) for path, origin in other_rows.items() if path not in rows),
    ]
    for path, origin in ours.items():
        counterpart = theirs.get(path)
        if counterpart is not None and counterpart.value != origin.value and path not in LABELS:
            table, column, _ = _parts(path)
            found.append(InputDifference(path, table, column, Change.CHANGED, origin, counterpart))
    order = {table: number for number, table in enumerate(_tables(ours, theirs))}
    found.sort(key=lambda one: order[one.table])
    return InputComparison(tuple(found), _common_ids(rows, other_rows))


def _tables(*scenarios: Mapping[str, Origin]) -> dict[str, None]:
    """Return the tables of scenarios in order: scalars and constants first, since they touch everything."""
    tables = dict.fromkeys((SETTINGS, PARAMETERS.rstrip(".")))
    for paths in scenarios:
        tables |= dict.fromkeys(_parts(path)[0] for path in paths)
    return tables


def _parts(path: str) -> tuple[str, str, str]:
    """Return table, column, and the path of the row, which is empty for what stands in no table."""
    if "[" in path:
        row, _, column = path.rpartition(".")
        return row.partition("[")[0], column, row
    table, _, column = path.partition(".")
    return table, column, ""


def _rows(values: Mapping[str, Origin]) -> dict[str, Origin]:
    """Return the first value of each row by the path of the row."""
    rows: dict[str, Origin] = {}
    for path, origin in values.items():
        row = _parts(path)[2]
        if row:
            rows.setdefault(row, origin)
    return rows


def _row(path: str, change: Change, first: Origin | None, other: Origin | None) -> InputDifference:
    return InputDifference(path, path.partition("[")[0], "", change, first, other)


def _common_ids(rows: Mapping[str, Origin], other_rows: Mapping[str, Origin]) -> tuple[CommonIds, ...]:
    ours, theirs = _ids(rows), _ids(other_rows)
    found = []
    for kind in dict.fromkeys(DRAWN_BY_ID.values()):
        a, b = ours[kind], theirs[kind]
        if a or b:
            found.append(CommonIds(kind, len(a & b), len(a - b), len(b - a)))
    return tuple(found)


def _ids(rows: Mapping[str, Origin]) -> dict[str, set[str]]:
    """Return the ids that own draws, by kind; a currency has several rows and one id."""
    ids: dict[str, set[str]] = {kind: set() for kind in DRAWN_BY_ID.values()}
    for path in rows:
        table, _, name = path.removesuffix("]").partition("[")
        if table in DRAWN_BY_ID:
            ids[DRAWN_BY_ID[table]].add(name.partition(",")[0])
    return ids
