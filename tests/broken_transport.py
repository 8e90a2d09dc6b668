"""Roads and mobile plant that contradict themselves: the starter with one thing changed, and what is said."""

from __future__ import annotations

from broken import Broken
from changes import PLANTS, both, cell, extra

ROADS, SITES = "routes.csv", "sites.csv"
ABROAD = both(extra(SITES, 3, country="YY"), cell(PLANTS, 3, "mobile", "yes"))
"""Site B lies in another country, and the kiln that starts there is mobile."""

BROKEN_TRANSPORT = [
    Broken("convoy of none", extra(ROADS, 2, vehicles_per_convoy="0"), ROADS, 2, "expected >= 1"),
    Broken(
        "convoy that costs nothing",
        extra(ROADS, 2, vehicles_per_convoy="6"),
        ROADS, 2, r"vehicles_per_convoy: expected 1, since escort_usd_per_convoy is 0 \(got 6\)",
    ),
    Broken(
        "limit below a gram",
        extra(ROADS, 3, neq_limit_kg_per_vehicle="0.0001"),
        ROADS, 3, r"neq_limit_kg_per_vehicle: expected at least 0\.001, one gram \(got 0\.0001\)",
    ),
    Broken("escort that pays", extra(ROADS, 2, escort_usd_per_convoy="-1"), ROADS, 2, "expected >= 0"),
    Broken("months of a road", extra(ROADS, 2, open_months="0-3"), ROADS, 2, "a first and a last month"),
    Broken(
        "days of a move",
        extra(PLANTS, 3, move_days="20"),
        PLANTS, 3, r"move_days: expected 0, since KILN-B is not mobile \(got 20\)",
    ),
    Broken(
        "cost of a move",
        extra(PLANTS, 2, move_cost_usd="5e3"),
        PLANTS, 2, r"move_cost_usd: expected 0, since RANGE-A is not mobile \(got 5000\)",
    ),
    Broken(
        "home that is not served",
        both(ABROAD, cell(PLANTS, 3, "serves_sites", "A;C")),
        PLANTS, 3, r"expected a site of YY, where KILN-B starts, .*does not serve \(got sites of XX\)",
        problems=3,
    ),
    Broken("country", extra(SITES, 3, country="Yonder"), SITES, 3, "two capital letters"),
]  # fmt: skip
