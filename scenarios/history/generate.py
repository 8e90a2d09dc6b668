"""Write the tables of past programmes from what was known when each of them began.

Covers: all tables of the four folders beside this script but `sources.csv` and `scenario.yaml`, which are
written by hand. Tonnes by type, dates and sums of money are from the facts that `sources.csv` names; where
they end, the programme is filled in with invented depots, lots and calendars, all marked as assumed.
Nothing is drawn: the same bytes each time.

    python scenarios/history/generate.py
"""

from __future__ import annotations

import csv
import datetime as dt
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from demilsim.scenario.register import shipped_register
from demilsim.units import DAYS_PER_YEAR, add_months

HERE = Path(__file__).parent
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
CLIMATE_C = (2, 3, 7, 12, 17, 21, 24, 23, 19, 13, 8, 4)  # invented temperate year
WORKING_DAYS_PER_WEEK = 5.0
WORKING_DAYS_PER_YEAR = DAYS_PER_YEAR * WORKING_DAYS_PER_WEEK / 7.0
LARGEST_LOT_SHARE_OF_YEAR = 1 / 12  # a lot is at most a month of a facility's work
HAULAGE_SHARE = 0.1  # of the money, kept for haulage
INSTALMENT_MONTHS = 6
LEAD_MONTHS = 3  # money is there a quarter before it is needed
LOTS_PER_STOREHOUSE = 3
STOREHOUSE_SPACING_M = 400.0
ROAD_KM = 60.0
TABLES = (
    "sites", "storehouses", "exposed_sites", "lots", "facilities", "facility_rates", "routes", "funds",
    "funding", "programme",
)  # fmt: skip
Row = dict[str, object]


@dataclass(frozen=True)
class Plant:
    """A facility of a programme; `lead_months` > 0 is one that the programme has yet to build."""

    facility_id: str
    name: str
    method_id: str
    t_per_year: float
    lead_months: int = 0


@dataclass(frozen=True)
class Donation:
    """A fund and its share of the programme's money."""

    fund_id: str
    name: str
    holder: str
    share: float
    source: str


@dataclass(frozen=True)
class Past:
    """A programme as it was planned.

    Parameters
    ----------
    name
        Of its folder.
    start, end, known_at
        First day, first day after the planned end, and date of the forecast.
    works, range_t
        Tonnes by nature for industrial plant and for the range.
    plants
        Facilities; those of method `open_detonation` take `range_t`, the others `works`, in order.
    money_usd
        The whole budget [USD].
    depots
        Number of invented depots.
    latitude_deg, longitude_deg
        Somewhere in the country, rounded.
    plan, rates
        Sources of the tonnes and of the throughputs.
    """

    name: str
    start: dt.date
    end: dt.date
    known_at: dt.date
    works: Mapping[str, float]
    range_t: Mapping[str, float]
    plants: Sequence[Plant]
    money_usd: float
    donations: Sequence[Donation]
    depots: int
    latitude_deg: float
    longitude_deg: float
    plan: str
    rates: str
    money: str

    @property
    def months(self) -> int:
        """Length of the plan in months."""
        return (self.end.year - self.start.year) * 12 + self.end.month - self.start.month

    @property
    def total_t(self) -> float:
        """All tonnes of the plan."""
        return sum(self.works.values()) + sum(self.range_t.values())


def _shared(tonnes: Mapping[str, float], industrial_share: Mapping[str, float]) -> tuple[Row, Row]:
    works = {nature: t * industrial_share[nature] for nature, t in tonnes.items()}
    ranged = {nature: t - works[nature] for nature, t in tonnes.items()}
    return {n: t for n, t in works.items() if t > 0}, {n: t for n, t in ranged.items() if t > 0}


