"""Draw and write what the tables of synthetic scenarios have in common.

Covers: sites, storehouses, exposed_sites, lots and routes. The ``generate.py`` in the folder of a scenario
holds its assumptions and what is particular to it, and imports this module. The order of draws within a
stream decides the bytes written.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from demilsim.model.ageing import daily_mean_arrhenius_factor, swing_factor
from demilsim.model.stabiliser import stabiliser_fraction
from demilsim.plan import Floats, Ints
from demilsim.scenario.register import Nature, shipped_register
from demilsim.scenario.schema import (
    Construction,
    ExposedSite,
    Lot,
    LotStatus,
    Route,
    Site,
    Sourced,
    Storehouse,
)

Row = dict[str, object]
Bools = npt.NDArray[np.bool_]

STREAMS = ("storehouses", "exposed_sites", "lots")  # position is the number of the table's random stream
TABLES: Mapping[str, type[Sourced]] = {
    "sites": Site,
    "storehouses": Storehouse,
    "exposed_sites": ExposedSite,
    "lots": Lot,
    "routes": Route,
}

CONSTRUCTIONS = tuple(Construction)
JITTER = 0.2  # of the grid spacing, to each side; assumed
KG_PER_T = 1_000
EARTH_RADIUS_KM = 6_371.0
ROAD_ROUNDING_KM = 10


@dataclass(frozen=True)
class Profile:
    """An invented site: `fill` is relative tonnage per storehouse."""

    site_id: str
    name: str
    region: str
    latitude_deg: float
    longitude_deg: float
    rrpl: int
    storehouses: int
    spacing_m: float
    fill: float


@dataclass(frozen=True)
class Climate:
    """Annual mean and half-range of monthly means [°C], outdoor daily half-swing [K]."""

    annual_mean_c: float
    half_range_c: float
    daily_half_swing_c: float


@dataclass(frozen=True)
class Group:
    """People near a site, `gap_m` beyond its storehouses; without a bearing [rad] one is drawn."""

    kind: str
    persons: float | np.int64
    day_fraction: float
    night_fraction: float
    gap_m: float
    source: str = "A-EXPOSED"
    bearing: float | None = None


@dataclass(frozen=True)
class Stock:
    """What is assumed of all lots together."""

    start_year: int
    total_t: float
    nature_share: Mapping[str, float]  # of tonnage
    lot_mass_sigma: float  # lognormal
    year_made: tuple[int, int, int]  # triangular
    unknown_share: float  # of lots with propellant whose stabiliser nobody has measured


@dataclass(frozen=True)
class DrawnLots:
    """Lots in the order of the table, arrays of shape (lot,); `house` is the index of the storehouse."""

    house: Ints
    natures: list[Nature]
    mass_t: Floats
    neq_share: Floats
    year_made: Ints
    stabiliser: Floats
    propellant: Bools
    known: Bools


def stream(seed: int, table: str) -> np.random.Generator:
    """Return the table's own generator, so that a change to one table leaves the others alone."""
    return np.random.default_rng([seed, STREAMS.index(table)])


def monthly_temperatures_c(climate: Climate) -> list[float]:
    """Return the mean of each month [°C], a sinusoid coldest in January."""
    mean, half_range = climate.annual_mean_c, climate.half_range_c
    return [round(mean - half_range * math.cos(math.pi * month / 6), 1) for month in range(12)]


def site_row(p: Profile, climate: Climate, source: str) -> Row:
    """Return the row of a site; what the profile does not say and the schema does not need is left out."""
    months = [field for field in Site.model_fields if field.startswith("temperature_")]
    row: Row = {field: getattr(p, field) for field in Site.model_fields if hasattr(p, field)}
    row |= dict(zip(months, monthly_temperatures_c(climate), strict=True))
    return row | {"daily_half_swing_c": climate.daily_half_swing_c, "source": source}


def jittered(p: Profile, column: float, line: float, rng: np.random.Generator) -> tuple[int, int]:
    """Return a place near a point of the site's grid [m]."""
    dx, dy = rng.uniform(-JITTER, JITTER, 2)
    return round((column + dx) * p.spacing_m), round((line + dy) * p.spacing_m)


def storehouse_row(p: Profile, number: int, construction: Construction, place: tuple[int, int]) -> Row:
    """Return the row of a storehouse, which is numbered from 1 within its site."""
    return {
        "storehouse_id": f"{p.site_id}-{number:02d}",
        "site_id": p.site_id,
        "construction": construction.value,
        "x_m": place[0],
        "y_m": place[1],
        "source": "A-LAYOUT",
    }


def exposed_rows(
    p: Profile, storehouses: list[Row], groups: Iterable[Group], rng: np.random.Generator
) -> list[Row]:
    """Return the rows of a site's groups; an iterator may draw each group just before its bearing."""
    houses = np.array([[h["x_m"], h["y_m"]] for h in storehouses if h["site_id"] == p.site_id], float)
    rows: list[Row] = []
    for number, group in enumerate(groups, start=1):
        bearing = rng.uniform(0, 2 * math.pi) if group.bearing is None else group.bearing
        direction = np.array([math.cos(bearing), math.sin(bearing)])
        x, y = direction * ((houses @ direction).max() + group.gap_m)
        rows.append(
            {
                "exposed_site_id": f"{p.site_id}-x{number}",
                "site_id": p.site_id,
                "kind": group.kind,
                "x_m": round(x),
                "y_m": round(y),
                "persons": int(group.persons),
                "day_fraction": group.day_fraction,
                "night_fraction": group.night_fraction,
                "source": group.source,
            }
        )
    return rows


