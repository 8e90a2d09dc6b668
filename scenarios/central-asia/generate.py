"""Draw the synthetic tables of the Central Asia scenario.

Covers: sites, storehouses, exposed_sites, lots and routes. The other tables and scenario.yaml are
written by hand. Run ``python scenarios/central-asia/generate.py``; it gives the same bytes every time.
Each constant is an assumption unless its comment names a source; `scenarios/README.md` says more.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from demilsim.model.ageing import daily_mean_arrhenius_factor, stabiliser_fraction, swing_factor
from demilsim.scenario.register import shipped_register
from demilsim.scenario.schema import Construction, ExposedSite, Lot, Route, Site, Sourced, Storehouse

Row = dict[str, object]

HERE = Path(__file__).resolve().parent
SEED = 20260201
START_YEAR = 2026
TABLES = ("storehouses", "exposed_sites", "lots")  # position is the number of the table's random stream


@dataclass(frozen=True)
class Profile:
    """An invented site: `fill` is relative tonnage per storehouse; temperatures in °C."""

    site_id: str
    name: str
    region: str
    latitude_deg: float
    longitude_deg: float
    rrpl: int
    storehouses: int
    spacing_m: float
    fill: float
    nearest_village_m: float
    annual_mean_c: float
    half_range_c: float
    town_persons: int = 0
    town_distance_m: float = 0.0

    @property
    def country(self) -> str:
        """Return the code that a site id begins with."""
        return self.site_id[:2]


# Regions of at least three sites, since public outputs show no single site.
PROFILES = (
    Profile("KZ1", "Feather Knoll", "North", 46.0, 67.0, 1, 7, 110, 1.2, 2_500, 8.0, 18.0),
    Profile("KZ2", "Sandgrouse Well", "North", 45.5, 77.0, 2, 5, 150, 0.9, 4_000, 7.0, 17.5),
    Profile("KG1", "Walnut Terrace", "North", 42.5, 73.0, 1, 6, 85, 1.0, 1_200, 9.0, 14.0, 9_000, 1_800),
    Profile("KG2", "Cold Ford", "East", 41.0, 75.5, 0, 4, 75, 0.8, 700, 2.0, 16.0),
    Profile("TJ1", "Pistachio Slope", "East", 38.5, 68.0, 0, 6, 70, 1.1, 600, 15.0, 13.0, 18_000, 2_200),
    Profile("TJ2", "Upper Juniper", "East", 38.0, 71.5, 1, 4, 90, 0.7, 1_500, 7.0, 14.0),
    Profile("UZ1", "Melon Canal", "West", 40.0, 66.5, 1, 7, 100, 1.2, 1_800, 14.0, 14.0, 25_000, 3_000),
    Profile("UZ2", "Saxaul Edge", "West", 42.0, 62.5, 1, 5, 130, 1.0, 3_500, 13.0, 16.0),
    Profile("TM1", "Salt Marker", "West", 39.5, 57.0, 1, 5, 120, 1.0, 3_000, 16.0, 14.5),
    Profile("TM2", "Camelthorn Bank", "West", 37.0, 62.5, 1, 4, 95, 0.9, 1_500, 17.0, 14.0),
)
DAILY_HALF_SWING_C = 8.0

CONSTRUCTIONS = tuple(Construction)
CONSTRUCTION_SHARE = {0: (0.05, 0.35, 0.30, 0.30), 1: (0.20, 0.50, 0.18, 0.12), 2: (0.40, 0.50, 0.10, 0.0)}
JITTER = 0.2  # of the grid spacing, to each side

OCCUPANCY = {"workers": (0.5, 0.3), "road": (0.25, 0.05), "dwellings": (0.5, 0.9)}  # by day and by night
FAR_VILLAGE = 2.5  # times the distance of the nearest one

STOCK_T = 18_000.0  # no official figure exists for any of the five
RESERVE_SHARE = 0.15
UNSAFE_SHARE = 0.02  # of tonnage, at sites with a range alone
RANGE_SITES = ("KZ2", "KG1", "TJ1", "UZ1", "TM1")
UNKNOWN_SHARE = 0.3  # of lots with propellant whose stabiliser nobody has measured
LOTS = 250
LOT_MASS_SIGMA = 0.8  # lognormal
YEAR_MADE = (1950, 1975, 1991)  # triangular

# Share of tonnage, as for Kazakhstan: Albanian surplus mix 2010, shifted.
NATURE_SHARE = {
    "sa_rifle": 0.13, "sa_heavy": 0.06, "mc_23_30": 0.06, "mortar_82": 0.09, "mortar_120": 0.07,
    "art_122": 0.16, "art_152": 0.09, "tank_100": 0.07, "recoilless_73_82": 0.03, "rpg_40": 0.03,
    "rocket_122": 0.06, "grenade_hand": 0.03, "mine_at": 0.05, "bomb_he": 0.02, "charge_propelling": 0.03,
    "pyro_signal": 0.02,
}  # fmt: skip

EARTH_RADIUS_KM = 6_371.0
ROAD_FACTOR = {"KG2": 1.7, "TJ2": 1.8}  # road over great-circle distance; to mountain sites
PLAIN_ROAD_FACTOR = 1.3
ROAD_ROUNDING_KM = 10
ROAD_KM_PER_DAY = {"KG2": 250.0, "TJ2": 200.0}
PLAIN_ROAD_KM_PER_DAY = 400.0
PASS_OPEN_MONTHS = {"KG2": "5-10", "TJ2": "6-10"}  # high passes, closed by snow
VEHICLES_PER_CONVOY = 6
NEQ_LIMIT_KG_PER_VEHICLE = 2_000.0
ESCORT_USD_PER_CONVOY = 1_800.0


def stream(table: str) -> np.random.Generator:
    """Return the table's own generator, so that a change to one table leaves the others alone."""
    return np.random.default_rng([SEED, TABLES.index(table)])


