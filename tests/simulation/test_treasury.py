"""Money by hand: matching, milestones, currencies, verification, clean-up, scrap, and why money lapses."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import ExchangeRate
from demilsim.simulation.funding import Lapse, Ledger
from demilsim.simulation.income import draw_income, exchange_paths
from demilsim.simulation.streams import Streams
from demilsim.simulation.world import prepare
from stories import QUIET, candidate, drawn, line, plan, play
from worlds import SOURCE, fund, lot, rate, site, storehouse, tranche, world

SEED, REPLICATIONS, STANDARD_ERRORS = 20_261_124, 400, 4.0
ALL = plan(line("L1"))
"""100 t at 1 t a day and 500 USD/t, from the first day."""


def quiet(**changes: Any) -> Scenario:
    """Return one lot of 100 t in a world in which nothing explodes of itself."""
    return world(**({"parameters": QUIET} | changes))


def euro(valid_from: str, usd: float, sigma: float = 0.0, currency: str = "EUR") -> ExchangeRate:
    """Return a row of the table of exchange rates."""
    return ExchangeRate(
        currency=currency, valid_from=dt.date.fromisoformat(valid_from), usd_per_unit=usd,
        sigma_per_year=sigma, source=SOURCE,
    )  # fmt: skip


def in_euro(tranche_id: str, amount: float, due: str, **changes: Any) -> Any:
    """Return a certain tranche in euro."""
    day = dt.date.fromisoformat(due)
    return tranche(tranche_id, amount_usd=None, amount=amount, currency="EUR", due=day, **changes)


def test_matching_to_the_cap_and_not_for_another_country() -> None:
    """1:1 of 600 and 700 gross up to 1,000, nothing for 500 of a fund for UZ, less 10% of overhead."""
    donor = fund(
        "MATCH", holder="donor", overhead_fraction=0.1, matches_funds=("HOST", "UZ"), match_ratio=1.0,
        match_cap_usd=1000.0, match_countries=("KZ",),
    )  # fmt: skip
    scenario = quiet(
        funds=[fund(overhead_fraction=0.2), fund("UZ", earmark_countries=("UZ",)), donor],
        tranches=[
            tranche(amount_usd=600.0),
            tranche("T2", "UZ", amount_usd=500.0, due=dt.date(2026, 2, 1)),
            tranche("T3", amount_usd=700.0, due=dt.date(2026, 3, 1)),
        ],
    )
    result, state = play(scenario, plan())
    assert result.received_cents.tolist() == [104_000, 50_000, 90_000]
    matched = [(r.day, r.amount_cents) for r in state.treasury.received if r.fund == 2]
    assert matched == [(0.0, 54_000), (59.0, 36_000)]
    assert result.receipts_cents[2, :2].tolist() == [54_000, 36_000]


def test_fund_for_two_countries_is_matched_if_both_are_eligible() -> None:
    """Money that may go to UZ is not matched where KZ alone is eligible; without a list any country is."""
    both = fund(earmark_countries=("KZ", "UZ"))
    for countries, expected in ((("KZ",), 0), (("KZ", "UZ", "TJ"), 200_000), ((), 200_000)):
        donor = fund("MATCH", matches_funds=("HOST",), match_ratio=2.0, match_countries=countries)
        result, _ = play(quiet(funds=[both, donor], tranches=[tranche(amount_usd=1000.0)]), plan())
        assert result.received_cents.tolist() == [100_000, expected]


def test_why_money_lapses() -> None:
    """Unspent at expiry, come after it, and set free by an explosion after it."""
    scenario = quiet(
        funds=[fund(expires=dt.date(2026, 2, 19))],
        tranches=[tranche(amount_usd=50_700.0), tranche("T2", due=dt.date(2026, 6, 1), amount_usd=30.0)],
    )
    result, _ = play(scenario, ALL, candidate(75.0))
    assert result.spent_cents.sum() == 3_750_000
    assert result.lapses_cents[0, Lapse.UNSPENT] == 70_000
    assert result.lapses_cents[0, Lapse.LATE] == 3_000
    assert result.lapses_cents[0, Lapse.RELEASED] == 1_250_000
    assert result.lapses_cents.sum() == result.lapsed_cents.sum()


@pytest.mark.parametrize(
    ("due", "tonnes", "paid"),
    [
        ("2026-01-01", 50.0, 90.0),
        ("2026-04-15", 50.0, 104.0),
        ("2026-01-01", 91.0, 181.0),
        ("2026-01-01", 101.0, None),
    ],
)
def test_tranche_waits_for_tonnes(due: str, tonnes: float, paid: float | None) -> None:
    """90 t are done on day 90, 100 t on day 100: paid then, or on its own later day; never if never."""
    waiting = tranche(
        "T2", "DONOR", amount_usd=10.0, due=dt.date.fromisoformat(due), milestone_destroyed_t=tonnes
    )
    scenario = quiet(funds=[fund(), fund("DONOR")], tranches=[tranche(), waiting])
    result, state = play(scenario, ALL)
    assert [r.day for r in state.treasury.received if r.fund == 1] == ([paid] if paid else [])
    assert result.received_cents[1] == (1_000 if paid else 0)


@pytest.mark.parametrize(("fraction", "paid"), [(0.9, 90.0), (0.91, 181.0), (1.0, 181.0)])
def test_tranche_waits_for_spending(fraction: float, paid: float) -> None:
    """Of 50,000 USD, 45,000 are spent by day 90 with the job under way, all by the next quarter."""
    waiting = tranche("T2", amount_usd=10.0, milestone_fund="HOST", milestone_spent_fraction=fraction)
    scenario = quiet(tranches=[tranche(amount_usd=50_000.0), waiting])
    _, state = play(scenario, ALL)
    assert [r.day for r in state.treasury.received] == [0.0, paid]


def test_milestone_that_is_met_stays_met() -> None:
    """All is spent on day 90, next to nothing after more money on day 100; the tranche of day 120 comes."""
    waiting = tranche(
        "T3", "DONOR", amount_usd=10.0, due=dt.date(2026, 5, 1), milestone_fund="HOST",
        milestone_spent_fraction=0.8,
    )  # fmt: skip
    money = [tranche(amount_usd=40_000.0), tranche("T2", amount_usd=1e6, due=dt.date(2026, 4, 11)), waiting]
    _, state = play(quiet(funds=[fund(), fund("DONOR")], tranches=money), plan(line("L1", 80.0)))
    assert [r.day for r in state.treasury.received if r.fund == 1] == [120.0]


def test_milestone_of_a_fund_without_money_is_not_met() -> None:
    """Nothing of nothing is not a share that was spent."""
    waiting = tranche("T2", amount_usd=10.0, milestone_fund="EMPTY", milestone_spent_fraction=0.1)
    scenario = quiet(funds=[fund(), fund("EMPTY")], tranches=[tranche(), waiting])
    assert play(scenario, ALL)[0].received_cents.tolist() == [100_000_000, 0]


def test_losses_do_not_meet_a_milestone() -> None:
    """What explodes was not destroyed: 20 t of work and a stack lost are not 21 t."""
    waiting = tranche("T2", "DONOR", amount_usd=10.0, milestone_destroyed_t=21.0)
    scenario = quiet(funds=[fund(), fund("DONOR")], tranches=[tranche(), waiting])
    result, _ = play(scenario, plan(line("L1", 20.0)), candidate(50.0))
    assert result.exploded_g > 1_000_000
    assert result.received_cents[1] == 0


def test_earmark_for_a_country_is_for_its_stock_and_its_plant() -> None:
    """Money for UZ pays for nothing in KZ, and for a lot at the site of UZ alone."""
    scenario = quiet(
        sites=[site("S1"), site("S2", country="UZ")],
        storehouses=[storehouse("H1"), storehouse("H2", "S2")],
        lots=[lot("L1", "H1"), lot("L2", "H2")],
        facilities=[
            *quiet().facilities,
            quiet().facilities[0].model_copy(update={"facility_id": "F2", "site_id": "S2"}),
        ],
        facility_rates=[rate(), rate("F2")],
        funds=[fund(earmark_countries=("UZ",))],
    )
    story = plan(line("L1", facility_id="F1"), line("L2", facility_id="F2"))
    result, state = play(scenario, story)
    assert state.stock.destroyed_g == [0, 100_000_000]
    assert result.spent_cents.sum() == 5_000_000
    nobody = replace(scenario, funds=(fund(earmark_countries=("TJ",)),))
    result, state = play(nobody, story)
    assert (state.ledger.spent, state.ledger.available) == ([0], [100_000_000])


def test_two_currencies_at_the_rate_of_the_day() -> None:
    """1,000 EUR bring 1,100 USD until June and 1,200 from July, dollars stay dollars, less 5% overhead."""
    scenario = quiet(
        funds=[fund(overhead_fraction=0.05)],
        tranches=[
            tranche(amount_usd=1000.0),
            in_euro("T2", 1000.0, "2026-06-30"),
            in_euro("T3", 1000.0, "2026-07-01"),
        ],
        exchange_rates=(euro("2025-01-01", 1.1), euro("2026-07-01", 1.2)),
    )
    _, draws = drawn(scenario)
    assert [(r.day, r.amount_cents) for r in draws.receipts] == [
        (0.0, 95_000),
        (180.0, 104_500),
        (181.0, 114_000),
    ]


def test_rate_wanders_as_it_should() -> None:
    """After 1.5 years ln(rate / table) has mean -s²t/2 and deviation s sqrt(t); it is 0 on the first day."""
    sigma, day = 0.2, 548
    prepared = prepare(
        quiet(exchange_rates=(euro("2025-01-01", 1.1, sigma), euro("2025-01-01", 2.0, 0.1, "KZT")))
    )
    paths = [exchange_paths(prepared, Streams(SEED, k)) for k in range(REPLICATIONS)]
    logs = np.log([path["EUR"][day] for path in paths])
    deviation = sigma * np.sqrt(day / 365.25)
    assert all(path["EUR"][0] == 1.0 for path in paths)
    error = deviation / np.sqrt(REPLICATIONS)
    assert abs(logs.mean() + 0.5 * deviation**2) < STANDARD_ERRORS * error
    assert abs(logs.std(ddof=1) - deviation) < STANDARD_ERRORS * error / np.sqrt(2.0)
    other = np.log([path["KZT"][day] for path in paths])
    assert abs(np.corrcoef(logs, other)[0, 1]) < STANDARD_ERRORS / np.sqrt(REPLICATIONS)


def test_tranches_of_a_currency_see_one_path() -> None:
    """Two tranches of one day have one rate, whatever else is in the table or in the scenario."""
    rates = (euro("2025-01-01", 1.1, 0.3),)
    one = quiet(
        tranches=[in_euro("T1", 1e6, "2027-03-01"), in_euro("T2", 2e6, "2027-03-01")], exchange_rates=rates
    )
    receipts = drawn(one)[1].receipts
    assert receipts[1].amount_cents == pytest.approx(2 * receipts[0].amount_cents, abs=2)
    assert receipts[0].amount_cents != 110_000_000
    two = replace(
        one, exchange_rates=(*rates, euro("2025-01-01", 3.0, 0.5, "GBP")), tranches=one.tranches[:1]
    )
    assert drawn(two)[1].receipts[0] == receipts[0]


def test_each_fund_pays_verification_of_its_share() -> None:
    """At 600 USD/t verified, 6,000 USD pay for 10 t; the host pays for 20 t without."""
    scenario = quiet(
        funds=[fund(), fund("DONOR", use="running", verification_usd_per_t=100.0)],
        tranches=[tranche(amount_usd=10_000.0), tranche("T2", "DONOR", amount_usd=6_000.0)],
    )
    result, state = play(scenario, plan(line("L1", 30.0)))
    assert state.stock.destroyed_g == [30_000_000]
    assert result.spent_cents.sum(axis=1).tolist() == [1_000_000, 600_000]
    more, state = play(scenario, plan(line("L1", 40.0)))
    assert more.spent_cents[1].sum() == 600_000
    # A part is cut at the dearest verification, again and again until less than 100 kg could be paid.
    assert 0 <= 1_000_000 - more.spent_cents[0].sum() < 50 * 110
    assert state.stock.destroyed_g[0] == pytest.approx(30e6, abs=0.11e6)


@pytest.mark.parametrize("held", [1, 7, 59_999, 60_000, 60_001])
def test_no_cent_is_left_that_could_pay_for_verified_work(held: int) -> None:
    """A fund takes as much work as it can pay with its verification, to the cent, and no more."""
    ledger = Ledger(2, (0, 1), (10_000.0, 0.0))
    ledger.receive(0, held)
    ledger.receive(1, 10**9)
    payment = dict(ledger.commit((0, 1), 500_000, 10_000_000) or ())
    work = 500_000 - payment[1]
    assert payment.get(0, 0) == work + round(work * 0.2) <= held
    assert held < work + 1 + round((work + 1) * 0.2)


def test_emergency_account_pays_for_clean_up_and_nothing_else() -> None:
    """1,000 USD go as far as they go; what the stack costs beyond is unfunded, and no work is paid."""
    account = fund("EMERGENCY", holder="donor", use="emergency")
    scenario = quiet(funds=[account], tranches=[tranche(fund_id="EMERGENCY", amount_usd=1000.0)])
    result, _ = play(scenario, ALL, candidate(10.0))
    usd_per_t = scenario.register.consequence.cleanup_usd_per_t
    assert result.exploded_g > 0
    assert result.spent_cents[0].tolist() == [100_000] + [0] * 7
    bill = round(usd_per_t * result.exploded_g / 10_000)
    assert result.cleanup_unfunded_cents == bill - 100_000
    assert result.destroyed_g.sum() == 0.0
    rich = replace(scenario, tranches=(tranche(fund_id="EMERGENCY", amount_usd=1e7),))
    result, _ = play(rich, ALL, candidate(10.0))
    assert (result.cleanup_unfunded_cents, result.spent_cents.sum()) == (0, bill)


def test_emergency_account_keeps_to_its_strings() -> None:
    """An account for another country, or of a donor whom the plan does without, pays no clean-up."""
    tied = fund("EMERGENCY", use="emergency", earmark_countries=("UZ",))
    free = fund("EMERGENCY", use="emergency")
    money = [tranche(), tranche("T2", "EMERGENCY")]
    for account, funds in ((tied, ()), (free, ("HOST",))):
        result, _ = play(quiet(funds=[fund(), account], tranches=money), plan(funds=funds), candidate(10.0))
        assert result.spent_cents.sum() == 0
        assert result.cleanup_unfunded_cents > 0


@pytest.mark.parametrize(
    ("chance", "into", "received", "scrap"),
    [
        (1.0, None, 100_000_000, [0, 400_000]),
        (1.0, "HOST", 100_400_000, [400_000, 0]),
        (0.0, "HOST", 100_000_000, [0, 0]),
    ],
)
def test_scrap_with_and_without_a_buyer(
    chance: float, into: str | None, received: int, scrap: list[int]
) -> None:
    """100 t at 40 USD/t go to the host's treasury or to the fund for it; without a buyer to nobody."""
    rates = [rate(scrap_usd_per_t=40.0, scrap_buyer_probability=chance)]
    result, _ = play(quiet(facility_rates=rates, scrap_fund=into), ALL)
    assert result.scrap_cents.tolist() == scrap
    assert result.received_cents.tolist() == [received]
    assert result.receipts_cents.sum() == 100_000_000


def test_scrap_sold_before_expiry_comes_before_it() -> None:
    """50 t finished on day 50 are in the fund that closes on day 60, and lapse as unspent, not as late."""
    rates = [rate(scrap_usd_per_t=40.0)]
    closing = [fund(expires=dt.date(2026, 3, 1))]
    scenario = quiet(
        facility_rates=rates, scrap_fund="HOST", funds=closing, tranches=[tranche(amount_usd=50_000.0)]
    )
    result, _ = play(scenario, plan(line("L1", 50.0), line("L1", 50.0)))
    assert result.lapses_cents[0].tolist() == [200_000, 200_000, 0]


def test_buyers_are_found_as_often_as_said() -> None:
    """One draw for each facility and category and replication, by its own key."""
    rates = [rate(scrap_usd_per_t=40.0, scrap_buyer_probability=0.3)]
    prepared = prepare(quiet(facility_rates=rates))
    sold = [
        draw_income(prepared, Streams(SEED, k)).scrap_cents_per_g[0, 0] > 0.0 for k in range(REPLICATIONS)
    ]
    error = np.sqrt(0.3 * 0.7 / REPLICATIONS)
    assert abs(np.mean(sold) - 0.3) < STANDARD_ERRORS * error
