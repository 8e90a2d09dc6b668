"""From doing nothing to the host's own money to the plan: who is spared at each step."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import floor, log10
from typing import NamedTuple

from demilsim.reporting.drawing import WIDTH, DrawnFigure, box, drawn, line, words
from demilsim.reporting.grid import Column, Row, Table
from demilsim.reporting.policy_records import (
    DO_NOTHING,
    HOST_ONLY,
    OPTIMISED,
    Difference,
    Measures,
    PolicyResult,
)
from demilsim.reporting.records import StoredResults
from demilsim.reporting.stored import Spread
from demilsim.reporting.wording import (
    MINUS,
    figure,
    fixed,
    interval_decimals,
    label,
    level_text,
    sentence,
    the_plan,
    years_text,
)

NAME, TITLE = "waterfall", "Deaths averted, step by step"
TOTAL = "expected_fatalities"
PARTS = (
    ("the public", "expected_fatalities_public"),
    ("workers", "expected_fatalities_workers"),
    ("road transport", "expected_fatalities_transport"),
)
LEFT, RIGHT, TOP, ROW = 210.0, 130.0, 44.0, 24.0
TICKS = 5


class Step(NamedTuple):
    """A row: its name, where its bar begins and ends [persons], and what it says; a total begins at 0."""

    name: str
    begin: float
    end: float
    said: str
    total: bool


def _policies(results: StoredResults) -> list[PolicyResult]:
    """Return the policies between which the steps lead, as far as they are there."""
    if results.shown.name != OPTIMISED:
        return []
    found = [results.policy(name) for name in (DO_NOTHING, HOST_ONLY, OPTIMISED)]
    return [policy for policy in found if policy and policy.measures.expected_fatalities]


def _difference(results: StoredResults, before: PolicyResult, after: PolicyResult) -> Difference | None:
    """Return the paired difference, after minus before, where it is stored."""
    if after.name == OPTIMISED:
        return before.difference
    return results.host_difference if (before.name, after.name) == (DO_NOTHING, HOST_ONLY) else None


def _mean(measures: Measures, of: str) -> float | None:
    spread: Spread | None = getattr(measures, of)
    return spread.mean if spread else None


def waterfall_steps(results: StoredResults) -> tuple[Step, ...]:
    """Return the rows of the figure: totals, and between them one step for each part of the deaths."""
    policies = _policies(results)
    totals = [policy.measures.expected_fatalities for policy in policies]
    decimals = min((interval_decimals(one.half_width, one.mean) for one in totals if one), default=0)
    steps: list[Step] = []
    for i, (policy, total) in enumerate(zip(policies, totals, strict=True)):
        if i:
            steps += _between(results, policies[i - 1], policy, decimals)
        assert total, "kept for having one"
        said = _said(total, decimals)
        steps.append(Step(sentence(label(policy.name)), 0.0, total.mean, said, True))
    return tuple(steps) if len(policies) > 1 else ()


def _between(
    results: StoredResults, before: PolicyResult, after: PolicyResult, decimals: int
) -> Iterator[Step]:
    """Yield the steps from one policy to the next, by who is exposed where that is stored."""
    paired = _difference(results, before, after)
    whole = all(getattr(one.measures, of) for _, of in PARTS for one in (before, after))
    place = _mean(before.measures, TOTAL) or 0.0
    for name, of in PARTS if whole else (("everyone", TOTAL),):
        change = (_mean(after.measures, of) or 0.0) - (_mean(before.measures, of) or 0.0)
        stored: Spread | None = getattr(paired, of) if paired else None
        spread = stored or Spread(mean=change)
        sign = MINUS if spread.mean < 0 else "+"
        yield Step(name, place, place + change, f"{sign}{_said(spread, decimals)}", False)
        place += change


def _said(spread: Spread, decimals: int) -> str:
    """Return the size of a number and its half width; one too small to be shown is bounded."""
    size, half_width = fixed(abs(spread.mean), decimals), spread.half_width
    if half_width is None:
        return size
    least = 10.0**-decimals
    return f"{size} ± {fixed(half_width, decimals) if half_width >= least / 2 else f'<{least:.{decimals}f}'}"


def waterfall_figure(results: StoredResults) -> DrawnFigure | None:
    """Return the steps as bars; None where there is only one policy."""
    steps = waterfall_steps(results)
    if not steps:
        return None
    most = max(max(step.begin, step.end) for step in steps)
    wide = WIDTH - LEFT - RIGHT
    scale = wide / (most or 1.0)
    bottom = TOP + ROW * len(steps)
    marks = [
        words(0, 14, "expected deaths over the horizon [persons]; ± is a Monte Carlo half width", "quiet")
    ]
    for tick in _ticks(most):
        x = LEFT + tick * scale
        marks += [
            line(x, TOP - 6, x, bottom),
            words(x, bottom + 15, figure(tick) if tick else "0", "quiet", "middle"),
        ]
    for i, step in enumerate(steps):
        marks += _bar(step, TOP + i * ROW, scale)
    marks += _key(bottom + 38)
    form = "Waterfall chart, expected deaths over the horizon in persons"
    return drawn(NAME, TITLE, form, _caption(results), bottom + 48, marks, results.scenario.synthetic)


def _ticks(most: float) -> list[float]:
    """Return round places on the axis."""
    if most <= 0:
        return [0.0]
    size = 10.0 ** floor(log10(most / TICKS))
    step = next(size * k for k in (1, 2, 5, 10) if size * k * TICKS >= most)
    return [i * step for i in range(int(most / step + 1e-9) + 1)]


def _bar(step: Step, y: float, scale: float) -> list[str]:
    """Return a row's name, bar and number."""
    low, high = sorted((step.begin, step.end))
    look = "total" if step.total else "fewer" if step.end <= step.begin else "more"
    told = f"{step.name}: {step.said} persons"
    return [
        words(0 if step.total else 14, y + 15, step.name, "loud" if step.total else ""),
        box(LEFT + low * scale, y + 3, max((high - low) * scale, 1.0), ROW - 6, look, told),
        words(WIDTH - RIGHT + 8, y + 15, step.said, "loud" if step.total else ""),
    ]


