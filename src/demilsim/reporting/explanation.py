"""Explanation of the plan as files: prices, alternatives and reasons, and their part of ``summary.json``."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from demilsim.optimisation.alternatives import Alternative, usage
from demilsim.optimisation.explain import Reason
from demilsim.optimisation.plan_model import PlanModel
from demilsim.optimisation.prices import Price
from demilsim.optimisation.reoptimised import SHARE
from demilsim.planning.explained import Explanation, LineReason
from demilsim.reporting.document import Document, finite
from demilsim.reporting.tables import csv_text
from demilsim.scenario.scenario import Scenario

REASON_COLUMNS = (
    "line_id", "lot_id", "facility_id", "planned_period", "harm_averted", "harm_averted_per_million_usd",
    "harm_averted_per_facility_day", "harm_of_delay_per_t", "binding", "why_now", "why_there",
    "elsewhere_facility_id", "elsewhere_usd_per_t", "price_to_move_usd_per_t",
)  # fmt: skip
PRICE_COLUMNS = (
    "row", "family", "subject", "period", "unit", "limit", "harm_averted_per_unit", "valid_from", "valid_to",
    "step_up", "harm_averted_per_unit_up", "step_down", "harm_lost_per_unit_down", "unique",
)  # fmt: skip
ALTERNATIVE_COLUMNS = (
    "alternative", "aim", "site_id", "facility_id", "year", "plan_t", "alternative_t",
)  # fmt: skip

LEAST_T = 0.5
"""Tonnes below which a difference from the plan is not listed."""

USD_PER_MILLION = 1e6


def explanation_document(explanation: Explanation) -> Document:
    """Return what ``summary.json`` says: by fund and facility, never by lot, storehouse or site."""
    at = explanation.plan
    scenario = at.problem.scenario
    names = {f.facility_id: f.name for f in scenario.facilities} | {f.fund_id: f.name for f in scenario.funds}
    return {
        "planned_harm": at.total,
        "do_nothing_harm": at.harm.do_nothing,
        "step": SHARE,
        "worth": [
            {
                "family": w.family, "subject": w.subject, "name": names[w.subject], "unit": w.unit,
                "amount": w.amount, "price": w.price, "linear_up": w.linear_up,
                "linear_down": w.linear_down, "up": w.up, "down": w.down,
            }
            for w in explanation.worths
        ],
        "strings": [
            {"fund_id": s.fund_id, "name": names[s.fund_id], "price": s.price, "averted": s.averted}
            for s in explanation.strings
        ],
        "alternatives": [_alternative(at, a) for a in explanation.alternatives],
    }  # fmt: skip


def _alternative(at: PlanModel, alternative: Alternative) -> Document:
    scenario = at.problem.scenario
    own = usage(at.problem, at.flows).sum(axis=(0, 2))
    other = alternative.tonnes.sum(axis=(0, 2))
    periods = scenario.period_dates
    return {
        "aim": alternative.aim,
        "planned_harm": alternative.planned_harm,
        "averted_share": alternative.averted_share,
        "cost_usd": alternative.cost_usd,
        "moved": alternative.moved,
        "commissionings": [
            {"facility_id": scenario.facilities[f].facility_id, "ordered": periods[t].isoformat()}
            for f, t in alternative.choice
        ],
        "facilities": [
            {"facility_id": f.facility_id, "name": f.name, "plan_t": a, "alternative_t": b}
            for f, a, b in zip(scenario.facilities, own.tolist(), other.tolist(), strict=True)
        ],
        "funds": [
            {"fund_id": fund.fund_id, "name": fund.name, "paid_usd": usd}
            for fund, usd in zip(scenario.funds, alternative.paid_usd.tolist(), strict=True)
        ],
    }


def explanation_files(scenario: Scenario, explanation: Explanation) -> dict[str, str]:
    """Return the texts of the files of an explanation, by name."""
    return {
        "prices.csv": prices_text(explanation.prices),
        "alternatives.csv": alternatives_text(explanation.plan, explanation.alternatives),
        "plan_reasons.csv": reasons_text(scenario, explanation.lines),
    }


def prices_text(prices: Iterable[Price]) -> str:
    """Return ``prices.csv``: every priced limit.

    Infinite ends of ranges and what is not known stay empty. `unique` says yes, no, or not resolved where the
    solver's rounding is larger than what would have to be seen.
    """
    rows = [
        (
            p.row, p.family, p.subject, p.period, p.unit, p.limit, p.value, finite(p.valid_from),
            finite(p.valid_to), p.step_up or None, p.up, p.step_down or None, p.down,
            _unique(p),
        )
        for p in prices
    ]  # fmt: skip
    return csv_text(PRICE_COLUMNS, rows)


def _unique(price: Price) -> str | None:
    if price.resolved is None:
        return None
    return {True: "yes", False: "no", None: "not resolved"}[price.unique]


def alternatives_text(at: PlanModel, alternatives: Iterable[Alternative]) -> str:
    """Return ``alternatives.csv``: where and when each alternative does other tonnes than the plan."""
    scenario, own = at.problem.scenario, usage(at.problem, at.flows)
    years = np.unique(at.problem.blocks.year).tolist()
    rows = [
        (
            number, a.aim, scenario.sites[s].site_id, scenario.facilities[f].facility_id, years[y],
            float(own[s, f, y]), float(a.tonnes[s, f, y]),
        )
        for number, a in enumerate(alternatives, start=1)
        for s, f, y in np.argwhere(np.abs(a.tonnes - own) > LEAST_T)
    ]  # fmt: skip
    return csv_text(ALTERNATIVE_COLUMNS, rows)


def reasons_text(scenario: Scenario, lines: Iterable[LineReason]) -> str:
    """Return ``plan_reasons.csv``: a row for each line of ``plan.csv``, in its order."""
    names = {f.facility_id: f.name for f in scenario.facilities}
    rows = []
    for number, found in enumerate(lines, start=1):
        line, reason = found.line, found.reason
        rows.append(
            (
                number, line.lot_id, line.facility_id, found.period, line.harm_averted,
                None if found.harm_per_usd is None else USD_PER_MILLION * found.harm_per_usd,
                found.harm_per_day,
                *((None, None, line.reason, None) if reason is None else (
                    reason.delay_cost, " ".join(reason.binding), reason.why_now, why_there(reason, names),
                )),
                *((None,) * 3 if reason is None or not reason.elsewhere else (
                    reason.elsewhere, reason.elsewhere_usd_per_t, reason.price_to_move_usd_per_t,
                )),
            )
        )  # fmt: skip
    return csv_text(REASON_COLUMNS, rows)


def why_there(reason: Reason, names: dict[str, str]) -> str:
    """Return in words why another facility does not take it, and what would have to change."""
    if not reason.elsewhere:
        return "no other facility may take it"
    other = names[reason.elsewhere]
    price, now = reason.price_to_move_usd_per_t, reason.elsewhere_usd_per_t
    if reason.elsewhere_loss == 0.0 or (price is not None and round(price) >= round(now)):
        return f"{other} would do as well"
    if price is None:
        return f"{other} comes next, but not at any price: it lacks time, not money"
    return f"{other} would take it at {price:,.0f} USD/t instead of {now:,.0f}"
