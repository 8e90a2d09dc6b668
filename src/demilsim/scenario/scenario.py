"""`Scenario`: everything outside the planner's control, loaded and checked."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from demilsim.scenario.register import Method, Nature, Register
from demilsim.scenario.schema import (
    ExchangeRate,
    ExposedSite,
    Facility,
    FacilityRate,
    Fund,
    Lot,
    Measure,
    PlannedWork,
    Route,
    Site,
    Source,
    Storehouse,
    Tranche,
)
from demilsim.scenario.settings import Settings
from demilsim.units import period_starts

TABLES = (
    "sites", "storehouses", "exposed_sites", "lots", "facilities", "facility_rates", "routes",
    "funds", "tranches", "measures", "exchange_rates", "programme", "sources",
)  # fmt: skip

LATER_SETTINGS = frozenset({"forecast_at", "known_at"})
"""Scalars that older scenarios do not have."""


@dataclass(frozen=True)
class Scenario:
    """A disposal problem as given. Make variants with `dataclasses.replace`, never by mutation.

    Parameters
    ----------
    settings
        The scalars.
    sites, storehouses, exposed_sites, lots, facilities, facility_rates, routes, funds, tranches, sources
        The tables, in the order of their files; inflows come after the lots that are there at the start.
    measures, exchange_rates, programme
        The tables that a scenario may do without.
    register
        Constants of the model with the scenario's overrides applied.
    asked_as
        How a command line asks for it from where it is kept: ``alpha`` or ``alpha@late``, the name of the
        scenario as it is written and that of the variant. Empty if it was not loaded. It is no content.
    values_set
        What the command line set beside, each as ``PATH=VALUE``. It is no content.
    """

    settings: Settings
    sites: tuple[Site, ...]
    storehouses: tuple[Storehouse, ...]
    exposed_sites: tuple[ExposedSite, ...]
    lots: tuple[Lot, ...]
    facilities: tuple[Facility, ...]
    facility_rates: tuple[FacilityRate, ...]
    routes: tuple[Route, ...]
    funds: tuple[Fund, ...]
    tranches: tuple[Tranche, ...]
    sources: tuple[Source, ...]
    register: Register
    measures: tuple[Measure, ...] = ()
    exchange_rates: tuple[ExchangeRate, ...] = ()
    programme: tuple[PlannedWork, ...] = ()
    asked_as: str = field(default="", compare=False)
    values_set: tuple[str, ...] = field(default=(), compare=False)

    def __repr__(self) -> str:
        counts = {name: len(getattr(self, name)) for name in ("sites", "lots", "facilities", "funds")}
        told = ", ".join(f"{name} {n:,}" for name, n in (counts | {"periods": self.periods}).items())
        return f"<Scenario {self.command_name}: {told}>"

    @property
    def command_name(self) -> str:
        """What stands for it on a command line: `asked_as`, else its name."""
        return self.asked_as or self.settings.name

    @cached_property
    def period_dates(self) -> tuple[dt.date, ...]:
        """First date of each of the T periods and, last, the end of the horizon; length T + 1."""
        s = self.settings
        return period_starts(s.start, s.horizon_years, s.period)

    @property
    def periods(self) -> int:
        """Number of planning periods T."""
        return len(self.period_dates) - 1

    @property
    def natures(self) -> Mapping[str, Nature]:
        """Natures of the register by id."""
        return self.register.natures

    @property
    def methods(self) -> Mapping[str, Method]:
        """Disposal methods of the register by id."""
        return self.register.methods

    @cached_property
    def country_of_site(self) -> Mapping[str, str]:
        """Country of each site by id; that of the settings where a site names none."""
        return {site.site_id: site.country or self.settings.country for site in self.sites}

    @cached_property
    def sha256(self) -> str:
        """Hash of the resolved content: settings, tables and constants in use.

        A value that equals its default counts as not given, so that a new column changes no old hash.
        """
        tables = {
            name: [row.model_dump(mode="json", exclude_defaults=True) for row in rows]
            for name in TABLES
            if (rows := getattr(self, name))
        }
        content = {
            "settings": self._settings_content(),
            "tables": tables,
            "register": {key: entry.value for key, entry in self.register.entries.items()},
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def _settings_content(self) -> dict[str, object]:
        """Return the scalars for the hash; those that came after the first release only if they are given."""
        dumped = self.settings.model_dump(mode="json")
        own = {
            key: {k: v for k, v in value.items() if v is not None}
            for key, value in dumped["parameters"].items()
        }
        kept = {key: value for key, value in dumped.items() if value is not None or key not in LATER_SETTINGS}
        return kept | {"parameters": own}
