"""Everything that chance decides in one replication, drawn before the run and shared by all policies.

Candidate incidents are drawn over the whole horizon; the plan only decides which of them happen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from demilsim.collector import no_collector
from demilsim.errors import StreamExhaustedError
from demilsim.model.event_rate import BASE_CAUSES, Cause
from demilsim.model.separation import open_from_kg
from demilsim.plan import Floats, Ints
from demilsim.simulation.disturbance import draw_lead_times, draw_objections, draw_working_times
from demilsim.simulation.income import Income, Receipt, draw_income
from demilsim.simulation.lots import Supply, draw_supply
from demilsim.simulation.streams import Purpose, Streams, depth_for, exponential_of
from demilsim.simulation.working_time import WorkingTime
from demilsim.simulation.world import World
from demilsim.units import DAYS_PER_YEAR, GRAMS_PER_TONNE

MAX_ACCIDENT_CANDIDATES = 32
"""Processing accidents drawn ahead for each facility; more raise an error."""

ROUNDING = 1e-9
"""Relative room left for rounding where a total is summed in another order [1]."""

OF_LOT = (Purpose.LOT_FACTOR, Purpose.AGEING_GAP, Purpose.ROAD, Purpose.ROAD_DEATHS)
"""Purposes of which every lot has one number."""

CONSEQUENCE = (
    Purpose.EXTENT, Purpose.PROMPT, Purpose.DAYTIME, Purpose.RESPONDERS, Purpose.CHAIN_DELAY,
    Purpose.DEATHS_PUBLIC, Purpose.DEATHS_WORKERS,
)  # fmt: skip
"""Purposes of the uniforms of a candidate's consequence, in the order of its fields."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An incident that may happen.

    Parameters
    ----------
    day
        When [d since start].
    cause, storehouse, lot
        What; lot is -1 for causes of the whole storehouse.
    mark
        Uniform; the incident happens if it is at most the share of its rate that is left, by what is in store
        and by measures [1].
    extent, prompt, daytime, responders, chain, deaths_public, deaths_workers
        Uniforms that decide its consequence [1]: how much is involved, whether and when it detonates, day or
        night, responders within reach, delay of those that it sets off, deaths.
    """

    day: float
    cause: Cause
    storehouse: int
    lot: int
    mark: float
    extent: float
    prompt: float
    daytime: float
    responders: float
    chain: float
    deaths_public: float
    deaths_workers: float


@dataclass(frozen=True)
class Draws:
    """The chance of one replication.

    Parameters
    ----------
    streams
        Where it came from.
    lot_factor
        Each lot's own multiplier on the depletion of stabiliser [1], shape (lot,): what a test reveals.
    ageing_rate_per_t_year
        Realised rates of each lot at each knot [1/(t yr)], shape (knot, lot).
    full_ageing_per_year
        The same of each storehouse at full stock [1/yr], shape (knot, storehouse).
    supply
        What is really there, and when; thefts.
    candidates
        In order of time.
    link_critical_kg
        NEQ of the donor from which each link is open [kg], shape (link,).
    open_links
        Indices of links that a full donor opens.
    income
        Tranches, exchange rates and buyers of scrap.
    working_time
        Of each facility as if open throughout.
    clock
        The same at each knot [working d], shape (knot, facility).
    objection_days, lead_days
        Days from the opening of each facility to the first objection, infinite if none comes, and from its
        order to its opening at the earliest [d], shape (facility,).
    accident_at_g, accident_deaths
        Cumulative grams at each facility at which an accident happens, and the uniform of its deaths,
        shape (facility, accident).
    road_at, road_deaths
        Unit exponential and uniform of each lot, shape (lot,).
    road_accident_at
        Unit exponential of each lot for accidents that only hold up a load, shape (lot,); empty if none does.
    """

    streams: Streams
    lot_factor: Floats
    ageing_rate_per_t_year: Floats
    full_ageing_per_year: Floats
    supply: Supply
    candidates: tuple[Candidate, ...]
    link_critical_kg: Floats
    open_links: Ints
    income: Income
    working_time: tuple[WorkingTime, ...]
    clock: Floats
    objection_days: Floats
    lead_days: Floats
    accident_at_g: Floats
    accident_deaths: Floats
    road_at: Floats
    road_deaths: Floats
    road_accident_at: Floats

    @property
    def receipts(self) -> tuple[Receipt, ...]:
        """Tranches without milestone, in order of time."""
        return self.income.receipts


@no_collector()
def draw(world: World, streams: Streams) -> Draws:
    """Return the chance of one replication of a world."""
    register = world.scenario.register
    sigma = register.ageing.lot_factor_sigma
    of_lot = dict(zip(OF_LOT, streams.uniforms(OF_LOT, world.lot_keys)[:, :, 0], strict=True))
    factor = np.exp(sigma * ndtri(of_lot[Purpose.LOT_FACTOR]))
    rate = world.ageing.rate_per_t_year(factor)
    supply = draw_supply(world, streams)
    lot_t = supply.lot_g / GRAMS_PER_TONNE
    first = exponential_of(of_lot[Purpose.AGEING_GAP])
    candidates = [*_ageing_candidates(world, streams, rate, lot_t, first), *_base_candidates(world, streams)]
    candidates.sort(key=lambda c: (c.day, c.storehouse, c.lot, c.cause))
    links = world.links
    marks = streams.uniform(Purpose.PROPAGATION, links.keys)[:, 0]
    critical = open_from_kg(world.link_scale, marks, register.propagation)
    handling = (Purpose.HANDLING_GAP, Purpose.HANDLING_DEATHS)
    gaps, accident_deaths = streams.uniforms(handling, world.facility_keys, MAX_ACCIDENT_CANDIDATES)
    with np.errstate(divide="ignore"):
        accident_at = np.cumsum(exponential_of(gaps), axis=1) / world.accident_rate_per_g[:, None]
    objections = draw_objections(world, streams)
    working, clock = draw_working_times(world, streams, objections)
    return Draws(
        streams=streams,
        lot_factor=factor,
        ageing_rate_per_t_year=rate,
        full_ageing_per_year=world.houses.sum(lot_t * rate),
        supply=supply,
        candidates=tuple(candidates),
        link_critical_kg=critical,
        open_links=np.flatnonzero(critical <= world.curves.deaths.neq_max_kg[links.donor]),
        income=draw_income(world, streams),
        working_time=working,
        clock=clock,
        objection_days=objections,
        lead_days=draw_lead_times(world, streams),
        accident_at_g=accident_at,
        accident_deaths=accident_deaths,
        road_at=exponential_of(of_lot[Purpose.ROAD]),
        road_deaths=of_lot[Purpose.ROAD_DEATHS],
        road_accident_at=_road_accidents(world, streams),
    )


def _ageing_candidates(
    world: World, streams: Streams, rate: Floats, lot_t: Floats, first: Floats
) -> list[Candidate]:
    """Invert each lot's cumulative hazard, piecewise quadratic between knots, at full stock.

    Parameters
    ----------
    rate
        Rates per tonne [1/(t yr)], shape (knot, lot).
    lot_t
        Masses [t], shape (lot,).
    first
        The first gap of each lot, a unit exponential, shape (lot,).
    """
    per_day = lot_t / DAYS_PER_YEAR
    step = np.diff(world.knots)
    weight = 0.5 * (np.append(step, 0.0) + np.append(0.0, step))
    # Most lots see no incident at all: only the others' hazards are cumulated.
    lots = np.flatnonzero(first <= (weight @ rate) * per_day * (1.0 + ROUNDING))
    if not lots.size:
        return []
    hazard = rate[:, lots] * per_day[lots]
    rise = np.cumsum(0.5 * (hazard[1:] + hazard[:-1]) * step[:, None], axis=0)
    cumulative = np.vstack([np.zeros(lots.size), rise])
    total = cumulative[-1]
    keys = world.lot_keys[lots]
    depth = depth_for(float(total.max()))
    purposes = (Purpose.AGEING_GAP, Purpose.AGEING_MARK, *CONSEQUENCE)
    gaps, marks, *consequence = streams.uniforms(purposes, keys, depth)
    reached = np.cumsum(exponential_of(gaps), axis=1)
    _require(reached[:, -1], total, "ageing")
    return [
        Candidate(
            _invert(world.knots, cumulative[:, i], hazard[:, i], float(reached[i, rank])),
            Cause.AGEING,
            int(world.lot_storehouse[lots[i]]),
            int(lots[i]),
            float(marks[i, rank]),
            *(float(u[i, rank]) for u in consequence),
        )
        for i, rank in np.argwhere(reached < total[:, None]).tolist()
    ]


def _invert(knots: Floats, cumulative: Floats, hazard: Floats, level: float) -> float:
    """Return the day at which a cumulative hazard with linear hazard between knots reaches a level."""
    k = int(np.searchsorted(cumulative, level)) - 1
    h0, length = float(hazard[k]), float(knots[k + 1] - knots[k])
    slope = (float(hazard[k + 1]) - h0) / length
    missing = level - float(cumulative[k])
    root = float(np.sqrt(max(h0 * h0 + 2.0 * slope * missing, 0.0)))
    return float(knots[k]) + min(2.0 * missing / (h0 + root), length)


def _base_candidates(world: World, streams: Streams) -> list[Candidate]:
    rate = world.curves.base_rate_per_year.ravel() / DAYS_PER_YEAR
    expected = rate * world.horizon
    rows = np.flatnonzero(streams.exponential(Purpose.BASE_GAP, world.base_keys)[:, 0] < expected)
    if not rows.size:
        return []
    keys = world.base_keys[rows]
    depth = depth_for(float(expected[rows].max()))
    purposes = (Purpose.BASE_GAP, Purpose.BASE_MARK, *CONSEQUENCE)
    gaps, marks, *consequence = streams.uniforms(purposes, keys, depth)
    reached = np.cumsum(exponential_of(gaps), axis=1)
    _require(reached[:, -1], expected[rows], "base causes")
    return [
        Candidate(
            float(reached[i, rank] / rate[row]),
            BASE_CAUSES[row % len(BASE_CAUSES)],
            row // len(BASE_CAUSES),
            -1,
            float(marks[i, rank]),
            *(float(u[i, rank]) for u in consequence),
        )
        for i, rank, row in (
            (i, rank, int(rows[i])) for i, rank in np.argwhere(reached < expected[rows, None]).tolist()
        )
    ]


def _require(last: Floats, needed: Floats, what: str) -> None:
    if np.any(last < needed):
        raise StreamExhaustedError(f"{what}: more candidate incidents than the block of draws holds")


def _road_accidents(world: World, streams: Streams) -> Floats:
    """Return the accumulated rate at which each lot's load has an accident, if that holds up anything."""
    if not (world.scenario.routes and world.scenario.register.transport.accident_delay_days):
        return np.empty(0)
    return streams.exponential(Purpose.ROAD_ACCIDENT, world.lot_keys)[:, 0]
