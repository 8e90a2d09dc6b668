"""Model P in salabim, with `yield` as its fastest style: all that the model has can be expressed."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
import salabim as sim
from benchmarks.yardsticks.plain import HORIZON, STOP_DAYS, Outcome, Plain, chance, outcome

from demilsim.simulation.streams import Streams

Process = Generator[Any, Any, None]


class Facility(sim.Component):
    """The facility of one site works through the lots in order; whoever disturbs it activates it."""

    def setup(self, work: list[float], cost_cents: list[int]) -> None:
        """Take over what salabim's constructor passes on."""
        self.work, self.cost_cents = work, cost_cents
        self.removal_day = [np.inf] * len(work)
        self.lost: list[int] = []
        self.cents, self.stops, self.closed_until = 0, 0, 0.0
        self.head, self.working = -1, False

    def process(self) -> Process:
        """Destroy one lot after the other."""
        for job, left in enumerate(self.work):
            self.head = job
            while self.present(job) and self.cents < self.cost_cents[job]:
                yield self.passivate()
            if not self.present(job):
                continue
            self.cents -= self.cost_cents[job]
            while left > 0.0 and self.present(job):
                if self.stops:
                    yield self.passivate()
                    continue
                began, self.working, self.finished = self.env.now(), True, False
                yield self.hold(left)
                self.working = False
                left -= self.env.now() - began
                # Held to the end unless somebody disturbed it: rounding must leave no crumbs.
                if not self.disturbed:
                    left = 0.0
                    self.removal_day[job] = self.env.now()
                self.disturbed = False
        self.head = -1

    disturbed = False

    def present(self, job: int) -> bool:
        """Return whether a lot is still there."""
        return self.removal_day[job] == np.inf

    def disturb(self) -> None:
        """Make the facility look again."""
        if self.head >= 0 and self.status() in (sim.passive, sim.scheduled):
            self.disturbed = self.working
            self.activate()

    def stop(self) -> None:
        """Add a reason not to work."""
        self.stops += 1
        if self.working:
            self.disturb()

    def resume_work(self) -> None:
        """Take a reason not to work away."""
        self.stops -= 1
        if not self.stops:
            self.disturb()


class Agenda(sim.Component):
    """Calls something on each of some days."""

    def setup(self, days: list[float], action: Any) -> None:
        """Take over what salabim's constructor passes on."""
        self.days, self.action = days, action

    def process(self) -> Process:
        """Wait for one day after the other."""
        for number, day in enumerate(self.days):
            yield self.hold(till=day)
            self.action(number)


def replication(model: Plain, streams: Streams) -> Outcome:
    """Return what one replication gives."""
    drawn = chance(model, streams)
    sim.yieldless(False)
    environment = sim.Environment(trace=False, random_seed="*")
    sites = [
        Facility(work=work, cost_cents=cost)
        for work, cost in zip(model.work.tolist(), model.cost_cents.tolist(), strict=True)
    ]
    share = model.calendar.share.tolist()

    def money(_: int) -> None:
        for site, cents in zip(sites, model.received_cents[:, 0].tolist(), strict=True):
            site.cents += cents
            if not site.working:
                site.disturb()

    def season(number: int) -> None:
        for site in sites:
            if not share[number]:
                site.stop()
            elif number:
                site.resume_work()

    def incident(number: int) -> None:
        site, job, now = sites[drawn.incident_site[number]], drawn.incident_job[number], environment.now()
        if not site.present(job):
            return
        site.removal_day[job] = now
        site.lost.append(job)
        closed, site.closed_until = site.closed_until > now, now + STOP_DAYS
        if not closed:
            site.stop()
        if site.head == job and not site.working:
            site.disturb()
        Agenda(days=[site.closed_until], action=lambda _: reopen(site))

    def reopen(site: Facility) -> None:
        if environment.now() >= site.closed_until:
            site.resume_work()

    Agenda(days=model.tranche_day[:-1].tolist(), action=money)
    Agenda(days=model.calendar.edges[:-1].tolist(), action=season)
    Agenda(days=drawn.incident_day, action=incident)
    for site, start, end in zip(sites, drawn.start, drawn.end, strict=True):
        Agenda(
            days=[day for pair in zip(start, end, strict=True) for day in pair],
            action=lambda number, site=site: site.resume_work() if number % 2 else site.stop(),
        )
    environment.run(till=HORIZON)
    per_site = model.work.shape[1]
    lost = np.array([s * per_site + job for s, site in enumerate(sites) for job in site.lost], dtype=np.int64)
    return outcome(model, np.array([site.removal_day for site in sites]), lost)
