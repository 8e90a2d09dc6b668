"""Model P, the plain model on which engines are compared: its data, its chance, its closed forms.

Lots of ammunition are stored at five sites, each with one facility that destroys them in a fixed order.

- A lot's hazard of an incident rises with its age: A exp(b t). An incident destroys its lot and stops the
  site's facility for 60 days.
- A facility works at its daily capacity but in winter, while it is broken down (up and down times are
  exponential, in calendar time), and while stopped. Work that is interrupted goes on afterwards.
- Each site receives the same amount of money every quarter. A lot is paid for as it begins; until there is
  the money, the facility waits.

Capacity and money grow with the stock, and the level of the hazard is set so that incidents are as rare at
any size. A lot under way at the horizon counts as not destroyed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from demilsim.plan import Floats, Ints
from demilsim.simulation.queues import finish_worked
from demilsim.simulation.stoppages import Calendar, alternating
from demilsim.simulation.streams import Keys, Purpose, Streams, entity_keys

SITES = 5
YEARS = 20
YEAR_DAYS = 365.0
HORIZON = YEARS * YEAR_DAYS
WINTER = (334.0, 424.0)
"""First day of winter and of spring [d]: December to February, from January of the year before."""
QUARTERS = 4
TRANCHES = YEARS * QUARTERS
MEAN_UP_DAYS = 60.0
MEAN_DOWN_DAYS = 7.0
MEAN_DAYS = (MEAN_UP_DAYS, MEAN_DOWN_DAYS)
STOP_DAYS = 60.0
AVAILABILITY = MEAN_UP_DAYS / (MEAN_UP_DAYS + MEAN_DOWN_DAYS)

GROWTH_PER_YEAR = (0.03, 0.06, 0.10)
RELATIVE_LEVEL = (1.0, 0.5, 0.2)
NEQ_SHARE = (0.1, 0.25, 0.4)
"""Of the three classes: growth b of the hazard, its level at age 0, and NEQ over gross mass [1]."""
AGE_YEARS = (5.0, 40.0)
MASS_T = (1.0, 20.0)
CENTS_PER_T = (50_000, 150_000)
"""Ranges of age, gross mass and cost of lots."""
WORK_SHARE = 0.75
MONEY_SHARE = 0.78
"""Of the horizon's expected working time and quarters, what the stock needs [1]."""
EXPECTED_INCIDENTS = 0.22
POLICIES = ("oldest_first", "risk_first", "newest_first")
DATA_SEED = 20_26
BLOCK = 144
"""Up and down times drawn at first: mean and 3.7 standard deviations of what the horizon holds."""


@dataclass(frozen=True)
class Plain:
    """One case of the model; arrays of lots are in the order of processing, shape (site, lot).

    Parameters
    ----------
    calendar
        Working days but for breakdowns and stops.
    tranche_day
        When money comes [d], and infinity, shape (tranche + 1,).
    received_cents
        All money by each tranche, shape (site, tranche).
    mass_t, neq_kg, work, cost_cents
        Of each lot; work in [working d].
    level_per_day, growth_per_day
        A and b of each lot's hazard [1/d].
    keys, site_keys
        For draws.
    """

    calendar: Calendar
    tranche_day: Floats
    received_cents: Ints
    mass_t: Floats
    neq_kg: Floats
    work: Floats
    cost_cents: Ints
    level_per_day: Floats
    growth_per_day: Floats
    keys: Keys
    site_keys: Keys

    @cached_property
    def scale(self) -> Floats:
        """Level over growth, A / b [1]: the cumulative hazard is scale × (exp(b t) − 1)."""
        return self.level_per_day / self.growth_per_day

    @cached_property
    def weights(self) -> Floats:
        """Scale of each lot's hazard, plain and times NEQ, shape (2, lot)."""
        return np.stack([self.scale, self.scale * self.neq_kg]).reshape(2, -1)

    @cached_property
    def weight_sums(self) -> Floats:
        """Sums of `weights` over lots, shape (2,)."""
        return self.weights.sum(axis=1)

    def hazard_by(self, day: Floats) -> Floats:
        """Return each lot's cumulative hazard by a day of its own [1], shape (site, lot)."""
        return self.scale * np.expm1(self.growth_per_day * day)


