"""Names of simple policies, from Python."""

from __future__ import annotations

import pytest

from demilsim.errors import PlanError
from demilsim.experiments.policies import simple_plan
from worlds import one_lot


def test_policy_that_does_not_exist_is_told_with_those_that_do() -> None:
    """A slip of a letter is named with what was meant."""
    with pytest.raises(PlanError, match=r"expected some of do_nothing.*'cheapest_firts'.*cheapest_first"):
        simple_plan("cheapest_firts", one_lot())


def test_facility_that_cannot_be_ordered_is_told() -> None:
    """Nothing can be ordered in a world with one existing facility."""
    with pytest.raises(PlanError, match=r"KILN.*none that is possible"):
        simple_plan("cheapest_first+KILN", one_lot())
