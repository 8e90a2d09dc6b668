from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from scipy import stats

from demilsim.errors import StreamExhaustedError
from demilsim.model.event_rate import BASE_CAUSES, Cause
from demilsim.simulation.draws import MAX_ACCIDENT_CANDIDATES, draw
from demilsim.simulation.streams import Purpose, Streams, entity_keys
from demilsim.simulation.world import prepare
from demilsim.units import DAYS_PER_YEAR
from stories import BASE, QUIET, drawn, with_methods
from worlds import facility, fund, lot, rate, site, storehouse, tranche, world

REPLICATIONS = 700

ALARM = 1e-4
"""P-value below which a fixed-seed test of fit fails."""


def hot_lot(**parameters: float) -> object:
    """Return a world where one lot's ageing rate rises steeply over the horizon, without spread."""
    own = {"ageing.lot_factor_sigma": 0.0, "event_rate.ageing_per_t_year": 5e-4}
    return world(
        sites=[site(temperature_c=40.0)],
        lots=[lot(stabiliser_fraction=0.3), lot("L2", stabiliser_fraction=1.0)],
        parameters=QUIET | own | parameters,
        horizon_years=5,
    )


def hazard(world_: object, rates: np.ndarray, days: np.ndarray) -> np.ndarray:
    """Return the first lot's cumulative hazard, by exact integration of a rate linear between knots."""
    at_knot = rates[:, 0] * world_.lot_t[0] / DAYS_PER_YEAR
    total = []
    for day in days:
        grid = np.append(world_.knots[world_.knots < day], day)
        values = np.interp(grid, world_.knots, at_knot)
        total.append(np.sum(0.5 * (values[1:] + values[:-1]) * np.diff(grid)))
    return np.array(total)


def test_ageing_candidates_are_a_poisson_process_with_the_right_hazard() -> None:
    """Counts are Poisson, and times in cumulative hazard uniform, though the rate triples."""
    world_ = prepare(hot_lot())
    draws = [draw(world_, Streams(1, r)) for r in range(REPLICATIONS)]
    rates = draws[0].ageing_rate_per_t_year
    assert rates[-1, 0] > 3.0 * rates[0, 0]
    times = [np.array([c.day for c in d.candidates if c.lot == 0]) for d in draws]
    total = hazard(world_, rates, np.array([world_.horizon]))[0]
    assert 1.0 < total < 6.0
    counts = np.array([t.size for t in times])
    top = 7
    observed = np.bincount(np.minimum(counts, top), minlength=top + 1)
    expected = REPLICATIONS * np.append(
        stats.poisson.pmf(range(top), total), stats.poisson.sf(top - 1, total)
    )
    assert stats.chisquare(observed, expected).pvalue > ALARM
    reached = hazard(world_, rates, np.concatenate(times)) / total
    assert stats.kstest(reached, "uniform").pvalue > ALARM


def test_ageing_times_invert_the_hazard_exactly() -> None:
    """The cumulative hazard at the k-th candidate is the sum of the lot's own first k exponentials."""
    world_ = prepare(hot_lot())
    checked = 0
    for replication in range(20):
        streams = Streams(1, replication)
        drawn_ = draw(world_, streams)
        days = np.array([c.day for c in drawn_.candidates if c.lot == 0])
        gaps = streams.exponential(Purpose.AGEING_GAP, entity_keys(["L1"]), days.size)[0]
        reached = hazard(world_, drawn_.ageing_rate_per_t_year, days)
        assert reached == pytest.approx(np.cumsum(gaps), rel=1e-9)
        checked += days.size
    assert checked > 30


def test_lot_factor_is_lognormal_and_shared_by_all_knots() -> None:
    """The spread between lots makes the log of stabiliser loss lognormal with the register's sigma."""
    lots = [lot(f"L{i}", gross_mass_t=1.0) for i in range(400)]
    world_, draws = drawn(world(lots=lots, sites=[site(temperature_c=40.0)]))
    plain = world_.ageing.rate_per_t_year(np.ones(400))
    ratio = draws.ageing_rate_per_t_year / plain
    assert np.std(ratio[0]) == pytest.approx(0.0, abs=1e-12)
    factors = np.exp(0.3 * stats.norm.ppf(Streams(1, 0).uniform(Purpose.LOT_FACTOR, world_.lot_keys)[:, 0]))
    assert np.array_equal(draws.ageing_rate_per_t_year, world_.ageing.rate_per_t_year(factors))
    assert stats.kstest(np.log(factors) / 0.3, "norm").pvalue > ALARM
    assert np.all(np.diff(ratio[:, factors > 1.0], axis=0) > 0.0)


def test_base_candidates_come_at_the_rate_of_each_storehouse_and_cause() -> None:
    """Counts by storehouse and cause have their Poisson means, and times are uniform over the horizon."""
    own = {
        f"event_rate.{cause}_per_storehouse_year": mean
        for cause, mean in zip(BASE, (0.2, 0.4, 0.1, 0.3), strict=True)
    }
    scenario = world(
        storehouses=[storehouse("H1"), storehouse("H2", construction="open_stack", x_m=300.0)],
        lots=[lot("L1", "H1"), lot("L2", "H2")],
        parameters=QUIET | own,
    )
    world_ = prepare(scenario)
    found = [c for r in range(REPLICATIONS) for c in draw(world_, Streams(2, r)).candidates]
    assert {c.lot for c in found} == {-1}
    assert stats.kstest([c.mark for c in found], "uniform").pvalue > ALARM
    years = 730.0 / DAYS_PER_YEAR
    for house, factor in ((0, 1.0), (1, 3.0)):
        for cause, rate_ in zip(BASE_CAUSES, (0.2, 0.4 * factor, 0.1, 0.3), strict=True):
            mean = REPLICATIONS * rate_ * years
            count = sum(c.storehouse == house and c.cause is cause for c in found)
            assert abs(count - mean) < 4.0 * np.sqrt(mean), (house, cause)
    assert stats.kstest(np.array([c.day for c in found]) / 730.0, "uniform").pvalue > ALARM


