"""Plans as plain objects: what is refused before there is a scenario, and what makes two of them equal."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from demilsim.errors import PlanError
from demilsim.plan import Commissioning, DisposalPlan, MeasureOrder, PlanLine

PLAN = DisposalPlan(
    "plan", "none", (PlanLine("L1", "F1", 1_500_000, 2, 1),), (Commissioning("F2", 3),), ("HOST",),
    (MeasureOrder("M1", 0),),
)  # fmt: skip

STORED = "5fd530ffd056cb0999ccb3f46d4ba8c780617fe290dfacd6562fff47708ed87d"
"""Hash of that plan as users' files have it: no version may give another."""


def with_numbers(of: type) -> DisposalPlan:
    """Return the plan with all its numbers of a type."""
    (line,) = PLAN.lines
    numbers = {name: of(getattr(line, name)) for name in ("mass_g", "earliest_period", "priority")}
    return replace(
        PLAN,
        lines=(replace(line, **numbers),),
        commissionings=(Commissioning("F2", of(3)),),
        measures=(MeasureOrder("M1", of(0)),),
    )


@pytest.mark.parametrize("of", [int, float, np.int64, np.int32, np.float64])
def test_equal_plans_have_equal_hashes(of: type) -> None:
    """Numbers of Python and of NumPy, whole or not by type, give the hash that stored plans have."""
    assert with_numbers(of) == PLAN
    assert with_numbers(of).sha256() == PLAN.sha256() == STORED


def test_ids_of_numpy_hash_as_text() -> None:
    """An id that comes out of an array is the same id."""
    (line,) = PLAN.lines
    plan = replace(PLAN, lines=(replace(line, lot_id=np.array(["L1"])[0]),), funds=tuple(np.array(["HOST"])))
    assert plan.sha256() == STORED


def test_other_decisions_have_other_hashes() -> None:
    """Half a gram, a period, a fund or a measure more or less are other plans; a name or reason is none."""
    (line,) = PLAN.lines
    others = [
        replace(PLAN, lines=(replace(line, mass_g=1_500_000.5),)),
        replace(PLAN, lines=(replace(line, earliest_period=3),)),
        replace(PLAN, funds=()),
        replace(PLAN, measures=()),
    ]
    assert len({STORED, *(other.sha256() for other in others)}) == 5
    assert replace(PLAN, name="x", lines=(replace(line, reason="y", harm_averted=1.0),)).sha256() == STORED


def test_one_fund_as_text_is_refused() -> None:
    """`funds="DONOR"` would be its letters."""
    with pytest.raises(PlanError, match=r"expected ids of funds, as \('DONOR',\) \(got 'DONOR'\)"):
        replace(PLAN, funds="DONOR")
