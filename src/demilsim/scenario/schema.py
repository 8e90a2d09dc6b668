"""The schema of a scenario: one frozen, validated record per row of a table.

Units are in the names. Every row names the sources of its numbers (`source`, ids of `sources.csv`,
several separated by semicolons), and may say since when they are known (`known_at`). Tables and their
columns are described for users in `scenarios/README.md`.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from demilsim.scenario.column_types import (
    ALL_MONTHS,
    Celsius,
    CountryCodes,
    CurrencyCode,
    Fraction,
    Identifier,
    Identifiers,
    Level,
    Months,
    NonNegative,
    OptionalCountry,
    OptionalDate,
    OptionalFraction,
    OptionalIdentifier,
    OptionalPositive,
    Positive,
    WeibullShape,
    empty_is_none,
)


class HazardDivision(StrEnum):
    """UN hazard division (IATG 01.50)."""

    MASS_EXPLOSION = "1.1"
    PROJECTION = "1.2"
    MASS_FIRE = "1.3"
    MINOR = "1.4"


class Construction(StrEnum):
    """What a storehouse is built of; decides daily temperature swing and propagation."""

    EARTH_COVERED = "earth_covered"
    MASONRY = "masonry"
    SHEET_METAL = "sheet_metal"
    OPEN_STACK = "open_stack"


class LotStatus(StrEnum):
    """Surplus may be destroyed; reserve stays and keeps its hazard."""

    SURPLUS = "surplus"
    RESERVE = "reserve"


class Record(BaseModel):
    """Base of all rows: frozen, nothing unknown accepted."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Sourced(Record):
    """A row whose numbers have sources."""

    source: Annotated[Identifiers, Field(min_length=1)]
    known_at: OptionalDate = None


class Source(Record):
    """Where a number comes from: read in a source, derived by arithmetic, or assumed."""

    source_id: Identifier
    confidence: Literal["read", "derived", "assumed"]
    text: Annotated[str, Field(min_length=1)]
    known_at: OptionalDate = None


class Site(Sourced):
    """A munitions site: several storehouses under one management and climate."""

    site_id: Identifier
    name: str
    region: str
    latitude_deg: Annotated[float, Field(ge=-90, le=90)]
    longitude_deg: Annotated[float, Field(ge=-180, le=180)]
    rrpl: Annotated[int, Field(ge=0, le=3)]
    temperature_jan_c: Celsius
    temperature_feb_c: Celsius
    temperature_mar_c: Celsius
    temperature_apr_c: Celsius
    temperature_may_c: Celsius
    temperature_jun_c: Celsius
    temperature_jul_c: Celsius
    temperature_aug_c: Celsius
    temperature_sep_c: Celsius
    temperature_oct_c: Celsius
    temperature_nov_c: Celsius
    temperature_dec_c: Celsius
    daily_half_swing_c: Annotated[float, Field(ge=0, le=30)]
    country: OptionalCountry = None
    guard_level: Annotated[Level | None, BeforeValidator(empty_is_none)] = None

    @property
    def monthly_temperature_c(self) -> tuple[float, ...]:
        """Mean outdoor temperature of each month, January first [°C]."""
        return (
            self.temperature_jan_c, self.temperature_feb_c, self.temperature_mar_c,
            self.temperature_apr_c, self.temperature_may_c, self.temperature_jun_c,
            self.temperature_jul_c, self.temperature_aug_c, self.temperature_sep_c,
            self.temperature_oct_c, self.temperature_nov_c, self.temperature_dec_c,
        )  # fmt: skip


class Storehouse(Sourced):
    """A potential explosion site, at local coordinates within its site."""

    storehouse_id: Identifier
    site_id: Identifier
    construction: Construction
    x_m: float
    y_m: float


class ExposedSite(Sourced):
    """A group of people that an explosion could harm, in the same local coordinates."""

    exposed_site_id: Identifier
    site_id: Identifier
    kind: Literal["dwellings", "public_building", "road", "workers"]
    x_m: float
    y_m: float
    persons: NonNegative
    day_fraction: Fraction
    night_fraction: Fraction
    risk_limit_per_year: OptionalPositive = None
    risk_limit_from: OptionalDate = None


class Lot(Sourced):
    """The smallest unit of surveillance and of a plan."""

    lot_id: Identifier
    storehouse_id: Identifier
    nature_id: Identifier
    gross_mass_t: Positive
    neq_kg: NonNegative
    status: LotStatus
    safe_to_move: bool
    year_made: Annotated[int, Field(ge=1900, le=2100)]
    stabiliser_fraction: Annotated[Fraction | Literal["unknown"] | None, BeforeValidator(empty_is_none)]
    mass_sigma: NonNegative = 0.0
    arrives: OptionalDate = None
    arrival_probability: Fraction = 1.0
    destroy_by: OptionalDate = None


class Inflow(Lot):
    """A lot that becomes surplus, or arrives, after the start; it may fail to come."""

    arrives: dt.date
    arrival_probability: Fraction


