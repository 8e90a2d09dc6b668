"""Draw the synthetic tables of the Kazakhstan scenario.

Covers: sites, storehouses, exposed_sites, lots and routes. The other tables and scenario.yaml are
written by hand. Run ``python scenarios/kazakhstan/generate.py``; it gives the same bytes every time.
Each constant is an assumption unless its comment names a source; `scenarios/README.md` says more.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from demilsim.model.ageing import daily_mean_arrhenius_factor, stabiliser_fraction, swing_factor
from demilsim.scenario.register import shipped_register
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

HERE = Path(__file__).resolve().parent
SEED = 20260101
START_YEAR = 2026
TABLES = ("storehouses", "exposed_sites", "lots")  # position is the number of the table's random stream


@dataclass(frozen=True)
class Profile:
    """An invented site: `fill` is relative tonnage per storehouse, `setting` a key of `VILLAGES`."""

    site_id: str
    name: str
    region: str
    latitude_deg: float
    longitude_deg: float
    rrpl: int
    storehouses: int
    spacing_m: float
    fill: float
    setting: str
    town_persons: int = 0
    town_distance_m: float = 0.0


PROFILES = (
    Profile("W1", "Saltgrass Hollow", "West", 48.5, 53.0, 1, 9, 130, 1.0, "remote"),
    Profile("W2", "Saker Ridge", "West", 49.5, 55.5, 0, 11, 75, 1.2, "encroached"),
    Profile("W3", "Wormwood Flat", "West", 48.0, 58.5, 1, 8, 150, 0.9, "remote"),
    Profile("N1", "Feathergrass Rise", "North", 52.5, 64.5, 1, 10, 90, 1.0, "encroached"),
    Profile("N2", "Birch Outlier", "North", 53.5, 69.5, 2, 9, 150, 0.8, "middle"),
    Profile("N3", "Larkspur Plain", "North", 52.0, 74.5, 1, 7, 120, 0.9, "remote"),
    Profile("C1", "Grey Barrow", "Centre", 49.0, 69.0, 1, 12, 100, 1.0, "middle"),
    Profile("C2", "Saiga Crossing", "Centre", 47.5, 71.0, 0, 13, 80, 1.3, "remote"),
    Profile("C3", "Copper Thistle", "Centre", 49.5, 74.0, 2, 6, 160, 0.8, "middle"),
    Profile("S1", "Tamarisk Bend", "South", 43.5, 68.5, 0, 18, 65, 1.3, "encroached", 38_000, 2_800),
    Profile("S2", "Dry Reed", "South", 44.5, 70.5, 1, 10, 110, 1.0, "middle"),
    Profile("S3", "Apricot Gully", "South", 45.0, 75.5, 1, 9, 95, 0.9, "remote"),
    Profile("E1", "Blue Ravine", "East", 49.0, 79.0, 1, 10, 120, 1.0, "middle"),
    Profile("E2", "Silver Larch", "East", 50.0, 82.0, 1, 11, 90, 1.0, "middle", 24_000, 4_200),
    Profile("E3", "Windmill Pass", "East", 47.5, 81.5, 2, 7, 150, 0.8, "remote"),
)

# Annual mean and half-range of monthly means [°C], outdoor daily half-swing [K]; South as published.
CLIMATE = {
    "West": (7.5, 17.5, 8.0),
    "North": (3.0, 17.5, 7.0),
    "Centre": (5.0, 17.5, 8.0),
    "South": (14.0, 14.0, 9.0),
    "East": (4.5, 18.0, 8.0),
}

# Share of each construction by rrpl; about 20, 45, 20 and 15% of all storehouses.
CONSTRUCTIONS = tuple(Construction)
CONSTRUCTION_SHARE = {
    0: (0.05, 0.40, 0.28, 0.27),
    1: (0.20, 0.50, 0.18, 0.12),
    2: (0.45, 0.45, 0.08, 0.02),
}
JITTER = 0.2  # of the grid spacing, to each side

# Groups of dwellings by setting: (persons low, high, distance from the nearest storehouse low, high [m]).
VILLAGES = {
    "remote": ((100, 400, 3_000, 5_000), (100, 800, 4_500, 6_000)),
    "middle": ((150, 700, 1_500, 3_000), (200, 1_500, 2_500, 4_500), (300, 2_500, 3_000, 6_000)),
    "encroached": ((150, 600, 500, 900), (300, 1_200, 1_000, 2_000), (500, 4_000, 1_800, 4_000)),
}
SCHOOL_SETTINGS = ("middle", "encroached")
# Share present by day and by night; with half of the events by day the means are 0.7, 0.2, 0.15, 0.5, 0.25.
OCCUPANCY = {
    "dwellings": (0.5, 0.9), "public_building": (0.4, 0.0), "road": (0.25, 0.05), "town": (0.5, 0.9),
    "guards": (0.5, 0.5), "staff": (0.5, 0.0),
}  # fmt: skip
TOWN_INNER_SHARE = 0.3  # of the town; the rest lives TOWN_DEPTH_M further away
TOWN_DEPTH_M = 1_500.0

STOCK_T = 120_000.0  # base; no official figure exists, 60,000 to 240,000 are as plausible
RESERVE_SHARE = 0.2
UNSAFE_SHARE = 0.03  # of surplus tonnage
UNKNOWN_SHARE = 0.2  # of lots with propellant whose stabiliser nobody has measured
LOTS = 1_020
LOT_MASS_SIGMA = 0.88  # lognormal; with a mean of 118 t the median is 80 t
YEAR_MADE = (1950, 1976, 1995)  # triangular
RESERVE_YEAR_NOISE = 8.0  # newer lots are kept, not strictly
NATURES_PER_STOREHOUSE = {2: 0.25, 3: 0.50, 4: 0.25}
NATURE_SPREAD = 0.7  # exponent: rare natures turn up in more storehouses than their tonnage suggests

# Share of tonnage: the Albanian surplus mix 2010 shifted towards the artillery, tank rounds and rockets
# of a Soviet depot.
NATURE_SHARE = {
    "sa_rifle": 0.10, "sa_heavy": 0.05, "mc_23_30": 0.05, "mortar_82": 0.08, "mortar_120": 0.08,
    "art_122": 0.15, "art_152": 0.11, "tank_100": 0.06, "tank_125": 0.05, "recoilless_73_82": 0.03,
    "rpg_40": 0.02, "rocket_122": 0.05, "rocket_57_80": 0.03, "grenade_hand": 0.03, "mine_at": 0.03,
    "bomb_he": 0.03, "charge_propelling": 0.03, "pyro_signal": 0.02,
}  # fmt: skip

EARTH_RADIUS_KM = 6_371.0
ROAD_FACTOR = 1.25  # road distance over great-circle distance
ROAD_ROUNDING_KM = 10
ROAD_LEAST_KM = 20
ROAD_KM_PER_DAY = 400.0


def stream(table: str) -> np.random.Generator:
    """Return the table's own generator, so that a change to one table leaves the others alone."""
    return np.random.default_rng([SEED, TABLES.index(table)])