def albania_2010() -> Past:
    """Return the plan of 2010-2013: types and methods as published, the rest by difference."""
    tonnes = {
        "sa_rifle": 16931.6, "grenade_hand": 5558.0, "rpg_40": 335.2, "rocket_122": 1417.2,
        "mortar_82": 24442.2 / 2, "mortar_120": 24442.2 / 2, "mc_23_30": 1981.1, "tank_100": 124.1,
        "recoilless_73_82": 5169.2, "art_122": 2448.1, "mine_at": 13763.0,
    }  # fmt: skip
    share = {
        "sa_rifle": 1.0, "grenade_hand": 0.0, "rpg_40": 0.0, "rocket_122": 1.0, "mortar_82": 0.995,
        "mortar_120": 0.995, "mc_23_30": 0.985, "tank_100": 0.999, "recoilless_73_82": 0.607,
        "art_122": 0.973, "mine_at": 0.86,
    }  # fmt: skip
    works, ranged = _shared(tonnes, share)
    years, former = 4.0, 74_000.0 / 6.0
    on_range = sum(ranged.values()) / years
    old = former - on_range
    new = (sum(works.values()) - old * years) / (years - 1.0)
    return Past(
        "albania-2010", dt.date(2010, 1, 1), dt.date(2014, 1, 1), dt.date(2010, 12, 31), works, ranged,
        (
            Plant("WORKS", "Factories that worked in 2003-2008", "disassembly", old),
            Plant("NEWLINE", "Further industrial lines", "disassembly", new, 12),
            Plant("RANGE", "Ranges for open detonation and burning", "open_detonation", on_range),
        ),
        72_170 * 667.0,
        (
            Donation("US", "United States, agreement for 15,000 t", "donor", 15_000 / 72_170, "S-PLAN"),
            Donation("REST", "Host and other donors", "host", 1 - 15_000 / 72_170, "A-MONEY"),
        ),
        8, 41.0, 20.0, "S-PLAN", "D-RATES;A-RATES", "D-COST;A-MONEY",
    )  # fmt: skip


def albania_2003() -> Past:
    """Return the trust-fund project of 2003: 11,600 t by the end of 2006."""
    years = 3.5
    each = 11_600 / (years + years - 0.5)
    return Past(
        "albania-2003", dt.date(2003, 7, 1), dt.date(2007, 1, 1), dt.date(2003, 7, 31),
        {"sa_rifle": 11_600.0}, {},
        (
            Plant("WORKS", "Factory line that exists", "disassembly", each),
            Plant("NEWLINE", "Line to be set up", "rotary_kiln", each, 6),
        ),
        6.4e6, (Donation("TRUST", "Trust fund of 15-18 nations and the EU", "donor", 1.0, "S-NATO"),),
        4, 41.0, 20.0, "S-NATO", "D-RATES;A-RATES", "S-NATO;A-MONEY",
    )  # fmt: skip


def ukraine_2005() -> Past:
    """Return phase I of the trust fund: a quarter of 133,000 t in 12 years, 7 M EUR, three years."""
    total = 133_000.0 * 3 / 12
    each = total / (3.0 + 2.0)
    mix = {"mortar_120": 0.3, "sa_rifle": 0.2, "art_152": 0.4, "mine_at": 0.1}
    return Past(
        "ukraine-2005", dt.date(2006, 1, 1), dt.date(2009, 1, 1), dt.date(2005, 12, 31),
        {nature: share * total for nature, share in mix.items()}, {},
        (
            Plant("WORKS", "Plants that exist", "disassembly", each),
            Plant("NEWLINE", "Lines to be set up", "disassembly", each, 12),
        ),
        7e6, (Donation("TRUST", "Trust fund, phase I", "donor", 1.0, "S-NATO"),),
        4, 49.0, 31.0, "D-TONNES;A-MIX", "D-RATES;A-RATES", "S-NATO;A-MONEY",
    )  # fmt: skip


def bosnia_2007() -> Past:
    """Return what was announced in 2007: 25,000-30,000 t, of which 5,760 t came first."""
    total, per_year = 27_500.0, 27_500.0 / 4.75
    mix = {"mortar_82": 0.4, "art_122": 0.3, "sa_rifle": 0.3}
    return Past(
        "bosnia-2007", dt.date(2007, 4, 1), dt.date(2012, 1, 1), dt.date(2007, 4, 30),
        {nature: 0.7 * share * total for nature, share in mix.items()},
        {nature: 0.3 * share * total for nature, share in mix.items()},
        (
            Plant("WORKS", "Works that exist", "disassembly", 0.7 * per_year),
            Plant("RANGE", "Ranges that exist", "open_detonation", 0.3 * per_year),
        ),
        6.5e6, (Donation("ALL", "Host and donors", "donor", 1.0, "S-XINHUA"),),
        4, 44.0, 18.0, "D-TONNES;A-MIX", "D-RATES;A-RATES", "S-XINHUA;A-MONEY",
    )  # fmt: skip


PROGRAMMES = (albania_2010, ukraine_2005, albania_2003, bosnia_2007)


@dataclass(frozen=True)
class Piece:
    """A lot: what one facility takes of a nature in one go, and when by the plan."""

    lot_id: str
    nature_id: str
    plant: Plant
    tonnes: float
    starts: dt.date
    ends: dt.date


