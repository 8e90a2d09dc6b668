"""What donors' money buys: the programme planned and simulated again at each budget.

Budgets rise, and each is planned from the smaller one's plan with the same capacity and harm factors, so that
planning harm never rises with money. The simulated curve is shown as it comes: its plans were chosen by
simulation on other replications, and it may have dents within its half-widths.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import isclose

import numpy as np

from demilsim.errors import DemilsimError, InfeasibleError, StudyError
from demilsim.experiments.clean_up import CleanUp, clean_up_avoided, computed_chances
from demilsim.experiments.ensemble import Ensemble, Response, replicate
from demilsim.experiments.least_harm import OPTIONS, Found
from demilsim.experiments.next_million import MILLION_USD, NextMillion, next_million
from demilsim.experiments.programme import plan_with_simulation
from demilsim.experiments.rare_events import ExplosionChances
from demilsim.experiments.statistics import Estimate, paired, ratio
from demilsim.experiments.uncertainty import BASELINE, OPTIMISED
from demilsim.model.money import expected_receipts_usd
from demilsim.optimisation.optimise import optimise
from demilsim.optimisation.plan_model import plan_model
from demilsim.optimisation.result import PlanResult
from demilsim.plan import Floats, PlanningCoefficients
from demilsim.planning.coordinate import Before, LoopOptions, Programme
from demilsim.planning.disaggregate import flow_plan
from demilsim.scenario.exchange import promised_usd, scaled
from demilsim.scenario.scenario import Scenario

NEAR = OPTIONS
"""How budgets are planned beside one that was planned in full: near its plan, and without a bound."""

NEXT = replace(OPTIONS, bound_steps=0)
"""How a million more is planned: near the plan without it alone, since it differs little."""

SAME_USD = 1e-9
"""Relative difference below which two budgets are one: amounts in other currencies do not sum to the cent."""


@dataclass(frozen=True)
class FundingPoint:
    """One budget.

    Parameters
    ----------
    budget_usd
        Donors' money promised over the horizon, before overhead [USD].
    programme
        What was planned.
    ensemble
        `OPTIMISED` and `BASELINE` on fresh replications, the same for all budgets.
    planning_harm, do_nothing_harm
        Least exact planning harm found with this budget or less, and that of doing nothing [weighted
        persons]; None if nothing was optimised.
    next
        What the next million is worth; None if nothing was optimised.
    found
        Plans that were found for this point, each with its budget [USD]: its own, and for a million more.
    chances
        Chances of any explosion in store under both plans; None where they can only be counted.
    """

    budget_usd: float
    programme: Programme
    ensemble: Ensemble
    planning_harm: float | None = None
    do_nothing_harm: float | None = None
    next: NextMillion | None = None
    found: tuple[tuple[float, Found], ...] = ()
    chances: ExplosionChances | None = None

    @property
    def source(self) -> str:
        """Who made the plan."""
        return self.programme.plan.source

    @property
    def expected_fatalities(self) -> Estimate:
        """Of the plan [persons]."""
        return self.ensemble.estimate(OPTIMISED, Response.EXPECTED_FATALITIES)

    @property
    def averted(self) -> Estimate:
        """Paired difference host_only - optimised [persons]."""
        return self.ensemble.difference(BASELINE, OPTIMISED, Response.EXPECTED_FATALITIES)

    @property
    def averted_with_later(self) -> Estimate:
        """Paired difference host_only - optimised as the plan counts deaths: see `as_counted` [persons]."""
        return paired(self.as_counted(BASELINE), self.as_counted(OPTIMISED))

    def as_counted(self, policy: str) -> Floats:
        """Return deaths as the plan counts them, simulated, shape (replication,).

        Weighted by the scenario, and with the terminal years after the horizon at the rates left then.
        """
        return self.ensemble.objective(policy)

    @property
    def destroyed_t(self) -> Estimate:
        """Of the plan [t]."""
        return self.ensemble.estimate(OPTIMISED, Response.DESTROYED)

    @property
    def cost_usd(self) -> Estimate:
        """Of the plan [USD]."""
        return self.ensemble.estimate(OPTIMISED, Response.COST)

    @property
    def usd_per_t(self) -> Estimate | None:
        """Spent more than host_only, per tonne destroyed more [USD/t].

        None where it destroys no more, and where donors pay nothing.
        """
        return self._spent_per(self._over_host_only(Response.DESTROYED))

    @property
    def usd_per_kg_neq(self) -> Estimate | None:
        """The same per kg NEQ less in store at the horizon [USD/kg]."""
        left = {name: [r.neq_kg[-1] for r in self.ensemble.results[name]] for name in (BASELINE, OPTIMISED)}
        return self._spent_per(np.array(left[BASELINE]) - np.array(left[OPTIMISED]))

    @property
    def usd_per_fatality_averted(self) -> Estimate | None:
        """The same per expected fatality averted up to the horizon [USD/person]."""
        return self._spent_per(-self._over_host_only(Response.EXPECTED_FATALITIES))

    @property
    def usd_per_fatality_averted_with_later(self) -> Estimate | None:
        """The same per fatality averted as the plan counts them: see `as_counted` [USD/person]."""
        return self._spent_per(self.as_counted(BASELINE) - self.as_counted(OPTIMISED))

    @property
    def clean_up(self) -> CleanUp:
        """Clean-up avoided against host_only."""
        return clean_up_avoided(self.ensemble, self.chances)

    def _over_host_only(self, response: Response) -> Floats:
        return self.ensemble.values(OPTIMISED, response) - self.ensemble.values(BASELINE, response)

    def _spent_per(self, more: Floats) -> Estimate | None:
        """Return money spent more for each unit more; None where there is none, or no donors' money."""
        if not self.budget_usd or float(more.mean()) <= 0.0:
            return None
        return ratio(self._over_host_only(Response.COST), more)


