"""From the end state of a replication to its `RunResult`."""

from __future__ import annotations

import numpy as np

from demilsim.model.partition import partition
from demilsim.plan import Ints
from demilsim.simulation.destruction import Plant
from demilsim.simulation.draws import Draws, Receipt
from demilsim.simulation.estimate import Work, remaining_g, storage_harm, work_of
from demilsim.simulation.funding import Ledger
from demilsim.simulation.record import Event, RunResult
from demilsim.simulation.storage import Stock
from demilsim.simulation.transport import road_events
from demilsim.simulation.world import World
from demilsim.units import GRAMS_PER_TONNE


def collect(
    world: World,
    draws: Draws,
    plants: list[Plant],
    stock: Stock,
    ledger: Ledger,
    events: list[Event],
    standing: list[tuple[float, int, int]],
    received: list[Receipt],
) -> RunResult:
    """Return the results of one replication."""
    works = [work_of(world, plant) for plant in plants]
    left_g = remaining_g(world, works, stock)
    left_t = left_g / GRAMS_PER_TONNE
    harm = storage_harm(world, draws, left_t)
    public, workers = harm.integrated(world.interval_years)
    processing, road = _accident_deaths(world, works)
    total = harm.public_per_year + harm.workers_per_year
    everything = sorted([*events, *road_events(world, draws, plants)], key=lambda e: (e.day, e.kind, e.site))
    by_site = partition(world.storehouse_site, len(world.scenario.sites))
    weights = world.scenario.settings.harm_weights
    weighted, root = (
        weights.fatalities_public * public_rate + weights.fatalities_workers * workers_rate
        for public_rate, workers_rate in (
            (harm.public_per_year, harm.workers_per_year),
            (harm.root_public_per_year, harm.root_workers_per_year),
        )
    )
    half = 0.5 * world.interval_years[:, None]
    return RunResult(
        replication=draws.streams.replication,
        events=tuple(everything),
        expected_public=public,
        expected_workers=workers + processing,
        expected_transport=road,
        stock_harm=half * (weighted[:-1] + weighted[1:]),
        root_harm=half * (root[:-1] + root[1:]),
        weighted_rate_end=float(weighted[-1].sum()),
        harm_rate_per_year=total.sum(axis=1),
        site_rate_start=by_site.sum(total[0]),
        site_rate_end=by_site.sum(total[-1]),
        stock_g=left_g.sum(axis=1),
        neq_kg=left_t @ world.neq_kg_per_t,
        site_stock_end_g=by_site.sum(world.houses.sum(left_g[-1])),
        destroyed_g=np.array([np.diff(work.done_g().sum(axis=1)) for work in works]).reshape(
            len(plants), world.scenario.periods
        ),
        spent_cents=_spent(world, plants, works, standing),
        received_cents=np.array(ledger.received, dtype=np.int64),
        lapsed_cents=np.array(ledger.lapsed, dtype=np.int64),
        committed_cents=np.array(ledger.committed, dtype=np.int64),
        receipts_cents=_receipts(world, received),
        working_days=np.array([np.diff(work.clock) for work in works]).reshape(
            len(plants), world.scenario.periods
        ),
        surplus_left_g=left_g[:, world.surplus].sum(axis=1),
        exploded_g=sum(stock.exploded_g),
    )


def _accident_deaths(world: World, works: list[Work]) -> tuple[float, float]:
    """Return expected deaths in processing and on the road [persons]."""
    processing = road = 0.0
    for facility, work in enumerate(works):
        mass_t = work.mass_g / GRAMS_PER_TONNE
        processing += float(mass_t @ world.options.worker_fatalities_per_t[work.lot, facility])
        road += float(mass_t @ world.options.road_fatalities_per_t[work.lot, facility])
    return processing, road


def _spent(
    world: World, plants: list[Plant], works: list[Work], standing: list[tuple[float, int, int]]
) -> Ints:
    """Return spending in each period by fund [cents], by completion of work, shape (fund, period)."""
    spent = np.zeros((len(world.scenario.funds), world.scenario.periods), dtype=np.int64)
    for plant, work in zip(plants, works, strict=True):
        period = np.clip(np.searchsorted(work.clock, work.end) - 1, 0, world.scenario.periods - 1)
        for index, segment in zip(period.tolist(), plant.segments, strict=True):
            for fund, amount in segment.payment:
                spent[fund, index] += amount
    for day, fund, amount in standing:
        spent[fund, _period(world, day)] += amount
    return spent


def _receipts(world: World, received: list[Receipt]) -> Ints:
    """Return what can first be committed at the start of each period [cents], shape (fund, period)."""
    periods = world.scenario.periods
    receipts = np.zeros((len(world.scenario.funds), periods), dtype=np.int64)
    for receipt in received:
        usable = int(np.searchsorted(world.knots, receipt.day, side="left"))
        if usable < periods:
            receipts[receipt.fund, usable] += receipt.amount_cents
    return receipts


def _period(world: World, day: float) -> int:
    return int(np.searchsorted(world.knots, day, side="right")) - 1
