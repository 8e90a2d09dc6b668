"""What the results say of single years, as frozen records."""

from __future__ import annotations

from pydantic import Field

from demilsim.reporting.stored import Stored, Text

PLACE_STEP_DEG = 0.5
"""Places of regions are rounded to this: about 50 km."""


class FundYears(Stored):
    """What a fund received, after overhead, and spent in each calendar year [USD]."""

    fund_id: Text
    name: Text
    holder: Text
    received_usd: tuple[float, ...]
    spent_usd: tuple[float, ...]


class PolicyYears(Stored):
    """Share of replications cleared by the end of each calendar year, and money by fund."""

    p_cleared: tuple[float, ...]
    funds: tuple[FundYears, ...]


class RegionYears(Stored):
    """A region of at least three sites: where it is, roughly, and expected deaths in storage in each year.

    `deaths` are those under the policy shown, `deaths_do_nothing` those if nothing is destroyed.
    """

    region: Text
    sites: int
    latitude_deg: float = Field(ge=-90, le=90)
    longitude_deg: float = Field(ge=-180, le=180)
    deaths: tuple[float, ...]
    deaths_do_nothing: tuple[float, ...] | None = None


class OverTimeFacts(Stored):
    """Results by calendar year."""

    years: tuple[int, ...] = Field(min_length=1)
    policies: dict[str, PolicyYears]
    regions_policy: Text
    regions_replications: int
    regions: tuple[RegionYears, ...]
