"""What is not known, as ``summary.json`` holds it."""

from __future__ import annotations

from demilsim.experiments.ensemble import Response
from demilsim.experiments.uncertainty_result import OneAtATime, Uncertainty
from demilsim.reporting.audience import public_regions
from demilsim.reporting.document import Document
from demilsim.reporting.policy_records import OPTIMISED
from demilsim.scenario.scenario import Scenario

SPLIT = (Response.EXPECTED_FATALITIES, Response.FATALITIES)
"""Responses whose variance is split: the integrated estimate, and deaths as they are counted."""


def uncertainty_document(uncertainty: Uncertainty, scenario: Scenario) -> Document:
    """Return the part ``uncertainty`` of a summary.

    Parameters
    ----------
    uncertainty
        Policies under draws of what is not known.
    scenario
        The scenario as given.
    """
    policies = list(uncertainty.values)
    regions = public_regions(scenario)
    highest = uncertainty.highest_shares(regions)
    return {
        "parameter_draws": uncertainty.draws,
        "replications_per_draw": uncertainty.replications,
        "expected_fatalities": {
            name: uncertainty.mean(name, Response.EXPECTED_FATALITIES) for name in policies
        },
        "expected_fatalities_half_width": {
            name: uncertainty.estimate(name, Response.EXPECTED_FATALITIES).half_width for name in policies
        },
        "variance_shares": {
            name: {response.value: _shares(uncertainty, name, response) for response in SPLIT}
            for name in policies
        },
        "p_optimised_better": {
            name: uncertainty.p_better(OPTIMISED, name)
            for name in policies
            if OPTIMISED in policies and name != OPTIMISED
        },
        "tornado": [_bar(row) for row in uncertainty.one_at_a_time],
        "region_ranking": [
            {"region": name, "sites": regions.count(name), "p_highest": share}
            for name, share in sorted(highest.items(), key=lambda item: (-item[1], item[0]))
        ],
    }


def _shares(uncertainty: Uncertainty, policy: str, response: Response) -> Document:
    """Return the shares, null where there are too few events, and in how many replications there is one."""
    split = uncertainty.split(policy, response)
    share = split.share_not_known if split else None
    return {
        "not_known": share,
        "chance": None if share is None else 1.0 - share,
        "half_width": None if share is None else uncertainty.share_half_width(policy, response),
        "events": uncertainty.events(policy, response),
    }


def _bar(row: OneAtATime) -> Document:
    names = ("low", "value", "high")
    constant = row.constant
    return {
        "key": constant.key,
        "low": constant.low,
        "value": constant.value,
        "high": constant.high,
        "expected_fatalities": dict(zip(names, row.expected_fatalities, strict=True)),
        "optimised_minus_host_only": dict(zip(names, row.difference, strict=True)),
    }
