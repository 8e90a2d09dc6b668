"""What a results folder says about what is not known, as frozen records."""

from __future__ import annotations

from pydantic import Field

from demilsim.reporting.stored import Stored, Text


class VarianceShares(Stored):
    """Shares of a variance that come from what is not known and from chance.

    None without variance or with too few events; `half_width` is that of the shares, `events` how many
    replications have one.
    """

    not_known: float | None = None
    chance: float | None = None
    half_width: float | None = None
    events: int | None = None


class PolicyShares(Stored):
    """Variance shares of a policy's expected deaths, and of its deaths as counted."""

    expected_fatalities: VarianceShares
    fatalities: VarianceShares


class Ends(Stored):
    """A result at the low end of a constant's range, as given, and at the high end."""

    low: float
    value: float
    high: float


class Bar(Stored):
    """Effect of one constant alone on the optimised plan [persons]."""

    key: Text
    low: float
    value: float
    high: float
    expected_fatalities: Ends
    optimised_minus_host_only: Ends


class RegionRank(Stored):
    """How often a region has the highest harm rate at the start [share of draws]."""

    region: Text
    sites: int
    p_highest: float


class UncertaintyFacts(Stored):
    """Results under draws of what is not known."""

    parameter_draws: int
    replications_per_draw: int
    expected_fatalities: dict[str, float] = Field(default_factory=dict)
    variance_shares: dict[str, PolicyShares] = Field(default_factory=dict)
    p_optimised_better: dict[str, float] = Field(default_factory=dict)
    tornado: tuple[Bar, ...] = ()
    region_ranking: tuple[RegionRank, ...] = ()
