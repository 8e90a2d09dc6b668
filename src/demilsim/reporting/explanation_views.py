"""What the report says about why the plan is as it is, and what a little more would buy."""

from __future__ import annotations

from demilsim.planning.coordinate import GAP_AVERTED
from demilsim.reporting.disclosure import Audience
from demilsim.reporting.explanation_records import (
    AlternativeFacts,
    ExplanationFacts,
    StringsFacts,
    WorthFacts,
)
from demilsim.reporting.grid import Column, Row, Table, plain_rows
from demilsim.reporting.records import StoredResults
from demilsim.reporting.wording import (
    ABSENT,
    figure,
    figure_or_below,
    fixed,
    level_text,
    percent,
    sentence,
)

MOST_REASONS = 25
"""Lines with their reasons in a report; ``plan_reasons.csv`` has them all."""

UNITS = {"USD": "USD", "working day": "days", "t": "t"}
"""Units of what there is more or less of, in words."""

THOUSANDS_IN_A_MILLION = 1e3
"""``plan_reasons.csv`` has a line's harm averted for a million; most lines cost less and avert less."""

FAR = 0.25
"""Share by which the price and the plan made again may differ before the reader is told [1]."""

LEAST_SHIFT = 0.01
"""Share of the plan's tonnes below which a facility's difference is not told [1]."""

MOST_SHIFTS = 3
"""Facilities named for each alternative."""


def price_sentences(results: StoredResults) -> tuple[str, ...]:
    """Return what the tables of prices mean; empty without an explanation."""
    facts = results.explanation
    if facts is None:
        return ()
    step = level_text(facts.step)
    return (
        "A price is what one more unit would avert, with new facilities as they are planned, by the linear "
        f"plan around the optimiser's. It is told for {step} of what there is, and for no more, since it may "
        f"hold no further. Beside it stands the plan made again with {step} more and less: where "
        "the three differ, the price holds for less than that, or is not one number. Harm is "
        f"as planned; with the plan {figure(facts.planned_harm, 2)} are left.",
    )


def worth_table(results: StoredResults) -> Table:
    """Return what a little more money, time or permit would avert."""
    facts = results.explanation
    columns = (
        Column("A little more of", wide=True),
        Column("There is", "over the horizon"),
        Column("A little", "" if facts is None else f"{level_text(facts.step)} of it"),
        Column("Deaths averted", "by the price"),
        Column("with more", "plan made again"),
        Column("with less", "deaths added"),
        Column("Reading", wide=True),
    )
    rows = [_worth_row(worth, facts) for worth in facts.worth if worth.price > 0.0] if facts else []
    return Table("What a little more would buy", columns, tuple(rows), "No limit of the plan has a price.")


def _worth_row(worth: WorthFacts, facts: ExplanationFacts) -> Row:
    what = {
        "budget": f"money of {worth.name}",
        "working_days": f"time of {worth.name}",
        "permits": f"permit of {worth.name}",
    }[worth.family]
    step = facts.step * worth.amount
    cells = (
        sentence(what),
        _amount(worth.amount, worth.unit),
        _amount(step, worth.unit),
        figure(min(step * worth.price, facts.planned_harm), 2),
        ABSENT if worth.up is None else figure(min(step * worth.up, facts.planned_harm), 2),
        ABSENT if worth.down is None else figure(step * worth.down, 2),
        _reading(worth),
    )
    return Row(cells, strong=worth.family == "budget")


def _amount(amount: float, unit: str) -> str:
    return f"{figure(amount, 2)} {UNITS[unit]}"


def _reading(worth: WorthFacts) -> str:
    """Return how far a price is to be trusted."""
    if worth.up is None or worth.down is None:
        return "not possible with less"
    allowed = FAR * max(abs(worth.price), abs(worth.up), abs(worth.down))
    if abs(worth.up - worth.down) > allowed:
        return "not unique: more and less differ"
    if max(abs(worth.up - worth.price), abs(worth.down - worth.price)) > allowed:
        return "the price does not hold for as much"
    return "holds"


