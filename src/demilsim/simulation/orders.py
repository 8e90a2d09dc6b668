"""The order book: plan lines that wait, and their commitment at the start of each period.

Orders of one facility that the same funds pay wait in one heap, by rank. Settling money, permits and room in
global priority then looks only at the heads.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from demilsim.simulation.destruction import Job, Plant
from demilsim.simulation.funding import Ledger
from demilsim.simulation.schedule import Order, Schedule
from demilsim.simulation.storage import Stock
from demilsim.simulation.world import World
from demilsim.units import GRAMS_PER_TONNE

COMMITMENT_MARGIN = 1.25
"""Work committed at a period's start over its expected working days: a facility ahead of plan goes on."""

Waiting = list[tuple[int, int, Order]]
"""A heap of orders by rank, then by when they were put there."""


@dataclass(slots=True)
class OrderBook:
    """Orders that wait, and what has been promised of stock and permits.

    Parameters
    ----------
    world, schedule
        The scenario, and the plan.
    plants, stock, ledger
        The replication's, which commitments change.
    committed_g
        Mass of each lot that facilities have in their queues [g].
    permit_g
        What each facility may still be given in this permit year [g].
    """

    world: World
    schedule: Schedule
    plants: Sequence[Plant]
    stock: Stock
    ledger: Ledger
    committed_g: list[int] = field(init=False)
    permit_g: list[float] = field(init=False)
    _waiting: dict[tuple[int, int], Waiting] = field(default_factory=dict)
    _pushed: int = 0
    _opened: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.committed_g = [0] * len(self.stock.present_g)
        self.permit_g = [float("inf")] * len(self.plants)

    def push(self, order: Order) -> None:
        """Put an order among those that wait."""
        queue = self._waiting.setdefault((order.facility, order.payers), [])
        self._pushed += 1
        heapq.heappush(queue, (order.rank, self._pushed, order))

    def take_back(self, job: Job) -> None:
        """Turn a committed job into an order again; `_commit` cuts it to what is left then."""
        order = job.order
        self.ledger.release(job.payment)
        self.committed_g[order.lot] -= job.mass_g
        self.permit_g[order.facility] += job.mass_g
        self.push(replace(order, mass_g=job.mass_g))

    def renew_permits(self, day: float) -> None:
        """Start a permit year: what is still queued counts against it."""
        for plant, facility in zip(self.plants, self.world.scenario.facilities, strict=True):
            if facility.permit_t_per_year:
                permit = facility.permit_t_per_year * GRAMS_PER_TONNE
                self.permit_g[plant.index] = permit - plant.queued_g(day)

    def commit_lines(self, period: int, day: float, closed_until: Sequence[float]) -> None:
        """Commit waiting orders in global priority while capacity, permits and money last.

        A heap whose head cannot be paid is passed over until the next period; an order whose site is closed,
        or whose lot has not arrived, is set aside.

        Parameters
        ----------
        period, day
            The period that begins, and its first day [d].
        closed_until
            Day on which each site opens again [d].
        """
        waiting = [(queue[0][0], key) for key, queue in self._waiting.items() if queue]
        room = self._room(period, day, {key[0] for _, key in waiting})
        aside: list[Order] = []
        heads = [(rank, key) for rank, key in waiting if room[key[0]] > 0.0]
        heapq.heapify(heads)
        while heads:
            _, key = heapq.heappop(heads)
            queue = self._waiting[key]
            if room[key[0]] <= 0.0:
                continue
            order = queue[0][2]
            if closed_until[order.site] > day or self.stock.to_come_g[order.lot]:
                heapq.heappop(queue)
                aside.append(order)
            elif not self._commit(order, queue, room, day):
                continue
            if queue:
                heapq.heappush(heads, (queue[0][0], key))
        for order in aside:
            self.push(order)

    def _open(self, order: Order) -> None:
        """Find out what a lot really weighs: what a plan for all of it did not know of is ordered too."""
        lot = order.lot
        more_g = self.stock.full_g[lot] - int(self.world.lot_g[lot])
        if more_g > 0 and lot not in self._opened and self.schedule.planned_g[lot] == self.world.lot_g[lot]:
            self.push(replace(order, mass_g=more_g))
        self._opened.add(lot)

    def _room(self, period: int, day: float, facilities: Iterable[int]) -> dict[int, float]:
        """Return the work that some facilities may still be given in a period [working d]."""
        end = float(self.world.knots[period + 1])
        expected = self.world.nominal_days[:, period].tolist()
        return {
            f: COMMITMENT_MARGIN * expected[f] - self.plants[f].backlog_days(day)
            if self.plants[f].open_from < end
            else 0.0
            for f in facilities
        }

    def _commit(self, order: Order, queue: Waiting, room: dict[int, float], day: float) -> bool:
        """Commit one order, or the part that its permit allows; return False to pass its heap over."""
        left = self.stock.present_g[order.lot] - self.committed_g[order.lot]
        wanted = min(order.mass_g, left)
        if wanted <= 0:
            heapq.heappop(queue)
            return True
        mass = int(min(wanted, self.permit_g[order.facility]))
        if mass <= 0:
            return False
        payment = self.ledger.commit(self.schedule.payers[order.payers], order.cost_cents(mass))
        if payment is None:
            return False
        heapq.heappop(queue)
        self._open(order)
        if mass < wanted:
            self.push(replace(order, mass_g=wanted - mass))
        self.plants[order.facility].add(order, mass, payment, day)
        self.committed_g[order.lot] += mass
        self.permit_g[order.facility] -= mass
        room[order.facility] -= mass * order.days_per_g
        return True
