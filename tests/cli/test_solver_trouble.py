"""Solver trouble is answered: right exit code, and the next solver or the rule is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from commands import CommandLine, Seen
from demilsim.optimisation import optimise, solve
from demilsim.optimisation.assemble import Model
from demilsim.optimisation.status import PlanStatus, Solution, SolveOptions

Plan = Callable[[], Seen]


@pytest.fixture
def plan(alpha: Path, tmp_path: Path, cli: CommandLine) -> Plan:
    """Return a call of `demilsim plan` on the starter scenario."""
    return lambda: cli("plan", alpha, "--out", tmp_path / "out", "--jobs", 1)


def document(tmp_path: Path) -> dict[str, object]:
    """Return ``plan.json``."""
    found: dict[str, object] = json.loads((tmp_path / "out" / "plan.json").read_text())
    return found


def ended(monkeypatch: pytest.MonkeyPatch, status: PlanStatus, keep_point: bool) -> None:
    """Let the solver of the MILP end with a status, with or without the point that it found."""
    real = solve.solve

    def changed(model: Model, options: SolveOptions) -> Solution:
        found = replace(real(model, options), status=status)
        return found if keep_point else replace(found, values=None, objective=float("inf"))

    monkeypatch.setattr(optimise, "solve", changed)


def test_optimal_is_zero(plan: Plan, tmp_path: Path) -> None:
    """A plan within its gap exits 0 and names solver and status."""
    seen = plan()
    assert seen.code == 0, seen.err
    assert document(tmp_path)["status"] == "optimal"
    assert str(document(tmp_path)["solver"]).startswith("HiGHS")


@pytest.mark.usefixtures("quick_planning")
def test_missing_highs_is_zero_with_a_note(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without HiGHS, CBC solves, the note says so, and the exit code stays 0."""
    monkeypatch.setattr(solve, "highs_available", lambda: False)
    seen = plan()
    assert seen.code == 0, seen.err
    assert "HiGHS is not installed" in seen.err
    assert "solved with CBC" in seen.err
    assert str(document(tmp_path)["solver"]).startswith("CBC")


@pytest.mark.usefixtures("quick_planning")
def test_no_solver_uses_a_rule_and_exits_one(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without any solver the best rule's plan is written, named, and the exit code is 1."""
    monkeypatch.setattr(solve, "highs_available", lambda: False)
    monkeypatch.setattr(solve, "cbc_path", lambda: None)
    seen = plan()
    assert seen.code == 1
    assert "HiGHS is not installed; CBC is not installed" in seen.err
    assert "the plan is from rule:" in seen.err
    assert str(document(tmp_path)["source"]).startswith("rule:")
    assert (tmp_path / "out" / "plan.csv").read_text().count("\n") > 1


@pytest.mark.usefixtures("quick_planning")
@pytest.mark.parametrize(
    ("status", "keep_point"),
    [
        (PlanStatus.FEASIBLE, True),
        (PlanStatus.NO_INCUMBENT, False),
        (PlanStatus.INFEASIBLE, False),
    ],
)
def test_missed_target_exits_one(
    status: PlanStatus, keep_point: bool, plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node limit with or without incumbent, or an infeasible model, exits 1 with its status and a plan."""
    ended(monkeypatch, status, keep_point)
    seen = plan()
    assert seen.code == 1
    assert f"target missed: optimiser {status.value}; the plan is from" in seen.err
    assert document(tmp_path)["status"] == status.value
    assert "Traceback" not in seen.err
