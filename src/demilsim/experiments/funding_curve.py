"""What donors' money buys: the programme planned and simulated again at each budget."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from demilsim.errors import DemilsimError
from demilsim.experiments.ensemble import Response, replicate
from demilsim.experiments.programme import plan_with_simulation
from demilsim.experiments.statistics import Estimate
from demilsim.planning.coordinate import LoopOptions
from demilsim.scenario.exchange import promised_usd, scaled
from demilsim.scenario.scenario import Scenario


@dataclass(frozen=True)
class FundingPoint:
    """One budget.

    Parameters
    ----------
    budget_usd
        Donors' money promised over the horizon, before overhead [USD].
    expected_fatalities, averted, destroyed_t, cost_usd
        Of the optimised plan; `averted` is the paired difference host_only - optimised.
    source
        Who made the plan.
    """

    budget_usd: float
    expected_fatalities: Estimate
    averted: Estimate
    destroyed_t: Estimate
    cost_usd: Estimate
    source: str


def with_donor_budget(scenario: Scenario, budget_usd: float) -> Scenario:
    """Return the scenario with all donors' tranches scaled to promise `budget_usd` in all.

    Matching keeps its terms, on top of the budget; at a budget of 0 no donor matches.

    Raises
    ------
    DemilsimError
        If the scenario has no donor.
    """
    donors = {fund.fund_id for fund in scenario.funds if fund.holder == "donor"}
    rates = scenario.exchange_rates
    promised = sum(promised_usd(t, rates, t.due) for t in scenario.tranches if t.fund_id in donors)
    if promised <= 0.0:
        raise DemilsimError(f"{scenario.settings.name}: expected a donor with tranches (found none)")
    scale = budget_usd / promised
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
) -> tuple[FundingPoint, ...]:
    """Return the funding curve over donors' budgets, on common random numbers.

    Parameters
    ----------
    scenario
        Its donors' strings and dates are kept; only amounts scale.
    budgets_usd
        Donors' money promised over the horizon [USD], >= 0.
    replications
        Fresh replications of each point, the same for all.
    seed, jobs, options, tell
        As in `run_programme`.
    """
    points = []
    for budget in budgets_usd:
        tell(f"budget {budget / 1e6:.1f} M USD")
        variant = with_donor_budget(scenario, budget)
        programme = plan_with_simulation(variant, seed=seed, jobs=jobs, options=options)
        plans = {"host_only": programme.rules["host_only"], "optimised": programme.plan}
        ensemble = replicate(variant, plans, replications, seed=seed, jobs=jobs)
        points.append(
            FundingPoint(
                budget_usd=float(budget),
                expected_fatalities=ensemble.estimate("optimised", Response.EXPECTED_FATALITIES),
                averted=ensemble.difference("host_only", "optimised", Response.EXPECTED_FATALITIES),
                destroyed_t=ensemble.estimate("optimised", Response.DESTROYED),
                cost_usd=ensemble.estimate("optimised", Response.COST),
                source=programme.plan.source,
            )
        )
    return tuple(points)


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
    if not values.size or not np.all(np.isfinite(values)) or np.any(values < 0.0):
        raise DemilsimError(f"--budgets: expected first:last:count or a list, USD >= 0 (got {text!r})")
    return tuple(values.tolist())