def pieces(past: Past) -> list[Piece]:
    """Cut the tonnes into lots, each type spread over the whole plan, and give each its time."""
    found: list[Piece] = []
    for on_range, tonnes in ((False, past.works), (True, past.range_t)):
        plants = [p for p in past.plants if (p.method_id == "open_detonation") is on_range]
        years = {p.facility_id: (past.months - p.lead_months) / 12 for p in plants}
        capacity = sum(p.t_per_year * years[p.facility_id] for p in plants)
        for plant in plants:
            span = years[plant.facility_id]
            share = plant.t_per_year * span / capacity if capacity else 0.0
            parts = _parts({nature: t * share for nature, t in tonnes.items()}, plant)
            total, done = sum(t for _, t in parts), 0.0
            first = add_months(past.start, plant.lead_months)
            for nature, t in parts:
                starts = first + dt.timedelta(days=math.floor(done / total * span * DAYS_PER_YEAR))
                done += t
                ends = first + dt.timedelta(days=math.ceil(done / total * span * DAYS_PER_YEAR) - 1)
                lot_id = f"L{len(found) + 1:03d}"
                found.append(
                    Piece(lot_id, nature, plant, t, starts, min(ends, past.end - dt.timedelta(days=1)))
                )
    return found


def _parts(tonnes: Mapping[str, float], plant: Plant) -> list[tuple[str, float]]:
    """Return lots of each nature, in the order of their middle: all natures go on side by side."""
    placed = []
    for nature, t in tonnes.items():
        count = max(1, math.ceil(t / (plant.t_per_year * LARGEST_LOT_SHARE_OF_YEAR)))
        sizes = [round(t / count, 1)] * count
        sizes[-1] = round(t - sum(sizes[:-1]), 1)
        placed += [((k + 0.5) / count, nature, size) for k, size in enumerate(sizes)]
    return [(nature, size) for _, nature, size in sorted(placed)]


def tables(past: Past) -> dict[str, list[Row]]:
    """Return the rows of every table."""
    cut = pieces(past)
    works = ("W", "R") if past.range_t else ("W",)
    depots = [f"D{k + 1}" for k in range(past.depots)]
    lots, houses = _stock(past, cut, depots)
    return {
        "sites": [_site(past, site, k) for k, site in enumerate((*depots, *works))],
        "storehouses": houses,
        "exposed_sites": [_village(site) for site in depots],
        "lots": lots,
        "facilities": [_facility(past, plant) for plant in past.plants],
        "facility_rates": [row for plant in past.plants for row in _rates(past, plant, cut)],
        "routes": [
            {
                "from_site_id": site, "to_site_id": to, "distance_km": ROAD_KM, "travel_days": 1,
                "source": "A-SITES",
            }
            for site in depots
            for to in works
        ],
        "funds": [_fund(d) for d in past.donations],
        "funding": [row for d in past.donations for row in _instalments(past, d)],
        "programme": [
            {
                "lot_id": p.lot_id, "facility_id": p.plant.facility_id, "tonnes": p.tonnes,
                "starts": p.starts, "ends": p.ends, "source": f"{past.plan};A-ORDER",
            }
            for p in sorted(cut, key=lambda p: (p.starts, p.plant.facility_id))
        ],
    }  # fmt: skip


def _stock(past: Past, cut: Sequence[Piece], depots: Sequence[str]) -> tuple[list[Row], list[Row]]:
    natures = shipped_register().natures
    lots: list[Row] = []
    held: dict[str, int] = dict.fromkeys(depots, 0)
    for k, piece in enumerate(cut):
        depot = depots[k % len(depots)]
        nature = natures[piece.nature_id]
        neq_kg = round(piece.tonnes * 1000 * (nature.neq_share_low + nature.neq_share_high) / 2)
        lots.append(
            {
                "lot_id": piece.lot_id,
                "storehouse_id": f"{depot}-{held[depot] // LOTS_PER_STOREHOUSE + 1:02d}",
                "nature_id": piece.nature_id,
                "gross_mass_t": piece.tonnes,
                "neq_kg": neq_kg,
                "status": "surplus",
                "safe_to_move": "yes",
                "year_made": 1970,
                "stabiliser_fraction": "unknown" if nature.propellant else "",
                "source": f"{past.plan};A-LOTS",
            }
        )
        held[depot] += 1
    houses: list[Row] = [
        {
            "storehouse_id": f"{depot}-{k + 1:02d}",
            "site_id": depot,
            "construction": "masonry",
            "x_m": STOREHOUSE_SPACING_M * k,
            "y_m": 0,
            "source": "A-SITES",
        }
        for depot, count in held.items()
        for k in range(math.ceil(count / LOTS_PER_STOREHOUSE))
    ]
    return lots, houses


