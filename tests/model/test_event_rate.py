from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demilsim.model.event_rate import BASE_CAUSES, Cause, ageing_factor, base_event_rate_per_year
from demilsim.scenario.register import shipped_register
from model import hand_model
from worlds import one_lot, site, storehouse, three_sites

RATES = shipped_register().event_rate


def test_factor_at_the_four_levels() -> None:
    """Full, retest, destroy and no stabiliser have the registered factors, decades apart."""
    factor = ageing_factor(np.array([1.0, 0.5, 0.2, 0.0]), RATES)
    assert factor == pytest.approx([0.1, 1.0, 10.0, 100.0], rel=1e-12)


def test_factor_is_geometric_between_levels() -> None:
    """Halfway between two levels the factor is the geometric mean of theirs."""
    halfway = ageing_factor(np.array([0.75, 0.35, 0.1]), RATES)
    assert halfway == pytest.approx([0.1**0.5, 10.0**0.5, 1000.0**0.5], rel=1e-12)


@settings(derandomize=True, deadline=None)
@given(st.floats(0.0, 1.0), st.floats(1e-3, 1.0))
def test_factor_falls_as_stabiliser_rises(stabiliser: float, more: float) -> None:
    """More stabiliser always means fewer events, by the same interpolation as by hand."""
    high = min(stabiliser + more, 1.0)
    at_low, at_high = ageing_factor(np.array([stabiliser, high]), RATES)
    assert at_low > at_high or high == stabiliser
    assert at_low == pytest.approx(hand_model.ageing_factor(stabiliser, RATES), rel=1e-9)


def test_base_rate_of_the_reference_storehouse() -> None:
    """A masonry storehouse at process level 1 has the four registered rates as they stand."""
    rate = base_event_rate_per_year(one_lot())
    assert BASE_CAUSES == (Cause.STORAGE, Cause.EXTERNAL, Cause.SECURITY, Cause.UNDETERMINED)
    assert rate == pytest.approx(np.array([[2.5e-4, 2.0e-4, 7.0e-5, 2.8e-4]]), rel=1e-12)


@pytest.mark.parametrize(("rrpl", "factor"), [(0, 3.0), (1, 1.0), (2, 0.4), (3, 0.15)])
def test_process_level_scales_every_base_cause(rrpl: int, factor: float) -> None:
    """The site's risk-reduction process level multiplies all base causes alike."""
    rate = base_event_rate_per_year(one_lot(sites=[site(rrpl=rrpl)]))
    assert rate[0] == pytest.approx(factor * np.array([2.5e-4, 2.0e-4, 7.0e-5, 2.8e-4]), rel=1e-12)


@pytest.mark.parametrize(
    ("construction", "factor"),
    [("earth_covered", 0.3), ("masonry", 1.0), ("sheet_metal", 1.5), ("open_stack", 3.0)],
)
def test_construction_scales_external_causes_only(construction: str, factor: float) -> None:
    """Lightning and wildfire depend on the construction; storage, security and unknown causes do not."""
    rate = base_event_rate_per_year(one_lot(storehouses=[storehouse(construction=construction)]))
    assert rate[0] == pytest.approx([2.5e-4, factor * 2.0e-4, 7.0e-5, 2.8e-4], rel=1e-12)


def test_each_storehouse_has_the_level_of_its_own_site() -> None:
    """Rates come in the order of storehouses, each with the process level of its site."""
    sites = [site("S1", rrpl=0), site("S2", rrpl=3), site("S3", rrpl=2)]
    rate = base_event_rate_per_year(three_sites(sites=sites))
    assert rate[:, 0] / 2.5e-4 == pytest.approx([3.0, 3.0, 0.15, 0.15, 0.4, 0.4])
