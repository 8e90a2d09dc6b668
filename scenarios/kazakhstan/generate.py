"""Draw the synthetic tables of the Kazakhstan scenario.

Covers: sites, storehouses, exposed_sites, lots and routes. The other tables and scenario.yaml are
written by hand. Run ``python scenarios/kazakhstan/generate.py``; it gives the same bytes every time.
Each constant is an assumption unless its comment names a source; `scenarios/README.md` says more.
"""

from __future__ import annotations

import csv
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from scenarios import generating
from scenarios.generating import CONSTRUCTIONS, Climate, Group, Row, Stock, stream

from demilsim.scenario.schema import Construction

HERE = Path(__file__).resolve().parent
SEED = 20260101


@dataclass(frozen=True)
class Profile(generating.Profile):
    """A site with its neighbourhood: `setting` is a key of `VILLAGES`."""

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

# By region: annual mean and half-range of monthly means [°C], daily half-swing [K]; South as published.
CLIMATE = {
    "West": Climate(7.5, 17.5, 8.0),
    "North": Climate(3.0, 17.5, 7.0),
    "Centre": Climate(5.0, 17.5, 8.0),
    "South": Climate(14.0, 14.0, 9.0),
    "East": Climate(4.5, 18.0, 8.0),
}
CLIMATES = {p.site_id: CLIMATE[p.region] for p in PROFILES}

# Share of each construction by rrpl; about 20, 45, 20 and 15% of all storehouses.
CONSTRUCTION_SHARE = {
    0: (0.05, 0.40, 0.28, 0.27),
    1: (0.20, 0.50, 0.18, 0.12),
    2: (0.45, 0.45, 0.08, 0.02),
}

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

RESERVE_SHARE = 0.2
UNSAFE_SHARE = 0.03  # of surplus tonnage
LOTS = 1_020
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

STOCK = Stock(
    start_year=2026,
    total_t=120_000.0,  # base; no official figure exists, 60,000 to 240,000 are as plausible
    nature_share=NATURE_SHARE,
    lot_mass_sigma=0.88,  # with a mean of 118 t the median is 80 t
    year_made=(1950, 1976, 1995),
    unknown_share=0.2,
)

ROAD_FACTOR = 1.25  # road distance over great-circle distance
ROAD_LEAST_KM = 20
ROAD_KM_PER_DAY = 400.0


def site_rows() -> list[Row]:
    rows = []
    for p in PROFILES:
        climate = "S-SHYMKENT;S-SOUTH" if p.region == "South" else "A-CLIMATE"
        rows.append(generating.site_row(p, CLIMATE[p.region], f"A-SITES;A-RRPL;{climate}"))
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
    """Return storehouses on a grid about the middle of each site."""
    rng = stream(SEED, "storehouses")
    pools = construction_pools(rng)
    rows = []
    for p in PROFILES:
        columns = math.ceil(math.sqrt(p.storehouses))
        lines = math.ceil(p.storehouses / columns)
        for k in range(p.storehouses):
            column, line = k % columns - (columns - 1) / 2, k // columns - (lines - 1) / 2
            place = generating.jittered(p, column, line, rng)
            rows.append(generating.storehouse_row(p, k + 1, pools[p.rrpl].pop(), place))
    return rows


def exposed_groups(p: Profile, rng: np.random.Generator) -> Iterator[Group]:
    """Yield the groups of a site; the two parts of a town lie in one direction."""
    town_bearing = rng.uniform(0, 2 * math.pi)
    yield Group("workers", rng.integers(10, 31), *OCCUPANCY["guards"], rng.uniform(100, 300))
    yield Group("workers", rng.integers(20, 61), *OCCUPANCY["staff"], rng.uniform(200, 500))
    yield Group("road", rng.integers(5, 31), *OCCUPANCY["road"], rng.uniform(300, 1_500))
    for low, high, near, far in VILLAGES[p.setting]:
        persons = round(math.exp(rng.uniform(math.log(low), math.log(high))), -1)
        yield Group("dwellings", persons, *OCCUPANCY["dwellings"], rng.uniform(near, far))
    if p.setting in SCHOOL_SETTINGS:
        _, _, near, far = VILLAGES[p.setting][1]
        persons = rng.integers(8, 40) * 10
        yield Group("public_building", persons, *OCCUPANCY["public_building"], rng.uniform(near, far))
    if p.town_persons:
        inner = p.town_persons * TOWN_INNER_SHARE
        outer, outer_gap_m = p.town_persons - inner, p.town_distance_m + TOWN_DEPTH_M
        yield Group("dwellings", inner, *OCCUPANCY["town"], p.town_distance_m, "A-TOWN", town_bearing)
        yield Group("dwellings", outer, *OCCUPANCY["town"], outer_gap_m, "A-TOWN", town_bearing)


def exposed_site_rows(storehouses: list[Row]) -> list[Row]:
    rng = stream(SEED, "exposed_sites")
    sites = (generating.exposed_rows(p, storehouses, exposed_groups(p, rng), rng) for p in PROFILES)
    return [row for rows in sites for row in rows]


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
    return contents


def lot_rows(storehouses: list[Row]) -> list[Row]:
    """Return the lots; the newest are kept, not strictly, and the most depleted are unsafe to move."""
    rng = stream(SEED, "lots")
    contents = draw_contents(storehouses, rng)
    lots = generating.draw_lots(STOCK, contents, generating.relative_ageing(storehouses, CLIMATES), rng)
    mass_t = lots.mass_t
    newest = -(lots.year_made + rng.normal(0.0, RESERVE_YEAR_NOISE, len(mass_t)))
    everything = np.ones(len(mass_t), dtype=bool)
    reserve = generating.first_by(newest, mass_t, everything, RESERVE_SHARE * mass_t.sum())
    unsafe_t = UNSAFE_SHARE * mass_t[~reserve].sum()
    unsafe = generating.first_by(lots.stabiliser, mass_t, lots.known & ~reserve, unsafe_t)
    return generating.lot_rows(lots, storehouses, reserve, unsafe)


def route_rows() -> list[Row]:
    """Return a road from every site to every site that has a facility, each pair once."""
    with (HERE / "facilities.csv").open(encoding="utf-8", newline="") as file:
        hosts = {row["site_id"] for row in csv.DictReader(file)}
    rows = []
    for i, a in enumerate(PROFILES):
        for b in PROFILES[i + 1 :]:
            if hosts & {a.site_id, b.site_id}:
                distance = max(generating.road_km(a, b, ROAD_FACTOR), ROAD_LEAST_KM)
                ends = {"from_site_id": a.site_id, "to_site_id": b.site_id}
                days = math.ceil(distance / ROAD_KM_PER_DAY)
                rows.append(ends | {"distance_km": distance, "travel_days": days, "source": "D-ROUTES"})
    return rows


def main() -> None:
    houses = storehouse_rows()
    generating.write_tables(
        HERE, site_rows(), houses, exposed_site_rows(houses), lot_rows(houses), route_rows()
    )


if __name__ == "__main__":
    main()
