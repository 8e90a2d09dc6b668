"""What looks like a slip in a scenario that can be run: the reader knows whether it is one, we do not.

Each function looks for one kind, and says what would be expected and what to look at. What cannot be run
at all is refused by `scenario.checks` instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from demilsim.model.harm import blast_neq_kg, storehouse_index
from demilsim.model.licence import K_BY_KIND, licences
from demilsim.model.partition import partition
from demilsim.model.separation import exposed_distance_m, quantity_distance_m
from demilsim.model.storing import may_share
from demilsim.plan import Floats
from demilsim.scenario.check_places import great_circle_km
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import LotStatus, Record, Site
from demilsim.units import KG_PER_TONNE

SHARE_FACTOR = 2.0
"""A share of NEQ is odd if it is so many times outside the range of its nature [1]."""

ROUNDED_KM = 80.0
"""Coordinates rounded to half a degree may be so far apart from where two sites are, together [km]."""


THROUGHPUT_T_PER_DAY = 0.01, 100.0
"""Rates outside of which a typing error is likelier than a plant [t/working day]: ours.

At most twice the 50 t a day of the Baltic Fleet's ranges (Western Military District 2012), the most that was
read; ten kilograms a day are a guess at the least."""

UNIT_COST_USD_PER_T = 10.0, 30_000.0
"""Costs of destruction outside of which a typing error is likelier than a price [USD/t]: ours.