def relative_ageing(storehouses: list[Row], climates: Mapping[str, Climate]) -> Floats:
    """Return the depletion rate of each storehouse relative to 25 °C [1], shape (storehouse,)."""
    ageing = shipped_register().ageing
    factors = []
    for house in storehouses:
        climate = climates[str(house["site_id"])]
        swing = climate.daily_half_swing_c * swing_factor(ageing, Construction(str(house["construction"])))
        monthly = np.array(monthly_temperatures_c(climate))
        swings = np.full_like(monthly, swing)
        factor = daily_mean_arrhenius_factor(monthly, swings, ageing.activation_energy_j_per_mol)
        factors.append(factor.mean())
    return np.array(factors)


def draw_masses(stock: Stock, natures: list[str], rng: np.random.Generator) -> Floats:
    """Return gross masses [t], lognormal, scaled so that each nature has its share of the stock."""
    mass = rng.lognormal(0.0, stock.lot_mass_sigma, len(natures))
    for nature, share in stock.nature_share.items():
        mine = np.array([n == nature for n in natures])
        mass[mine] *= share * stock.total_t / mass[mine].sum()
    return mass.round(1)


def draw_lots(
    stock: Stock, contents: list[tuple[int, str]], ageing_factor: Floats, rng: np.random.Generator
) -> DrawnLots:
    """Draw the lots of a stock.

    Parameters
    ----------
    stock
        What is assumed of it.
    contents
        Index of the storehouse and nature of each lot, in any order.
    ageing_factor
        Depletion rate relative to 25 °C [1], shape (storehouse,); see `relative_ageing`.
    rng
        Stream of the lots.

    Returns
    -------
    DrawnLots
        Sorted by storehouse, then as in `stock.nature_share`.
    """
    register, order = shipped_register(), list(stock.nature_share)
    contents = sorted(contents, key=lambda lot: (lot[0], order.index(lot[1])))
    house = np.array([index for index, _ in contents])
    natures = [register.natures[nature] for _, nature in contents]
    mass = draw_masses(stock, [nature for _, nature in contents], rng)
    neq_share = rng.uniform([n.neq_share_low for n in natures], [n.neq_share_high for n in natures])
    year = np.floor(rng.triangular(*stock.year_made, size=len(mass))).astype(int)
    factor = rng.lognormal(0.0, register.ageing.lot_factor_sigma, len(mass))
    age = (stock.start_year - year) * ageing_factor[house] * factor
    stabiliser = stabiliser_fraction(np.ones(len(mass)), register.ageing.depletion_rate_per_year, age)
    propellant = np.array([n.propellant for n in natures])
    known = propellant & (rng.random(len(mass)) >= stock.unknown_share)
    return DrawnLots(house, natures, mass, neq_share, year, stabiliser, propellant, known)


def first_by(order: Floats, mass_t: Floats, eligible: Bools, target_t: float) -> Bools:
    """Mark eligible lots in rising `order` until their mass reaches a target [t], shape (lot,)."""
    ranked = np.argsort(np.where(eligible, order, np.inf), kind="stable")[: eligible.sum()]
    marked = np.zeros(len(mass_t), dtype=bool)
    marked[ranked[np.cumsum(mass_t[ranked]) <= target_t]] = True
    return marked


def lot_rows(lots: DrawnLots, storehouses: list[Row], reserve: Bools, unsafe: Bools) -> list[Row]:
    """Return the rows of lots, some of them kept as reserve, some unsafe to move, both of shape (lot,)."""
    digits = len(str(len(lots.natures)))
    rows: list[Row] = []
    for i, nature in enumerate(lots.natures):
        unmeasured = "unknown" if lots.propellant[i] else ""
        rows.append(
            {
                "lot_id": f"L{i + 1:0{digits}d}",
                "storehouse_id": storehouses[lots.house[i]]["storehouse_id"],
                "nature_id": nature.nature_id,
                "gross_mass_t": float(lots.mass_t[i]),
                "neq_kg": round(lots.mass_t[i] * lots.neq_share[i] * KG_PER_T),
                "status": (LotStatus.RESERVE if reserve[i] else LotStatus.SURPLUS).value,
                "safe_to_move": "no" if unsafe[i] else "yes",
                "year_made": int(lots.year_made[i]),
                "stabiliser_fraction": round(float(lots.stabiliser[i]), 2) if lots.known[i] else unmeasured,
                "source": "A-STOCK;D-MIX;A-NEQ" + (";A-STABILISER" if lots.propellant[i] else ""),
            }
        )
    return rows


def road_km(a: Profile, b: Profile, road_factor: float) -> int:
    """Return the assumed distance by road between two sites [km] (haversine, detour factor, rounded)."""
    lat_a, lat_b = math.radians(a.latitude_deg), math.radians(b.latitude_deg)
    half_lon = math.radians(b.longitude_deg - a.longitude_deg) / 2
    h = math.sin((lat_b - lat_a) / 2) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin(half_lon) ** 2
    distance = road_factor * 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(h))
    return round(distance / ROAD_ROUNDING_KM) * ROAD_ROUNDING_KM


def write_tables(folder: Path, *tables: Sequence[Row]) -> None:
    """Check every row against the schema and write the tables, given in the order of `TABLES`.

    Columns are those of the first row, `source` last: optional columns that no row has are not written.
    """
    for (name, model), rows in zip(TABLES.items(), tables, strict=True):
        for row in rows:
            model.model_validate(row)
        columns = [field for field in rows[0] if field != "source"] + ["source"]
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
