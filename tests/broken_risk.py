"""Limits on risk that contradict themselves: the starter with one thing changed, and what is said."""

from __future__ import annotations

from broken import Broken, broken_row
from changes import PLANTS, both, cell, extra

GROUPS = "exposed_sites.csv"
VILLAGE, KILN = 3, 3
"""Lines of the starter's first village, and of its kiln."""

BROKEN_RISK = [
    broken_row(
        "limit of certainty", GROUPS, VILLAGE,
        r"risk_limit_per_year: expected a yearly probability below 1, as 1e-4 \(got 1\)",
        risk_limit_per_year="1",
    ),
    broken_row(
        "limit of nothing", GROUPS, VILLAGE, "risk_limit_per_year: expected > 0", risk_limit_per_year="0"
    ),
    Broken(
        "limit of nobody",
        both(cell(GROUPS, VILLAGE, "persons", "0"), extra(GROUPS, VILLAGE, risk_limit_per_year="1e-4")),
        GROUPS, VILLAGE, r"risk_limit_per_year: expected nothing, since persons is 0 \(got 0\.0001\)",
    ),
    broken_row(
        "date of no limit", GROUPS, VILLAGE,
        r"risk_limit_from: expected nothing, since risk_limit_per_year is empty \(got 2028-01-01\)",
        risk_limit_from="2028-01-01",
    ),
    Broken(
        "limit after the horizon",
        both(
            extra(GROUPS, VILLAGE, risk_limit_per_year="1e-4"),
            extra(GROUPS, VILLAGE, risk_limit_from="2034-01-02"),
        ),
        GROUPS, VILLAGE,
        r"risk_limit_from: expected a date up to 2034-01-01, the end of the horizon \(got 2034-01-02\)",
    ),
    broken_row(
        "limit of untold workers", PLANTS, KILN,
        r"workers: expected > 0, since worker_risk_limit_per_year is 0\.001 \(got nothing\)",
        worker_risk_limit_per_year="1e-3",
    ),
    Broken(
        "workers who will die",
        both(extra(PLANTS, KILN, workers="20"), extra(PLANTS, KILN, worker_risk_limit_per_year="2")),
        PLANTS, KILN,
        r"worker_risk_limit_per_year: expected a yearly probability below 1, as 1e-3 \(got 2\)",
    ),
]  # fmt: skip