def strings_table(results: StoredResults) -> Table:
    """Return what the strings on each donor's money cost."""
    facts = results.explanation
    columns = (
        Column("Fund", wide=True),
        Column("A little", "" if facts is None else f"{level_text(facts.step)} of its money"),
        Column("Deaths averted", "by a little without strings"),
        Column("Deaths averted", "by all without any string"),
    )
    rows = [_strings_cells(one, facts) for one in facts.strings] if facts else []
    caption = (
        f"What the strings on money cost; below {percent(GAP_AVERTED)} of what the plan averts plans are not "
        "told apart, and no number is given"
    )
    return Table(caption, columns, plain_rows(rows))


def _strings_cells(one: StringsFacts, facts: ExplanationFacts) -> tuple[str, ...]:
    """Return what a fund's strings cost: nothing averts more than all does, nor all more than is left.

    Where all of it is less than the optimiser can tell apart no number is given, as `demilsim fund` does.
    """
    money = [w.amount for w in facts.worth if w.family == "budget" and w.subject == one.fund_id]
    most = min(one.averted, facts.planned_harm)
    least = GAP_AVERTED * (facts.do_nothing_harm - facts.planned_harm)
    told = figure_or_below(most, least, 2)
    if not money:
        return (one.name, ABSENT, ABSENT, told)
    step = facts.step * money[0]
    little = min(step * one.price, most)
    return (one.name, _amount(step, "USD"), figure(little, 2) if most >= least else told, told)


def alternatives_table(results: StoredResults) -> Table:
    """Return the plans that are nearly as good."""
    facts = results.explanation
    columns = (
        Column("A plan", wide=True),
        Column("Averts", "of what the plan does"),
        Column("Cost", "million USD"),
        Column("Tonnes that differ"),
        Column("New facilities", wide=True),
        Column("Where it differs most", wide=True),
    )
    rows = [_alternative_cells(a, facts) for a in facts.alternatives] if facts else []
    return Table(
        "Plans nearly as good that differ most",
        columns,
        plain_rows(rows),
        "No plan within 2% of the harm averted differs in 5% of its tonnes.",
    )


def _alternative_cells(alternative: AlternativeFacts, facts: ExplanationFacts) -> tuple[str, ...]:
    names = {f.facility_id: f.name for f in alternative.facilities}
    whole = sum(f.plan_t for f in alternative.facilities)
    shifts = sorted(alternative.facilities, key=lambda f: -abs(f.alternative_t - f.plan_t))[:MOST_SHIFTS]
    told = [
        f"{f.name}: {fixed(f.alternative_t, 0)} t instead of {fixed(f.plan_t, 0)}"
        for f in shifts
        if abs(f.alternative_t - f.plan_t) > LEAST_SHIFT * whole
    ]
    built = [f"{names[c.facility_id]} ({c.ordered.isoformat()[:7]})" for c in alternative.commissionings]
    return (
        sentence(alternative.aim),
        percent(alternative.averted_share, 3),
        figure(alternative.cost_usd / 1e6),
        percent(alternative.moved),
        ", ".join(built) or "none",
        "; ".join(told) or "sites and years, not facilities",
    )


def reasons_table(results: StoredResults, audience: Audience) -> Table:
    """Return why each lot is done when and where it is: "why this lot first". Lots are not for the public."""
    columns = (
        Column("Lot", wide=True),
        Column("Facility", wide=True),
        Column("Deaths averted", "per 1,000 USD"),
        Column("Deaths averted", "per facility-day"),
        Column("Why not earlier", wide=True),
        Column("Why not elsewhere", wide=True),
    )
    shown = () if audience == "public" else results.reasons[:MOST_REASONS]
    names = {row.facility_id: row.name for policy in results.policies for row in policy.facilities}
    rows = plain_rows(
        (
            reason.lot_id,
            names.get(reason.facility_id, reason.facility_id),
            ABSENT
            if reason.per_million_usd is None
            else figure(reason.per_million_usd / THOUSANDS_IN_A_MILLION, 2),
            figure(reason.per_facility_day, 2),
            sentence(reason.why_now),
            sentence(reason.why_there),
        )
        for reason in shown
    )
    return Table(f"Why this lot first: the first {len(shown)} lines of the plan", columns, rows)