def promised_by_donors(scenario: Scenario) -> float:
    """Return what all donors' tranches promise, before overhead and without matching [USD]."""
    donors = {fund.fund_id for fund in scenario.funds if fund.holder == "donor"}
    rates = scenario.exchange_rates
    return sum(promised_usd(t, rates, t.due) for t in scenario.tranches if t.fund_id in donors)


def with_donor_budget(scenario: Scenario, budget_usd: float) -> Scenario:
    """Return the scenario with all donors' tranches scaled to promise `budget_usd` in all.

    Matching keeps its terms, on top of the budget; at a budget of 0 no donor matches.

    Raises
    ------
    DemilsimError
        If the scenario has no donor.
    """
    donors = {fund.fund_id for fund in scenario.funds if fund.holder == "donor"}
    promised = promised_by_donors(scenario)
    if promised <= 0.0:
        raise DemilsimError(f"{scenario.settings.name}: expected a donor with tranches (found none)")
    scale = 1.0 if isclose(budget_usd, promised, rel_tol=SAME_USD) else budget_usd / promised
    tranches = [
        t if t.fund_id not in donors else scaled(t, scale)
        for t in scenario.tranches
        if t.fund_id not in donors or budget_usd > 0.0
    ]
    if budget_usd > 0.0:
        return replace(scenario, tranches=tuple(tranches))
    nothing = {"matches_funds": (), "match_ratio": 0.0}
    funds = [f if f.fund_id not in donors else f.model_copy(update=nothing) for f in scenario.funds]
    return replace(scenario, funds=tuple(funds), tranches=tuple(tranches))


def funding_curve(
    scenario: Scenario,
    budgets_usd: Sequence[float],
    replications: int = 100,
    *,
    seed: int | None = None,
    jobs: int | None = None,
    options: LoopOptions | None = None,
    tell: Callable[[str], None] = lambda _: None,
    given: Programme | None = None,
) -> tuple[FundingPoint, ...]:
    """Return the funding curve over donors' budgets, on common random numbers, in order of budget.

    Parameters
    ----------
    scenario
        Its donors' strings and dates are kept; only amounts scale.
    budgets_usd
        Donors' money promised over the horizon [USD], >= 0; each is planned once.
    replications
        Fresh replications of each point, the same for all.
    seed, jobs, options, tell
        As in `run_programme`.
    given
        The programme of the scenario as given, planned with the same options: it teaches working days and
        harm factors for all budgets, and each is searched near its plan and that of the smaller budget. By
        default the smallest budget is planned in full, and teaches; the others are searched near it.

    Raises
    ------
    StudyError
        If there is no budget, or one is not a number >= 0.
    """
    if not _are_budgets(budgets_usd):
        raise StudyError(f"budgets_usd: expected one or more numbers >= 0 (got {list(budgets_usd)})")
    points: list[FundingPoint] = []
    options, budgets = options or LoopOptions(), sorted(set(budgets_usd))
    before = None if given is None else _before(scenario, given)
    always = () if before is None or before.start is None else (before.start,)
    host_only = None
    least = float("inf")
    for number, budget in enumerate(budgets, start=1):
        tell(f"budget {number} of {len(budgets)}: {budget / MILLION_USD:.1f} M USD")
        variant = with_donor_budget(scenario, budget)
        how = replace(options, solve=NEAR) if before and before.start else options
        programme = plan_with_simulation(variant, seed=seed, jobs=jobs, options=how, before=before)
        before = before or _before(variant, programme)
        host_only = host_only or programme.rules["host_only"]
        plans = {BASELINE: host_only, OPTIMISED: programme.plan}
        point = FundingPoint(
            float(budget),
            programme,
            replicate(variant, plans, replications, seed=seed, jobs=jobs),
            chances=computed_chances(variant, plans, seed, jobs),
        )
        result, _ = on_expected_money(programme)
        if result is not None:
            if result.planned_harm <= least:
                least = result.planned_harm
                before = replace(before, start=flow_plan(variant, result), others=always)
            worth, found = _next_million(scenario, point)
            point = replace(
                point,
                planning_harm=result.planned_harm,
                do_nothing_harm=result.do_nothing_harm,
                next=worth,
                found=((point.budget_usd, Found(result.planned_harm, flow_plan(variant, result))), *found),
            )
        points.append(point)
    return settled(points)


