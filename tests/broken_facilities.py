"""Facilities that contradict themselves: the starter with one thing changed, and what is said."""

from __future__ import annotations

from broken import Broken
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
    Broken("no shift", extra(PLANTS, RANGE, shifts_per_day="0"), PLANTS, RANGE, "per_day: expected > 0"),
    Broken("five shifts", extra(PLANTS, RANGE, shifts_per_day="5"), PLANTS, RANGE, "expected <= 4"),
    Broken(
        "shots of no size",
        extra(PLANTS, RANGE, shots_per_day="6"),
        PLANTS, RANGE, r"neq_limit_kg_per_shot: expected > 0, since shots_per_day is given \(got nothing\)",
    ),
    Broken(
        "size of no shots",
        extra(PLANTS, RANGE, neq_limit_kg_per_shot="100"),
        PLANTS, RANGE, r"shots_per_day: expected > 0, since neq_limit_kg_per_shot is given \(got nothing\)",
    ),
    Broken(
        "shape of no breakdowns",
        extra(PLANTS, RANGE, repair_shape="2"),
        PLANTS, RANGE, r"repair_shape: expected 1, since there are no breakdowns \(got 2\)",
    ),
    Broken("wild shape", extra(PLANTS, KILN, breakdown_shape="0.2"), PLANTS, KILN, r"expected >= 0\.5"),
    Broken(
        "season of no weather",
        extra(PLANTS, KILN, weather_months="11-3"),
        PLANTS, KILN, r"weather_months: expected 1-12, since weather_stops_per_year is 0 \(got a season\)",
    ),
    Broken(
        "old plant that learns",
        extra(PLANTS, KILN, learning_days="90", learning_start_fraction="0.5"),
        PLANTS, KILN, r"learning_days: expected 0 for an existing facility \(got 90\)",
    ),
    Broken(
        "old plant that may be late",
        extra(PLANTS, KILN, lead_time_sigma="0.3"),
        PLANTS, KILN, r"lead_time_sigma: expected 0 for an existing facility \(got 0\.3\)",
    ),
    Broken(
        "late without lead time",
        both(cell(PLANTS, NEW, "lead_time_days", "0"), extra(PLANTS, NEW, lead_time_sigma="0.3")),
        PLANTS, NEW, r"lead_time_sigma: expected 0, since lead_time_days is 0 \(got 0\.3\)",
    ),
    Broken(
        "nothing to learn",
        extra(PLANTS, NEW, learning_days="90"),
        PLANTS, NEW, r"learning_start_fraction: expected < 1, since learning_days is 90 \(got 1\)",
    ),
    Broken(
        "no time to learn",
        extra(PLANTS, NEW, learning_start_fraction="0.5"),
        PLANTS, NEW, r"learning_days: expected > 0, since learning_start_fraction is 0\.5 \(got 0\)",
    ),
    Broken(
        "objections without effect",
        extra(PLANTS, RANGE, objections_per_year="0.1"),
        PLANTS, RANGE, r"capacity_fraction: expected < 1, since objections_per_year is 0\.1 \(got 1\)",
    ),
    Broken(
        "effect without objections",
        extra(PLANTS, RANGE, objection_capacity_fraction="0.5"),
        PLANTS, RANGE, r"per_year: expected > 0, since objection_capacity_fraction is 0\.5 \(got 0\)",
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
    Broken(
        "pool of what is not built",
        extra(PLANTS, NEW, pool="NEW"),
        PLANTS, NEW, r"pool: expected nothing, since PLANT-C is not fixed plant that exists \(got NEW\)",
    ),
]  # fmt: skip