@dataclass(frozen=True)
class Outcome:
    """What one replication gives.

    Parameters
    ----------
    removal_day
        When each lot was destroyed or lost; the horizon if neither [d], shape (site, lot).
    incidents, lost_kg
        Counted: how many, and the NEQ that they took.
    destroyed_t
        Processed by the horizon [t].
    exposure_t_days
        Gross mass in store over time [t d].
    expected_incidents, expected_lost_kg
        The same as counted, but as hazard integrated along the path.
    """

    removal_day: Floats
    incidents: int
    lost_kg: float
    destroyed_t: float
    exposure_t_days: float
    expected_incidents: float
    expected_lost_kg: float

    def numbers(self) -> Floats:
        """Return the totals as an array."""
        return np.array([
            self.incidents, self.lost_kg, self.destroyed_t, self.exposure_t_days, self.expected_incidents,
            self.expected_lost_kg,
        ])  # fmt: skip


@dataclass(frozen=True)
class Chance:
    """What chance decides, for engines that want it ahead.

    Parameters
    ----------
    incident_day, incident_site, incident_job
        Candidates in order of time.
    start, end
        Breakdowns of each facility [d], shape (site, stop), the last beyond the horizon.
    """

    incident_day: list[float]
    incident_site: list[int]
    incident_job: list[int]
    start: list[list[float]]
    end: list[list[float]]


def winter_calendar() -> Calendar:
    """Return the calendar: every day but in winter."""
    edges = {0.0, HORIZON} | {
        day + YEAR_DAYS * year for year in range(-1, YEARS) for day in WINTER if day + YEAR_DAYS * year > 0.0
    }
    ordered = np.array(sorted(edge for edge in edges if edge <= HORIZON))
    middle = 0.5 * (ordered[:-1] + ordered[1:])
    into = (middle - WINTER[0]) % YEAR_DAYS
    return Calendar.of(ordered, np.where(into < WINTER[1] - WINTER[0], 0.0, 1.0))


def plain(lots: int, policy: str = "oldest_first", hazard: float = 1.0) -> Plain:
    """Return a case of the model.

    Parameters
    ----------
    lots
        How many, a multiple of five.
    policy
        One of `POLICIES`: the order of processing.
    hazard
        Factor on the level of all hazards [1].
    """
    # The level is set once, for oldest first, and holds for all.
    case = _case(lots, "oldest_first")
    nominal = np.minimum(nominal_days(case), HORIZON)
    factor = hazard * EXPECTED_INCIDENTS / float(case.hazard_by(nominal).sum())
    return at_level(case if policy == "oldest_first" else _case(lots, policy), factor)


def at_level(model: Plain, factor: float) -> Plain:
    """Return the model with all hazards multiplied."""
    return replace(model, level_per_day=model.level_per_day * factor)


