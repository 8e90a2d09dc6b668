"""The plain objects through which simulation, optimisation and planning meet.

`DisposalPlan` is what a planner decides. `PlanningCoefficients` is what the simulation teaches the
optimiser. `ObservedState` is what a planner can know at a date, and a `Policy` turns it into a plan.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, fields
from itertools import pairwise
from operator import attrgetter
from typing import Protocol

import numpy as np
import numpy.typing as npt

from demilsim.errors import PlanError
from demilsim.units import GRAMS_PER_TONNE

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SMALLEST_PART_G = GRAMS_PER_TONNE // 10
"""Part of a lot below which it is not sent on its own [g]: nobody sends a lorry for less than 100 kg."""


@dataclass(frozen=True, slots=True)
class PlanLine:
    """An order to destroy part or all of one lot at one facility.

    Parameters
    ----------
    lot_id, facility_id
        What, and where. The storehouse follows from the lot.
    mass_g
        Gross mass to destroy [g], > 0.
    earliest_period
        First planning period in which work on it may start, >= 0. Never done earlier.
    priority
        Global rank, lower first; unique within a plan.
    harm_averted
        Expected fatalities averted by this line as planned [persons over the horizon].
    reason
        One sentence for the reader of the plan.
    """

    lot_id: str
    facility_id: str
    mass_g: int
    earliest_period: int
    priority: int
    harm_averted: float = 0.0
    reason: str = ""

    def __reduce__(self) -> tuple[type[PlanLine], tuple[object, ...]]:
        # A plan has hundreds of lines and goes to every worker: by default a line takes three times as long.
        return PlanLine, _VALUES_OF_LINE(self)


_VALUES_OF_LINE = attrgetter(*(column.name for column in fields(PlanLine)))


@dataclass(frozen=True, slots=True)
class Commissioning:
    """A decision to build a facility: ordered and paid at the start of `period`, open a lead time later."""

    facility_id: str
    period: int


@dataclass(frozen=True, slots=True)
class MeasureOrder:
    """A decision to take a measure other than destruction: ordered and paid at the start of `period`."""

    measure_id: str
    period: int


@dataclass(frozen=True, slots=True)
class DisposalPlan:
    """What the planner decides: an ordered list of lines, facilities to commission, and measures to take.

    Parameters
    ----------
    name
        Policy that made it, e.g. ``optimised``.
    source
        ``milp``, ``rule:NAME`` or ``none`` for doing nothing.
    lines
        In order of priority.
    commissionings
        At most one for each facility.
    funds
        Ids of the funds that may pay for it; empty means all.
    measures
        At most one order for each measure.
    """

    name: str
    source: str
    lines: tuple[PlanLine, ...] = ()
    commissionings: tuple[Commissioning, ...] = ()
    funds: tuple[str, ...] = ()
    measures: tuple[MeasureOrder, ...] = ()

    def __post_init__(self) -> None:
        if isinstance(self.funds, str):
            raise PlanError(
                f"plan {self.name}: expected ids of funds, as ({self.funds!r},) (got {self.funds!r})"
            )
        priorities = [line.priority for line in self.lines]
        if any(later <= earlier for earlier, later in pairwise(priorities)):
            raise PlanError(f"plan {self.name}: lines must come in strictly rising priority")
        if len({c.facility_id for c in self.commissionings}) != len(self.commissionings):
            raise PlanError(f"plan {self.name}: a facility is commissioned twice")
        if len({m.measure_id for m in self.measures}) != len(self.measures):
            raise PlanError(f"plan {self.name}: a measure is ordered twice")

    def sha256(self) -> str:
        """Return a hash of the decisions (not of names, reasons or promised harm).

        Equal plans have equal hashes, whether their numbers are Python's or NumPy's.
        """
        decisions: list[object] = [
            [_plain(p.lot_id, p.facility_id, p.mass_g, p.earliest_period, p.priority) for p in self.lines],
            [_plain(c.facility_id, c.period) for c in self.commissionings],
            sorted(map(str, self.funds)),
        ]
        if self.measures:
            decisions.append([_plain(m.measure_id, m.period) for m in self.measures])
        return hashlib.sha256(repr(tuple(decisions)).encode()).hexdigest()


def _plain(*values: str | float) -> tuple[str | float, ...]:
    """Return ids and numbers as Python's own; a number is whole if its value is."""
    return tuple(str(v) if isinstance(v, str) else int(v) if v % 1 == 0 else float(v) for v in values)


@dataclass(frozen=True, slots=True)
class PlanningCoefficients:
    """What the simulation teaches the optimiser about capacity, money and harm.

    Parameters
    ----------
    working_days
        Days on which a facility works in a period when it is commissioned [d], shape (facility, period).
    receipts_usd
        Money that can first be committed at the start of a period, after overhead [USD], shape
        (fund, period).
    harm_factor
        Harm with propagation divided by harm without, as simulated, shape (storehouse, period), > 0.
    place
        Index of the site where each mobile plant with a place stands at first, -1 for other facilities, shape
        (facility,); empty where each stands at its own site.
    first_period
        First period in which anything may still be done.
    """

    working_days: Floats
    receipts_usd: Floats
    harm_factor: Floats
    place: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    first_period: int = 0


@dataclass(frozen=True, slots=True)
class ObservedState:
    """What a planner can know at a date: never streams, true conditions or future tranches.

    Parameters
    ----------
    period
        The planning period that begins now.
    remaining_g
        Mass of each lot in store and in no facility's queue [g], by the records, or truly once it has been
        opened; 0 before it has arrived; shape (lot,).
    available_usd
        Unspent, uncommitted money of each fund [USD], shape (fund,).
    commissioned
        Period in which each facility was ordered, -1 if not, shape (facility,).
    place
        Index of the site where mobile plant with a place will stand once it has done what it was given, -1
        for other facilities, shape (facility,); empty where each stands at its own site.
    busy_days
        Working days that each facility is expected to need for what it was given, moves of mobile plant
        among them [d], shape (facility,); empty for none.
    """

    period: int
    remaining_g: Ints
    available_usd: Floats
    commissioned: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    place: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    busy_days: Floats = field(default_factory=lambda: np.empty(0))


class Policy(Protocol):
    """Anything that turns what can be observed into a plan."""

    def decide(self, observed: ObservedState) -> DisposalPlan:
        """Return the plan from `observed.period` on."""
        ...