def monthly_temperatures_c(profile: Profile) -> list[float]:
    mean, half_range, _ = CLIMATE[profile.region]
    return [round(mean - half_range * math.cos(math.pi * month / 6), 1) for month in range(12)]


def site_rows() -> list[Row]:
    names = [field for field in Site.model_fields if field.startswith("temperature_")]
    rows = []
    for p in PROFILES:
        row: Row = {field: getattr(p, field) for field in Site.model_fields if hasattr(p, field)}
        row |= dict(zip(names, monthly_temperatures_c(p), strict=True))
        row["daily_half_swing_c"] = CLIMATE[p.region][2]
        climate = "S-SHYMKENT;S-SOUTH" if p.region == "South" else "A-CLIMATE"
        rows.append(row | {"source": f"A-SITES;A-RRPL;{climate}"})
    return rows


def construction_pools(rng: np.random.Generator) -> dict[int, list[Construction]]:
    """Return the constructions of all storehouses of each rrpl in the stated shares, shuffled."""
    pools = {}
    for rrpl, share in CONSTRUCTION_SHARE.items():
        total = sum(p.storehouses for p in PROFILES if p.rrpl == rrpl)
        edges = np.rint(np.cumsum((0.0, *share)) * total).astype(int)
        pool = np.repeat(np.arange(len(share)), np.diff(edges))
        pools[rrpl] = [CONSTRUCTIONS[k] for k in rng.permutation(pool)]
    return pools


