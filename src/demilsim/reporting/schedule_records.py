"""What is planned and done in which period, as frozen records."""

from __future__ import annotations

from pydantic import Field

from demilsim.reporting.stored import Date, Stored, Text

Series = tuple[float, ...]
"""One number for each period."""


class FacilitySchedule(Stored):
    """A facility: tonnes planned and, on average, destroyed; days on which it could work, and did [d].

    Work is planned for the period in which it may begin. `ordered` and `ready` are null for what is there.
    """

    facility_id: Text
    name: Text
    method: Text
    planned_t: Series
    destroyed_t: Series
    open_days: Series
    worked_days: Series
    ordered: Date | None = None
    ready: Date | None = None


class GroupSchedule(Stored):
    """Tonnes planned for a public region and a method."""

    region: Text
    sites: int
    method: Text
    planned_t: Series


class SiteSchedule(Stored):
    """Tonnes planned for a site; not for the public."""

    site_id: Text
    name: Text
    region: Text
    planned_t: Series


class ScheduledMeasure(Stored):
    """A measure other than destruction, the public region that it is for, and when it is ordered."""

    kind: Text
    region: Text
    sites: int
    ordered: Date


class ScheduleFacts(Stored):
    """The schedule of one policy by period; loads are means over a few replications."""

    policy: Text
    load_replications: int
    starts: tuple[Date, ...] = Field(min_length=1)
    facilities: tuple[FacilitySchedule, ...]
    groups: tuple[GroupSchedule, ...] = ()
    sites: tuple[SiteSchedule, ...] = ()
    measures: tuple[ScheduledMeasure, ...] = ()
