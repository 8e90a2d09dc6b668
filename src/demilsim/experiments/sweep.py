"""A grid of inputs: every combination simulated under fixed policies on common random numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from demilsim.errors import Problem, ScenarioError
from demilsim.experiments.backends import available_cores, run_tasks
from demilsim.experiments.ensemble import Response, replicate
from demilsim.experiments.statistics import Estimate
from demilsim.model.harm import stock_harm
from demilsim.model.options import disposal_options
from demilsim.plan import DisposalPlan
from demilsim.planning.coordinate import LEAD_PERIODS
from demilsim.planning.draft import with_lead
from demilsim.planning.rules import DO_NOTHING, RULES, nominal_coefficients, rule_plan
from demilsim.scenario.loader import load_scenario
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.text import read_yaml

POLICIES = ("do_nothing", "host_only", *RULES)


@dataclass(frozen=True)
class Experiment:
    """A sweep as defined by its file.

    Parameters
    ----------
    question
        What it answers, in one sentence.
    scenario
        Folder of the base scenario.
    factors
        Values of each ``--set`` path, in order.
    policies
        Some of `POLICIES`.
    replications
        Of every row.
    """

    question: str
    scenario: Path
    factors: Mapping[str, tuple[str, ...]]
    policies: tuple[str, ...]
    replications: int

    @property
    def rows(self) -> list[dict[str, str]]:
        """Every combination of the factors' values, the last factor fastest."""
        return [dict(zip(self.factors, values, strict=True)) for values in product(*self.factors.values())]


@dataclass(frozen=True)
class SweepRow:
    """One policy at one combination: factor values, and means with half-widths by response."""

    values: tuple[str, ...]
    policy: str
    estimates: Mapping[Response, Estimate]


def simple_plan(name: str, scenario: Scenario) -> DisposalPlan:
    """Return the plan of do_nothing, host_only or a rule on nominal coefficients."""
    if name == "do_nothing":
        return DO_NOTHING
    plan = rule_plan(
        name, scenario, nominal_coefficients(scenario), stock_harm(scenario), disposal_options(scenario)
    )
    return with_lead(plan, LEAD_PERIODS)


def _nothing_shared() -> None:
    """Rows share nothing but code."""


def _run_row(task: tuple[Experiment, dict[str, str], int | None]) -> list[SweepRow]:
    experiment, values, seed = task
    scenario = load_scenario(experiment.scenario, values)
    plans = {name: simple_plan(name, scenario) for name in experiment.policies}
    ensemble = replicate(scenario, plans, experiment.replications, seed=seed, jobs=1)
    return [
        SweepRow(tuple(values.values()), name, {r: ensemble.estimate(name, r) for r in Response})
        for name in experiment.policies
    ]


def sweep(
    experiment: Experiment,
    *,
    seed: int | None = None,
    jobs: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> list[SweepRow]:
    """Simulate every combination of an experiment, rows over processes.

    Parameters
    ----------
    experiment
        The experiment.
    seed
        Root seed of all rows; the scenario's by default.
    jobs
        Worker processes; all available cores by default.
    progress
        Told of finished rows.
    """
    for values in experiment.rows:
        load_scenario(experiment.scenario, values)  # all input problems before any work
    tasks = [(experiment, values, seed) for values in experiment.rows]
    found: list[SweepRow] = []
    for rows in run_tasks(_run_row, tasks, jobs or available_cores(), _nothing_shared, ()):
        found.extend(rows)
        if progress:
            progress(1)
    return found


def load_experiment(path: Path) -> Experiment:
    """Return the experiment of a YAML file; its scenario's path is relative to the file.

    Raises
    ------
    ScenarioError
        With every problem of the file.
    """
    document = read_yaml(path, str(path))
    return _Reader(path, document.tree, document.lines).experiment()


class _Reader:
    """Reads an experiment's fields and collects what is wrong with them."""

    def __init__(self, path: Path, values: Mapping[str, object], lines: Mapping[str, int]) -> None:
        self._path, self._values, self._lines = path, values, lines
        self._problems: list[Problem] = []

    def experiment(self) -> Experiment:
        known = ("question", "scenario", "factors", "policies", "replications")
        for key in self._values:
            if key not in known:
                self._wrong(key, f"unknown key; expected one of {', '.join(known)}")
        policies = self._names("policies")
        for name in policies:
            if name not in POLICIES:
                self._wrong("policies", f"expected some of {', '.join(POLICIES)} (got {name!r})")
        experiment = Experiment(
            question=self._text("question"),
            scenario=self._path.parent / self._text("scenario"),
            factors=self._factors(),
            policies=policies,
            replications=self._count("replications"),
        )
        if self._problems:
            raise ScenarioError(self._problems)
        return experiment

    def _wrong(self, key: str, message: str) -> None:
        self._problems.append(Problem(str(self._path), self._lines.get(key, 1), key, message))

    def _text(self, key: str) -> str:
        value = self._values.get(key)
        if not isinstance(value, str) or not value.strip():
            self._wrong(key, "expected a text")
            return ""
        return value

    def _names(self, key: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in self._text(key).split(";") if part.strip())

    def _factors(self) -> dict[str, tuple[str, ...]]:
        value = self._values.get("factors")
        if not isinstance(value, Mapping) or not value:
            self._wrong("factors", "expected a mapping of paths to values separated by semicolons")
            return {}
        return dict(self._levels(value, ""))

    def _levels(self, tree: Mapping[str, object], prefix: str) -> Iterator[tuple[str, tuple[str, ...]]]:
        for name, level in tree.items():
            path = f"{prefix}{name}"
            if isinstance(level, Mapping):
                yield from self._levels(level, f"{path}.")
            elif isinstance(level, str) and level.strip(" ;"):
                yield path, tuple(part.strip() for part in level.split(";") if part.strip())
            else:
                self._wrong(f"factors.{path}", "expected values separated by semicolons")

    def _count(self, key: str) -> int:
        text = self._text(key)
        if not text.isdecimal() or int(text) < 2:
            self._wrong(key, f"expected a whole number >= 2 (got {text!r})")
            return 2
        return int(text)
