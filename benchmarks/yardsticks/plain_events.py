"""Model P in SimPy as a good user writes it: processes and interrupts, an event only where something happens.

Money, seasons, breakdowns, candidate incidents and the five facilities are processes. Times of incidents
come from the inverse cumulative hazard. Nothing else of the package is used but the model's data and chance.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
import simpy
from benchmarks.yardsticks.plain import (
    HORIZON,
    STOP_DAYS,
    Chance,
    Outcome,
    Plain,
    chance,
    outcome,
)

from demilsim.simulation.streams import Streams

Process = Generator[simpy.Event, Any, None]


class Site:
    """One site: its facility works through the lots in order."""

    def __init__(self, environment: simpy.Environment, work: list[float], cost_cents: list[int]) -> None:
        self.environment = environment
        self.work = work
        self.cost_cents = cost_cents
        self.cents = 0
        self.stops = 0
        self.closed_until = 0.0
        self.removal_day = [np.inf] * len(work)
        self.lost: list[int] = []
        self.head = -1
        self.working = False
        self.reopened = environment.event()
        self.funded = environment.event()
        self.facility = environment.process(self.process_lots())

    def process_lots(self) -> Process:
        """Destroy one lot after the other."""
        for job, work in enumerate(self.work):
            if job in self.lost:
                continue
            self.head = job
            try:
                while self.cents < self.cost_cents[job]:
                    yield self.funded
            except simpy.Interrupt:
                continue
            self.cents -= self.cost_cents[job]
            yield from self.destroy(job, work)
        self.head = -1

    def destroy(self, job: int, left: float) -> Process:
        """Work on a lot whenever the facility works, until it is done or lost."""
        while left > 0.0 and job not in self.lost:
            began = self.environment.now
            try:
                if self.stops:
                    yield self.reopened
                began, self.working = self.environment.now, True
                yield self.environment.timeout(left)
                left = 0.0
                self.removal_day[job] = self.environment.now
            except simpy.Interrupt:
                if self.working:
                    left -= self.environment.now - began
            self.working = False

    def stop(self) -> None:
        """Add a reason not to work."""
        self.stops += 1
        if self.working:
            self.facility.interrupt()

    def resume(self) -> None:
        """Take a reason not to work away."""
        self.stops -= 1
        if not self.stops:
            self.reopened.succeed()
            self.reopened = self.environment.event()

    def receive(self, cents: int) -> None:
        """Take in money."""
        self.cents += cents
        self.funded.succeed()
        self.funded = self.environment.event()

    def explode(self, job: int) -> bool:
        """Lose a lot if it is still there, and stop for a while; return whether it was."""
        now = self.environment.now
        if self.removal_day[job] <= now:
            return False
        self.lost.append(job)
        self.removal_day[job] = now
        if self.head == job and not self.working and self.facility.is_alive:
            self.facility.interrupt()
        closed, self.closed_until = self.closed_until > now, now + STOP_DAYS
        if not closed:
            self.environment.process(self.closure())
            self.stop()
        return True

    def closure(self) -> Process:
        """Stay closed until the last incident is long enough ago."""
        while self.environment.now < self.closed_until:
            yield self.environment.timeout(self.closed_until - self.environment.now)
        self.resume()


def breakdowns(environment: simpy.Environment, site: Site, start: list[float], end: list[float]) -> Process:
    """Break a facility down and repair it."""
    for begins, ends in zip(start, end, strict=True):
        yield environment.timeout(begins - environment.now)
        site.stop()
        yield environment.timeout(ends - environment.now)
        site.resume()


def seasons(environment: simpy.Environment, sites: list[Site], model: Plain) -> Process:
    """Close all facilities in winter."""
    for day, share in zip(model.calendar.edges.tolist(), model.calendar.share.tolist(), strict=False):
        yield environment.timeout(day - environment.now)
        for site in sites:
            if not share:
                site.stop()
            elif day:
                site.resume()


def money(environment: simpy.Environment, sites: list[Site], model: Plain) -> Process:
    """Bring every site its quarterly money."""
    quarterly = model.received_cents[:, 0].tolist()
    for day in model.tranche_day[:-1].tolist():
        yield environment.timeout(day - environment.now)
        for site, cents in zip(sites, quarterly, strict=True):
            site.receive(cents)


def incidents(environment: simpy.Environment, sites: list[Site], drawn: Chance) -> Process:
    """Let candidates happen whose lots are still there."""
    for day, site, job in zip(drawn.incident_day, drawn.incident_site, drawn.incident_job, strict=True):
        yield environment.timeout(day - environment.now)
        sites[site].explode(job)


def simulate(model: Plain, drawn: Chance, environment: simpy.Environment | None = None) -> Outcome:
    """Return what one replication gives, with its chance already drawn."""
    environment = environment or simpy.Environment()
    sites = [
        Site(environment, work, cost)
        for work, cost in zip(model.work.tolist(), model.cost_cents.tolist(), strict=True)
    ]
    environment.process(money(environment, sites, model))
    environment.process(seasons(environment, sites, model))
    for site, start, end in zip(sites, drawn.start, drawn.end, strict=True):
        environment.process(breakdowns(environment, site, start, end))
    environment.process(incidents(environment, sites, drawn))
    environment.run(until=HORIZON)
    per_site = model.work.shape[1]
    lost = np.array([s * per_site + job for s, site in enumerate(sites) for job in site.lost], dtype=np.int64)
    return outcome(model, np.array([site.removal_day for site in sites]), lost)


def replication(model: Plain, streams: Streams) -> Outcome:
    """Return what one replication gives."""
    return simulate(model, chance(model, streams))
