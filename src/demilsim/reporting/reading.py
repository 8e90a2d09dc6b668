"""A results folder read back as records."""

from __future__ import annotations

import csv
import datetime as dt
import io
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from pydantic import Field, ValidationError

from demilsim.errors import ResultsError
from demilsim.reporting.caution_notes import CautionFacts
from demilsim.reporting.explanation_records import ExplanationFacts, StoredReason
from demilsim.reporting.lots_left import LeftFacts
from demilsim.reporting.measure_records import MeasureFacts
from demilsim.reporting.mobile_plant import MOBILE_PLANT
from demilsim.reporting.mobile_records import MobileFacts, StoredStay
from demilsim.reporting.over_time_records import OverTimeFacts
from demilsim.reporting.policy_records import (
    POLICY_ORDER,
    Band,
    CommissionedFacility,
    Difference,
    FacilityDays,
    FacilityYears,
    Fund,
    Measures,
    MoneyOutside,
    PolicyResult,
    Region,
    Timeline,
)
from demilsim.reporting.records import (
    Assumption,
    LaterYears,
    PlanFacts,
    ScenarioFacts,
    StoredLine,
    StoredResults,
)
from demilsim.reporting.risk_records import RiskFacts
from demilsim.reporting.schedule_records import ScheduleFacts
from demilsim.reporting.stored import Stored, Text, plain
from demilsim.reporting.uncertainty_records import UncertaintyFacts
from demilsim.scenario.formula_guard import unquoted

SUMMARY, TIMELINE, PLAN = "summary.json", "timeline.csv", "plan.csv"
REASONS = "plan_reasons.csv"

Cell = TypeVar("Cell")


class _Summary(Stored):
    """``summary.json`` as it is stored, keyed by policy."""

    scenario: ScenarioFacts
    seed: int
    replications: int
    level: float = Field(gt=0, lt=1)
    plan: PlanFacts | None = None
    policies: dict[str, Measures] = Field(min_length=1)
    differences: dict[str, Difference] = Field(default_factory=dict)
    host_only_minus_do_nothing: Difference | None = None
    later_years: LaterYears | None = None
    regions: dict[str, tuple[Region, ...]] = Field(default_factory=dict)
    destroyed_by_facility: dict[str, tuple[FacilityYears, ...]] = Field(default_factory=dict)
    time_use: dict[str, tuple[FacilityDays, ...]] = Field(default_factory=dict)
    spend_by_fund: dict[str, tuple[Fund, ...]] = Field(default_factory=dict)
    money_outside_funds: dict[str, MoneyOutside] = Field(default_factory=dict)
    commissionings: dict[str, tuple[CommissionedFacility, ...]] = Field(default_factory=dict)
    uncertainty: UncertaintyFacts | None = None
    risk: RiskFacts | None = None
    measure_values: MeasureFacts | None = None
    explanation: ExplanationFacts | None = None
    over_time: OverTimeFacts | None = None
    schedule: ScheduleFacts | None = None
    mobile_plant: MobileFacts | None = None
    assumptions: tuple[Assumption, ...] = ()
    cautions: tuple[CautionFacts, ...] = ()
    values_set: tuple[Text, ...] = ()
    notes: tuple[Text, ...] = ()
    left: LeftFacts | None = None


def read_results(directory: Path) -> StoredResults:
    """Read what the report needs from a results folder.

    Parameters
    ----------
    directory
        Folder with ``summary.json``, ``timeline.csv`` and ``plan.csv``.

    Raises
    ------
    ResultsError
        If a file is missing or damaged: names the file, the place in it, and what was expected.
    """
    summary = _read_summary(directory)
    timelines = dict(_timelines(_table(directory, TIMELINE)))
    starts = max((t.starts for t in timelines.values()), key=len, default=())
    names = sorted(summary.policies, key=lambda n: POLICY_ORDER.index(n) if n in POLICY_ORDER else 99)
    return StoredResults(
        scenario=summary.scenario,
        seed=summary.seed,
        replications=summary.replications,
        level=summary.level,
        plan=summary.plan,
        policies=tuple(_policy(name, summary, timelines.get(name)) for name in names),
        assumptions=summary.assumptions,
        notes=summary.notes,
        lines=tuple(_line(row, starts) for row in _table(directory, PLAN)),
        uncertainty=summary.uncertainty,
        risk=summary.risk,
        measure_values=summary.measure_values,
        explanation=summary.explanation,
        over_time=summary.over_time,
        schedule=summary.schedule,
        host_difference=summary.host_only_minus_do_nothing,
        later_years=summary.later_years,
        reasons=tuple(_reason(row) for row in _table(directory, REASONS)) if summary.explanation else (),
        mobile=summary.mobile_plant,
        cautions=summary.cautions,
        values_set=summary.values_set,
        left=summary.left,
        stays=tuple(_stay(row) for row in _table(directory, MOBILE_PLANT)) if summary.mobile_plant else (),
    )


