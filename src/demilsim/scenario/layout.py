"""Which tables a scenario has, whichever way they come: their records, columns and what names a row."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from demilsim.scenario.schema import (
    ExchangeRate,
    ExposedSite,
    Facility,
    FacilityRate,
    Fund,
    Inflow,
    Lot,
    Measure,
    PlannedWork,
    Record,
    Route,
    Site,
    Source,
    Storehouse,
    Tranche,
)

# Columns of a record that its table does not have: a lot arrives later in `inflows` alone.
_LEFT_OUT = {"lots": frozenset({"arrives", "arrival_probability"})}


@dataclass(frozen=True)
class TableLayout:
    """One table of a scenario.

    Parameters
    ----------
    name
        Name of its file or sheet, without suffix.
    record
        Class of its rows.
    keys
        Columns that together name a row, the first alone if it is an id.
    optional
        Whether a scenario may do without it.
    may_be_empty
        Whether it may have a header and no rows.
    """

    name: str
    record: type[Record]
    keys: tuple[str, ...]
    optional: bool = False
    may_be_empty: bool = False

    @property
    def id_column(self) -> str:
        """The column that names a row alone; empty if none does."""
        return self.keys[0] if len(self.keys) == 1 else ""

    @cached_property
    def needed(self) -> tuple[str, ...]:
        """Columns that it must have; `source` last."""
        return tuple(sorted((c for c in self._own if self._required(c)), key="source".__eq__))

    @cached_property
    def allowed(self) -> tuple[str, ...]:
        """Columns that it may have besides."""
        return tuple(c for c in self._own if not self._required(c))

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns."""
        return (*self.needed, *self.allowed)

    @property
    def _own(self) -> tuple[str, ...]:
        left_out = _LEFT_OUT.get(self.name, frozenset())
        return tuple(column for column in self.record.model_fields if column not in left_out)

    def _required(self, column: str) -> bool:
        return self.record.model_fields[column].is_required()


LAYOUT: dict[str, TableLayout] = {
    table.name: table
    for table in (
        TableLayout("sites", Site, ("site_id",)),
        TableLayout("storehouses", Storehouse, ("storehouse_id",)),
        TableLayout("exposed_sites", ExposedSite, ("exposed_site_id",)),
        TableLayout("lots", Lot, ("lot_id",)),
        TableLayout("facilities", Facility, ("facility_id",), may_be_empty=True),
        TableLayout("facility_rates", FacilityRate, ("facility_id", "category"), may_be_empty=True),
        TableLayout("routes", Route, ("from_site_id", "to_site_id"), may_be_empty=True),
        TableLayout("funds", Fund, ("fund_id",), may_be_empty=True),
        TableLayout("funding", Tranche, ("tranche_id",), may_be_empty=True),
        TableLayout("sources", Source, ("source_id",)),
        TableLayout("inflows", Inflow, ("lot_id",), optional=True),
        TableLayout("measures", Measure, ("measure_id",), optional=True),
        TableLayout("exchange_rates", ExchangeRate, ("currency", "valid_from"), optional=True),
        TableLayout("programme", PlannedWork, ("lot_id", "facility_id"), optional=True),
    )
}
"""By name, in the order in which a scenario is read."""
