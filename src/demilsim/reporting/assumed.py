"""What each table of the report assumes, in a sentence under it."""

from __future__ import annotations

from dataclasses import replace

from demilsim.experiments.ensemble import CLEARED_SHARE
from demilsim.reporting.grid import Table
from demilsim.reporting.records import StoredResults
from demilsim.reporting.views import ASSUMED

CONSTANTS = "the model's constants at their stated values, {assumed} of {all} of them assumed, not read"
AS_PLANNED = "that all goes as planned: mean working days, money on its expected dates, no explosion"
COURSE = "throughput, calendar, breakdowns, weather and permits as the scenario's tables have them"
MONEY = "tranches, delays and probabilities as the scenario has them; prices that do not change"
NEAR = "small changes around the plan, new facilities as they are, harm as planned and not simulated"

STATEMENTS = {
    "bought": "the model's constants at their stated values; neither money nor deaths are discounted",
    "waterfall": f"{CONSTANTS}; the same incidents drawn for every policy",
    "key_figures": f"{CONSTANTS}; the same incidents drawn for every policy; costs that some fund pays",
    "unknown_by_policy": "constants that vary within their ranges, independently; plans that stay the same",
    "tornado": "that one constant moves and all others stay; a plan that stays as it is",
    "major": f"{CONSTANTS}; a stock as it is recorded",
    "sites": "a stock as it is recorded, at the start; limits that are recollected, not read",
    "risks": f"{CONSTANTS}; what the model leaves out is in no line",
    "regions": f"{CONSTANTS}; a stock as it is recorded",
    "commissionings": "money and lead times as the scenario has them",
    "schedule": AS_PLANNED,
    "map": f"{CONSTANTS}; harm in storage alone, without work and roads",
    "finishing": (
        f"that the surplus is gone when at most {CLEARED_SHARE:.0%} of it is left; a stock and an inflow as "
        "they are recorded; what explodes or is stolen is gone as well"
    ),
    "load": COURSE,
    "destroyed": COURSE,
    "time_use": f"{COURSE}; means of a few replications",
    "measures": "effects of measures as in the numbers of the model, most of them assumed",
    "money": MONEY,
    "money_outside": MONEY,
    "plan_lines": AS_PLANNED,
    "lots_left": AS_PLANNED,
    "stays": AS_PLANNED,
    "mobile_sums": AS_PLANNED,
    "worth": NEAR,
    "strings": NEAR,
    "alternatives": NEAR,
    "reasons": AS_PLANNED,
    "convergence": "replications that are independent of each other",
    "assumptions": (
        "for each number marked so, our judgement: no source gives it; numbers on theft are not public"
    ),
    "harm-rate": CONSTANTS,
    "stock": COURSE,
    "spending": MONEY,
    "tranches": MONEY,
}
"""By the name of a table: what must hold for its numbers."""


def stated(tables: dict[str, Table], results: StoredResults) -> dict[str, Table]:
    """Return tables, each with what it assumes.

    Parameters
    ----------
    tables
        By name; each has a statement.
    results
        Whose constants are counted.
    """
    everything = len(results.assumptions)
    assumed = sum(item.confidence == ASSUMED for item in results.assumptions)
    return {
        name: replace(table, assumes=_sentence(STATEMENTS[name], assumed, everything))
        for name, table in tables.items()
    }


def _sentence(statement: str, assumed: int, everything: int) -> str:
    if not everything:
        statement = statement.replace(CONSTANTS, "the model's constants at their stated values")
    return f"Assumes {statement.format(assumed=assumed, all=everything)}."