def monthly_temperatures_c(p: Profile) -> list[float]:
    return [round(p.annual_mean_c - p.half_range_c * math.cos(math.pi * m / 6), 1) for m in range(12)]


def site_rows() -> list[Row]:
    names = [field for field in Site.model_fields if field.startswith("temperature_")]
    rows = []
    for p in PROFILES:
        row: Row = {field: getattr(p, field) for field in Site.model_fields if hasattr(p, field)}
        row |= dict(zip(names, monthly_temperatures_c(p), strict=True))
        row["daily_half_swing_c"] = DAILY_HALF_SWING_C
        rows.append(row | {"source": "A-SITES;A-RRPL;A-CLIMATE"})
    return rows


def storehouse_rows() -> list[Row]:
    rng = stream("storehouses")
    rows = []
    for p in PROFILES:
        columns = math.ceil(math.sqrt(p.storehouses))
        for k in range(p.storehouses):
            dx, dy = rng.uniform(-JITTER, JITTER, 2)
            rows.append(
                {
                    "storehouse_id": f"{p.site_id}-{k + 1:02d}",
                    "site_id": p.site_id,
                    "construction": CONSTRUCTIONS[rng.choice(4, p=CONSTRUCTION_SHARE[p.rrpl])].value,
                    "x_m": round((k % columns + dx) * p.spacing_m),
                    "y_m": round((k // columns + dy) * p.spacing_m),
                    "source": "A-LAYOUT",
                }
            )
    return rows


def exposed_site_rows(storehouses: list[Row]) -> list[Row]:
    rng = stream("exposed_sites")
    rows = []
    for p in PROFILES:
        houses = np.array([[h["x_m"], h["y_m"]] for h in storehouses if h["site_id"] == p.site_id], float)
        near = p.nearest_village_m
        groups = (
            ("workers", rng.integers(10, 31), rng.uniform(100, 300)),
            ("workers", rng.integers(20, 61), rng.uniform(200, 500)),
            ("road", rng.integers(5, 25), rng.uniform(300, 1_200)),
            ("dwellings", rng.integers(10, 60) * 10, near),
            ("dwellings", rng.integers(20, 250) * 10, near * FAR_VILLAGE),
            ("dwellings", p.town_persons, p.town_distance_m),
        )
        for k, (kind, persons, gap) in enumerate(groups if p.town_persons else groups[:-1], start=1):
            bearing = rng.uniform(0, 2 * math.pi)
            direction = np.array([math.cos(bearing), math.sin(bearing)])
            x, y = direction * ((houses @ direction).max() + gap)
            rows.append(
                {
                    "exposed_site_id": f"{p.site_id}-x{k}",
                    "site_id": p.site_id,
                    "kind": kind,
                    "x_m": round(x),
                    "y_m": round(y),
                    "persons": int(persons),
                    "day_fraction": OCCUPANCY[kind][0],
                    "night_fraction": OCCUPANCY[kind][1],
                    "source": "A-EXPOSED",
                }
            )
    return rows


def draw_contents(storehouses: list[Row], rng: np.random.Generator) -> list[tuple[int, str]]:
    """Return storehouse index and nature of each lot; no storehouse is empty."""
    fill = {p.site_id: p.fill for p in PROFILES}
    weight = np.array([fill[str(house["site_id"])] for house in storehouses])
    natures = list(NATURE_SHARE)
    counts = np.maximum(np.rint(LOTS * np.array(list(NATURE_SHARE.values()))).astype(int), 1)
    order = [nature for nature, count in zip(natures, counts, strict=True) for _ in range(count)]
    rng.shuffle(order)
    houses = list(rng.permutation(len(storehouses)))
    houses += list(rng.choice(len(storehouses), size=len(order) - len(houses), p=weight / weight.sum()))
    contents = [(int(house), nature) for house, nature in zip(houses, order, strict=True)]
    return sorted(contents, key=lambda lot: (lot[0], natures.index(lot[1])))


def relative_ageing(storehouses: list[Row]) -> np.ndarray:
    """Return the depletion rate of each storehouse relative to 25 °C [1], shape (storehouse,)."""
    ageing = shipped_register().ageing
    profiles = {p.site_id: p for p in PROFILES}
    factors = []
    for house in storehouses:
        monthly = np.array(monthly_temperatures_c(profiles[str(house["site_id"])]))
        swing = DAILY_HALF_SWING_C * swing_factor(ageing, Construction(str(house["construction"])))
        factor = daily_mean_arrhenius_factor(
            monthly, np.full_like(monthly, swing), ageing.activation_energy_j_per_mol
        )
        factors.append(factor.mean())
    return np.array(factors)


def first_by(order: np.ndarray, mass: np.ndarray, eligible: np.ndarray, target_t: float) -> np.ndarray:
    """Mark eligible lots in rising `order` until their mass reaches a target [t], shape (lot,)."""
    ranked = np.argsort(np.where(eligible, order, np.inf), kind="stable")[: eligible.sum()]
    marked = np.zeros(len(mass), dtype=bool)
    marked[ranked[np.cumsum(mass[ranked]) <= target_t]] = True
    return marked


def lot_rows(storehouses: list[Row]) -> list[Row]:
    rng, register = stream("lots"), shipped_register()
    contents = draw_contents(storehouses, rng)
    houses = np.array([index for index, _ in contents])
    natures = [register.natures[nature] for _, nature in contents]
    mass = rng.lognormal(0.0, LOT_MASS_SIGMA, len(contents))
    for nature, share in NATURE_SHARE.items():
        mine = np.array([name == nature for _, name in contents])
        mass[mine] *= share * STOCK_T / mass[mine].sum()
    mass = mass.round(1)
    neq_share = rng.uniform([n.neq_share_low for n in natures], [n.neq_share_high for n in natures])
    year = np.floor(rng.triangular(*YEAR_MADE, size=len(mass))).astype(int)
    factor = rng.lognormal(0.0, register.ageing.lot_factor_sigma, len(mass))
    age = (START_YEAR - year) * relative_ageing(storehouses)[houses] * factor
    stabiliser = stabiliser_fraction(np.ones(len(mass)), register.ageing.depletion_rate_per_year, age)
    propellant = np.array([n.propellant for n in natures])
    known = propellant & (rng.random(len(mass)) >= UNKNOWN_SHARE)
    reserve = first_by(-year.astype(float), mass, np.ones(len(mass), bool), RESERVE_SHARE * mass.sum())
    at_range = np.array([storehouses[house]["site_id"] in RANGE_SITES for house in houses])
    unsafe = first_by(stabiliser, mass, known & ~reserve & at_range, UNSAFE_SHARE * mass.sum())
    return [
        {
            "lot_id": f"L{i + 1:03d}",
            "storehouse_id": storehouses[houses[i]]["storehouse_id"],
            "nature_id": natures[i].nature_id,
            "gross_mass_t": float(mass[i]),
            "neq_kg": round(mass[i] * neq_share[i] * 1_000),
            "status": "reserve" if reserve[i] else "surplus",
            "safe_to_move": "no" if unsafe[i] else "yes",
            "year_made": int(year[i]),
            "stabiliser_fraction": round(float(stabiliser[i]), 2)
            if known[i]
            else ("unknown" if propellant[i] else ""),
            "source": "A-STOCK;D-MIX;A-NEQ" + (";A-STABILISER" if propellant[i] else ""),
        }
        for i in range(len(mass))
    ]


def great_circle_km(a: Profile, b: Profile) -> float:
    lat_a, lat_b = math.radians(a.latitude_deg), math.radians(b.latitude_deg)
    half_lon = math.radians(b.longitude_deg - a.longitude_deg) / 2
    h = math.sin((lat_b - lat_a) / 2) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin(half_lon) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(h))


def route_rows() -> list[Row]:
    """Return the road between the two sites of each country: no load crosses a border."""
    rows: list[Row] = []
    for a, b in zip(PROFILES[::2], PROFILES[1::2], strict=True):
        factor = ROAD_FACTOR.get(b.site_id, PLAIN_ROAD_FACTOR)
        distance = round(factor * great_circle_km(a, b) / ROAD_ROUNDING_KM) * ROAD_ROUNDING_KM
        speed = ROAD_KM_PER_DAY.get(b.site_id, PLAIN_ROAD_KM_PER_DAY)
        months = PASS_OPEN_MONTHS.get(b.site_id, "1-12")
        rows.append(
            {
                "from_site_id": a.site_id,
                "to_site_id": b.site_id,
                "distance_km": distance,
                "travel_days": math.ceil(distance / speed),
                "open_months": months,
                "vehicles_per_convoy": VEHICLES_PER_CONVOY,
                "neq_limit_kg_per_vehicle": NEQ_LIMIT_KG_PER_VEHICLE,
                "escort_usd_per_convoy": ESCORT_USD_PER_CONVOY,
                "source": "D-ROUTES;A-CONVOYS" + (";A-PASSES" if months != "1-12" else ""),
            }
        )
    return rows


def write(name: str, model: type[Sourced], rows: list[Row]) -> None:
    """Check every row against the schema and write the table, `source` last."""
    columns = [field for field in rows[0] if field != "source"] + ["source"]
    for row in rows:
        model.model_validate(row)
    with (HERE / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main() -> None:
    storehouses = storehouse_rows()
    tables: Mapping[str, tuple[type[Sourced], list[Row]]] = {
        "sites": (Site, site_rows()),
        "storehouses": (Storehouse, storehouses),
        "exposed_sites": (ExposedSite, exposed_site_rows(storehouses)),
        "lots": (Lot, lot_rows(storehouses)),
        "routes": (Route, route_rows()),
    }
    for name, (model, rows) in tables.items():
        write(name, model, rows)


if __name__ == "__main__":
    main()