class Facility(Sourced):
    """A place that destroys ammunition by one method; existing, or one that could be commissioned."""

    facility_id: Identifier
    site_id: Identifier
    name: str
    method_id: Identifier
    operator: str
    status: Literal["existing", "possible"]
    mobile: bool
    serves_sites: Identifiers
    open_months: Months
    working_days_per_week: Annotated[float, Field(gt=0, le=7)]
    breakdown_mean_days: OptionalPositive
    repair_mean_days: OptionalPositive
    weather_stops_per_year: NonNegative
    weather_stop_mean_days: OptionalPositive
    permit_t_per_year: OptionalPositive
    neq_limit_kg_per_day: OptionalPositive
    fixed_cost_usd_per_year: NonNegative
    capital_cost_usd: NonNegative
    lead_time_days: NonNegative
    shifts_per_day: Annotated[float, Field(gt=0, le=4)] = 1.0
    neq_limit_kg_per_shot: OptionalPositive = None
    shots_per_day: OptionalPositive = None
    breakdown_shape: WeibullShape = 1.0
    repair_shape: WeibullShape = 1.0
    weather_months: Months = ALL_MONTHS
    lead_time_sigma: Annotated[float, Field(ge=0, le=2)] = 0.0
    learning_days: NonNegative = 0.0
    learning_start_fraction: Annotated[float, Field(gt=0, le=1)] = 1.0
    objections_per_year: NonNegative = 0.0
    objection_capacity_fraction: Annotated[float, Field(gt=0, le=1)] = 1.0
    pool: OptionalIdentifier = None
    move_days: NonNegative = 0.0
    move_cost_usd: NonNegative = 0.0
    workers: OptionalPositive = None
    worker_risk_limit_per_year: OptionalPositive = None


class FacilityRate(Sourced):
    """What a facility does with one category of ammunition."""

    facility_id: Identifier
    category: Identifier
    throughput_t_per_day: Positive
    unit_cost_usd_per_t: NonNegative
    scrap_usd_per_t: NonNegative = 0.0
    scrap_buyer_probability: Fraction = 1.0


class Route(Sourced):
    """A road between two sites, usable in both directions."""

    from_site_id: Identifier
    to_site_id: Identifier
    distance_km: Positive
    travel_days: Positive
    open_months: Months = ALL_MONTHS
    vehicles_per_convoy: Annotated[int, Field(ge=1)] = 1
    neq_limit_kg_per_vehicle: OptionalPositive = None
    escort_usd_per_convoy: NonNegative = 0.0


class Fund(Sourced):
    """A holder of money with its strings; empty earmarks mean no string of that sort."""

    fund_id: Identifier
    name: str
    holder: Literal["host", "donor"]
    use: Literal["any", "running", "capital", "emergency"]
    earmark_sites: Identifiers
    earmark_methods: Identifiers
    earmark_categories: Identifiers
    overhead_fraction: Fraction
    expires: OptionalDate
    earmark_countries: CountryCodes = ()
    verification_usd_per_t: NonNegative = 0.0
    matches_funds: Identifiers = ()
    match_ratio: NonNegative = 0.0
    match_cap_usd: OptionalPositive = None
    match_countries: CountryCodes = ()

    def may_match(self, other: Fund, country: str) -> bool:
        """Return whether what another fund receives is matched by this one.

        Its countries, those of its earmark or else the scenario's `country`, must all be among
        `match_countries`; without any, every country will do.
        """
        countries = other.earmark_countries or (country,)
        eligible = not self.match_countries or set(countries) <= set(self.match_countries)
        return self.match_ratio > 0 and other.fund_id in self.matches_funds and eligible


class Tranche(Sourced):
    """One payment into a fund, which may be late or fail to come.

    It has `amount_usd`, or an `amount` in another `currency`; see `exchange.promised_usd`.
    """

    tranche_id: Identifier
    fund_id: Identifier
    due: dt.date
    amount_usd: OptionalPositive = None
    probability: Fraction
    mean_delay_days: NonNegative
    currency: CurrencyCode = "USD"
    amount: OptionalPositive = None
    milestone_fund: OptionalIdentifier = None
    milestone_spent_fraction: OptionalFraction = None
    milestone_destroyed_t: OptionalPositive = None


class ExchangeRate(Sourced):
    """What one unit of a currency is worth from a date on, and how far it may wander from that.

    `sigma_per_year` is the standard deviation of the logarithm of the rate after a year, growing with the
    square root of the time since the start; 0 for a rate that is taken as known.
    """

    currency: CurrencyCode
    valid_from: dt.date
    usd_per_unit: Positive
    sigma_per_year: NonNegative


class Measure(Sourced):
    """Something other than destruction that lowers risk, for the same money.

    `rrpl` raises a site's risk-reduction process level to `level`, `guard` its guard level; `lightning`
    protects a storehouse against lightning and fire from outside; `surveillance` tests all lots of a
    storehouse with propellant; `move` takes what a storehouse holds into another one.
    """

    measure_id: Identifier
    kind: Literal["rrpl", "guard", "lightning", "surveillance", "move"]
    site_id: OptionalIdentifier
    storehouse_id: OptionalIdentifier
    to_storehouse_id: OptionalIdentifier
    level: Annotated[Level | None, BeforeValidator(empty_is_none)]
    cost_usd: NonNegative
    yearly_cost_usd: NonNegative
    lead_time_days: NonNegative


class PlannedWork(Sourced):
    """Work that a programme's own plan announces: tonnes of a lot at a facility, between two dates."""

    lot_id: Identifier
    facility_id: Identifier
    tonnes: Positive
    starts: dt.date
    ends: dt.date


class HarmWeights(Record):
    """Weights of the harm vector in the planning objective [1]."""

    fatalities_public: NonNegative = 1.0
    fatalities_workers: NonNegative = 1.0
    fatalities_transport: NonNegative = 1.0


class Override(Sourced):
    """A scenario's own value for a constant of the register."""

    value: float
