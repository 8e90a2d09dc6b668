"""What one replication leaves behind: a flat list of events and per-period arrays."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np

from demilsim.model.event_rate import Cause
from demilsim.plan import Floats, Ints

EventKind = Literal["minor", "explosion", "propagated", "processing", "road", "theft"]


class Event(NamedTuple):
    """One thing that went wrong.

    Parameters
    ----------
    day
        When [d since start].
    kind
        ``minor`` (one item), ``explosion`` (a stack or a storehouse), ``propagated`` (set off by an
        explosion next to it), ``processing``, ``road`` and ``theft``.
    cause
        Cause of the event, of its root if propagated.
    site, storehouse, lot, facility
        Indices; -1 where there is none.
    neq_kg
        NEQ that exploded [kg].
    fire_hours
        Time from the start of the fire to this detonation [h]; 0 if prompt.
    fatalities_public, fatalities_workers, fatalities_transport, injuries
        Counted [persons].
    displaced_person_days
        [person d].
    cost_usd
        Damage and clean-up [USD].
    cleanup_years
        Time until the land around a whole storehouse is cleared [yr]; 0 for less.
    stolen_t
        Gross mass that thieves took [t]; 0 of all that is no theft.
    """

    day: float
    kind: EventKind
    cause: Cause
    site: int
    storehouse: int = -1
    lot: int = -1
    facility: int = -1
    neq_kg: float = 0.0
    fire_hours: float = 0.0
    fatalities_public: int = 0
    fatalities_workers: int = 0
    fatalities_transport: int = 0
    injuries: float = 0.0
    displaced_person_days: float = 0.0
    cost_usd: float = 0.0
    cleanup_years: float = 0.0
    stolen_t: float = 0.0

    @property
    def fatalities(self) -> int:
        """All deaths [persons]."""
        return self.fatalities_public + self.fatalities_workers + self.fatalities_transport


@dataclass(frozen=True, slots=True)
class RunResult:
    """The results of one replication.

    Parameters
    ----------
    replication
        Its number.
    events
        In order of time.
    expected_public, expected_workers, expected_transport
        Expected deaths along the realised path over the horizon [persons].
    stock_harm, root_harm
        Expected weighted deaths of storage in each period and storehouse [persons], with and without
        propagation, shape (period, storehouse). Empty where an ensemble did not ask for them.
    weighted_rate_end
        Weighted rate of expected deaths in storage at the horizon [persons/yr].
    harm_rate_per_year
        Rate of expected deaths at each knot, storage only [persons/yr], shape (knot,).
    site_rate_start, site_rate_end
        The same at the start and at the horizon by site [persons/yr], shape (site,).
    stock_g, neq_kg
        Gross mass and NEQ in store at each knot, shape (knot,).
    site_stock_end_g
        Gross mass at the horizon by site [g], shape (site,).
    destroyed_g
        Destroyed in each period by facility [g], shape (facility, period).
    spent_cents
        Spent in each period by fund [cents], shape (fund, period).
    received_cents, lapsed_cents, committed_cents
        By fund over the horizon, shape (fund,).
    lapses_cents
        What lapsed by fund and reason, in the order of `funding.Lapse` [cents], shape (fund, reason).
    scrap_cents
        Income from scrap by fund and, last, that of the host's treasury outside the programme [cents], shape
        (fund + 1,).
    cleanup_unfunded_cents
        Clean-up after explosions that no emergency account paid [cents].
    receipts_cents
        What can first be committed at the start of each period, after overhead and without scrap, shape
        (fund, period).
    working_days
        Worked or workable days of each facility, without those of its moves [d], shape (facility, period).
    moving_days
        Working days that moves of mobile plant took [d], shape (facility, period).
    surplus_left_g
        Surplus left at each knot [g], shape (knot,).
    exploded_g, stolen_g, road_g
        Lost in explosions in storage, to thieves, and in explosions on the road [g].
    lost_g
        The same three by period [g], shape (loss, period); empty where nothing tells when. A load on the road
        counts on the day on which it would have arrived.
    arrived_g
        What has come to the stock since the start [g].
    time_use
        Working days by what became of them [d], shape (facility, use) in the order of `use.Use`; empty
        unless it was asked for.
    open_days, worked_days
        Working days of each facility's own clock from its opening on, moves apart, and those that it worked
        [d], shape (facility, period); empty unless asked for.
    condemned_g
        What tests found below the level at which it must be destroyed [g].
    dates_missed
        Lots of which something was left after the date by which they had to be destroyed.
    """

    replication: int
    events: tuple[Event, ...]
    expected_public: float
    expected_workers: float
    expected_transport: float
    stock_harm: Floats
    root_harm: Floats
    weighted_rate_end: float
    harm_rate_per_year: Floats
    site_rate_start: Floats
    site_rate_end: Floats
    stock_g: Floats
    neq_kg: Floats
    site_stock_end_g: Floats
    destroyed_g: Floats
    spent_cents: Ints
    received_cents: Ints
    lapsed_cents: Ints
    committed_cents: Ints
    lapses_cents: Ints
    scrap_cents: Ints
    cleanup_unfunded_cents: int
    receipts_cents: Ints
    working_days: Floats
    moving_days: Floats
    surplus_left_g: Floats
    exploded_g: int
    stolen_g: int = 0
    road_g: int = 0
    condemned_g: int = 0
    time_use: Floats = field(default_factory=lambda: np.empty((0, 0)))
    open_days: Floats = field(default_factory=lambda: np.empty((0, 0)))
    worked_days: Floats = field(default_factory=lambda: np.empty((0, 0)))
    dates_missed: int = 0
    lost_g: Floats = field(default_factory=lambda: np.empty((0, 0)))
    arrived_g: int = 0
