"""Model P in SimPy as it is often written: every lot wakes once a day to see whether it explodes.

Draws are made one by one as they are needed, and facilities work day by day, so that results agree with the
other engines only statistically, and lots are finished at the end of a day.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from typing import Any

import numpy as np
import simpy
from benchmarks.yardsticks.plain import (
    HORIZON,
    MEAN_DOWN_DAYS,
    MEAN_UP_DAYS,
    SITES,
    STOP_DAYS,
    WINTER,
    YEAR_DAYS,
    Outcome,
    Plain,
    outcome,
)

Process = Generator[simpy.Event, Any, None]
Uniform = Callable[[], float]
Exponential = Callable[[float], float]


class Depot:
    """All sites, and what chance has in store for them."""

    def __init__(self, model: Plain, uniform: Uniform, exponential: Exponential) -> None:
        self.environment = simpy.Environment()
        self.model = model
        self.uniform = uniform
        self.exponential = exponential
        self.stock = [set(range(model.work.shape[1])) for _ in range(SITES)]
        self.order = [list(range(model.work.shape[1])) for _ in range(SITES)]
        self.left = model.work.tolist()
        self.cents = [0] * SITES
        self.broken = [False] * SITES
        self.stopped_until = [0.0] * SITES
        self.removal_day = np.full(model.work.shape, np.inf)
        self.lost: list[int] = []
        self.lot_days = 0
        for site in range(SITES):
            self.environment.process(self.facility(site))
            self.environment.process(self.breakdowns(site))
            for job in range(model.work.shape[1]):
                self.environment.process(self.lot(site, job))
        self.environment.process(self.money())

    def lot(self, site: int, job: int) -> Process:
        """Wake every day, and explode with the day's probability."""
        level = float(self.model.level_per_day[site, job])
        growth = float(self.model.growth_per_day[site, job])
        while True:
            yield self.environment.timeout(1.0)
            if job not in self.stock[site]:
                return
            self.lot_days += 1
            rate = level * math.exp(growth * self.environment.now)
            if self.uniform() < 1.0 - math.exp(-rate):
                self.remove(site, job)
                self.lost.append(site * self.model.work.shape[1] + job)
                self.stopped_until[site] = self.environment.now + STOP_DAYS

    def remove(self, site: int, job: int) -> None:
        """Take a lot out of the stock."""
        self.stock[site].remove(job)
        self.removal_day[site, job] = self.environment.now

    def facility(self, site: int) -> Process:
        """Do a day's work every day on which there is work."""
        cost = self.model.cost_cents[site].tolist()
        position, paid = 0, -1
        while True:
            yield self.environment.timeout(1.0)
            day = (self.environment.now - 1.0 - WINTER[0]) % YEAR_DAYS
            if self.broken[site] or self.environment.now <= self.stopped_until[site]:
                continue
            budget = 0.0 if day < WINTER[1] - WINTER[0] else 1.0
            while budget > 0.0 and position < len(cost):
                job = self.order[site][position]
                if job not in self.stock[site]:
                    position += 1
                    continue
                if paid != job:
                    if self.cents[site] < cost[job]:
                        break
                    self.cents[site] -= cost[job]
                    paid = job
                done = min(budget, self.left[site][job])
                budget -= done
                self.left[site][job] -= done
                if self.left[site][job] <= 0.0:
                    self.remove(site, job)

    def breakdowns(self, site: int) -> Process:
        """Break down and be repaired, in turn."""
        while True:
            yield self.environment.timeout(self.exponential(MEAN_UP_DAYS))
            self.broken[site] = True
            yield self.environment.timeout(self.exponential(MEAN_DOWN_DAYS))
            self.broken[site] = False

    def money(self) -> Process:
        """Bring every site its quarterly money."""
        for day in self.model.tranche_day[:-1].tolist():
            yield self.environment.timeout(day - self.environment.now)
            for site in range(SITES):
                self.cents[site] += int(self.model.received_cents[site, 0])


def replication(model: Plain, generator: np.random.Generator, until: float = HORIZON) -> tuple[Outcome, int]:
    """Return what one replication gives, and how often lots woke in stock [lot d].

    Parameters
    ----------
    model
        The case.
    generator
        Of all draws, one by one.
    until
        Shorter than the horizon to see what a day costs [d].
    """
    depot = Depot(model, generator.random, generator.exponential)
    depot.environment.run(until=until)
    return outcome(model, depot.removal_day, np.array(depot.lost, dtype=np.int64)), depot.lot_days