def _site(past: Past, site: str, k: int) -> Row:
    names = {"W": "Works", "R": "Range"}
    climate = {f"temperature_{month}_c": c for month, c in zip(MONTHS, CLIMATE_C, strict=True)}
    return {
        "site_id": site, "name": names.get(site, f"Depot {site[1:]}"), "region": "Invented",
        "latitude_deg": past.latitude_deg + 0.5 * (k % 3),
        "longitude_deg": past.longitude_deg + 0.5 * (k // 3),
        "rrpl": 1, **climate, "daily_half_swing_c": 6, "source": "A-SITES",
    }  # fmt: skip


def _village(site: str) -> Row:
    return {
        "exposed_site_id": f"{site}-x", "site_id": site, "kind": "dwellings", "x_m": -1500, "y_m": 0,
        "persons": 200, "day_fraction": 0.5, "night_fraction": 0.9, "source": "A-SITES",
    }  # fmt: skip


def _facility(past: Past, plant: Plant) -> Row:
    on_range = plant.method_id == "open_detonation"
    lead = (add_months(past.start, plant.lead_months) - past.start).days
    return {
        "facility_id": plant.facility_id, "site_id": "R" if on_range else "W", "name": plant.name,
        "method_id": plant.method_id, "operator": "programme", "status": "possible" if lead else "existing",
        "mobile": "no", "serves_sites": "", "open_months": "1-12",
        "working_days_per_week": WORKING_DAYS_PER_WEEK, "breakdown_mean_days": "", "repair_mean_days": "",
        "weather_stops_per_year": 0, "weather_stop_mean_days": "", "permit_t_per_year": "",
        "neq_limit_kg_per_day": "", "fixed_cost_usd_per_year": 0, "capital_cost_usd": 0,
        "lead_time_days": lead, "source": past.rates,
    }  # fmt: skip


def _rates(past: Past, plant: Plant, cut: Sequence[Piece]) -> Iterator[Row]:
    natures = shipped_register().natures
    own = {natures[p.nature_id].category: None for p in cut if p.plant is plant}
    for category in own:
        yield {
            "facility_id": plant.facility_id, "category": category,
            "throughput_t_per_day": round(plant.t_per_year / WORKING_DAYS_PER_YEAR, 3),
            "unit_cost_usd_per_t": round((1 - HAULAGE_SHARE) * past.money_usd / past.total_t, 2),
            "source": f"{past.rates};{past.money}",
        }  # fmt: skip


def _fund(donation: Donation) -> Row:
    return {
        "fund_id": donation.fund_id, "name": donation.name, "holder": donation.holder, "use": "any",
        "earmark_sites": "", "earmark_methods": "", "earmark_categories": "", "overhead_fraction": 0,
        "expires": "", "source": donation.source,
    }  # fmt: skip


def _instalments(past: Past, donation: Donation) -> Iterator[Row]:
    """Pay half a year's work a quarter ahead; the first instalment is that quarter's more."""
    total = past.money_usd * donation.share
    paid, k = 0.0, 0
    while paid < total - 0.5:
        covered = min(1.0, (INSTALMENT_MONTHS * (k + 1) + LEAD_MONTHS) / past.months)
        yield {
            "tranche_id": f"{donation.fund_id}-{k + 1}", "fund_id": donation.fund_id,
            "due": add_months(past.start, INSTALMENT_MONTHS * k), "amount_usd": round(total * covered - paid),
            "probability": 1, "mean_delay_days": 0, "source": past.money,
        }  # fmt: skip
        paid += round(total * covered - paid)
        k += 1


def write(past: Past) -> None:
    """Write the tables of one programme, each row with the date of the forecast."""
    for name, rows in tables(past).items():
        with (HERE / past.name / f"{name}.csv").open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, [*rows[0], "known_at"], lineterminator="\n")
            writer.writeheader()
            writer.writerows({**row, "known_at": past.known_at} for row in rows)


def main() -> None:
    """Write all of them."""
    for programme in PROGRAMMES:
        write(programme())


if __name__ == "__main__":
    main()
