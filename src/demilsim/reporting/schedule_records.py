"""What is planned and done in which period, as frozen records."""

from __future__ import annotations

from pydantic import Field

from demilsim.reporting.stored import Date, Stored, Text

Series = tuple[float, ...]
"""One number for each period."""


class FacilitySchedule(Stored):
    """A facility: tonnes planned and, on average, destroyed; days on which it could work, and did [d].

    Planned tonnes stand in the period in which they are expected. `ordered` and `ready` are null for what is
    there, `permit_t_per_year` [t in a calendar year] where there is no limit.
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
    permit_t_per_year: float | None = None


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
    """The schedule of one policy by period; loads are means over a few replications.

    `basis` says where planned periods come from: ``decided`` by the optimiser, or ``implied`` by the order of
    lines at expected days and money; None in results of older versions, whose tonnes stand in the period in
    which work may begin. `weighed` is whether lots that may not come count with their probability, and
    `not_reached_t` what of the plan is not expected to be done by the end [t].
    """

    policy: Text
    basis: Text | None = None
    weighed: bool = False
    not_reached_t: float = 0.0
    load_replications: int
    starts: tuple[Date, ...] = Field(min_length=1)
    facilities: tuple[FacilitySchedule, ...]
    groups: tuple[GroupSchedule, ...] = ()
    sites: tuple[SiteSchedule, ...] = ()
    measures: tuple[ScheduledMeasure, ...] = ()
