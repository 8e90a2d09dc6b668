"""Who may see what: public outputs know regions of at least three sites, never a single site."""

from __future__ import annotations

from demilsim.scenario.scenario import Scenario

SMALLEST_REGION = 3
"""Sites that a region needs at least before it is named in public."""

ALL_SITES = "All sites"
OTHER_REGIONS = "Other regions"


def public_regions(scenario: Scenario) -> tuple[str, ...]:
    """Return the public region of each site, in the order of the scenario's sites.

    Regions with fewer than three sites are merged; if they are still fewer together, they join the
    smallest of the others; with fewer than three sites in all there is one region.
    """
    members: dict[str, int] = {}
    for site in scenario.sites:
        members[site.region] = members.get(site.region, 0) + 1
    large = {region for region, count in members.items() if count >= SMALLEST_REGION}
    left_over = sum(count for region, count in members.items() if region not in large)
    if not large:
        return (ALL_SITES,) * len(scenario.sites)
    if 0 < left_over < SMALLEST_REGION:
        host = min(large, key=lambda region: (members[region], region))
        large.remove(host)
        if not large:
            return (ALL_SITES,) * len(scenario.sites)
    return tuple(site.region if site.region in large else OTHER_REGIONS for site in scenario.sites)
