"""Roads and mobile plant that contradict themselves: the starter with one thing changed, and what is said."""

from __future__ import annotations

from broken import Broken, broken_row
from changes import PLANTS, both, cell, extra

ROADS, SITES = "routes.csv", "sites.csv"
ABROAD = both(extra(SITES, 3, country="YY"), cell(PLANTS, 3, "mobile", "yes"))
"""Site B lies in another country, and the kiln that starts there is mobile."""

BROKEN_TRANSPORT = [
    broken_row("convoy of none", ROADS, 2, "expected >= 1", vehicles_per_convoy="0"),
    broken_row(
        "convoy that costs nothing", ROADS, 2,
        r"vehicles_per_convoy: expected 1, since escort_usd_per_convoy is 0 \(got 6\)",
        vehicles_per_convoy="6",
    ),
    broken_row(
        "limit below a gram", ROADS, 3,
        r"neq_limit_kg_per_vehicle: expected at least 0\.001, one gram \(got 0\.0001\)",
        neq_limit_kg_per_vehicle="0.0001",
    ),
    broken_row("escort that pays", ROADS, 2, "expected >= 0", escort_usd_per_convoy="-1"),
    broken_row("months of a road", ROADS, 2, "a first and a last month", open_months="0-3"),
    broken_row(
        "days of a move", PLANTS, 3,
        r"move_days: expected 0, since KILN-B is not mobile \(got 20\)", move_days="20",
    ),
    broken_row(
        "cost of a move", PLANTS, 2,
        r"move_cost_usd: expected 0, since RANGE-A is not mobile \(got 5000\)", move_cost_usd="5e3",
    ),
    Broken(
        "home that is not served",
        both(ABROAD, cell(PLANTS, 3, "serves_sites", "A;C")),
        PLANTS, 3, r"expected a site of YY, where KILN-B starts, .*does not serve \(got sites of XX\)",
        problems=3,
    ),
    broken_row("country", SITES, 3, "two capital letters", country="Yonder"),
]  # fmt: skip
