"""Draw the synthetic tables of the Central Asia scenario.

Covers: sites, storehouses, exposed_sites, lots and routes. The other tables and scenario.yaml are
written by hand. Run ``python scenarios/central-asia/generate.py``; it gives the same bytes every time.
Each constant is an assumption unless its comment names a source; `scenarios/README.md` says more.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from scenarios import generating
from scenarios.generating import CONSTRUCTIONS, Climate, Group, Row, Stock, stream

HERE = Path(__file__).resolve().parent
SEED = 20260201


@dataclass(frozen=True)
class Profile(generating.Profile):
    """A site with its neighbourhood and its temperatures [°C]."""

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
CLIMATES = {p.site_id: Climate(p.annual_mean_c, p.half_range_c, DAILY_HALF_SWING_C) for p in PROFILES}

CONSTRUCTION_SHARE = {0: (0.05, 0.35, 0.30, 0.30), 1: (0.20, 0.50, 0.18, 0.12), 2: (0.40, 0.50, 0.10, 0.0)}

OCCUPANCY = {"workers": (0.5, 0.3), "road": (0.25, 0.05), "dwellings": (0.5, 0.9)}  # by day and by night
FAR_VILLAGE = 2.5  # times the distance of the nearest one

RESERVE_SHARE = 0.15
UNSAFE_SHARE = 0.02  # of tonnage, at sites with a range alone
RANGE_SITES = ("KZ2", "KG1", "TJ1", "UZ1", "TM1")
LOTS = 250

# Share of tonnage, as for Kazakhstan: Albanian surplus mix 2010, shifted.
NATURE_SHARE = {
    "sa_rifle": 0.13, "sa_heavy": 0.06, "mc_23_30": 0.06, "mortar_82": 0.09, "mortar_120": 0.07,
    "art_122": 0.16, "art_152": 0.09, "tank_100": 0.07, "recoilless_73_82": 0.03, "rpg_40": 0.03,
    "rocket_122": 0.06, "grenade_hand": 0.03, "mine_at": 0.05, "bomb_he": 0.02, "charge_propelling": 0.03,
    "pyro_signal": 0.02,
}  # fmt: skip

STOCK = Stock(
    start_year=2026,
    total_t=18_000.0,  # no official figure exists for any of the five
    nature_share=NATURE_SHARE,
    lot_mass_sigma=0.8,
    year_made=(1950, 1975, 1991),
    unknown_share=0.3,
)

ROAD_FACTOR = {"KG2": 1.7, "TJ2": 1.8}  # road over great-circle distance; to mountain sites
PLAIN_ROAD_FACTOR = 1.3
ROAD_KM_PER_DAY = {"KG2": 250.0, "TJ2": 200.0}
PLAIN_ROAD_KM_PER_DAY = 400.0
PASS_OPEN_MONTHS = {"KG2": "5-10", "TJ2": "6-10"}  # high passes, closed by snow
VEHICLES_PER_CONVOY = 6
NEQ_LIMIT_KG_PER_VEHICLE = 2_000.0
ESCORT_USD_PER_CONVOY = 1_800.0


def site_rows() -> list[Row]:
    return [generating.site_row(p, CLIMATES[p.site_id], "A-SITES;A-RRPL;A-CLIMATE") for p in PROFILES]


def storehouse_rows() -> list[Row]:
    """Return storehouses on a grid whose first corner is the site's origin."""
    rng = stream(SEED, "storehouses")
    rows = []
    for p in PROFILES:
        columns = math.ceil(math.sqrt(p.storehouses))
        for k in range(p.storehouses):
            place = generating.jittered(p, k % columns, k // columns, rng)
            construction = CONSTRUCTIONS[rng.choice(len(CONSTRUCTIONS), p=CONSTRUCTION_SHARE[p.rrpl])]
            rows.append(generating.storehouse_row(p, k + 1, construction, place))
    return rows


def exposed_groups(p: Profile, rng: np.random.Generator) -> list[Group]:
    near, dwellings = p.nearest_village_m, OCCUPANCY["dwellings"]
    groups = [
        Group("workers", rng.integers(10, 31), *OCCUPANCY["workers"], rng.uniform(100, 300)),
        Group("workers", rng.integers(20, 61), *OCCUPANCY["workers"], rng.uniform(200, 500)),
        Group("road", rng.integers(5, 25), *OCCUPANCY["road"], rng.uniform(300, 1_200)),
        Group("dwellings", rng.integers(10, 60) * 10, *dwellings, near),
        Group("dwellings", rng.integers(20, 250) * 10, *dwellings, near * FAR_VILLAGE),
    ]
    town = Group("dwellings", p.town_persons, *dwellings, p.town_distance_m)
    return [*groups, town] if p.town_persons else groups


def exposed_site_rows(storehouses: list[Row]) -> list[Row]:
    rng = stream(SEED, "exposed_sites")
    rows: list[Row] = []
    for p in PROFILES:
        rows += generating.exposed_rows(p, storehouses, exposed_groups(p, rng), rng)
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
    return [(int(house), nature) for house, nature in zip(houses, order, strict=True)]


def lot_rows(storehouses: list[Row]) -> list[Row]:
    """Return the lots; the newest are kept, the most depleted at sites with a range are unsafe to move."""
    rng = stream(SEED, "lots")
    contents = draw_contents(storehouses, rng)
    lots = generating.draw_lots(STOCK, contents, generating.relative_ageing(storehouses, CLIMATES), rng)
    newest, everything = -lots.year_made.astype(float), np.ones(len(lots.mass_t), dtype=bool)
    reserve = generating.first_by(newest, lots.mass_t, everything, RESERVE_SHARE * lots.mass_t.sum())
    at_range = np.array([storehouses[house]["site_id"] in RANGE_SITES for house in lots.house])
    eligible = lots.known & ~reserve & at_range
    unsafe = generating.first_by(lots.stabiliser, lots.mass_t, eligible, UNSAFE_SHARE * lots.mass_t.sum())
    return generating.lot_rows(lots, storehouses, reserve, unsafe)


def route_rows() -> list[Row]:
    """Return the road between the two sites of each country: no load crosses a border."""
    rows: list[Row] = []
    for a, b in zip(PROFILES[::2], PROFILES[1::2], strict=True):
        factor = ROAD_FACTOR.get(b.site_id, PLAIN_ROAD_FACTOR)
        distance = generating.road_km(a, b, factor)
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


def main() -> None:
    houses = storehouse_rows()
    generating.write_tables(
        HERE, site_rows(), houses, exposed_site_rows(houses), lot_rows(houses), route_rows()
    )


if __name__ == "__main__":
    main()
