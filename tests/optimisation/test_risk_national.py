"""Limits on risk on the Kazakhstan scenario: kept by the plan found, or told to be beyond any plan."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from demilsim.errors import InfeasibleError
from demilsim.optimisation.audit import audit
from demilsim.optimisation.audit_risk import individual_risk
from demilsim.optimisation.audit_rows import audit_rows
from demilsim.optimisation.optimise import optimise
from demilsim.optimisation.solve import SolveOptions
from demilsim.plan import Floats
from demilsim.planning.disaggregate import flow_plan
from demilsim.planning.rules import nominal_coefficients, nominal_start
from demilsim.scenario.loader import load_scenario
from demilsim.scenario.scenario import Scenario

FOLDER = Path(__file__).parents[2] / "scenarios" / "kazakhstan"
OPTIONS = SolveOptions(gap_averted=0.002, bound_steps=4)

YEARS, GROUPS = 6, 10
"""Years after which limits hold, and people that have one: those at the highest risk then."""

BEYOND = ("W2-x1", "S1-x1")
"""Of these, those for whom what no plan may take away is more than half of what the free plan leaves."""


def limited(scenario: Scenario, most: Floats, without: tuple[str, ...] = ()) -> Scenario:
    """Return a scenario with limits on some groups, shape (exposed site,), infinite without."""
    dates = scenario.period_dates
    start = next(date for date in dates if date.year >= dates[0].year + YEARS)
    people = [
        e.model_copy(update={"risk_limit_per_year": float(limit), "risk_limit_from": start})
        if np.isfinite(limit) and e.exposed_site_id not in without
        else e
        for e, limit in zip(scenario.exposed_sites, most, strict=True)
    ]
    return replace(scenario, exposed_sites=tuple(people))


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_half_of_what_the_free_plan_leaves_is_kept_or_told_to_be_beyond_any_plan() -> None:
    """Eight groups at half of what the plan of least harm leaves them have a plan; two more have none.

    Without limits it averts more: the plan within limits gives up less than a tenth of that.
    """
    scenario = load_scenario(FOLDER)
    known, start = nominal_coefficients(scenario), nominal_start(scenario)
    free = optimise(scenario, known, start=start, options=OPTIONS)
    risk = individual_risk(audit_rows(scenario), flow_plan(scenario, free))
    first = next(i for i, d in enumerate(scenario.period_dates) if d.year >= 2026 + YEARS)
    worst = risk[first:].max(axis=0)
    most = np.full(worst.size, np.inf)
    highest = np.argsort(-worst)[:GROUPS]
    most[highest] = 0.5 * worst[highest]

    eight = limited(scenario, most, BEYOND)
    result = optimise(eight, known, start=start, options=OPTIONS)
    plan = flow_plan(eight, result)
    assert audit(eight, plan, known) == ()
    kept = individual_risk(audit_rows(eight), plan)[first:].max(axis=0)
    limits = [e.risk_limit_per_year for e in eight.exposed_sites]
    assert sum(limit is not None for limit in limits) == GROUPS - len(BEYOND)
    assert all(limit is None or r <= limit for r, limit in zip(kept.tolist(), limits, strict=True))
    averted = free.do_nothing_harm - free.planned_harm
    assert 0.9 * averted <= result.do_nothing_harm - result.planned_harm <= averted

    with pytest.raises(InfeasibleError, match="no plan that keeps all limits on risk exists") as told:
        optimise(limited(scenario, most), known, start=start, options=OPTIONS)
    assert all(f"the risk limit of {group} were" in str(told.value) for group in BEYOND)
