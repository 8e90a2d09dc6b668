"""The tables of a comparison as text: what comes out, and what differs in the inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import PurePath

from demilsim.experiments.compare import Comparison
from demilsim.experiments.comparison_inputs import Change, InputDifference
from demilsim.experiments.comparison_outputs import Measured
from demilsim.experiments.ensemble import Ensemble
from demilsim.experiments.statistics import Estimate
from demilsim.reporting.comparison_audience import ShownInputs, TableCounts
from demilsim.reporting.comparison_words import (
    LONGEST_NAME,
    cleared_share,
    letter,
    name_of,
    over_draws,
    plan_words,
    signed,
    spelled,
)
from demilsim.reporting.grid import Column, Row, Table
from demilsim.reporting.policy_measures import clearance_dates
from demilsim.reporting.stored import Spread, plain
from demilsim.reporting.wording import (
    ABSENT,
    MINUS,
    USD_PER_MILLION,
    fixed,
    parameter,
    percent,
    share_interval,
    shortened,
    years_text,
)
from demilsim.scenario.columns import column_meanings
from demilsim.scenario.origins import Given, Origin

HUNDREDTH = 0.01
WHO_SEES_MORE = "--audience partner shows lots and sites, --audience restricted all"
"""Said where differences are withheld."""

MOST_LINES = 8
"""Lines of differences between inputs on the page; the file of them has all that the audience may see."""

PLAN_COLUMN = 1
"""Place of what is said about plans; left out where it is the same for all."""

LEAST_LINES = 2
"""Lines of each scenario, however many there are."""

LONGEST_VALUE = 34
WRITTEN_OUT = (1e-4, 1e12)
"""Sizes between which a number is written out, with separators."""
NOTHING = "(nothing)"

SCALES: dict[Measured, float] = {Measured.P_MAJOR: HUNDREDTH, Measured.COST: USD_PER_MILLION}
"""Size of the unit in which an output is shown; 1 where it is not here."""


def results_table(comparison: Comparison) -> Table:
    """Return a row for each alternative, then one for each paired difference from the first."""
    price_year = comparison.ensembles[0].scenario.settings.price_year
    columns = (
        Column("Alternative", wide=True),
        Column("Plan", wide=True),
        Column("Expected deaths", "persons, ±"),
        Column("Their range", "5-95% of draws"),
        Column("Fewer deaths", "chance over draws", wide=True),
        Column("Major explosion", "chance, %, ±"),
        Column("NEQ in store", "tonne-years, ±"),
        Column("Destroyed", "t, ±"),
        Column("Spent", f"million USD of {price_year}, ±"),
        Column("Surplus cleared", "median; days, ±"),
    )
    count = len(comparison.alternatives)
    rows = [_alternative_row(comparison, index) for index in range(count)]
    rows += [_difference_row(comparison, index) for index in range(1, count)]
    plans = {row[PLAN_COLUMN] for row in rows[:count]}
    shown = [
        number
        for number in range(len(columns))
        if any(row[number] not in (ABSENT, "") for row in rows) and (number != PLAN_COLUMN or len(plans) > 1)
    ]
    table_rows = tuple(
        Row(tuple(row[number] for number in shown), strong=position >= count)
        for position, row in enumerate(rows)
    )
    years = sorted({ensemble.scenario.settings.horizon_years for ensemble in comparison.ensembles})
    caption = (
        f"What each comes to over {' or '.join(map(years_text, years))}, and in bold the paired differences "
        f"from {letter(0)}{f'; every plan: {plans.pop()}' if len(plans) == 1 else ''}"
    )
    return Table(caption, tuple(columns[number] for number in shown), table_rows)


def _alternative_row(comparison: Comparison, index: int) -> tuple[str, ...]:
    own, draws = comparison.outputs[index], comparison.draws
    chosen = comparison.alternatives[index]
    return (
        f"{letter(index)}: {name_of(comparison, index)}",
        plan_words(comparison, index),
        spelled(own.estimate(Measured.EXPECTED_FATALITIES)),
        over_draws(draws, index) if draws else ABSENT,
        ABSENT,
        *(_spelled(own.estimate(output), output) for output in _MIDDLE),
        _cleared(comparison.ensembles[chosen.scenario], chosen.policy),
    )


_MIDDLE = (Measured.P_MAJOR, Measured.NEQ_YEARS, Measured.DESTROYED, Measured.COST)


def _spelled(estimate: Estimate, output: Measured) -> str:
    """Return an output with its half width; a chance whose ± would leave 0 to 100% with its interval."""
    if output is Measured.P_MAJOR and not 0.0 <= estimate.low <= estimate.high <= 1.0:
        return share_interval(Spread(mean=estimate.mean, half_width=estimate.half_width))
    return spelled(estimate, SCALES.get(output, 1.0))


def _cleared(ensemble: Ensemble, policy: str) -> str:
    return clearance_dates(ensemble, policy)["p50"] or "not in the horizon"


def _difference_row(comparison: Comparison, index: int) -> tuple[str, ...]:
    own, first, draws = comparison.outputs[index], comparison.outputs[0], comparison.draws
    chance = draws.chance_fewer(index) if draws else None

    def cell(output: Measured) -> str:
        return signed(own.difference(first, output), SCALES.get(output, 1.0))

    fewer = ABSENT
    if chance is not None and draws is not None and chance.ties == draws.draws:
        fewer = "the same in every draw"
    elif chance is not None:
        fewer = f"{percent(chance.share)} ({percent(chance.low)} to {percent(chance.high)})"
        fewer += "" if chance.resolved else ", not resolved"
    return (
        f"{letter(index)} {MINUS} {letter(0)}",
        "",
        cell(Measured.EXPECTED_FATALITIES),
        over_draws(draws, index, 0) if draws else ABSENT,
        fewer,
        *(cell(output) for output in _MIDDLE),
        f"{cell(Measured.CLEARANCE)} d"
        if all(cleared_share(comparison, one) for one in (index, 0))
        else ABSENT,
    )


def inputs_table(inputs: Sequence[ShownInputs]) -> Table:
    """Return what differs in the inputs: a line for each value, or for each column of many rows."""
    # Each scenario has its share of the lines, so that none is crowded out by another.
    each = max(MOST_LINES // max(len(inputs), 1), LEAST_LINES)
    found = [list(_lines(one, named=len(inputs) > 1)) for one in inputs]
    columns = (
        Column("Input", wide=True),
        Column("Unit", wide=True),
        Column(_header(inputs, first=True), wide=True),
        Column(_header(inputs, first=False), wide=True),
    )
    rows = tuple(Row(line) for lines in found for line in lines[:each])
    more = sum(map(len, found)) - len(rows)
    left_out = f"; {more} more lines of this kind are in input_differences.csv" if more else ""
    caption = f"What differs in the inputs, and who says so{left_out}"
    return Table(caption, columns, rows, _none(inputs))


def _header(inputs: Sequence[ShownInputs], first: bool) -> str:
    names = dict.fromkeys(one.reference if first else one.scenario for one in inputs)
    return shortened(plain(next(iter(names))), LONGEST_NAME) if len(names) == 1 else "In the other"


def _none(inputs: Sequence[ShownInputs]) -> str:
    if not inputs:
        return "One scenario: the inputs are the same, and only the plans differ."
    if all(one.identical for one in inputs):
        return "No input differs."
    return f"No input differs that this audience may see: {WHO_SEES_MORE}."


def inputs_sentences(inputs: Sequence[ShownInputs]) -> tuple[str, ...]:
    """Return how much differs by table, and how much of it is not shown to this audience."""
    said = []
    for one in inputs:
        counts = [_count(row) for row in one.counts]
        whole = f"In all, “{shortened(plain(one.scenario), LONGEST_NAME)}” differs in " + "; ".join(counts)
        if counts:
            withheld = (
                f" {one.withheld:,} of these are not shown to this audience: {WHO_SEES_MORE}."
                if one.withheld
                else ""
            )
            said.append(f"{whole}.{withheld}")
    return tuple(said)


def _count(row: TableCounts) -> str:
    parts = []
    if row.changed_values:
        rows = f" in {row.changed_rows:,} rows" if row.changed_values > row.changed_rows else ""
        parts.append(f"{row.changed_values:,} value{'s' if row.changed_values > 1 else ''}{rows}")
    parts += [f"{row.added:,} more rows"] if row.added else []
    parts += [f"{row.removed:,} rows less"] if row.removed else []
    parts += [f"{row.documents:,} cited sources"] if row.documents else []
    return f"{row.table}: {', '.join(parts)}"


def _lines(inputs: ShownInputs, named: bool) -> Iterator[tuple[str, ...]]:
    """Yield lines: values of one column that differ in several rows stand together."""
    groups: dict[tuple[str, str, Change], list[InputDifference]] = {}
    for one in inputs.shown:
        if not one.documents:
            alone = one.path if one.table in ("settings", "parameters") else one.column
            groups.setdefault((one.table, alone, one.change), []).append(one)
    for group in groups.values():
        what = _what(group)
        if named:
            what = f"{shortened(plain(inputs.scenario), LONGEST_NAME)}: {what}"
        yield what, group[0].unit or ABSENT, _side(group, lambda d: d.first), _side(group, lambda d: d.other)


def _what(group: Sequence[InputDifference]) -> str:
    first = group[0]
    if len(group) == 1:
        return f"{plain(first.path)}{_meaning(first)}"
    column = f".{first.column}" if first.column else ""
    return f"{first.table}{column} of {len(group):,} rows{_meaning(first)}"


def _meaning(one: InputDifference) -> str:
    known = column_meanings().get((one.table, one.column))
    return f" ({known.meaning.partition(';')[0]})" if known else ""


def _side(group: Sequence[InputDifference], side: Callable[[InputDifference], Origin | None]) -> str:
    found = [origin for one in group if (origin := side(one)) is not None]
    if not found:
        return "not there"
    values = list(dict.fromkeys(value_text(origin) for origin in found))
    if not group[0].column:
        values = ["there" if len(group) == 1 else f"{len(group):,} there"]
    value = values[0] if len(values) == 1 else _spread([origin.value for origin in found], values)
    said = list(dict.fromkeys(said_by(origin) for origin in found))
    return f"{value} [{said[0] if len(said) == 1 else f'{said[0]} and {len(said) - 1} more'}]"


def _spread(raw: Sequence[str], shown: Sequence[str]) -> str:
    """Return the range of several values that are numbers, else how many different ones there are."""
    try:
        numbers = [float(value) for value in raw]
    except ValueError:
        return f"{len(shown)} different"
    return f"{_number(min(numbers))} to {_number(max(numbers))}"


def value_text(origin: Origin) -> str:
    """Return a value as it is read: numbers with separators, text on one line and not too long."""
    if not origin.value:
        return NOTHING
    try:
        number = float(origin.value)
    except ValueError:
        return shortened(plain(origin.value), LONGEST_VALUE)
    # A year or an id that happens to be a number stays as it is written.
    return _number(number) if origin.unit else plain(origin.value)


def _number(value: float) -> str:
    """Return a number as a planner writes it: money with separators, not in powers of ten."""
    least, most = WRITTEN_OUT
    if value == 0.0 or least <= abs(value) < most:
        return f"{value:,.10g}".replace("-", MINUS) if abs(value) < most / 100 else fixed(value, 0)
    return parameter(value)


def said_by(origin: Origin) -> str:
    """Return who says so: file and line without folders, variant, command line, default or register."""
    if origin.place is None or origin.given in (Given.DEFAULT, Given.REGISTER, Given.COMMAND_LINE):
        return "--set" if origin.given is Given.COMMAND_LINE else origin.given.value
    where = plain(PurePath(str(origin.place)).name)
    return f"variant {plain(origin.place.variant)}, {where}" if origin.place.variant else where
