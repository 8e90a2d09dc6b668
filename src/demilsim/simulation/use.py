"""What becomes of a working day of a facility: one list of reasons for all who note one."""

from __future__ import annotations

from enum import StrEnum


class Use(StrEnum):
    """What became of a working day of a facility."""

    WORKED = "worked"
    NOT_OPEN = "not_open"
    BREAKDOWN = "breakdown"
    WEATHER = "weather"
    PACE = "pace"
    ACCIDENT = "accident"
    EXPLOSION = "explosion"
    UNPAID = "standing_cost_unpaid"
    MOVING = "moving"
    ON_THE_ROAD = "load_on_the_road"
    MONEY = "money"
    PERMIT = "permit"
    SITE_CLOSED = "site_of_the_lot_closed"
    LOT_MISSING = "lot_not_there"
    ROAD_CLOSED = "road_closed"
    AHEAD = "ahead_of_plan"
    NOTHING_DUE = "nothing_due"
    DONE = "nothing_left_to_do"


USES = tuple(Use)