def settled(
    points: Sequence[FundingPoint], others: Sequence[tuple[float, Found]] = ()
) -> tuple[FundingPoint, ...]:
    """Return points whose planning harm is the least of all plans found with no more money than theirs.

    What a million more averts is the difference of two such, so that the same step has one worth wherever it
    is told, and more money is never worth less.

    Parameters
    ----------
    points
        The curve.
    others
        Plans found elsewhere, each with its budget [USD].
    """
    found = [*others, *(one for point in points for one in point.found)]

    def least(budget_usd: float) -> float:
        return min(plan.harm for usd, plan in found if usd <= budget_usd * (1.0 + SAME_USD))

    def settle(point: FundingPoint) -> FundingPoint:
        if not point.found:
            return point
        own, worth = least(point.budget_usd), point.next
        if worth is not None and worth.again is not None:
            worth = replace(worth, again=own - least(point.budget_usd + MILLION_USD))
        return replace(point, planning_harm=own, next=worth)

    return tuple(settle(point) for point in points)


def on_expected_money(programme: Programme) -> tuple[PlanResult | None, PlanningCoefficients]:
    """Return the optimiser's result on expected money, and its coefficients: only these compare by budget."""
    result = programme.result
    if result is not None and result.on_expected is not None:
        result = result.on_expected
    known = programme.coefficients
    return result, known if result is None else result.counting(known)


def _before(scenario: Scenario, programme: Programme) -> Before:
    """Return what a programme hands on to the planning of others."""
    result, known = on_expected_money(programme)
    return Before(known, None if result is None else flow_plan(scenario, result))


def _next_million(
    scenario: Scenario, point: FundingPoint
) -> tuple[NextMillion, tuple[tuple[float, Found], ...]]:
    """Return what the next million is worth to the optimiser's plan at a budget, and the plans found."""
    variant, more = (
        with_donor_budget(scenario, budget) for budget in (point.budget_usd, point.budget_usd + MILLION_USD)
    )
    result, known = on_expected_money(point.programme)
    assert result is not None, "only what was optimised has a next million"
    added = expected_receipts_usd(more) - expected_receipts_usd(variant)
    at = plan_model(variant, known, result)
    if not point.budget_usd:
        # Without any money a fund pays for nothing, and has no price: a dollar opens what it may pay for.
        first = replace(known, receipts_usd=known.receipts_usd + added / MILLION_USD)
        at = plan_model(with_donor_budget(scenario, 1.0), first, result)
    richer = replace(known, receipts_usd=known.receipts_usd + added)
    try:
        found = optimise(more, richer, start=flow_plan(variant, result), options=NEXT)
    except InfeasibleError:
        # Dates that the budget keeps only by rows that nominal money does not allow.
        return next_million(at, added, point.budget_usd), ()
    worth = next_million(at, added, point.budget_usd, max(result.planned_harm - found.planned_harm, 0.0))
    plan = Found(found.planned_harm, flow_plan(more, found))
    return worth, ((point.budget_usd + MILLION_USD, plan),)


def parse_budgets(text: str) -> tuple[float, ...]:
    """Return the budgets of ``a:b:n`` (n equal steps from a to b) or of a comma-separated list [USD].

    Raises
    ------
    DemilsimError
        If the text is neither.
    """
    try:
        if ":" in text:
            first, last, count = text.split(":")
            values = np.linspace(float(first), float(last), int(count))
        else:
            values = np.array([float(part) for part in text.split(",")])
    except ValueError:
        values = np.array([])
    if not _are_budgets(values):
        wanted = "expected first:last:count or a list, USD >= 0, two million as 2e6"
        raise DemilsimError(f"--budgets: {wanted} (got {text!r})")
    return tuple(values.tolist())


def _are_budgets(values: Sequence[float] | Floats) -> bool:
    """Return whether there are any, all of them amounts."""
    return len(values) > 0 and bool(np.all(np.isfinite(values)) and np.all(np.asarray(values) >= 0.0))