def _key(y: float) -> list[str]:
    marks, x = [], 0.0
    for look, meaning in (("total", "all deaths under a policy"), ("fewer", "fewer"), ("more", "more")):
        marks += [box(x, y - 9, 12, 10, look), words(x + 18, y, meaning, "quiet")]
        x += 40 + 6.2 * len(meaning)
    return marks


def _caption(results: StoredResults) -> str:
    policies = _policies(results)
    parts: list[str] = []
    for before, after in pairwise(policies):
        paired = _difference(results, before, after)
        stored = paired.expected_fatalities if paired else None
        mean = (_mean(after.measures, TOTAL) or 0.0) - (_mean(before.measures, TOTAL) or 0.0)
        spread = stored or Spread(mean=mean)
        size = _said(spread, interval_decimals(spread.half_width, spread.mean))
        further, against = " a further" if parts else "", "" if parts else f" against {the_plan(before)}"
        if spread.mean > 0.0:
            parts.append(f"{the_plan(after)} causes {size} deaths more than {the_plan(before)}")
        else:
            parts.append(f"{the_plan(after)} averts{further} {size}{against}")
    horizon, level = years_text(results.scenario.horizon_years), level_text(results.level)
    return (
        f"{sentence(', '.join(parts))}: expected deaths over {horizon}, ± half width of the {level} Monte "
        "Carlo interval of paired differences where it is stored."
    )


def waterfall_table(results: StoredResults) -> Table:
    """Return the figure's rows as a table."""
    columns = (Column("Step", wide=True), Column("Deaths", "persons, ± half width"))
    rows = []
    for step in waterfall_steps(results):
        name = step.name if step.total else f"change, {step.name}"
        rows.append(Row((name, step.said), step.total))
    horizon = years_text(results.scenario.horizon_years)
    caption = f"Expected deaths over {horizon}, policy by policy and who is spared"
    return Table(caption, columns, tuple(rows), "There are no policies to step between.")
