"""What chance decides about money that comes in: tranches, exchange rates, buyers of scrap.

Drawn before the run. A tranche with a milestone comes when the plan has earned it, so only its own date is
drawn, and the path of its currency.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from demilsim.model.money import scrap_usd_per_t
from demilsim.plan import Floats
from demilsim.scenario.exchange import USD, promised_usd
from demilsim.scenario.schema import Tranche
from demilsim.simulation.streams import Purpose, Streams, entity_keys, exponential_of
from demilsim.simulation.world import World
from demilsim.units import CENTS_PER_USD, DAYS_PER_YEAR, GRAMS_PER_TONNE, date_of, day_of


@dataclass(frozen=True, slots=True)
class Receipt:
    """Money that arrives: day [d], fund, amount after overhead, and gross if it may be matched [cents]."""

    day: float
    fund: int
    amount_cents: int
    gross_cents: int = 0


@dataclass(frozen=True, slots=True)
class Promise:
    """A tranche that comes if its milestone is met, not before its own day [d]."""

    day: float
    fund: int
    tranche: int


@dataclass(frozen=True)
class Income:
    """What is known of the money of a replication before its plan is.

    Parameters
    ----------
    receipts
        Tranches without milestone that come within the horizon, in order of time.
    promises
        Tranches with a milestone that come if it is met, in order of time.
    paths
        Factor on the table's rate of each currency on each day of the horizon [1], shape (day,).
    scrap_cents_per_g
        Income from scrap where there is a buyer [cents/g], shape (lot, facility); empty if none is sold.
    """

    receipts: tuple[Receipt, ...]
    promises: tuple[Promise, ...]
    paths: dict[str, Floats]
    scrap_cents_per_g: Floats

    def receipt(self, world: World, tranche: Tranche, fund: int, day: float) -> Receipt:
        """Return what a tranche brings if it is received on a day, at the rate of that day."""
        overhead = world.scenario.funds[fund].overhead_fraction
        if tranche.currency == USD:
            gross = promised_usd(tranche, (), tranche.due)
        else:
            start, rates = world.scenario.settings.start, world.scenario.exchange_rates
            gross = promised_usd(tranche, rates, date_of(day, start)) * self.paths[tranche.currency][int(day)]
        net = gross * (1.0 - overhead)
        return Receipt(day, fund, round(net * CENTS_PER_USD), round(gross * CENTS_PER_USD))


def draw_income(world: World, streams: Streams) -> Income:
    """Return the money of a replication as far as chance decides it."""
    chance = streams.uniforms((Purpose.TRANCHE_PAID, Purpose.TRANCHE_DELAY), world.tranche_keys)[:, :, 0]
    paid, delay = chance[0], exponential_of(chance[1])
    scenario = world.scenario
    income = Income((), (), exchange_paths(world, streams), _scrap_cents_per_g(world, streams))
    receipts, promises = [], []
    probability, due, mean_delay = world.tranche_terms
    days = np.maximum(0.0, due + delay * mean_delay)
    come = (paid <= probability) & (days < world.horizon)
    for i in np.flatnonzero(come).tolist():
        tranche, day = scenario.tranches[i], float(days[i])
        fund = world.fund_index[tranche.fund_id]
        if tranche.milestone_fund or tranche.milestone_destroyed_t:
            promises.append(Promise(day, fund, i))
        else:
            receipts.append(income.receipt(world, tranche, fund, day))
    receipts.sort(key=lambda r: (r.day, r.fund, r.amount_cents))
    promises.sort(key=lambda p: (p.day, p.fund, p.tranche))
    return Income(tuple(receipts), tuple(promises), income.paths, income.scrap_cents_per_g)


def exchange_paths(world: World, streams: Streams) -> dict[str, Floats]:
    """Return the factor on the table's rate of each currency on each day of the horizon [1], shape (day,).

    exp(sigma W(t) - sigma^2 t / 2) with mean 1, t in years at the beginning of the day, W a Brownian motion
    of the currency, and sigma that of the row of the table that is valid on the day.
    """
    scenario = world.scenario
    currencies = sorted({row.currency for row in scenario.exchange_rates})
    if not currencies:
        return {}
    days, start = int(np.ceil(world.horizon)), scenario.settings.start
    years = np.arange(days) / DAYS_PER_YEAR
    step = ndtri(streams.uniform(Purpose.EXCHANGE, entity_keys(currencies), days))
    motion = np.cumsum(step, axis=1) / np.sqrt(DAYS_PER_YEAR)
    paths = {}
    for currency, walked in zip(currencies, motion, strict=True):
        own = sorted(
            (row for row in scenario.exchange_rates if row.currency == currency),
            key=lambda row: row.valid_from,
        )
        valid = np.searchsorted([day_of(row.valid_from, start) for row in own], np.arange(days), side="right")
        sigma = np.array([row.sigma_per_year for row in own])[np.maximum(valid - 1, 0)]
        # Nothing has happened yet at the start.
        since_start = np.concatenate([[0.0], walked[:-1]])
        paths[currency] = np.exp(sigma * since_start - 0.5 * sigma**2 * years)
    return paths


def _scrap_cents_per_g(world: World, streams: Streams) -> Floats:
    """Return the price of scrap where a buyer is found [cents/g], shape (lot, facility) or empty."""
    rates = world.scenario.facility_rates
    if not any(rate.scrap_usd_per_t for rate in rates):
        return np.empty((0, 0))
    keys = entity_keys(f"{rate.facility_id}/{rate.category}" for rate in rates)
    mark = streams.uniform(Purpose.SCRAP_BUYER, keys)[:, 0]
    found = mark <= np.array([rate.scrap_buyer_probability for rate in rates])
    price = np.where(found, [rate.scrap_usd_per_t for rate in rates], 0.0)
    return scrap_usd_per_t(world.scenario, price) * CENTS_PER_USD / GRAMS_PER_TONNE