def storehouse_rows() -> list[Row]:
    rng = stream("storehouses")
    pools = construction_pools(rng)
    rows = []
    for p in PROFILES:
        columns = math.ceil(math.sqrt(p.storehouses))
        grid_rows = math.ceil(p.storehouses / columns)
        for k in range(p.storehouses):
            column, line = k % columns - (columns - 1) / 2, k // columns - (grid_rows - 1) / 2
            dx, dy = rng.uniform(-JITTER, JITTER, 2)
            rows.append(
                {
                    "storehouse_id": f"{p.site_id}-{k + 1:02d}",
                    "site_id": p.site_id,
                    "construction": pools[p.rrpl].pop().value,
                    "x_m": round((column + dx) * p.spacing_m),
                    "y_m": round((line + dy) * p.spacing_m),
                    "source": "A-LAYOUT",
                }
            )
    return rows


def exposed_groups(
    p: Profile, rng: np.random.Generator
) -> Iterable[tuple[str, str, float, tuple[float, float], float]]:
    """Yield source, kind, persons, share present by day and night, distance from the storehouses [m]."""
    yield "A-EXPOSED", "workers", rng.integers(10, 31), OCCUPANCY["guards"], rng.uniform(100, 300)
    yield "A-EXPOSED", "workers", rng.integers(20, 61), OCCUPANCY["staff"], rng.uniform(200, 500)
    yield "A-EXPOSED", "road", rng.integers(5, 31), OCCUPANCY["road"], rng.uniform(300, 1_500)
    for low, high, near, far in VILLAGES[p.setting]:
        persons = round(math.exp(rng.uniform(math.log(low), math.log(high))), -1)
        yield "A-EXPOSED", "dwellings", persons, OCCUPANCY["dwellings"], rng.uniform(near, far)
    if p.setting in SCHOOL_SETTINGS:
        _, _, near, far = VILLAGES[p.setting][1]
        persons = rng.integers(8, 40) * 10
        yield "A-EXPOSED", "public_building", persons, OCCUPANCY["public_building"], rng.uniform(near, far)
    if p.town_persons:
        inner = p.town_persons * TOWN_INNER_SHARE
        yield "A-TOWN", "dwellings", inner, OCCUPANCY["town"], p.town_distance_m
        outer = p.town_persons - inner
        yield "A-TOWN", "dwellings", outer, OCCUPANCY["town"], p.town_distance_m + TOWN_DEPTH_M


def exposed_site_rows(storehouses: list[Row]) -> list[Row]:
    rng = stream("exposed_sites")
    rows = []
    for p in PROFILES:
        houses = np.array([[h["x_m"], h["y_m"]] for h in storehouses if h["site_id"] == p.site_id], float)
        town_bearing = rng.uniform(0, 2 * math.pi)
        for k, (source, kind, persons, occupancy, gap) in enumerate(exposed_groups(p, rng), start=1):
            bearing = town_bearing if source == "A-TOWN" else rng.uniform(0, 2 * math.pi)
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
                    "day_fraction": occupancy[0],
                    "night_fraction": occupancy[1],
                    "source": source,
                }
            )
    return rows


def draw_contents(storehouses: list[Row], rng: np.random.Generator) -> list[tuple[int, str]]:
    """Return storehouse index and nature of each lot; every storehouse holds two to four natures."""
    natures, share = list(NATURE_SHARE), np.array(list(NATURE_SHARE.values()))
    pick = share**NATURE_SPREAD / (share**NATURE_SPREAD).sum()
    fill = {p.site_id: p.fill for p in PROFILES}
    holders: dict[str, list[int]] = {nature: [] for nature in natures}
    for index in range(len(storehouses)):
        count = rng.choice(list(NATURES_PER_STOREHOUSE), p=list(NATURES_PER_STOREHOUSE.values()))
        for nature in rng.choice(natures, size=count, replace=False, p=pick):
            holders[str(nature)].append(index)
    contents = []
    for nature, lots in zip(natures, np.rint(LOTS * share).astype(int), strict=True):
        held = holders[nature]
        weight = np.array([fill[str(storehouses[index]["site_id"])] for index in held])
        extra = rng.choice(held, size=max(lots - len(held), 0), p=weight / weight.sum())
        contents += [(int(index), nature) for index in [*held, *extra]]
    return sorted(contents, key=lambda lot: (lot[0], natures.index(lot[1])))