Past programmes paid 200 to 2,300 USD/t (derived); open detonation alone may take 100, contained detonation
15,000 (not sourced). A tenth of the least, twice the most. Free work is no error: the host may give it."""


@dataclass(frozen=True)
class Doubt:
    """Something that looks like a slip.

    Parameters
    ----------
    kind
        The function that found it.
    table
        Table of the row that it is about.
    row
        Its position in the scenario's table, lots and inflows counted together.
    column
        The column to look at.
    message
        What was expected, what was found, what to do.
    """

    kind: str
    table: str
    row: int
    column: str
    message: str


def doubts(scenario: Scenario) -> list[Doubt]:
    """Return everything that looks like a slip, by kind."""
    return [
        Doubt(find.__name__, table, row, column, message)
        for find in KINDS
        for table, row, column, message in find(scenario)
    ]


Found = Iterator[tuple[str, int, str, str]]


def stock_over_licence(scenario: Scenario) -> Found:
    """Find storehouses that hold more than the people around them allow, first those whose reserve does."""
    held_kg, stays_kg = _held_kg(scenario), _held_kg(scenario, LotStatus.RESERVE)
    licence = licences(scenario, held_kg)
    breaches = licence.breaches
    no_plan_helps = stays_kg[breaches] > licence.limit_kg[breaches]
    for house in breaches[np.argsort(~no_plan_helps, kind="stable")].tolist():
        storehouse = scenario.storehouses[house]
        exposed = scenario.exposed_sites[int(licence.set_by[house])]
        yield (
            "storehouses",
            house,
            "storehouse_id",
            f"expected at most {licence.limit_kg[house]:,.0f} kg NEQ in {storehouse.storehouse_id} for "
            f"{exposed.exposed_site_id} (got {held_kg[house]:,.0f} kg); check both places and neq_kg, or "
            f"{_way_down(float(stays_kg[house]), float(licence.limit_kg[house]))}",
        )


def _way_down(stays_kg: float, limit_kg: float) -> str:
    """Return what brings a storehouse within its licence: a plan destroys surplus, never reserve."""
    if stays_kg > limit_kg:
        return f"move some: its reserve alone is {stays_kg:,.0f} kg, which no plan destroys"
    return "plan to bring it down: without its surplus it is allowed"


def people_too_near(scenario: Scenario) -> Found:
    """Find people inside the distance that the stock of a storehouse requires for them."""
    held_kg = _held_kg(scenario)
    storehouse, exposed, distance_m = exposed_distance_m(scenario)
    k = np.array([K_BY_KIND.get(e.kind, 0.0) for e in scenario.exposed_sites], dtype=float)[exposed]
    required_m = quantity_distance_m(held_kg[storehouse], k)
    short = np.flatnonzero(distance_m < required_m)
    worst: dict[int, int] = {}
    for pair in short[np.argsort(distance_m[short] / required_m[short], kind="stable")].tolist():
        worst.setdefault(int(exposed[pair]), pair)
    for site, pair in worst.items():
        house = scenario.storehouses[int(storehouse[pair])].storehouse_id
        kind = scenario.exposed_sites[site].kind
        yield (
            "exposed_sites",
            site,
            "x_m",
            f"expected at least {required_m[pair]:,.0f} m from {house} for {kind} (got "
            f"{distance_m[pair]:,.0f} m); check x_m, y_m and persons",
        )


def groups_apart(scenario: Scenario) -> Found:
    """Find lots that may not share their storehouse with what else is in it, one of each pair of groups."""
    inside: dict[str, dict[str, str]] = {}
    for row, lot in enumerate(scenario.lots):
        group = scenario.natures[lot.nature_id].compatibility_group
        others = inside.setdefault(lot.storehouse_id, {})
        against = [(other, first) for other, first in others.items() if not may_share(group, other)]
        if against and group not in others:
            other, first = against[0]
            yield (
                "lots",
                row,
                "storehouse_id",
                f"expected no lot of group {group} in {lot.storehouse_id} together with group {other} (got "
                f"{lot.lot_id} with {first}); check storehouse_id and nature_id, or plan to move one",
            )
        others.setdefault(group, lot.lot_id)


def share_of_explosive(scenario: Scenario) -> Found:
    """Find lots with far more or less explosive than their nature has, as where t and kg were confused."""
    for row, lot in enumerate(scenario.lots):
        nature = scenario.natures[lot.nature_id]
        share = lot.neq_kg / (KG_PER_TONNE * lot.gross_mass_t)
        low, high = nature.neq_share_low / SHARE_FACTOR, min(1.0, nature.neq_share_high * SHARE_FACTOR)
        if not low <= share <= high:
            yield (
                "lots",
                row,
                "neq_kg",
                f"expected {nature.neq_share_low:.0%} to {nature.neq_share_high:.0%} of the gross mass for "
                f"{lot.nature_id} (got {share:.2g} of it); check the units of neq_kg and gross_mass_t",
            )


def places_filled_in(scenario: Scenario) -> Found:
    """Find sites at latitude and longitude 0, in the sea off Africa: nobody filled them in."""
    for row, site in enumerate(scenario.sites):
        if _nowhere(site):
            yield (
                "sites",
                row,
                "latitude_deg",
                f"expected where {site.site_id} is (got latitude 0 and longitude 0, in the sea off Africa); "
                "fill in both, since maps and the check of roads lean on them",
            )


def roads_long_enough(scenario: Scenario) -> Found:
    """Find roads shorter than the straight line, as where coordinates are wrong or swapped.

    Those of sites that nobody has placed yet are left out.
    """
    place = {site.site_id: (site.latitude_deg, site.longitude_deg) for site in scenario.sites}
    nowhere = {site.site_id for site in scenario.sites if _nowhere(site)}
    for row, route in enumerate(scenario.routes):
        if nowhere & {route.from_site_id, route.to_site_id}:
            continue
        straight_km = great_circle_km(*place[route.from_site_id], *place[route.to_site_id])
        if route.distance_km < straight_km - ROUNDED_KM:
            yield (
                "routes",
                row,
                "distance_km",
                f"expected at least {straight_km:,.0f} km, the straight line (got {route.distance_km:g} km); "
                "check it and the coordinates of both sites",
            )


def rates_of_plants(scenario: Scenario) -> Found:
    """Find plants that do far more or less in a day than any that is known, as where kg were typed for t."""
    low, high = THROUGHPUT_T_PER_DAY
    for row, rate in enumerate(scenario.facility_rates):
        if not low <= rate.throughput_t_per_day <= high:
            yield (
                "facility_rates",
                row,
                "throughput_t_per_day",
                f"expected {low:g} to {high:g} t per working day, as far as plants go (got "
                f"{rate.throughput_t_per_day:,g} for {rate.category} at {rate.facility_id}); check its unit",
            )


def costs_of_work(scenario: Scenario) -> Found:
    """Find work far cheaper or dearer than any that is known, as where a cost per kg was typed."""
    low, high = UNIT_COST_USD_PER_T
    for row, rate in enumerate(scenario.facility_rates):
        cost = rate.unit_cost_usd_per_t
        if cost and not low <= cost <= high:
            yield (
                "facility_rates",
                row,
                "unit_cost_usd_per_t",
                f"expected {low:,g} to {high:,g} USD/t, as far as prices go, or 0 (got {cost:,g} for "
                f"{rate.category} at {rate.facility_id}); check its unit and currency",
            )


def money_before_the_start(scenario: Scenario) -> Found:
    """Find payments that were due before the start: they count as due then."""
    start = scenario.period_dates[0]
    for row, tranche in enumerate(scenario.tranches):
        if tranche.due < start:
            yield (
                "tranches",
                row,
                "due",
                f"expected a date from {start} on, the start, from which it counts (got {tranche.due} for "
                f"{tranche.tranche_id}); check it and start, or leave it out if it is spent",
            )


def dates_after_the_end(scenario: Scenario) -> Found:
    """Find dates beyond the horizon that do not mean there what they say."""
    end = scenario.period_dates[-1]
    for row, lot in enumerate(scenario.lots):
        if lot.destroy_by and lot.destroy_by > end:
            message = (
                f"expected a date up to {end}, the end of the horizon, which is taken (got {lot.destroy_by})"
            )
            yield "lots", row, "destroy_by", f"{message}; check it and horizon_years"
    for row, rate in enumerate(scenario.exchange_rates):
        if rate.valid_from >= end:
            message = f"expected a date before {end}, the end of the horizon (got {rate.valid_from})"
            yield "exchange_rates", row, "valid_from", f"{message}; check it and horizon_years"


def rows_twice(scenario: Scenario) -> Found:
    """Find rows that say the same as another but for their id, as where a line was pasted twice."""
    for table, id_column in (
        ("lots", "lot_id"),
        ("exposed_sites", "exposed_site_id"),
        ("tranches", "tranche_id"),
    ):
        rows: Iterable[Record] = getattr(scenario, table)
        first: dict[tuple[object, ...], str] = {}
        for row, record in enumerate(rows):
            name = str(getattr(record, id_column))
            same = tuple(value for column, value in record if column != id_column)
            if same in first:
                message = f"expected rows that differ (got {name} the same as {first[same]} but for its id)"
                yield table, row, id_column, f"{message}; take it out if it is counted twice"
            first.setdefault(same, name)


KINDS: tuple[Callable[[Scenario], Found], ...] = (
    stock_over_licence,
    people_too_near,
    groups_apart,
    share_of_explosive,
    places_filled_in,
    roads_long_enough,
    rates_of_plants,
    costs_of_work,
    money_before_the_start,
    dates_after_the_end,
    rows_twice,
)


def _nowhere(site: Site) -> bool:
    return site.latitude_deg == 0 and site.longitude_deg == 0


def _held_kg(scenario: Scenario, status: LotStatus | None = None) -> Floats:
    """Return the NEQ at the start that joins a mass explosion [kg], of one status or all, by storehouse."""
    there = np.array(
        [lot.arrives is None and status in (None, lot.status) for lot in scenario.lots], dtype=float
    )
    houses = partition(storehouse_index(scenario), len(scenario.storehouses))
    held: Floats = houses.sum(blast_neq_kg(scenario) * there)
    return held
