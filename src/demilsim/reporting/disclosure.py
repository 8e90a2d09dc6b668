"""A second lock on the public report: the folder holds regions merged already, this merges them again."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from demilsim.reporting.audience import ALL_SITES, OTHER_REGIONS, SMALLEST_REGION
from demilsim.reporting.caution_notes import caution_notes
from demilsim.reporting.measure_records import MeasureFacts
from demilsim.reporting.over_time_records import PLACE_STEP_DEG, OverTimeFacts
from demilsim.reporting.policy_records import Region
from demilsim.reporting.records import StoredResults
from demilsim.reporting.schedule_records import ScheduleFacts
from demilsim.reporting.uncertainty_records import UncertaintyFacts

Audience = Literal["public", "partner", "restricted"]

NOT_PUBLIC = "diversion."
"""Constants of theft: which ammunition is wanted most, and what guards are worth."""


def for_audience(results: StoredResults, audience: Audience) -> StoredResults:
    """Return results with what an audience may see; the plan's lines are cut where shown.

    What `demilsim check` warned of becomes notes, as far as the audience may be told.
    """
    warned = tuple(caution_notes(results.cautions, audience))
    results = replace(results, notes=(*results.notes, *warned), warned=warned, cautions=())
    if audience != "restricted" and results.risk:
        results = replace(results, risk=results.risk.model_copy(update={"sites": ()}))
    if audience != "public":
        return results
    policies = tuple(replace(policy, regions=merged_regions(policy.regions)) for policy in results.policies)
    return replace(
        results,
        policies=policies,
        uncertainty=_public_uncertainty(results.uncertainty),
        assumptions=tuple(row for row in results.assumptions if not row.key.startswith(NOT_PUBLIC)),
        measure_values=_public_measures(results.measure_values),
        over_time=_public_places(results.over_time),
        schedule=_public_schedule(results.schedule),
        stays=(),
        left=results.left.model_copy(update={"lots": ()}) if results.left else None,
    )


def _public_places(facts: OverTimeFacts | None) -> OverTimeFacts | None:
    """Return facts without a map where a region on it is too small or its place too exact."""
    if facts is None:
        return None
    kept = all(
        row.sites >= SMALLEST_REGION or (len(facts.regions) == 1 and row.region == ALL_SITES)
        for row in facts.regions
    )
    rounded = all(
        degrees % PLACE_STEP_DEG == 0
        for row in facts.regions
        for degrees in (row.latitude_deg, row.longitude_deg)
    )
    return facts if kept and rounded else facts.model_copy(update={"regions": ()})


def _public_schedule(facts: ScheduleFacts | None) -> ScheduleFacts | None:
    """Return facts without sites and guards, and without regions if one of them is too small."""
    if facts is None:
        return None
    named = {row.region: row.sites for row in facts.groups} | {
        row.region: row.sites for row in facts.measures
    }
    large = all(sites >= SMALLEST_REGION or name == ALL_SITES for name, sites in named.items())
    measures = tuple(row for row in facts.measures if row.kind != "guard") if large else ()
    groups = facts.groups if large else ()
    return facts.model_copy(update={"sites": (), "groups": groups, "measures": measures})


def _public_measures(facts: MeasureFacts | None) -> MeasureFacts | None:
    """Return facts without ids, which may name a place, and without guards."""
    if facts is None:
        return None
    rows = (row.model_copy(update={"measure_id": ""}) for row in facts.rows if row.kind != "guard")
    return facts.model_copy(update={"rows": tuple(rows)})


def _public_uncertainty(facts: UncertaintyFacts | None) -> UncertaintyFacts | None:
    """Return facts without the rank of regions too small to be named, and without constants of theft."""
    if facts is None:
        return None
    kept = tuple(row for row in facts.region_ranking if row.sites >= SMALLEST_REGION)
    bars = tuple(bar for bar in facts.tornado if not bar.key.startswith(NOT_PUBLIC))
    return facts.model_copy(update={"region_ranking": kept, "tornado": bars})


def merged_regions(regions: tuple[Region, ...]) -> tuple[Region, ...]:
    """Return regions of at least `SMALLEST_REGION` sites each.

    Smaller ones are put together, with the smallest of the others where that is not enough; with fewer
    sites in all there is one region.
    """
    ranked = sorted(regions, key=lambda region: (region.sites, region.region))
    pool = [region for region in ranked if region.sites < SMALLEST_REGION]
    kept = [region for region in ranked if region.sites >= SMALLEST_REGION]
    if not pool:
        return regions
    while sum(region.sites for region in pool) < SMALLEST_REGION and kept:
        pool.append(kept.pop(0))
    name = OTHER_REGIONS if kept else ALL_SITES
    return (*(region for region in regions if region in kept), _together(name, pool))


def _together(name: str, pool: list[Region]) -> Region:
    """Return several regions as one."""
    return Region(
        region=name,
        sites=sum(region.sites for region in pool),
        stock_t_start=sum(region.stock_t_start for region in pool),
        stock_t_end=sum(region.stock_t_end for region in pool),
        harm_rate_start_per_year=sum(region.harm_rate_start_per_year for region in pool),
        harm_rate_end_per_year=sum(region.harm_rate_end_per_year for region in pool),
    )