def draw_masses(natures: list[str], rng: np.random.Generator) -> np.ndarray:
    """Return gross masses [t], lognormal, scaled so that each nature has its share of the stock."""
    mass = rng.lognormal(0.0, LOT_MASS_SIGMA, len(natures))
    for nature, share in NATURE_SHARE.items():
        mine = np.array([n == nature for n in natures])
        mass[mine] *= share * STOCK_T / mass[mine].sum()
    return mass.round(1)


def relative_ageing(storehouses: list[Row]) -> np.ndarray:
    """Return the depletion rate of each storehouse relative to 25 °C [1], shape (storehouse,)."""
    ageing = shipped_register().ageing
    profiles = {p.site_id: p for p in PROFILES}
    factors = []
    for house in storehouses:
        profile = profiles[str(house["site_id"])]
        swing = CLIMATE[profile.region][2] * swing_factor(ageing, Construction(str(house["construction"])))
        monthly = np.array(monthly_temperatures_c(profile))
        swings = np.full_like(monthly, swing)
        factor = daily_mean_arrhenius_factor(monthly, swings, ageing.activation_energy_j_per_mol)
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
    mass = draw_masses([nature for _, nature in contents], rng)
    neq_share = rng.uniform([n.neq_share_low for n in natures], [n.neq_share_high for n in natures])
    year = np.floor(rng.triangular(*YEAR_MADE, size=len(mass))).astype(int)
    factor = rng.lognormal(0.0, register.ageing.lot_factor_sigma, len(mass))
    age = (START_YEAR - year) * relative_ageing(storehouses)[houses] * factor
    stabiliser = stabiliser_fraction(np.ones(len(mass)), register.ageing.depletion_rate_per_year, age)
    propellant = np.array([n.propellant for n in natures])
    known = propellant & (rng.random(len(mass)) >= UNKNOWN_SHARE)
    newest = -(year + rng.normal(0.0, RESERVE_YEAR_NOISE, len(mass)))
    everything = np.ones(len(mass), dtype=bool)
    reserve = first_by(newest, mass, everything, RESERVE_SHARE * mass.sum())
    unsafe = first_by(stabiliser, mass, known & ~reserve, UNSAFE_SHARE * mass[~reserve].sum())
    return [
        {
            "lot_id": f"L{i + 1:04d}",
            "storehouse_id": storehouses[houses[i]]["storehouse_id"],
            "nature_id": natures[i].nature_id,
            "gross_mass_t": float(mass[i]),
            "neq_kg": round(mass[i] * neq_share[i] * 1_000),
            "status": (LotStatus.RESERVE if reserve[i] else LotStatus.SURPLUS).value,
            "safe_to_move": "no" if unsafe[i] else "yes",
            "year_made": int(year[i]),
            "stabiliser_fraction": round(float(stabiliser[i]), 2)
            if known[i]
            else ("unknown" if propellant[i] else ""),
            "source": "A-STOCK;D-MIX;A-NEQ" + (";A-STABILISER" if propellant[i] else ""),
        }
        for i in range(len(mass))
    ]


def road_km(a: Profile, b: Profile) -> int:
    """Return the assumed road distance between two sites [km] (haversine, detour factor, rounded)."""
    lat_a, lat_b = math.radians(a.latitude_deg), math.radians(b.latitude_deg)
    half_lon = math.radians(b.longitude_deg - a.longitude_deg) / 2
    h = math.sin((lat_b - lat_a) / 2) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin(half_lon) ** 2
    distance = ROAD_FACTOR * 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(h))
    return max(round(distance / ROAD_ROUNDING_KM) * ROAD_ROUNDING_KM, ROAD_LEAST_KM)


def route_rows() -> list[Row]:
    """Return a road from every site to every site that has a facility, each pair once."""
    with (HERE / "facilities.csv").open(encoding="utf-8", newline="") as file:
        hosts = {row["site_id"] for row in csv.DictReader(file)}
    rows = []
    for i, a in enumerate(PROFILES):
        for b in PROFILES[i + 1 :]:
            if hosts & {a.site_id, b.site_id}:
                distance = road_km(a, b)
                ends = {"from_site_id": a.site_id, "to_site_id": b.site_id}
                days = math.ceil(distance / ROAD_KM_PER_DAY)
                rows.append(ends | {"distance_km": distance, "travel_days": days, "source": "D-ROUTES"})
    return rows


def write(name: str, model: type[Sourced], rows: list[Row]) -> None:
    """Check every row against the schema and write the table, `source` last."""
    columns = [field for field in model.model_fields if field != "source"] + ["source"]
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
