"""Simulate and optimise ammunition disposal programmes under a donor budget.

Public names are resolved on first use, so that importing the package stays cheap.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "DisposalPlan": "demilsim.plan",
    "Ensemble": "demilsim.experiments.ensemble",
    "PlanResult": "demilsim.optimisation.result",
    "Scenario": "demilsim.scenario.scenario",
    "ScenarioError": "demilsim.errors",
    "compare": "demilsim.experiments.compare",
    "funding_curve": "demilsim.experiments.funding_curve",
    "load_scenario": "demilsim.scenario.loader",
    "optimise": "demilsim.optimisation.optimise",
    "plan_programme": "demilsim.planning.coordinate",
    "replicate": "demilsim.experiments.ensemble",
    "simulate": "demilsim.simulation.replication",
    "sweep": "demilsim.experiments.sweep",
}

__all__ = sorted(_HOMES)  # noqa: PLE0605  (a list of names, built from the table above)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'demilsim' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
