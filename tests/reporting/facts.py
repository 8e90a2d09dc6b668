"""Schedule, places and shares by year, as new results folders hold them, small enough to check by hand."""

from __future__ import annotations

from typing import Any

from reporting.conftest import FIRST_YEAR, YEARS

PERIODS = 4 * YEARS
KILN_T, NEW_T = 30.0, 12.5


def series(value: float, first: int = 0, last: int = PERIODS) -> list[float]:
    """Return a value for the periods from first to last, and 0 before and after."""
    return [value if first <= period < last else 0.0 for period in range(PERIODS)]


def date(period: int) -> str:
    return f"{FIRST_YEAR + period // 4}-{3 * (period % 4) + 1:02d}-01"


def facility(
    identifier: str, name: str, method: str, planned: list[float], done: list[float]
) -> dict[str, Any]:
    return {
        "facility_id": identifier,
        "name": name,
        "method": method,
        "planned_t": planned,
        "destroyed_t": done,
        "open_days": series(60.0),
        "worked_days": series(45.0, last=20),
        "ordered": None,
        "ready": None,
    }


def schedule() -> dict[str, Any]:
    new = facility(
        "NEW", "<script>alert(1)</script> plant", "contained_detonation", series(NEW_T, 16), series(10.0, 17)
    )
    new |= {"ordered": date(5), "ready": f"{FIRST_YEAR + 2}-10-12"}
    new |= {"open_days": series(60.0, 11), "worked_days": series(45.0, 11, 20)}
    kiln = series(KILN_T, last=24)
    return {
        "policy": "optimised",
        "basis": "decided",
        "load_replications": 32,
        "starts": [date(period) for period in range(PERIODS)],
        "facilities": [
            facility("KILN", "Rotary kiln", "rotary_kiln", kiln, series(25.0, last=30)),
            new,
            facility("IDLE", "Idle range", "open_detonation", series(0.0), series(0.0)),
        ],
        "groups": [
            {"region": "South", "sites": 5, "method": "Rotary kiln", "planned_t": kiln},
            {"region": "North", "sites": 3, "method": "Contained (closed)", "planned_t": series(NEW_T, 16)},
        ],
        "sites": [
            {
                "site_id": "S1",
                "name": "SITE-SECRET-A",
                "region": "South",
                "planned_t": kiln,
            },
            {"site_id": "N1", "name": "SITE-SECRET-B", "region": "North", "planned_t": series(NEW_T, 16)},
        ],
        "measures": [
            {"kind": "rrpl", "region": "South", "sites": 5, "ordered": date(2)},
            {"kind": "guard", "region": "South", "sites": 5, "ordered": date(9)},
        ],
    }


def over_time() -> dict[str, Any]:
    years = list(range(FIRST_YEAR, FIRST_YEAR + YEARS))
    cleared = [0.0] * 11 + [0.25, 0.55, 0.6, 0.62]
    places = (("South", 5, 43.5, 68.5, 0.6), ("West <b>bold</b>", 4, 48.0, 55.5, 0.3))
    return {
        "years": years,
        "policies": {
            "do_nothing": {"p_cleared": [0.0] * YEARS, "funds": []},
            "optimised": {"p_cleared": cleared, "funds": []},
        },
        "regions_policy": "optimised",
        "regions_replications": 32,
        "regions": [
            {
                "region": name,
                "sites": sites,
                "latitude_deg": latitude,
                "longitude_deg": longitude,
                "deaths": [rate * (1 - i / 20) for i in range(YEARS)],
                "deaths_do_nothing": [rate * (1 + i / 10) for i in range(YEARS)],
            }
            for name, sites, latitude, longitude, rate in places
        ],
    }


def with_facts(document: dict[str, Any]) -> None:
    """Put all of it into a summary."""
    document["schedule"] = schedule()
    document["over_time"] = over_time()
    document["host_only_minus_do_nothing"] = {
        "expected_fatalities": {"mean": -2.5, "half_width": 0.11},
        "expected_fatalities_public": {"mean": -2.125, "half_width": 0.1},
    }
    document["time_use"] = {
        "optimised": [
            {
                "facility_id": "KILN",
                "name": "Rotary kiln",
                "days": {"worked": 600.0, "weather": 100.0, "money": 250.0, "nothing_left_to_do": 50.0},
            }
        ]
    }
