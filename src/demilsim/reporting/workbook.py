"""Results as a workbook: the plan, the policies compared, and the numbers that were assumed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from demilsim.reporting.disclosure import Audience
from demilsim.reporting.permit_views import permit_reading
from demilsim.reporting.plan_views import plan_reading, planned_by_year, when_planned
from demilsim.reporting.policy_records import OPTIMISED, Measures, PolicyResult
from demilsim.reporting.records import StoredResults
from demilsim.reporting.stored import Spread
from demilsim.reporting.tables import SIGNIFICANT_DIGITS
from demilsim.scenario.cells import Cell
from demilsim.scenario.workbook_write import MAX_CELL_CHARACTERS, book_bytes, put_cell

UNITS = {
    "expected_fatalities": "persons",
    "expected_fatalities_public": "persons",
    "expected_fatalities_workers": "persons",
    "expected_fatalities_transport": "persons",
    "p_any_explosion": "1",
    "p_any_explosion_conditional": "1",
    "destroyed_t": "t",
    "cost_usd": "USD",
    "p_cleared": "1",
}
"""Unit of each measure that the comparison shows, in its order."""
STAY_COLUMNS = (
    ("policy", "", "policy"),
    ("moves are", "", "basis"),
    ("facility", "", "facility_id"),
    ("comes from", "", "from_site_id"),
    ("leaves in period", "", "leaves_period"),
    ("leaves", "date", "leaves"),
    ("move", "d", "move_days"),
    ("cost of move", "USD", "move_cost_usd"),
    ("stands at", "", "site_id"),
    ("first period", "", "first_period"),
    ("last period", "", "last_period"),
    ("stands from", "date", "stands_from"),
    ("stands until", "date", "stands_until"),
    ("destroyed there", "t", "tonnes"),
)
"""Head, unit and field of each column about mobile plant."""

NARROW, WIDE = 14, 60


@dataclass(frozen=True)
class Sheet:
    """One sheet: heads, their units, and rows of values."""

    name: str
    heads: tuple[str, ...]
    units: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def results_workbook(results: StoredResults, audience: Audience) -> bytes:
    """Return results as the bytes of an .xlsx file; the same for the same results.

    Parameters
    ----------
    results
        Results as the audience may see them.
    audience
        Who will read it: the public sees tonnes by facility and year, a partner lots and sites, and the
        restricted workbook also storehouses, net explosive quantities and reasons.
    """
    sheets = (
        _about(results, audience),
        _plan(results, audience),
        *_mobile_plant(results),
        *_comparisons(results),
        _assumptions(results),
    )

    def write(book: Any) -> None:
        head = book.add_format({"bold": True, "bg_color": "#D9E2EC", "border": 1})
        unit = book.add_format({"italic": True, "font_color": "#555555", "bottom": 1})
        plain = book.add_format({"num_format": "General"})
        date = book.add_format({"num_format": "yyyy-mm-dd"})
        for sheet in sheets:
            _write(book.add_worksheet(sheet.name), sheet, head, unit, plain, date)

    return book_bytes(results.scenario.name, write)


def _write(target: Any, sheet: Sheet, head: Any, unit: Any, plain: Any, date: Any) -> None:
    for column, (name, measured) in enumerate(zip(sheet.heads, sheet.units, strict=True)):
        target.write_string(0, column, name, head)
        target.write_string(1, column, f"[{measured}]" if measured else "", unit)
        target.set_column(column, column, WIDE if measured == "text" else NARROW)
        for row, cells in enumerate(sheet.rows, start=2):
            put_cell(target, row, column, _shown(cells[column]), date if measured == "date" else plain)
    target.freeze_panes(2, 1)
    if sheet.rows:
        target.autofilter(0, 0, len(sheet.rows) + 1, len(sheet.heads) - 1)


def _shown(cell: Cell) -> Cell:
    """Return a number with the digits that results have, and a text that a cell can hold."""
    if isinstance(cell, float):
        return float(f"{cell:.{SIGNIFICANT_DIGITS}g}")
    if isinstance(cell, str) and len(cell) > MAX_CELL_CHARACTERS:
        return f"{cell[: MAX_CELL_CHARACTERS - 4]} ..."
    return cell


def _about(results: StoredResults, audience: Audience) -> Sheet:
    """Return what a reader needs to know first; synthetic data say so before anything else."""
    given = results.scenario
    rows: list[tuple[Cell, ...]] = []
    if given.synthetic:
        rows.append(("SYNTHETIC", "the scenario is invented; no real site, stock or budget is described"))
    rows += [
        ("scenario", f"{given.name}: {given.title}"),
        ("content", given.sha256),
        ("audience", audience),
        (
            "horizon",
            f"{given.start.isoformat()} to {given.end.isoformat()}, US dollars of {given.price_year}",
        ),
        ("replications", f"{results.replications}, seed {results.seed}, level {results.level:g}"),
    ]
    rows += [("plan", text) for text in (*plan_reading(results), *permit_reading(results))]
    if audience == "public" and results.lines:
        rows.append(("plan", f"tonnes stand in the year in which {when_planned(results)}"))
    rows += [("note", note) for note in results.notes]
    return Sheet("about", ("what", "says"), ("", "text"), tuple(rows))


def _plan(results: StoredResults, audience: Audience) -> Sheet:
    names = {row.facility_id: row.name for policy in results.policies for row in policy.facilities}
    if audience == "public":
        first, planned = planned_by_year(results)
        yearly = sorted(
            (names.get(key, key), first + year, tonnes)
            for key, by_year in planned.items()
            for year, tonnes in enumerate(by_year)
            if tonnes
        )
        return Sheet("plan", ("facility", "year", "planned"), ("", "year", "t"), tuple(yearly))
    heads = [
        "line",
        "lot",
        "site",
        "facility",
        "gross mass",
        "planned from",
        "not before",
        "cost",
        "deaths averted",
    ]
    units = ["", "", "", "", "t", "date", "date", "USD", "persons"]
    rows: list[tuple[Cell, ...]] = [
        (
            line.line_id, line.lot_id, line.site_id, names.get(line.facility_id, line.facility_id),
            line.tonnes, line.planned, line.start, line.cost_usd, line.harm_averted,
        )
        for line in results.lines
    ]  # fmt: skip
    if audience == "restricted":
        heads += ["storehouse", "net explosive quantity", "reason"]
        units += ["", "kg", "text"]
        more = ((line.storehouse_id, line.neq_kg, line.reason) for line in results.lines)
        rows = [(*row, *own) for row, own in zip(rows, more, strict=True)]
    return Sheet("plan", tuple(heads), tuple(units), tuple(rows))


def _mobile_plant(results: StoredResults) -> Iterator[Sheet]:
    """Yield where mobile plant stands by policy, for those who may see sites and dates."""
    if results.stays:
        heads, units, names = zip(*STAY_COLUMNS, strict=True)
        rows = tuple(tuple(getattr(stay, name) for name in names) for stay in results.stays)
        yield Sheet("mobile plant", heads, units, rows)


def _comparisons(results: StoredResults) -> Iterator[Sheet]:
    """Yield the policies side by side, and what the optimised plan averts against each."""
    rows = [row for policy in results.policies for row in _measures(policy)]
    heads = ("policy", "measure", "unit", "mean", "half width", "parameter p5", "parameter p95")
    yield Sheet("comparison", heads, ("", "", "", "", "", "", ""), tuple(rows))
    found = [(policy, policy.difference) for policy in results.policies if policy.difference]
    differences = [
        (f"{OPTIMISED} - {policy.name}", spread.mean, spread.half_width, spread.half_width_simultaneous)
        for policy, difference in found
        if (spread := difference.expected_fatalities)
    ]
    columns = ("difference in expected deaths", "mean", "half width", "half width, all at once")
    yield Sheet("differences", columns, ("", "persons", "persons", "persons"), tuple(differences))


def _measures(policy: PolicyResult) -> Iterator[tuple[Cell, ...]]:
    measures: Measures = policy.measures
    for name, unit in UNITS.items():
        spread: Spread | None = getattr(measures, name)
        if spread:
            yield (
                policy.name, name, unit, spread.mean, spread.half_width, spread.parameter_p5,
                spread.parameter_p95,
            )  # fmt: skip
    if measures.clearance_date:
        median = measures.clearance_date.p50
        yield (
            policy.name, "clearance_date", "date", median.isoformat() if median else "not in time",
            None, None, None,
        )  # fmt: skip


def _assumptions(results: StoredResults) -> Sheet:
    """Return every number of the model with its range, source and confidence."""
    heads = ("key", "value", "unit", "low", "high", "distribution", "confidence", "source")
    rows = tuple(
        (a.key, a.value, a.unit, a.low, a.high, a.distribution, a.confidence, a.source)
        for a in results.assumptions
    )
    return Sheet("assumptions", heads, ("", "", "", "", "", "", "", "text"), rows)
