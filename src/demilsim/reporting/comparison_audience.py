"""Which differences between inputs an audience may see; what is withheld is counted by table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from demilsim.experiments.comparison_inputs import Change, CommonIds, InputComparison, InputDifference
from demilsim.reporting.disclosure import NOT_PUBLIC, Audience
from demilsim.scenario.paths import PARAMETERS

PUBLIC_TABLES = frozenset(
    {"settings", "parameters", "funds", "funding", "facilities", "facility_rates", "exchange_rates"}
)
"""Tables without a place, a stock, a people or a road: the public sees of the others only how many differ."""

PUBLIC_WITHHELD = frozenset(
    {
        ("funds", "earmark_sites"),
        ("facilities", "site_id"),
        ("facilities", "serves_sites"),
        ("facilities", "neq_limit_kg_per_day"),
        ("facilities", "neq_limit_kg_per_shot"),
    }
)
"""Columns of these tables that name a place or a quantity of explosive."""

PARTNER_TABLES = PUBLIC_TABLES | {"sites", "lots", "inflows", "measures", "programme", "sources"}
"""A partner sees lots and sites, as in the report: no storehouse, neighbour or road."""

PARTNER_WITHHELD = frozenset(
    {
        ("sites", "latitude_deg"),
        ("sites", "longitude_deg"),
        ("sites", "guard_level"),
        ("sites", "rrpl"),
        ("lots", "storehouse_id"),
        ("lots", "neq_kg"),
        ("inflows", "storehouse_id"),
        ("inflows", "neq_kg"),
        ("measures", "kind"),
        ("measures", "level"),
        ("measures", "storehouse_id"),
        ("measures", "to_storehouse_id"),
        ("facilities", "neq_limit_kg_per_day"),
        ("facilities", "neq_limit_kg_per_shot"),
    }
)


@dataclass(frozen=True, slots=True)
class TableCounts:
    """How much differs in one table.

    Parameters
    ----------
    table
        Name of the table.
    added, removed, changed_rows, changed_values
        Rows that only the other or only the first has; rows that differ, and values in them. Settings and
        constants count as a row each.
    documents
        Values that say where another comes from, not counted among the former.
    withheld
        Of all these, how many are not shown to this audience.
    """

    table: str
    added: int
    removed: int
    changed_rows: int
    changed_values: int
    documents: int
    withheld: int


@dataclass(frozen=True)
class ShownInputs:
    """What an audience sees of two scenarios' inputs.

    Parameters
    ----------
    scenario, reference
        Names of the other and of the first.
    shown
        Differences that it may see.
    counts
        Of every table with a difference, shown or not.
    ids
        As in `InputComparison`.
    identical
        Whether no value differs.
    """

    scenario: str
    reference: str
    shown: tuple[InputDifference, ...]
    counts: tuple[TableCounts, ...]
    ids: tuple[CommonIds, ...]
    identical: bool

    @property
    def withheld(self) -> int:
        """Differences that are not shown to this audience."""
        return sum(row.withheld for row in self.counts)


def inputs_for(audience: Audience, found: InputComparison, scenario: str, reference: str) -> ShownInputs:
    """Return what an audience may see of a comparison of inputs.

    Parameters
    ----------
    audience
        Who reads it.
    found
        All that differs.
    scenario, reference
        Names of the other and of the first.
    """
    shown = tuple(one for one in found.differences if may_see(audience, one.table, one.column))
    tables = dict.fromkeys(one.table for one in found.differences)
    counts = tuple(
        _counts(table, [one for one in found.differences if one.table == table], audience) for table in tables
    )
    return ShownInputs(scenario, reference, shown, counts, found.ids, found.identical)


def may_see(audience: Audience, table: str, column: str) -> bool:
    """Return whether an audience may see a value of a column; of a whole row where that is empty.

    Settings and constants are columns of the tables ``settings`` and ``parameters``.
    """
    if audience == "restricted":
        return True
    tables, withheld = (
        (PUBLIC_TABLES, PUBLIC_WITHHELD) if audience == "public" else (PARTNER_TABLES, PARTNER_WITHHELD)
    )
    if audience == "public" and table == PARAMETERS.rstrip(".") and column.startswith(NOT_PUBLIC):
        return False
    return table in tables and (table, column) not in withheld


def _counts(table: str, rows: Iterable[InputDifference], audience: Audience) -> TableCounts:
    own = list(rows)
    changed = [one for one in own if one.change is Change.CHANGED and not one.documents]
    whole = [one for one in own if one.change is not Change.CHANGED]
    return TableCounts(
        table=table,
        added=sum(one.change is Change.ADDED for one in whole),
        removed=sum(one.change is Change.REMOVED for one in whole),
        changed_rows=len({one.path.rpartition(".")[0] if "[" in one.path else one.path for one in changed}),
        changed_values=len(changed),
        documents=sum(one.documents for one in own if one.change is Change.CHANGED),
        withheld=sum(not may_see(audience, one.table, one.column) for one in own),
    )
