"""Money as it is likely to have come, in the place of money as expected.

An indicative tranche comes whole or not at all, and a plan on expected money counts on a part of it from the
first day on which it may come. Such a plan fails twice: where the tranche is late, what it was to pay takes
money that others needed; where it comes, nothing was planned for the rest of it. A plan may count instead on
each tranche whole, from the period by whose start it is likely to have come, and never on one that is not.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from demilsim.model.money import expected_receipts_usd, matches
from demilsim.optimisation.releases import waits
from demilsim.plan import PlanningCoefficients
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import Tranche

LIKELY = 0.75
"""Probability of having come from which a tranche is counted on [1]: three to one.

With the donors' tutorial, whose pledge has 0.9, all from 0.6 to 0.8 do as well; at 0.5 the gain is half as
large, and at 0.9 the pledge never counts."""


def likely_coefficients(
    scenario: Scenario, coefficients: PlanningCoefficients, least: float = LIKELY
) -> PlanningCoefficients | None:
    """Return coefficients with money as it is likely to have come; None where no tranche is indicative.

    Tranches that wait for a milestone stay as expected, since a plan decides whether they are released, and
    so do all that a fund matches together with such.

    Parameters
    ----------
    scenario
        The scenario.
    coefficients
        Whose receipts are kept for funds that no such tranche reaches.
    least
        Probability of having come from which a tranche is counted on [1], in (0, 1].

    Returns
    -------
    PlanningCoefficients or None
        None as well where these receipts are those that there were.
    """
    concerned = _with_milestones(scenario)
    due = scenario.period_dates[-1]
    free = [t for t in scenario.tranches if t.fund_id not in concerned]
    if not any(t.probability < 1.0 and t.due < due for t in free):
        return None
    kept = [t for t in scenario.tranches if t.fund_id in concerned]
    whole = [counted for t in free if (counted := _whole(scenario, t, least)) is not None]
    expected = expected_receipts_usd(scenario)
    likely = expected_receipts_usd(replace(scenario, tranches=(*kept, *whole)))
    changed = np.any(likely != expected, axis=1)
    receipts = np.where(changed[:, np.newaxis], likely, coefficients.receipts_usd)
    if np.array_equal(receipts, coefficients.receipts_usd):
        return None
    return replace(coefficients, receipts_usd=receipts)


def _with_milestones(scenario: Scenario) -> set[str]:
    """Return the funds of which a tranche waits, and those that are matched together with such."""
    ids = [fund.fund_id for fund in scenario.funds]
    waiting = {tranche.fund_id for tranche in scenario.tranches if waits(tranche)}
    together = ({ids[k] for k in match.matched} for match in matches(scenario))
    return waiting.union(*(matched for matched in together if matched & waiting))


def _whole(scenario: Scenario, tranche: Tranche, least: float) -> Tranche | None:
    """Return a tranche as certain on the first start of a period by which it is likely there; None if never.

    By a day t it has come with p (1 - exp(-(t - due) / m)): its probability and mean delay.
    """
    for start in scenario.period_dates[:-1]:
        late, mean = (start - tranche.due).days, tranche.mean_delay_days
        if late < 0:
            continue
        come = -np.expm1(-late / mean) if mean > 0.0 else 1.0
        if tranche.probability * come >= least:
            return tranche.model_copy(update={"due": start, "probability": 1.0, "mean_delay_days": 0.0})
    return None
