"""What a results folder says about mobile plant, as frozen records."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from demilsim.reporting.stored import Stored, Text


class MobileSums(Stored):
    """Moves of one facility as planned: how many, their days and cost, and what it does and does not reach.

    `basis` is ``decided`` or ``implied``.
    """

    facility_id: Text
    name: Text
    basis: Text
    moves: int
    move_days: float
    move_cost_usd: float
    tonnes: float
    not_reached_t: float


class MobileFacts(Stored):
    """Moves as planned by each policy that uses mobile plant with a place."""

    policies: dict[str, tuple[MobileSums, ...]]


@dataclass(frozen=True, slots=True)
class StoredStay:
    """A row of ``mobile_plant.csv``; sites and dates here are not for the public.

    What belongs to a move is None in the first stay of a facility; what belongs to a stay is None in a row
    that says what is not reached.
    """

    policy: str
    basis: str
    facility_id: str
    from_site_id: str
    site_id: str
    leaves_period: int | None
    leaves: dt.date | None
    move_days: float | None
    move_cost_usd: float | None
    first_period: int | None
    last_period: int | None
    stands_from: dt.date | None
    stands_until: dt.date | None
    tonnes: float