def _policy(name: str, summary: _Summary, timeline: Timeline | None) -> PolicyResult:
    """Return all that is stored about one policy."""
    return PolicyResult(
        name=plain(name),
        measures=summary.policies[name],
        difference=summary.differences.get(f"optimised - {name}"),
        timeline=timeline,
        regions=summary.regions.get(name, ()),
        facilities=summary.destroyed_by_facility.get(name, ()),
        time_use=summary.time_use.get(name, ()),
        funds=summary.spend_by_fund.get(name, ()),
        money_outside=summary.money_outside_funds.get(name),
        commissionings=summary.commissionings.get(name, ()),
    )


def _read_text(directory: Path, name: str) -> str:
    """Return the text of a file in the folder."""
    try:
        return (directory / name).read_bytes().decode()
    except FileNotFoundError as error:
        raise ResultsError(f"{name}: missing from {directory}; is this a results folder?") from error
    except UnicodeDecodeError as error:
        raise ResultsError(f"{name}: damaged: expected UTF-8 text ({error.reason})") from error
    except OSError as error:
        raise ResultsError(f"{name}: cannot be read: {error.strerror or error}") from error


def _read_summary(directory: Path) -> _Summary:
    """Return ``summary.json``, or every reason why not."""
    try:
        return _Summary.model_validate_json(_read_text(directory, SUMMARY))
    except ValidationError as error:
        lines = []
        for found in error.errors(include_url=False):
            place = ".".join(str(part) for part in found["loc"])
            got = "" if found["type"] in ("missing", "json_invalid") else f" (got {found['input']!r:.60})"
            lines.append(f"{SUMMARY}: {place + ': ' if place else ''}{found['msg']}{got}")
        raise ResultsError("\n".join(lines)) from error


class _Row:
    """One row of a CSV file that knows where it stands."""

    def __init__(self, file: str, line: int, cells: dict[str, str]) -> None:
        self._file, self._line, self._cells = file, line, cells

    def read(self, column: str, convert: Callable[[str], Cell], expected: str) -> Cell:
        """Return a cell through `convert`, which raises ValueError where the cell is not as expected."""
        if column not in self._cells:
            raise ResultsError(f"{self._file}: column {column} is missing")
        cell = unquoted(self._cells[column])
        try:
            return convert(cell)
        except ValueError:
            raise ResultsError(
                f"{self._file}:{self._line}: {column}: expected {expected} (got {cell!r:.60})"
            ) from None

    def has(self, column: str) -> bool:
        """Return whether there is such a column."""
        return column in self._cells

    def text(self, column: str) -> str:
        """Return a text cell."""
        return self.read(column, plain, "a text")

    def number(self, column: str) -> float:
        """Return a number that must be there."""
        return self.read(column, _finite, "a finite number")

    def number_or_none(self, column: str) -> float | None:
        """Return a number, None for an empty cell."""
        return self.read(column, lambda cell: _finite(cell) if cell else None, "a finite number or nothing")

    def whole_or_none(self, column: str) -> int | None:
        """Return a whole number, None for an empty cell."""
        return self.read(column, lambda cell: int(cell) if cell else None, "a whole number or nothing")

    def date_or_none(self, column: str) -> dt.date | None:
        """Return a date, None for an empty cell."""
        return self.read(
            column, lambda cell: dt.date.fromisoformat(cell) if cell else None, "an ISO date or nothing"
        )


def _finite(cell: str) -> float:
    """Return a finite float or raise ValueError."""
    number = float(cell)
    if not math.isfinite(number):
        raise ValueError(cell)
    return number


