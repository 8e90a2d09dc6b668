"""Where no plan keeps all limits: the least that would have to give way, in plain words.

Slack is added to money, working days of existing facilities, permits, and dates of lots. As few of these
families as possible may use it; each set of so few is told, the one that stretches least first. A stretch is
a share: of all money, of all days, of all permits, of all tonnes with a date times the horizon.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from demilsim.errors import InfeasibleError
from demilsim.optimisation.deadlines import has_date
from demilsim.optimisation.elastic import ELASTIC, Elastic, elastic
from demilsim.optimisation.problem import USD_PER_KUSD, Problem
from demilsim.optimisation.solve import SolveOptions, solve
from demilsim.optimisation.task import Choice, Task
from demilsim.plan import Floats, PlanningCoefficients
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import ExposedSite, Lot, Tranche

LEAST = {"budget": 1.0, "working_days": 0.01, "permits": 0.01, "worker_risk": 0.001}
"""Steps to which amounts are rounded up at least: 1 USD, 0.01 days, 10 kg, a thousandth of a limit."""

ROUNDING = 1e-6
"""Share of such a step that counts as nothing [1]."""

MOST_TOLD = 5
"""Limits of one way that a message names."""

DIGITS = 3
"""Significant digits to which amounts are rounded up, so that what is told is enough."""


@dataclass(frozen=True)
class Relaxation:
    """One limit that gives way.

    Parameters
    ----------
    family
        ``budget``, ``working_days``, ``permits``, ``worker_risk``, ``destroy_by`` or ``risk``.
    subject
        Id of the fund, facility, lot or exposed site.
    amount
        By period: USD more, or working days more; one number for a permit [t/yr] or the new
        limit on risk [1/yr];
        empty for a lot and for a limit that holds later.
    last_period
        Last period in which a lot may be destroyed; None if its date has to go. First period of a limit on
        risk that holds later.
    words
        What it means, in a sentence.
    """

    family: str
    subject: str
    amount: tuple[float, ...]
    last_period: int | None
    words: str


@dataclass(frozen=True)
class Way:
    """A set of limits that would have to give way, and commissionings of a plan that is then possible.

    `stretch` is the sum of shares by which they give way [1].
    """

    families: tuple[str, ...]
    stretch: float
    choice: Choice
    relaxations: tuple[Relaxation, ...]


def ways_out(task: Task, options: SolveOptions) -> tuple[Way, ...]:
    """Return the smallest sets of families that would make a plan possible, the least stretched first.

    Parameters
    ----------
    task
        The task.
    options
        How to solve.

    Returns
    -------
    tuple of Way
        One way without any family if a plan is possible as it is; none if the solver found none. Where the
        smallest sets all give up dates, the smallest that keep them follow.
    """
    problem = task.every_plan()
    loose = elastic(problem)
    found = _smallest(problem, loose, ELASTIC, options)
    if found and all("destroy_by" in way.families for way in found):
        # A later date always helps; who set it also wants to know what it takes to keep it.
        found += _smallest(problem, loose, tuple(f for f in ELASTIC if f != "destroy_by"), options)
    return tuple(found)


def _smallest(problem: Problem, loose: Elastic, among: tuple[str, ...], options: SolveOptions) -> list[Way]:
    """Return the ways with as few as possible of some families, the least stretched first."""
    for size in range(len(among) + 1):
        found = [
            way
            for families in combinations(among, size)
            if (way := _way(problem, loose, families, options)) is not None
        ]
        if found:
            return sorted(found, key=lambda way: way.stretch)
    return []


def choice_that_keeps_dates(task: Task, options: SolveOptions) -> Choice | None:
    """Return commissionings with which every lot goes by its date; None where no lot has one.

    Raises
    ------
    InfeasibleError
        If no plan does: says what would have to give way.
    """
    if not any(has_date(lot) for lot in task.scenario.lots):
        return None
    ways = ways_out(task, options)
    if not ways:
        raise InfeasibleError("no plan keeps all limits, and none was found that stretches them")
    if ways[0].families:
        raise InfeasibleError(f"no plan keeps all limits; one would if {told(ways)}")
    return ways[0].choice


def told(ways: Sequence[Way]) -> str:
    """Return ways in words, those of many lots cut to the first few."""
    said = []
    for way in ways:
        words = [relaxation.words for relaxation in way.relaxations]
        more = len(words) - MOST_TOLD
        said.append(" and ".join(words[:MOST_TOLD]) + (f" and {more} more gave way" if more > 0 else ""))
    return "; or if ".join(said)


def relaxed(
    scenario: Scenario, coefficients: PlanningCoefficients, relaxations: Sequence[Relaxation]
) -> tuple[Scenario, PlanningCoefficients]:
    """Return the scenario and coefficients in which limits have given way.

    More money is a tranche of its own in the scenario and a receipt in the coefficients; more working days
    are in the coefficients only, since a scenario has none.
    """
    receipts, days = coefficients.receipts_usd.copy(), coefficients.working_days.copy()
    for r in relaxations:
        if r.family == "budget":
            k = [fund.fund_id for fund in scenario.funds].index(r.subject)
            receipts[k] += r.amount
            kept = 1.0 - scenario.funds[k].overhead_fraction
            more = [
                _tranche(scenario, r.subject, t, usd / kept) for t, usd in enumerate(r.amount) if usd > 0.0
            ]
            scenario = replace(scenario, tranches=(*scenario.tranches, *more))
        elif r.family == "working_days":
            days[[f.facility_id for f in scenario.facilities].index(r.subject)] += r.amount
        elif r.family == "permits":
            plants = [
                f.model_copy(update={"permit_t_per_year": (f.permit_t_per_year or 0.0) + r.amount[0]})
                if f.facility_id == r.subject
                else f
                for f in scenario.facilities
            ]
            scenario = replace(scenario, facilities=tuple(plants))
        elif r.family == "worker_risk":
            plants = [
                f.model_copy(update={"worker_risk_limit_per_year": r.amount[0]})
                if f.facility_id == r.subject
                else f
                for f in scenario.facilities
            ]
            scenario = replace(scenario, facilities=tuple(plants))
        elif r.family == "risk":
            scenario = replace(scenario, exposed_sites=tuple(_limited_by(scenario, r)))
        else:
            date = None if r.last_period is None else scenario.period_dates[r.last_period + 1]
            lots = [
                lot.model_copy(update={"destroy_by": date}) if lot.lot_id == r.subject else lot
                for lot in scenario.lots
            ]
            scenario = replace(scenario, lots=tuple(lots))
    return scenario, replace(coefficients, receipts_usd=receipts, working_days=days)


def _limited_by(scenario: Scenario, r: Relaxation) -> Iterator[ExposedSite]:
    """Yield the exposed sites with the limit of one of them higher, or in force later."""
    late = {} if r.last_period is None else {"risk_limit_from": scenario.period_dates[r.last_period]}
    change = {"risk_limit_per_year": r.amount[0]} if r.amount else late
    for group in scenario.exposed_sites:
        yield group.model_copy(update=change) if group.exposed_site_id == r.subject else group


def _way(problem: Problem, loose: Elastic, families: tuple[str, ...], options: SolveOptions) -> Way | None:
    """Return the least stretch of some families with which a plan is possible; None if there is none."""
    upper = loose.model.columns.upper.copy()
    for family, slack in loose.slack.items():
        if family not in families:
            upper[slack.column] = 0.0
    found = solve(replace(loose.model, columns=replace(loose.model.columns, upper=upper)), options)
    return None if found.values is None else way_of(problem, loose, families, found.values)


def way_of(problem: Problem, loose: Elastic, families: tuple[str, ...], values: Floats) -> Way:
    """Return the way out that a point of a model with slack in some families is, shape (column,)."""
    relaxations: list[Relaxation] = []
    for family in families:
        relaxations += _READERS[family](problem, loose, values)
    return Way(
        families,
        loose.model.objective(values),
        problem.choice_of(values),
        tuple(relaxations),
    )


def _money(problem: Problem, loose: Elastic, values: Floats) -> list[Relaxation]:
    scenario, labels, found = problem.scenario, problem.blocks.labels, []
    for k, fund in enumerate(scenario.funds):
        more = USD_PER_KUSD * loose.by_period("budget", k, values)
        usd = tuple(_up(value, LEAST["budget"]) for value in more.tolist())
        if any(usd):
            last = max(t for t, value in enumerate(usd) if value > 0.0)
            words = f"{fund.name} had {_money_words(sum(usd))} more by {labels[last]}"
            found.append(Relaxation("budget", fund.fund_id, usd, None, words))
    return found


def _days(problem: Problem, loose: Elastic, values: Floats) -> list[Relaxation]:
    labels, found = problem.blocks.labels, []
    for f, plant in enumerate(problem.scenario.facilities):
        more = loose.by_period("working_days", f, values)
        days = tuple(_up(value, LEAST["working_days"]) for value in more.tolist())
        if any(days):
            used = [t for t, value in enumerate(days) if value > 0.0]
            when = f"from {labels[used[0]]} to {labels[used[-1]]}"
            words = f"{plant.name} had {sum(days):,.3g} working days more {when}"
            found.append(Relaxation("working_days", plant.facility_id, days, None, words))
    return found


def _permits(problem: Problem, loose: Elastic, values: Floats) -> list[Relaxation]:
    found = []
    for f, plant in enumerate(problem.scenario.facilities):
        more = _up(float(loose.by_period("permits", f, values).max(initial=0.0)), LEAST["permits"])
        if more:
            words = f"the permit of {plant.name} were {more:,.3g} t/yr higher"
            found.append(Relaxation("permits", plant.facility_id, (more,), None, words))
    return found


def _workers(problem: Problem, loose: Elastic, values: Floats) -> list[Relaxation]:
    found = []
    for f, plant in enumerate(problem.scenario.facilities):
        more = _up(float(loose.by_period("worker_risk", f, values).max(initial=0.0)), LEAST["worker_risk"])
        if more:
            now = plant.worker_risk_limit_per_year or 0.0
            words = f"the risk limit of the workers of {plant.name} were {now * (1.0 + more):.3g} a year"
            words += f" instead of {now:g}"
            found.append(Relaxation("worker_risk", plant.facility_id, (now * (1.0 + more),), None, words))
    return found


def _dates(problem: Problem, loose: Elastic, values: Floats) -> list[Relaxation]:
    """Return the lots that would be late, with their new dates."""
    scenario, found = problem.scenario, []
    for group, due in loose.due:
        late = np.flatnonzero(loose.late_t(group, values) > loose.nothing(group))
        if not late.size:
            continue
        # What is late at a knot has to go in the period that begins there.
        last = int(late[-1])
        last_period = last if last < scenario.periods else None
        found += [
            Relaxation("destroy_by", lot.lot_id, (), last_period, _late_words(problem, lot, due, last_period))
            for lot, g in zip(scenario.lots, problem.groups.group_of_lot.tolist(), strict=True)
            if g == group
        ]
    return found


_READERS = {
    "destroy_by": _dates,
    "budget": _money,
    "permits": _permits,
    "working_days": _days,
    "worker_risk": _workers,
}


def _late_words(problem: Problem, lot: Lot, due: int, last_period: int | None) -> str:
    if last_period is None:
        return f"lot {lot.lot_id} had no date, as none within the horizon can be kept"
    period = problem.scenario.settings.period
    late = last_period - due
    date = problem.scenario.period_dates[last_period + 1]
    return f"lot {lot.lot_id} might be destroyed {late} {period}{'s' if late != 1 else ''} later, by {date}"


def _money_words(usd: float) -> str:
    return f"{usd / 1e6:.3g} million USD" if usd >= 1e6 else f"{usd:,.0f} USD"


def _up(value: float, least: float) -> float:
    """Return a number rounded up to `DIGITS` digits, or to `least` if that is more; 0 for none."""
    if value <= least * ROUNDING:
        return 0.0
    step = max(10.0 ** (math.floor(math.log10(value)) - DIGITS + 1), least)
    return math.ceil(value / step) * step


def _tranche(scenario: Scenario, fund_id: str, period: int, usd: float) -> Tranche:
    """Return a tranche that is certain to come at the start of a period."""
    return Tranche(
        tranche_id=f"{fund_id}-MORE-{period}",
        fund_id=fund_id,
        due=scenario.period_dates[period],
        amount_usd=usd,
        probability=1.0,
        mean_delay_days=0.0,
        source=("WOULD-NEED",),
    )