def _case(lots: int, policy: str) -> Plain:
    per_site, rest = divmod(lots, SITES)
    if rest or policy not in POLICIES:
        raise ValueError(f"expected a multiple of {SITES} lots and one of {POLICIES} (got {lots}, {policy})")
    keys = entity_keys(f"lot{i}" for i in range(lots))
    # Any five purposes give five columns of uniforms.
    u = Streams(DATA_SEED, 0).uniforms(tuple(Purpose)[:5], keys)[:, :, 0]
    kind = (u[0] * len(GROWTH_PER_YEAR)).astype(np.int64)
    age = AGE_YEARS[0] + (AGE_YEARS[1] - AGE_YEARS[0]) * u[1]
    mass = MASS_T[0] * (MASS_T[1] / MASS_T[0]) ** u[2]
    cost = np.rint(mass * (CENTS_PER_T[0] + (CENTS_PER_T[1] - CENTS_PER_T[0]) * u[3])).astype(np.int64)
    growth = np.array(GROWTH_PER_YEAR)[kind] / YEAR_DAYS
    level = np.array(RELATIVE_LEVEL)[kind] * np.exp(growth * age * YEAR_DAYS)
    neq = mass * 1000.0 * np.array(NEQ_SHARE)[kind]
    urgency = {"oldest_first": age, "newest_first": -age, "risk_first": level * neq}[policy]
    site = np.arange(lots) % SITES
    order = np.lexsort((-urgency, site)).reshape(SITES, per_site)
    calendar = winter_calendar()
    working = AVAILABILITY * calendar.worked[-1]
    mass_by_site = mass[order].sum(axis=1, keepdims=True)
    quarter = np.ceil(cost[order].sum(axis=1, keepdims=True) / (MONEY_SHARE * TRANCHES)).astype(np.int64)
    return Plain(
        calendar=calendar,
        tranche_day=np.append(np.arange(TRANCHES) * (YEAR_DAYS / QUARTERS), np.inf),
        received_cents=quarter * np.arange(1, TRANCHES + 1),
        mass_t=mass[order],
        neq_kg=neq[order],
        work=mass[order] * (WORK_SHARE * working) / mass_by_site,
        cost_cents=cost[order],
        level_per_day=level[order],
        growth_per_day=growth[order],
        keys=keys[order],
        site_keys=entity_keys(f"site{i}" for i in range(SITES)),
    )


def release_days(model: Plain) -> Floats:
    """Return the day from which each lot has its money if no lot is lost [d], shape (site, lot)."""
    spent = np.cumsum(model.cost_cents, axis=1)
    return np.array([
        model.tranche_day[received.searchsorted(cents)]
        for received, cents in zip(model.received_cents, spent, strict=True)
    ])  # fmt: skip


def nominal_days(model: Plain) -> Floats:
    """Return when lots would be finished if breakdowns were a constant loss [d], shape (site, lot)."""
    released = release_days(model)
    worked = AVAILABILITY * model.calendar.at(np.minimum(released, HORIZON))
    worked[np.isinf(released)] = np.inf
    return model.calendar.when(finish_worked(model.work, worked) / AVAILABILITY)


def chance(model: Plain, streams: Streams) -> Chance:
    """Return what chance decides in one replication."""
    exponent = streams.exponential(Purpose.AGEING_GAP, model.keys.ravel())[:, 0].reshape(model.keys.shape)
    day = np.log1p(exponent / model.scale) / model.growth_per_day
    site, job = np.nonzero(day < HORIZON)
    when = day[site, job]
    order = np.argsort(when)
    purposes = (Purpose.BREAKDOWN_UP, Purpose.BREAKDOWN_DOWN)
    start, end = alternating(streams.states(purposes), model.site_keys, MEAN_DAYS, HORIZON, BLOCK)
    return Chance(
        when[order].tolist(), site[order].tolist(), job[order].tolist(), start.tolist(), end.tolist()
    )


def outcome(model: Plain, removal_day: Floats, lost: Ints) -> Outcome:
    """Return the totals of one replication.

    Parameters
    ----------
    removal_day
        When each lot was destroyed or lost, beyond the horizon or infinite if neither [d], shape (site, lot).
    lost
        Lots that were lost, as places in the flat form of `removal_day`, shape (incident,).
    """
    mass = model.mass_t.ravel()
    destroyed = mass @ (removal_day <= HORIZON).ravel() - mass[lost].sum()
    removal = np.minimum(removal_day, HORIZON)
    grown = model.growth_per_day * removal
    np.exp(grown, out=grown)
    expected, expected_kg = model.weights @ grown.ravel() - model.weight_sums
    return Outcome(
        removal, lost.size, float(model.neq_kg.ravel()[lost].sum()), float(destroyed),
        float(mass @ removal.ravel()), float(expected), float(expected_kg),
    )  # fmt: skip
