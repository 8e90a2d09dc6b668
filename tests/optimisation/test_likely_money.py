"""Money as it is likely to have come: by hand, by simulation, and where nothing is indicative."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from math import exp

import numpy as np
import pytest

from demilsim.experiments.ensemble import replicate
from demilsim.model.money import expected_receipts_usd
from demilsim.optimisation.likely_money import LIKELY, likely_coefficients
from demilsim.optimisation.releases import waiting_tranches
from demilsim.plan import DisposalPlan
from demilsim.scenario.scenario import Scenario
from optimisation.instances import coefficients
from worlds import fund, tranche, world

FUTURES = 200
"""Replications of which shares are counted."""

STANDARD_ERRORS = 4.0
"""Tolerance of a simulated share."""


def promised(**changes: object) -> Scenario:
    """Return a certain budget of the host, and a pledge that comes in nine futures of ten, 90 days late."""
    pledge = {
        "due": dt.date(2026, 7, 1),
        "amount_usd": 800_000.0,
        "probability": 0.9,
        "mean_delay_days": 90.0,
    }
    return world(
        funds=(fund(), fund("DONOR", holder="donor", overhead_fraction=0.07)),
        tranches=(tranche(), tranche("PLEDGE", "DONOR", **(pledge | changes))),
    )


def receipts(scenario: Scenario, least: float) -> np.ndarray:
    """Return likely receipts [USD], shape (fund, period)."""
    found = likely_coefficients(scenario, coefficients(scenario), least)
    assert found is not None
    return found.receipts_usd


@pytest.mark.parametrize(("least", "period"), [(0.5, 3), (0.75, 4), (0.8, 5), (0.9, None), (0.95, None)])
def test_tranche_counts_whole_once_it_is_likely_there(least: float, period: int | None) -> None:
    """0.9 (1 - exp(-t / 90)) is 0.58, 0.78, 0.86 at 92, 184, 274 days after July: 2026q4, 2027q1, 2027q2."""
    found = receipts(promised(), least)
    donor = np.zeros(8)
    if period is not None:
        donor[period] = 800_000.0 * 0.93
    assert found[1] == pytest.approx(donor)
    assert found[0].tolist() == [1e6, *[0.0] * 7]


def test_simulated_money_has_come_as_often_as_it_is_counted_on() -> None:
    """By the period from which 75% is counted on, 78% of futures have it; a period before, 58%."""
    scenario = promised()
    period = int(np.flatnonzero(receipts(scenario, 0.75)[1])[0])
    results = replicate(scenario, {"wait": DisposalPlan("wait", "none")}, FUTURES, jobs=1).results["wait"]
    come = np.cumsum([r.receipts_cents[1] for r in results], axis=1) > 0
    for knot, days in ((period, 184), (period - 1, 92)):
        share = 0.9 * (1.0 - exp(-days / 90.0))
        error = (share * (1.0 - share) / FUTURES) ** 0.5
        assert come[:, knot].mean() == pytest.approx(share, abs=STANDARD_ERRORS * error)
        assert (share >= 0.75) == (knot == period)


def test_learned_money_of_other_funds_is_kept() -> None:
    """What simulation taught of a fund without indicative tranches stands, to the dollar."""
    scenario = promised()
    taught = coefficients(scenario)
    taught.receipts_usd[0, 0] = 987_654.0
    found = likely_coefficients(scenario, taught, 0.5)
    assert found is not None
    assert found.receipts_usd[0, 0] == 987_654.0
    assert found.working_days is taught.working_days


@pytest.mark.parametrize("least", [0.5, LIKELY])
def test_firm_money_leaves_nothing_to_count_otherwise(least: float) -> None:
    """Where every tranche is certain to come, late or not, there are no other coefficients."""
    scenario = promised(probability=1.0)
    assert likely_coefficients(scenario, coefficients(scenario), least) is None


def test_tranche_that_waits_stays_as_expected() -> None:
    """A plan decides whether it meets a milestone: likelihood touches the other fund alone."""
    base = promised()
    waiting = tranche("LATER", "WAITS", probability=0.8, milestone_destroyed_t=10.0)
    scenario = replace(base, funds=(*base.funds, fund("WAITS")), tranches=(*base.tranches, waiting))
    expected = replace(coefficients(scenario), receipts_usd=expected_receipts_usd(scenario))
    found = likely_coefficients(scenario, expected, 0.75)
    assert found is not None
    assert found.receipts_usd[2].tolist() == expected.receipts_usd[2].tolist()
    before, after = (waiting_tranches(scenario, known) for known in (expected, found))
    assert before is not None
    assert after is not None
    assert after.base_usd[1].tolist() == found.receipts_usd[1].tolist()
    assert after.base_usd[2].tolist() == before.base_usd[2].tolist()


def test_matching_follows_what_it_matches() -> None:
    """A fund that matches the donor dollar for dollar counts on as much, and when the donor's has come."""
    base = promised()
    match = fund("MATCH", holder="donor", matches_funds=("DONOR",), match_ratio=1.0, overhead_fraction=0.5)
    found = receipts(replace(base, funds=(*base.funds, match)), 0.75)
    assert found[2].tolist() == [0.0] * 4 + [400_000.0] + [0.0] * 3


def test_matched_together_with_a_tranche_that_waits_stays_as_expected() -> None:
    """What a fund adds to a waiting tranche depends on the plan, and so does what it adds to the pledge."""
    base = promised()
    match = fund("MATCH", holder="donor", matches_funds=("DONOR", "WAITS"), match_ratio=1.0)
    waiting = tranche("LATER", "WAITS", probability=0.8, milestone_destroyed_t=10.0)
    funds = (*base.funds, fund("WAITS"), match)
    scenario = replace(base, funds=funds, tranches=(*base.tranches, waiting))
    assert likely_coefficients(scenario, coefficients(scenario), 0.75) is None
