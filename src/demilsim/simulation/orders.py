"""The order book: plan lines that wait, and their commitment at the start of each period.

Orders of one facility or pool that the same funds pay wait in one heap, by rank; those of mobile plant with a
place in one for each site and period since which they are due. Settling money, permits and room in global
priority then looks only at the heads.
"""

from __future__ import annotations

import heapq
import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from demilsim.plan import SMALLEST_PART_G
from demilsim.simulation.destruction import Job, Plant
from demilsim.simulation.funding import Ledger, Payment
from demilsim.simulation.schedule import Order, Schedule
from demilsim.simulation.storage import Stock
from demilsim.simulation.touring import Key, begin_tours
from demilsim.simulation.transport import Dispatch
from demilsim.simulation.use import Use
from demilsim.simulation.world import World
from demilsim.units import GRAMS_PER_TONNE, cents

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
    plants, stock, ledger, dispatch
        The replication's, which commitments change.
    committed_g
        Mass of each lot that facilities have in their queues [g].
    permit_g
        What each facility may still be given in this permit year [g].
    condemned_g
        What tests found below the level at which it must be destroyed [g].
    opened
        Lots of which a load has been packed, so that their true mass is known.
    log
        Why each facility was given no more in each period, by (facility, period): the first reason met.
    moved
        Moves that were under way when their orders went back: (day, fund, cents).
    """

    world: World
    schedule: Schedule
    plants: Sequence[Plant]
    stock: Stock
    ledger: Ledger
    dispatch: Dispatch
    committed_g: list[int] = field(init=False)
    permit_g: list[float] = field(init=False)
    moved: list[tuple[float, int, int]] = field(default_factory=list)
    _waiting: dict[Key, Waiting] = field(default_factory=dict)
    condemned_g: int = 0
    log: dict[tuple[int, int], Use] = field(default_factory=dict)
    _pushed: int = 0
    opened: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.committed_g = [0] * len(self.stock.present_g)
        self.permit_g = [float("inf")] * len(self.plants)

    def push(self, order: Order) -> None:
        """Put an order among those that wait."""
        site, due = -1, -1
        if self.world.placed[order.facility]:
            site, due = order.site, order.earliest_period
        pool = self.schedule.pools[order.facility]
        queue = self._waiting.setdefault((pool[0], order.payers, site, due), [])
        self._pushed += 1
        heapq.heappush(queue, (order.rank, self._pushed, order))

    def take_over(self, schedule: Schedule, period: int) -> None:
        """Follow another plan from a period on: what waits is forgotten, what facilities have stays."""
        self.schedule = schedule
        self._waiting.clear()
        for due in schedule.due[:period]:
            for order in due:
                self.push(order)

    def take_back(self, job: Job, day: float) -> None:
        """Turn a committed job into an order again; `_commit` cuts it to what is left then."""
        order = job.order
        self.ledger.release(job.payment)
        self.dispatch.recall(order, job.mass_g)
        if job.move is not None:
            self._take_back_move(job, job.move, day)
        self.committed_g[order.lot] -= job.mass_g
        self.permit_g[order.facility] += job.mass_g
        self.push(replace(order, mass_g=job.mass_g))

    def _take_back_move(self, job: Job, move: Payment, day: float) -> None:
        """Free the money of a move, unless it has begun: then it is paid, and ends where it led to."""
        if job.move_begins > day:
            self.ledger.release(move)
            return
        self.ledger.spend(move)
        self.plants[job.order.facility].place = job.order.site
        self.moved.extend((day, fund, amount) for fund, amount in move)

    def renew_permits(self, day: float) -> None:
        """Start a permit year: what is still queued counts against it."""
        for facility, permit_g in self.world.permits_g:
            self.permit_g[facility] = permit_g - self.plants[facility].queued_g(day)

    def commit_lines(self, period: int, day: float, closed_until: Sequence[float]) -> None:
        """Commit waiting orders in global priority while capacity, permits and money last.

        A heap whose head cannot be paid in full gives what the money pays for and is passed over until the
        next period; an order whose site is closed, whose road is until the next period, or whose lot has not
        arrived, is set aside. Mobile plant takes the orders of one site, then of the next (`touring`).

        Parameters
        ----------
        period, day
            The period that begins, and its first day [d].
        closed_until
            Day on which each site opens again [d].
        """
        waiting = [(queue[0][0], key) for key, queue in self._waiting.items() if queue]
        if not waiting:
            return
        self.dispatch.begin(period)
        room = self._room(period, day, {f for _, key in waiting for f in self.schedule.pools[key[0]]})
        end = self.world.days[period + 1]
        leaves, aside = day, list[Order]()
        ready = [head for head in waiting if self._has_room(head[1][0], room)]
        heads, tours = begin_tours(ready, self.plants) if any(self.world.placed) else (ready, {})
        heapq.heapify(heads)
        plain, to_come_g, queues = self.dispatch.plain, self.stock.to_come_g, self._waiting
        while heads:
            key = heads[0][1]
            if room[key[0]] <= 0.0 and not self._has_room(key[0], room):
                heapq.heappop(heads)
                continue
            queue, more = queues[key], True
            order = queue[0][2]
            if not plain:
                leaves = self.dispatch.departure(order, day)
            if leaves >= end or to_come_g[order.lot] or closed_until[order.site] > day:
                self._hold(order.facility, self._barred(order, closed_until[order.site] > day))
                aside.append(heapq.heappop(queue)[2])
            else:
                more = self._commit(order, queue, room, day, leaves)
            if more and queue:
                heapq.heapreplace(heads, (queue[0][0], key))
                continue
            heapq.heappop(heads)
            if key[0] in tours:
                for head in tours[key[0]].close_one():
                    heapq.heappush(heads, head)
        for order in aside:
            self.push(order)

    def _barred(self, order: Order, site_closed: bool) -> Use:
        """Return why nothing of an order can leave in this period: its site, its lot, or else its road."""
        if site_closed:
            return Use.SITE_CLOSED
        return Use.LOT_MISSING if self.stock.to_come_g[order.lot] else Use.ROAD_CLOSED

    def _open(self, order: Order) -> None:
        """Find out what a lot really weighs: what a plan for all of it did not know of is ordered too."""
        lot = order.lot
        more_g = self.stock.full_g[lot] - int(self.world.lot_g[lot])
        if more_g > 0 and lot not in self.opened and self.schedule.planned_g[lot] == self.world.lot_g[lot]:
            self.push(replace(order, mass_g=more_g))
        self.opened.add(lot)

    def condemn(self, lot: int) -> None:
        """Order the destruction of what is left of a lot before all else, if any facility can do it."""
        order = self.schedule.emergency.get(lot)
        left = self.stock.present_g[lot] - self.committed_g[lot]
        if left > 0:
            self.condemned_g += left
            if order:
                self.push(replace(order, mass_g=left))

    def _room(self, period: int, day: float, facilities: Iterable[int]) -> dict[int, float]:
        """Return the work that some facilities may still be given in a period [working d]."""
        end, expected = self.world.days[period + 1], self.world.nominal_days_in[period]
        room = dict.fromkeys(facilities, 0.0)
        for f in room:
            plant = self.plants[f]
            if plant.open_from < end:
                days = expected[f] if plant.pace is None else expected[f] * plant.pace.known(day, end)
                room[f] = COMMITMENT_MARGIN * days - (plant.backlog_days(day) if plant.queue else 0.0)
        return room

    def _has_room(self, facility: int, room: Mapping[int, float]) -> bool:
        """Return whether a facility, or another one of its pool, may still be given work."""
        for f in self.schedule.pools[facility]:
            if room[f] > 0.0:
                return True
        self._hold(facility, Use.AHEAD)
        return False

    def _directed(self, order: Order, pool: Sequence[int], room: Mapping[int, float]) -> Order:
        """Return an order as one for the facility of its pool with the most room, and with a permit left."""
        free = [f for f in pool if self.permit_g[f] >= 1.0]
        return replace(order, facility=max(free, key=room.__getitem__)) if free else order

    def _at_pace(self, facility: int, days: float, day: float, end: float) -> float:
        """Return what working days are worth in [day, end] at the pace that is known on `day` [working d]."""
        pace = self.plants[facility].pace
        return days if pace is None else days * pace.known(day, end)

    def _commit(
        self, order: Order, queue: Waiting, room: dict[int, float], day: float, leaves: float
    ) -> bool:
        """Commit one order, or the part that permit and money allow; return False to pass its heap over."""
        lot = order.lot
        left = self.stock.present_g[lot] - self.committed_g[lot]
        wanted = order.mass_g if order.mass_g < left else left
        if wanted <= 0:
            heapq.heappop(queue)
            return True
        pool = self.schedule.pools[order.facility]
        if len(pool) > 1:
            order = self._directed(order, pool, room)
        facility = order.facility
        permit = self.permit_g[facility]
        mass = wanted if wanted <= permit else int(permit)
        if mass <= 0:
            self._hold(facility, Use.PERMIT)
            return False
        paid = self._paid(order, mass)
        if paid is None:
            mass = self._affordable_g(order, mass)
            paid = self._paid(order, mass) if mass >= SMALLEST_PART_G else None
        if paid is None:
            self._hold(facility, Use.MONEY)
            return False
        heapq.heappop(queue)
        if self.world.has_true_stock:
            self._open(order)
        if mass < wanted:
            self.push(replace(order, mass_g=wanted - mass))
        payment, move = paid
        plant = self.plants[facility]
        if move is not None:
            room[facility] -= self._moving_days(plant)
        late = 0.0 if self.dispatch.plain else leaves - day + self.dispatch.send(order, mass)
        plant.add(order, mass, payment, day, late, move)
        self.committed_g[lot] += mass
        self.permit_g[facility] = permit - mass
        room[facility] -= mass * order.days_per_g
        return True

    def _affordable_g(self, order: Order, mass_g: int) -> int:
        """Return how much of a mass that cannot be paid in full can be paid [g]."""
        payers, plant = self.schedule.payers[order.payers], self.plants[order.facility]
        held, dearest = self.ledger.held(payers), 0.0
        if self.ledger.verification_cents_per_t:
            dearest = max((self.ledger.verification_cents_per_t[fund] for fund in payers), default=0.0)
        if plant.place >= 0 and plant.must_move(order):
            held -= cents(self.world.scenario.facilities[order.facility].move_cost_usd)

        def due(part_g: int) -> int:
            return self._cost_cents(order, part_g) + math.ceil(dearest * part_g / GRAMS_PER_TONNE)

        cost = due(mass_g)
        if not 0 < held < cost:
            return 0
        share = mass_g * held // cost
        # Convoys are escorted whole: a share of the mass may need more than that share of the cost.
        return share if due(share) <= held else bisect_right(range(share), held, key=due) - 1

    def _paid(self, order: Order, mass_g: int) -> tuple[Payment, Payment | None] | None:
        """Commit the money of a job, and of the move before it if there is one; None if it is not there."""
        payers, plant = self.schedule.payers[order.payers], self.plants[order.facility]
        cost = self._cost_cents(order, mass_g)
        if plant.place < 0 or not plant.must_move(order):
            payment = self.ledger.commit(payers, cost, mass_g)
            return None if payment is None else (payment, None)
        facility = self.world.scenario.facilities[order.facility]
        move = self.ledger.commit(payers, cents(facility.move_cost_usd))
        if move is None:
            return None
        payment = self.ledger.commit(payers, cost, mass_g)
        if payment is None:
            self.ledger.release(move)
            return None
        return payment, move

    def _cost_cents(self, order: Order, mass_g: int) -> int:
        """Return the cost of part of an order with the escort of its convoys [cents]."""
        cost = order.cost_cents(mass_g)
        return cost if self.dispatch.plain else cost + self.dispatch.escort_cents(order, mass_g)

    def _hold(self, facility: int, why: Use) -> None:
        """Note why a facility and its pool get no more in this period; the first reason counts."""
        for f in self.schedule.pools[facility]:
            self.log.setdefault((f, self.dispatch.period), why)

    def note_the_rest(self) -> None:
        """Complete the log at the end: periods in which no order waited for a facility."""
        last_due = [-1] * len(self.plants)
        for period, due in enumerate(self.schedule.due):
            for order in due:
                for facility in self.schedule.pools[order.facility]:
                    last_due[facility] = period
        for facility, last in enumerate(last_due):
            for period in range(self.world.scenario.periods):
                self.log.setdefault((facility, period), Use.NOTHING_DUE if period < last else Use.DONE)

    def _moving_days(self, plant: Plant) -> float:
        """Return the working days that a move takes in the present period, as expected [d]."""
        period = self.dispatch.period
        begin, end = self.world.knots[period : period + 2].tolist()
        days = float(self.world.nominal_days[plant.index, period])
        return plant.move_days * self._at_pace(plant.index, days, begin, end) / (end - begin)