def _table(directory: Path, name: str) -> Iterator[_Row]:
    """Yield the rows of a CSV file; a row that is cut short is an error."""
    reader = csv.reader(io.StringIO(_read_text(directory, name), newline=""))
    try:
        header = next(reader, None)
        if not header:
            raise ResultsError(f"{name}: damaged: expected a header line (the file is empty)")
        for cells in reader:
            if len(cells) != len(header):
                raise ResultsError(
                    f"{name}:{reader.line_num}: expected {len(header)} cells (got {len(cells)}); cut short?"
                )
            yield _Row(name, reader.line_num, dict(zip(header, cells, strict=True)))
    except csv.Error as error:
        raise ResultsError(f"{name}:{reader.line_num}: damaged: {error}") from error


def _timelines(rows: Iterator[_Row]) -> Iterator[tuple[str, Timeline]]:
    """Yield each policy's name with its rows turned into columns, periods in stored order."""
    by_policy: dict[str, list[_Row]] = {}
    for row in rows:
        by_policy.setdefault(row.text("policy"), []).append(row)
    for name, group in by_policy.items():
        yield (
            name,
            Timeline(
                starts=tuple(row.read("start", dt.date.fromisoformat, "an ISO date") for row in group),
                stock_t=_band(group, "stock_t"),
                harm_rate_per_year=_band(group, "harm_rate_per_year"),
                spent_usd=_band(group, "spent_usd"),
            ),
        )


def _band(rows: list[_Row], measure: str) -> Band:
    """Return the mean and the 5-95% band of a measure."""
    return Band(
        mean=tuple(row.number(f"{measure}_mean") for row in rows),
        p5=tuple(row.number_or_none(f"{measure}_p5") for row in rows),
        p95=tuple(row.number_or_none(f"{measure}_p95") for row in rows),
    )


def _line(row: _Row, starts: tuple[dt.date, ...]) -> StoredLine:
    """Return a line of the plan, its period as the date on which that begins."""

    def start_of(cell: str) -> dt.date:
        period = int(cell)
        if not 0 <= period < len(starts):
            raise ValueError(cell)
        return starts[period]

    first = row.read("earliest_period", start_of, f"a period of {TIMELINE}, 0 to {len(starts) - 1}")
    # Older results have neither day.
    not_before = row.date_or_none("not_before") if row.has("not_before") else None
    return StoredLine(
        line_id=row.text("line_id"),
        lot_id=row.text("lot_id"),
        storehouse_id=row.text("storehouse_id"),
        site_id=row.text("site_id"),
        facility_id=row.text("facility_id"),
        tonnes=row.number("tonnes"),
        neq_kg=row.number_or_none("neq_kg"),
        start=not_before or first,
        cost_usd=row.number_or_none("cost_usd"),
        harm_averted=row.number_or_none("harm_averted"),
        reason=row.text("reason"),
        planned=row.date_or_none("planned_from") if row.has("planned_from") else None,
    )


def _reason(row: _Row) -> StoredReason:
    """Return a row of ``plan_reasons.csv``."""
    return StoredReason(
        line_id=row.text("line_id"),
        lot_id=row.text("lot_id"),
        facility_id=row.text("facility_id"),
        harm_averted=row.number("harm_averted"),
        per_million_usd=row.number_or_none("harm_averted_per_million_usd"),
        per_facility_day=row.number_or_none("harm_averted_per_facility_day"),
        why_now=row.text("why_now"),
        why_there=row.text("why_there"),
    )


def _stay(row: _Row) -> StoredStay:
    """Return a row of ``mobile_plant.csv``."""
    return StoredStay(
        policy=row.text("policy"),
        basis=row.text("basis"),
        facility_id=row.text("facility_id"),
        from_site_id=row.text("from_site_id"),
        site_id=row.text("site_id"),
        leaves_period=row.whole_or_none("leaves_period"),
        leaves=row.date_or_none("leaves"),
        move_days=row.number_or_none("move_days"),
        move_cost_usd=row.number_or_none("move_cost_usd"),
        first_period=row.whole_or_none("first_period"),
        last_period=row.whole_or_none("last_period"),
        stands_from=row.date_or_none("stands_from"),
        stands_until=row.date_or_none("stands_until"),
        tonnes=row.number("tonnes"),
    )
