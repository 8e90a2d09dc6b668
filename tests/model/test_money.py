from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from demilsim.experiments.funding_curve import with_donor_budget
from demilsim.model.money import expected_receipts_usd, expected_scrap_usd_per_t, matches
from demilsim.model.options import disposal_options, drawing_order
from demilsim.scenario.exchange import promised_usd
from demilsim.scenario.schema import ExchangeRate
from demilsim.scenario.summary import summary
from worlds import SOURCE, facility, fund, lot, rate, route, site, storehouse, tranche, world

RATES = tuple(
    ExchangeRate(
        currency="EUR",
        valid_from=dt.date.fromisoformat(day),
        usd_per_unit=usd,
        sigma_per_year=0.2,
        source=SOURCE,
    )
    for day, usd in (("2025-07-01", 1.1), ("2026-07-01", 1.2))
)


def in_euro(tranche_id: str = "T1", **changes: Any) -> Any:
    """Return a tranche of 1,000 EUR."""
    return tranche(tranche_id, **({"amount_usd": None, "amount": 1000.0, "currency": "EUR"} | changes))


@pytest.mark.parametrize(
    ("day", "usd"),
    [
        ("2025-01-01", 1100.0),
        ("2025-07-01", 1100.0),
        ("2026-06-30", 1100.0),
        ("2026-07-01", 1200.0),
        ("2031-01-01", 1200.0),
    ],
)
def test_rate_is_that_of_the_day(day: str, usd: float) -> None:
    """A rate holds from its first day until the next one; before the first the first is taken."""
    assert promised_usd(in_euro(), RATES, dt.date.fromisoformat(day)) == usd


def test_expected_matching_stops_at_the_cap() -> None:
    """Half of 600 and half of 700 are expected: 300 and 350 are matched 2:1 up to 1,000, less 10%."""
    donor = fund(
        "MATCH", overhead_fraction=0.1, matches_funds=("HOST",), match_ratio=2.0, match_cap_usd=1000.0
    )
    scenario = world(
        funds=[fund(overhead_fraction=0.2), donor],
        tranches=[
            tranche(amount_usd=600.0, probability=0.5),
            tranche("T2", amount_usd=700.0, probability=0.5, due=dt.date(2026, 4, 1)),
        ],
    )
    receipts = expected_receipts_usd(scenario)
    assert receipts[0, :3] == pytest.approx([240.0, 280.0, 0.0])
    assert receipts[1, :3] == pytest.approx([540.0, 360.0, 0.0])
    elsewhere = replace(donor_for(scenario, match_countries=("UZ",)))
    assert matches(elsewhere) == ()
    assert expected_receipts_usd(elsewhere)[1].sum() == 0.0


def donor_for(scenario: Any, **changes: Any) -> Any:
    """Return a scenario whose second fund has other terms."""
    return replace(scenario, funds=(scenario.funds[0], scenario.funds[1].model_copy(update=changes)))


def test_milestone_is_expected_when_it_is_due() -> None:
    """Before anything is simulated a milestone counts as met."""
    plain = world(tranches=[tranche(due=dt.date(2026, 8, 1))])
    waiting = world(tranches=[tranche(due=dt.date(2026, 8, 1), milestone_destroyed_t=50.0)])
    assert np.array_equal(expected_receipts_usd(waiting), expected_receipts_usd(plain))


def test_late_money_is_expected_at_the_rate_when_it_comes() -> None:
    """Due in May and late by 60 days on average, a part comes at 1.1 and the rest at 1.2."""
    scenario = world(tranches=[in_euro(due=dt.date(2026, 5, 1), mean_delay_days=60.0)], exchange_rates=RATES)
    early = 1.0 - np.exp(-61.0 / 60.0)
    late = 1.0 - np.exp(-153.0 / 60.0) - early
    assert expected_receipts_usd(scenario)[0, 1:4] == pytest.approx([0.0, 1100.0 * early, 1200.0 * late])


def test_summary_and_budget_know_of_euro() -> None:
    """`demilsim check` and the funding curve add up dollars, not units of whatever currency."""
    scenario = world(
        funds=[fund(holder="donor")],
        tranches=[tranche(amount_usd=100.0), in_euro("T2")],
        exchange_rates=RATES,
    )
    assert "1,200 USD promised, 1,200 USD expected" in "\n".join(summary(scenario))
    half = with_donor_budget(scenario, 600.0)
    assert [(t.amount_usd, t.amount) for t in half.tranches] == [(50.0, None), (None, 500.0)]


def test_without_donors_money_no_donor_matches() -> None:
    """At a budget of nothing, matching by donors stops too; the host's own goes on."""
    funds = [
        fund(), fund("D", holder="donor"),
        fund("M", holder="donor", matches_funds=("HOST",), match_ratio=1.0),
    ]  # fmt: skip
    scenario = world(funds=funds, tranches=[tranche(), tranche("T2", "D")])
    assert expected_receipts_usd(scenario).sum(axis=1).tolist() == [1e6, 1e6, 1e6]
    assert expected_receipts_usd(with_donor_budget(scenario, 0.0)).sum(axis=1).tolist() == [1e6, 0.0, 0.0]


def test_scrap_counts_only_where_the_programme_may_spend_it() -> None:
    """40 USD/t at even odds are 20 for the fund that it is sold for, and nothing without such a fund."""
    rates = [rate(scrap_usd_per_t=40.0, scrap_buyer_probability=0.5), rate(category="mines")]
    lots = [lot(), lot("L2", nature_id="mine_at", stabiliser_fraction=None)]
    sold = world(lots=lots, facility_rates=rates, scrap_fund="HOST")
    assert expected_scrap_usd_per_t(sold).tolist() == [[20.0], [0.0]]
    assert not expected_scrap_usd_per_t(world(lots=lots, facility_rates=rates)).any()


def test_country_of_the_stock_and_of_the_plant() -> None:
    """Money for work goes by the country of the lot's site, money for plant by that of the plant's."""
    scenario = world(
        sites=[site("S1"), site("S2", country="UZ")],
        storehouses=[storehouse("H1"), storehouse("H2", "S2")],
        lots=[lot("L1", "H1"), lot("L2", "H2")],
        facilities=[facility("F1", "S1"), facility("F2", "S2")],
        facility_rates=[rate("F1"), rate("F2")],
        routes=[route("S1", "S2")],
        funds=[fund("A", earmark_countries=("UZ",)), fund("B", use="emergency"), fund("C")],
    )
    options = disposal_options(scenario)
    assert options.running_eligible[0].tolist() == [[False, False], [True, True]]
    assert options.capital_eligible[0].tolist() == options.standing_eligible[0].tolist() == [False, True]
    assert not options.running_eligible[1].any()
    assert not options.capital_eligible[1].any()
    assert not options.standing_eligible[1].any()
    assert drawing_order(scenario.funds) == (0, 1, 2)


def test_summary_says_what_matching_may_add() -> None:
    """The limits of matching funds are added up; one without a limit leaves none for all."""
    capped = fund("M", matches_funds=("HOST",), match_ratio=1.0, match_cap_usd=2_500.0)
    open_ended = fund("N", matches_funds=("HOST",), match_ratio=1.0)
    assert "1 of 2 funds match others, on top; at most 2,500 USD" in "\n".join(
        summary(world(funds=[fund(), capped]))
    )
    both = world(funds=[fund(), capped, open_ended])
    assert "2 of 3 funds match others, on top; no limit for all of them" in "\n".join(summary(both))
    assert "Matching" not in "\n".join(summary(world()))
