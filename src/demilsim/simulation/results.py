"""From the end state of a replication to its `RunResult`."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import chain

import numpy as np

from demilsim.plan import Floats, Ints
from demilsim.simulation.destruction import Plant
from demilsim.simulation.draws import Draws
from demilsim.simulation.estimate import storage_harm
from demilsim.simulation.funding import Lapse, Ledger
from demilsim.simulation.income import Receipt
from demilsim.simulation.measures import Measures
from demilsim.simulation.record import Event, RunResult
from demilsim.simulation.stock_path import stock_path
from demilsim.simulation.storage import Stock
from demilsim.simulation.transport import road_events
from demilsim.simulation.treasury import Treasury
from demilsim.simulation.work import Work, work_of
from demilsim.simulation.world import World
from demilsim.units import GRAMS_PER_TONNE

SAME_DAY = 1e-6
"""Rounding of a day on which work ends [d]."""


def collect(
    world: World,
    draws: Draws,
    plants: list[Plant],
    stock: Stock,
    ledger: Ledger,
    events: list[Event],
    standing: list[tuple[float, int, int]],
    treasury: Treasury,
    measures: Measures,
    condemned_g: int,
    by_storehouse: bool,
) -> RunResult:
    """Return the results of one replication, with or without harm by period and storehouse."""
    work = work_of(world, draws, plants)
    path = stock_path(world, draws, work, stock)
    harm = storage_harm(world, draws, path.blast_kg, path.ageing_per_year, measures.base_rates())
    public, workers = harm.integrated(world.interval_years)
    processing, road = _accident_deaths(world, work)
    total = harm.public_per_year + harm.workers_per_year
    on_road, road_g = road_events(world, draws, plants, work)
    everything = [*events, *on_road]
    by_site = world.sites
    rate_end = _weighted(world, harm.public_per_year[-1], harm.workers_per_year[-1])
    stock_harm = root_harm = np.empty((0, 0))
    if by_storehouse:
        stock_harm = _in_periods(world, harm.public_per_year, harm.workers_per_year)
        root_harm = _in_periods(world, harm.root_public_per_year, harm.root_workers_per_year)
    moving = _moving_days(work, plants)
    return RunResult(
        replication=draws.streams.replication,
        events=tuple(sorted(everything, key=lambda event: (event.day, event.kind, event.site))),
        expected_public=public,
        expected_workers=workers + processing,
        expected_transport=road,
        stock_harm=stock_harm,
        root_harm=root_harm,
        weighted_rate_end=float(rate_end.sum()),
        harm_rate_per_year=total.sum(axis=1),
        site_rate_start=by_site.sum(total[0]),
        site_rate_end=by_site.sum(total[-1]),
        stock_g=path.stock_g,
        neq_kg=path.neq_kg,
        site_stock_end_g=path.site_end_g,
        destroyed_g=np.ascontiguousarray(np.diff(work.destroyed_g(road_g), axis=0).T),
        spent_cents=_spent(world, work, standing),
        received_cents=np.array(ledger.received, dtype=np.int64),
        lapsed_cents=np.array(ledger.lapsed, dtype=np.int64),
        lapses_cents=np.array(ledger.lapses, dtype=np.int64).reshape(ledger.funds, len(Lapse)),
        scrap_cents=np.array(treasury.scrap_cents, dtype=np.int64),
        cleanup_unfunded_cents=treasury.unfunded_cents,
        committed_cents=np.array(ledger.committed, dtype=np.int64),
        receipts_cents=_receipts(world, treasury.received),
        working_days=np.diff(_full_clock(world, work, plants).T, axis=1) - moving,
        moving_days=moving,
        surplus_left_g=path.surplus_g,
        exploded_g=sum(stock.exploded_g),
        road_g=sum(road_g.values()),
        stolen_g=sum(stock.stolen_g),
        condemned_g=condemned_g,
        dates_missed=_dates_missed(world, plants, stock),
        lost_g=_lost(world, stock, work, road_g),
        arrived_g=int(draws.supply.lot_g[draws.supply.arrival_day > 0.0].sum()) - sum(stock.to_come_g),
    )


def _lost(world: World, stock: Stock, work: Work, road_g: dict[int, int]) -> Floats:
    """Return what exploded, was stolen and went up on the road in each period [g], shape (loss, period)."""

    def by_period(booked: list[tuple[float, int]]) -> Floats:
        # What is lost as a period turns belongs to the old one, as what is destroyed.
        days = np.array([day for day, _ in booked], dtype=float)
        period = np.maximum(np.searchsorted(world.knots, days) - 1, 0)
        mass_g = np.array([mass for _, mass in booked], dtype=float)
        return np.bincount(period, mass_g, world.interval_years.size).astype(float)

    lost = by_period([(day, mass) for day, _, mass in stock.losses])
    stolen = by_period(stock.thefts)
    arrival = work.arrival.tolist()
    return np.array([lost - stolen, stolen, by_period([(arrival[at], mass) for at, mass in road_g.items()])])


def _weighted(world: World, public: Floats, workers: Floats) -> Floats:
    """Return weighted rates of expected deaths, in the shape of those of public and workers."""
    weights = world.scenario.settings.harm_weights
    return weights.fatalities_public * public + weights.fatalities_workers * workers


def _in_periods(world: World, public_per_year: Floats, workers_per_year: Floats) -> Floats:
    """Return weighted expected deaths in each period from rates at knots, shape (period, storehouse)."""
    weighted = _weighted(world, public_per_year, workers_per_year)
    return 0.5 * world.interval_years[:, None] * (weighted[:-1] + weighted[1:])


def _dates_missed(world: World, plants: list[Plant], stock: Stock) -> int:
    """Return how many lots were not all gone by their dates, whether destroyed or lost."""
    if not world.due_day:
        return 0
    gone = {lot: float("inf") if stock.present_g[lot] else 0.0 for lot in world.due_day}
    for plant in plants:
        for segment in plant.segments:
            if segment.lot in gone:
                gone[segment.lot] = max(gone[segment.lot], plant.path.when(segment.end))
    for day, lot, _ in stock.losses:
        if lot in gone:
            gone[lot] = max(gone[lot], day)
    return sum(gone[lot] > due + SAME_DAY for lot, due in world.due_day.items())


def _accident_deaths(world: World, work: Work) -> tuple[float, float]:
    """Return expected deaths in processing and on the road [persons]."""
    mass_t = work.mass_g / GRAMS_PER_TONNE
    options = world.options
    processing = mass_t @ options.worker_fatalities_per_t[work.lot, work.facility]
    return float(processing), float(mass_t @ options.road_fatalities_per_t[work.lot, work.facility])


def _full_clock(world: World, work: Work, plants: list[Plant]) -> Floats:
    """Return working time at each knot, without the slow beginning of plant that the plan opens.

    A planner weighs other days of opening, and works out for itself what they bring. Shape (knot, facility).
    """
    clock = work.clock
    for plant in plants:
        if plant.full_path is not None:
            clock = clock.copy() if clock is work.clock else clock
            clock[:, plant.index] = np.interp(world.knots, plant.full_path.days, plant.full_path.worked)
    return clock


def _moving_days(work: Work, plants: list[Plant]) -> Floats:
    """Return the working days that moves of mobile plant took [d], shape (facility, period)."""
    lost = np.zeros((len(plants), work.clock.shape[0] - 1))
    for plant in plants:
        for begin, end in plant.moves:
            lost[plant.index] += np.diff(np.clip(work.clock[:, plant.index], begin, end))
    return lost


def _spent(world: World, work: Work, standing: list[tuple[float, int, int]]) -> Ints:
    """Return spending in each period by fund [cents], by completion of work, shape (fund, period)."""
    periods = world.scenario.periods
    shares = np.fromiter(chain.from_iterable(chain.from_iterable(work.payments)), dtype=np.int64)
    payers = np.fromiter(map(len, work.payments), dtype=np.int64)
    # The first knot at which a stretch is done ends the period in which it is paid.
    paid_in = np.repeat(np.clip(work.done_from - 1, 0, periods - 1), payers)
    spent = np.zeros((len(world.scenario.funds), periods), dtype=np.int64)
    np.add.at(spent, (shares[::2], paid_in), shares[1::2])
    for day, payer, cents in standing:
        spent[payer, bisect_right(world.days, day) - 1] += cents
    return spent


def _receipts(world: World, received: list[Receipt]) -> Ints:
    """Return what can first be committed at the start of each period [cents], shape (fund, period)."""
    periods = world.scenario.periods
    receipts = np.zeros((len(world.scenario.funds), periods), dtype=np.int64)
    for receipt in received:
        usable = bisect_left(world.days, receipt.day)
        if usable < periods:
            receipts[receipt.fund, usable] += receipt.amount_cents
    return receipts
