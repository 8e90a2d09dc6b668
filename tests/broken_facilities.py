"""Facilities that contradict themselves: the starter with one thing changed, and what is said."""

from __future__ import annotations

from broken import Broken, broken_row
from changes import PLANTS, Change, append, both, cell, extra

RATES = "facility_rates.csv"
RANGE, KILN, NEW, SECOND = 2, 3, 4, 5
"""Lines of the starter's facilities, and of `second_kiln`."""


def second_kiln(mortar_t_per_day: str = "0.8", permit: str = "200") -> Change:
    """Return a second kiln of the kiln's pool, with its rates unless changed."""
    row = f"KILN-2,B,Kiln 2,rotary_kiln,state disposal company,existing,no,,1-12,5,60,7,0,,{permit},,0,0,0"
    return both(
        append(PLANTS, f"{row},A-EXAMPLE"),
        append(RATES, "KILN-2,small_arms,1.2,700,A-EXAMPLE"),
        append(RATES, f"KILN-2,mortar,{mortar_t_per_day},900,A-EXAMPLE"),
        extra(PLANTS, KILN, pool="KILNS"),
        extra(PLANTS, SECOND, pool="KILNS"),
    )


BROKEN_FACILITIES = [
    broken_row("no shift", PLANTS, RANGE, "per_day: expected > 0", shifts_per_day="0"),
    broken_row("five shifts", PLANTS, RANGE, "expected <= 4", shifts_per_day="5"),
    broken_row(
        "shots of no size", PLANTS, RANGE,
        r"neq_limit_kg_per_shot: expected > 0, since shots_per_day is given \(got nothing\)",
        shots_per_day="6",
    ),
    broken_row(
        "size of no shots", PLANTS, RANGE,
        r"shots_per_day: expected > 0, since neq_limit_kg_per_shot is given \(got nothing\)",
        neq_limit_kg_per_shot="100",
    ),
    broken_row(
        "shape of no breakdowns", PLANTS, RANGE,
        r"repair_shape: expected 1, since there are no breakdowns \(got 2\)", repair_shape="2",
    ),
    broken_row("wild shape", PLANTS, KILN, r"expected >= 0\.5", breakdown_shape="0.2"),
    broken_row(
        "season of no weather", PLANTS, KILN,
        r"weather_months: expected 1-12, since weather_stops_per_year is 0 \(got a season\)",
        weather_months="11-3",
    ),
    broken_row(
        "old plant that learns", PLANTS, KILN,
        r"learning_days: expected 0 for an existing facility \(got 90\)",
        learning_days="90", learning_start_fraction="0.5",
    ),
    broken_row(
        "old plant that may be late", PLANTS, KILN,
        r"lead_time_sigma: expected 0 for an existing facility \(got 0\.3\)", lead_time_sigma="0.3",
    ),
    Broken(
        "late without lead time",
        both(cell(PLANTS, NEW, "lead_time_days", "0"), extra(PLANTS, NEW, lead_time_sigma="0.3")),
        PLANTS, NEW, r"lead_time_sigma: expected 0, since lead_time_days is 0 \(got 0\.3\)",
    ),
    broken_row(
        "nothing to learn", PLANTS, NEW,
        r"learning_start_fraction: expected < 1, since learning_days is 90 \(got 1\)", learning_days="90",
    ),
    broken_row(
        "no time to learn", PLANTS, NEW,
        r"learning_days: expected > 0, since learning_start_fraction is 0\.5 \(got 0\)",
        learning_start_fraction="0.5",
    ),
    broken_row(
        "objections without effect", PLANTS, RANGE,
        r"capacity_fraction: expected < 1, since objections_per_year is 0\.1 \(got 1\)",
        objections_per_year="0.1",
    ),
    broken_row(
        "effect without objections", PLANTS, RANGE,
        r"per_year: expected > 0, since objection_capacity_fraction is 0\.5 \(got 0\)",
        objection_capacity_fraction="0.5",
    ),
    Broken(
        "pool of others",
        second_kiln(permit="150"),
        PLANTS, SECOND, r"permit_t_per_year: expected what KILN-B has, of the same pool \(got 150\.0\)",
    ),
    Broken(
        "pool of other rates",
        second_kiln(mortar_t_per_day="0.9"),
        PLANTS, SECOND, r"pool: expected a facility with the rates of KILN-B \(got others\)",
    ),
    broken_row(
        "pool of what is not built", PLANTS, NEW,
        r"pool: expected nothing, since PLANT-C is not fixed plant that exists \(got NEW\)", pool="NEW",
    ),
]  # fmt: skip
