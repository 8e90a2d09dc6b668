"""The main job: what is told when a part of it fails."""

from __future__ import annotations

from typing import Any

import pytest

from demilsim.errors import SolverError
from demilsim.experiments import programme as main_job
from demilsim.planning.coordinate import Programme
from demilsim.planning.rules import DO_NOTHING, nominal_coefficients
from worlds import one_lot


def test_plan_that_could_not_be_explained_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """A solver that fails on the explanation costs its section of the report, not the plan, and is named."""

    def fails(*_: Any) -> None:
        raise SolverError("HiGHS returned an error on: ranging")

    monkeypatch.setattr(main_job, "explained", fails)
    scenario = one_lot()
    planned = Programme(DO_NOTHING, {}, None, nominal_coefficients(scenario), ("first",))
    told, explanation = main_job._explained(scenario, planned)
    assert explanation is None
    assert told.notes == ("first", "the plan is not explained: HiGHS returned an error on: ranging")
