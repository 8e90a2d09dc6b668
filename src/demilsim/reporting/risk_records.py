"""What a results folder says about the risk of explosions, by year and by site, as frozen records."""

from __future__ import annotations

from pydantic import Field

from demilsim.reporting.stored import Spread, Stored, Text


class SiteRiskFacts(Stored):
    """Risk of one site at the start, for the restricted audience: licences, individual risk, F-N curve."""

    name: Text
    storehouses: int
    over_licence: int
    worst_excess: float
    individual_risk_public_per_year: float
    individual_risk_workers_per_year: float
    fn_policy: Text
    fn_deaths: tuple[float, ...]
    fn_per_year: tuple[float, ...]
    fn_worst_ratio: float


class RiskFacts(Stored):
    """Chance of a major explosion by the end of each year and policy, and risk by site.

    The chance as counted, and conditional on all but the explosions: the same with less error.
    """

    major_neq_kg: float
    p_major_by_year: dict[str, tuple[Spread, ...]] = Field(default_factory=dict)
    p_major_by_year_conditional: dict[str, tuple[Spread, ...]] = Field(default_factory=dict)
    sites: tuple[SiteRiskFacts, ...] = ()