def test_candidates_come_in_order_of_time_with_their_own_marks() -> None:
    """Candidates are sorted, within the horizon, and no two share a mark of any sort."""
    own = {f"event_rate.{cause}_per_storehouse_year": 2.0 for cause in BASE}
    _, draws = drawn(world(parameters=own | {"event_rate.ageing_per_t_year": 0.02}))
    days = [c.day for c in draws.candidates]
    assert days == sorted(days)
    assert {c.cause for c in draws.candidates} == {Cause.AGEING, *BASE_CAUSES}
    assert 0.0 < days[0] <= days[-1] < 730.0
    marks = [u for c in draws.candidates for u in (c.extent, c.prompt, c.deaths_public, c.deaths_workers)]
    assert len(set(marks)) == len(marks) > 40


def test_receipts_to_the_cent_and_to_the_day() -> None:
    """Overhead is taken off and rounded to cents; delays are exponentials; what is too late never comes."""
    scenario = world(
        funds=[fund(), fund("DONOR", overhead_fraction=0.07)],
        tranches=[
            tranche("T1", due=dt.date(2025, 6, 1), amount_usd=10.0),
            tranche("T2", "DONOR", due=dt.date(2026, 4, 1), amount_usd=1234.57, mean_delay_days=60.0),
            tranche("T3", due=dt.date(2027, 12, 31), amount_usd=5.0),
            tranche("T4", due=dt.date(2028, 1, 1), amount_usd=5.0),
            tranche("T5", probability=0.0),
        ],
    )
    _, draws = drawn(scenario)
    delay = 60.0 * float(Streams(1, 0).exponential(Purpose.TRANCHE_DELAY, entity_keys(["T2"]))[0, 0])
    got = [(r.day, r.fund, r.amount_cents) for r in draws.receipts]
    assert sorted(got) == sorted([(0.0, 0, 1000), (90.0 + delay, 1, 114_815), (729.0, 0, 500)])
    assert got == sorted(got)


def test_probability_and_mean_delay_of_tranches() -> None:
    """Of 2,000 tranches at 0.8 with a mean delay of 50 days, 0.8 come, 50 days late on average."""
    tranches = [tranche(f"T{i}", probability=0.8, mean_delay_days=50.0) for i in range(2000)]
    _, draws = drawn(world(tranches=tranches, horizon_years=10))
    count = len(draws.receipts)
    assert abs(count - 1600) < 4.0 * np.sqrt(2000 * 0.8 * 0.2)
    assert stats.kstest([r.day / 50.0 for r in draws.receipts], "expon").pvalue > ALARM


def test_accidents_come_after_exponential_tonnes() -> None:
    """Gaps between accidents are exponential with the method's rate per tonne, and infinite without one."""
    plants = [facility(f"F{i}") for i in range(60)]
    rates = [rate(f.facility_id) for f in plants]
    scenario = world(facilities=plants, facility_rates=rates)
    _, draws = drawn(with_methods(scenario, accident_rate_per_t=0.01))
    gaps_t = np.diff(draws.accident_at_g, axis=1, prepend=0.0) / 1e6
    assert gaps_t.shape == (60, MAX_ACCIDENT_CANDIDATES)
    assert stats.kstest(gaps_t.ravel() / 100.0, "expon").pvalue > ALARM
    _, none = drawn(with_methods(scenario, accident_rate_per_t=0.0))
    assert np.all(np.isinf(none.accident_at_g))


def test_links_open_as_often_as_the_model_says() -> None:
    """At 40 m from 20 t NEQ (K = 1.47) a masonry storehouse is set off with the model's probability."""
    scenario = world(
        storehouses=[storehouse("H1"), storehouse("H2", y_m=40.0)],
        lots=[lot("L1", "H1"), lot("L2", "H2")],
        parameters=QUIET,
    )
    world_ = prepare(scenario)
    assert world_.links.donor.tolist() == [0, 1]
    probability = 0.8 * np.log(2.4 / (40.0 / 20_000.0 ** (1 / 3))) / np.log(2.4 / 0.5)
    opened = sum(draw(world_, Streams(3, r)).open_links.size for r in range(1000))
    assert abs(opened - 2000 * probability) < 4.0 * np.sqrt(2000 * probability * (1 - probability))


def test_block_that_is_too_short_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rate that outruns its block of draws fails instead of leaving out incidents."""
    monkeypatch.setattr("demilsim.simulation.draws.depth_for", lambda _: 1)
    with pytest.raises(StreamExhaustedError, match="ageing"):
        drawn(hot_lot(**{"event_rate.ageing_per_t_year": 0.1}))
    own = {f"event_rate.{cause}_per_storehouse_year": 50.0 for cause in BASE}
    with pytest.raises(StreamExhaustedError, match="base causes"):
        drawn(world(parameters=QUIET | own))


def test_short_block_of_stops_is_drawn_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A facility that outlives its block of draws gets a longer one, with the same numbers in front."""
    stops = world(facilities=[facility(breakdown_mean_days=1.0, repair_mean_days=1.0)], parameters=QUIET)
    expected = drawn(stops)[1].working_time[0]
    monkeypatch.setattr("demilsim.simulation.disturbance.depth_for", lambda _: 1)
    assert drawn(stops)[1].working_time[0] == expected
