"""Nothing is ignored: each column and scalar, changed alone, changes an output, or is declared inert."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from demilsim.errors import ScenarioError
from demilsim.exchange.envelopes import military_operators
from demilsim.exchange.geojson import sites_geojson
from demilsim.experiments.ensemble import Ensemble
from demilsim.experiments.history import as_planned, planned_t
from demilsim.experiments.policies import simple_plan
from demilsim.model.options import disposal_options
from demilsim.model.plausible import doubts
from demilsim.optimisation.audit_risk import over_risk, over_worker_risk
from demilsim.optimisation.audit_rows import audit_rows
from demilsim.plan import DisposalPlan, MeasureOrder
from demilsim.planning.expected import expected_work
from demilsim.planning.learned import objective
from demilsim.planning.risk_moved import risk_by_group
from demilsim.planning.rules import nominal_coefficients
from demilsim.reporting.scenario_facts import assumption_rows, scenario_facts
from demilsim.reporting.summary import summary_document
from demilsim.scenario.columns import column_meanings, meaning_of
from demilsim.scenario.editor_schema import editor_schema
from demilsim.scenario.layout import LAYOUT
from demilsim.scenario.loader import read_text
from demilsim.scenario.notes import borrowed_sources
from demilsim.scenario.overlay import laid_over
from demilsim.scenario.place import COMMAND_LINE, Place
from demilsim.scenario.records import leaf_paths
from demilsim.scenario.resolve import Resolved, resolve
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.settings import Settings
from demilsim.scenario.source import SetText
from demilsim.scenario.starter import write_starter
from demilsim.scenario.summary import summary
from demilsim.simulation.record import RunResult
from demilsim.simulation.replication import simulate
from demilsim.simulation.streams import Streams
from trials import EVIDENCE, TRIALS, Sets, Trial

REPLICATIONS = 3
ALL_TRIALS = (*TRIALS, *EVIDENCE)


def plan_of(scenario: Scenario) -> DisposalPlan:
    """Return a rule's plan that orders the possible plant and every measure at once."""
    possible = [f"+{f.facility_id}" for f in scenario.facilities if f.status == "possible"]
    plan = simple_plan("highest_risk_first" + "".join(possible), scenario)
    return replace(plan, measures=tuple(MeasureOrder(m.measure_id, 0) for m in scenario.measures))


def simulated(scenario: Scenario) -> tuple[RunResult, ...]:
    plan = plan_of(scenario)
    return tuple(simulate(scenario, plan, Streams(scenario.settings.seed, n)) for n in range(REPLICATIONS))


def run(scenario: Scenario) -> object:
    """Return all that some replications leave behind, and the planning objective of each."""
    results = simulated(scenario)
    content = [[_bare(getattr(result, f.name)) for f in fields(result)] for result in results]
    return content, objective(scenario, results).tolist()


def _bare(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray) else value


def told(scenario: Scenario) -> object:
    """Return the money by fund and the tonnes by facility as the report has them."""
    plan = plan_of(scenario)
    ensemble = Ensemble(scenario, {"rule": plan}, {"rule": simulated(scenario)})
    work = expected_work(scenario, plan, nominal_coefficients(scenario))
    document = summary_document(ensemble, 1, work, None, ())
    return document["spend_by_fund"], document["destroyed_by_facility"]


def limits(scenario: Scenario) -> object:
    """Return the limits on risk that a rule's plan breaks, as the audit of an optimised plan has it."""
    rows, plan = audit_rows(scenario), plan_of(scenario)
    return [*over_risk(rows, plan), *over_worker_risk(rows, plan)]


OUTPUTS: dict[str, Callable[[Scenario], object]] = {
    "run": run,
    "told": told,
    "limits": limits,
    "rules": lambda s: [simple_plan(rule, s) for rule in ("host_only", "highest_risk_first")],
    "facts": lambda s: {key: value for key, value in scenario_facts(s).items() if key != "sha256"},
    "public_map": lambda s: sites_geojson(s, "public"),
    "partner_map": lambda s: sites_geojson(s, "partner"),
    "cautions": lambda s: list(military_operators(s)),
    "constants": assumption_rows,
    "options": lambda s: disposal_options(s).allowed.tolist(),
    "measures": lambda s: [order.measure_id for order in plan_of(s).measures],
    "risk": lambda s: risk_by_group(s, plan_of(s)),
    "announced": lambda s: (as_planned(s), [planned_t(s, date) for date in s.period_dates]),
}
"""What a scenario leads to, without its hash and without what `show --resolved` repeats of it."""


def resolved_of(folder: Path, *layers: Sets) -> Resolved:
    """Return the scenario in a folder with layers laid over it: rows that one adds are there for the next."""
    text = read_text(folder)
    for sets in layers:
        text = laid_over(text, [SetText(path, value, Place(COMMAND_LINE)) for path, value in sets.items()])
    return resolve(text)


def check(folder: Path, *layers: Sets) -> object:
    """Return what `demilsim check` says of a scenario."""
    try:
        resolved = resolved_of(folder, *layers)
    except ScenarioError as error:
        return str(error)
    return summary(resolved.scenario), doubts(resolved.scenario), list(borrowed_sources(resolved))


def output(trial: Trial, folder: Path, *layers: Sets) -> object:
    """Return the output of a trial with some layers."""
    if trial.output == "check":
        return check(folder, *layers)
    return OUTPUTS[trial.output](resolved_of(folder, *layers).scenario)


def columns() -> Iterator[str]:
    """Yield every column of every table, and every scalar, as a trial names it."""
    yield from (f"settings.{path}" for path in leaf_paths(Settings))
    yield from ("parameters.value", "parameters.source")
    yield from (f"{table}.{column}" for table, layout in LAYOUT.items() for column in layout.columns)


def inert() -> dict[str, str]:
    """Return the reason of each column that is declared to move nothing."""
    return {f"{row.table}.{row.column}": row.inert for row in column_meanings().values() if row.inert}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_starter("starter", tmp_path_factory.mktemp("ignored"))


@pytest.fixture(scope="module")
def unchanged() -> dict[tuple[str, str], object]:
    """Keep outputs before the change, by output and what was laid over before."""
    return {}


def test_every_column_is_tried_or_declared() -> None:
    """A column or scalar that is new needs a trial, or a reason for being inert; none has both."""
    tried = {trial.column for trial in ALL_TRIALS}
    assert set(columns()) - tried - set(inert()) == set()
    assert tried & set(inert()) == set()
    assert tried | set(inert()) <= set(columns())


def test_what_is_inert_is_told_to_those_who_fill_it_in() -> None:
    """The reason stands in the schema that editors show."""
    rows = editor_schema()["$defs"]
    for name, reason in inert().items():
        table, _, column = name.partition(".")
        assert reason in rows[table]["properties"][column]["description"]
        assert meaning_of(table, column).inert == reason


def test_equal_scenarios_give_equal_outputs(folder: Path) -> None:
    """What is compared does not move by itself."""
    for name in ("run", "rules", "risk", "options"):
        first, second = (OUTPUTS[name](resolved_of(folder).scenario) for _ in range(2))
        assert first == second, name
    assert check(folder) == check(folder)


@pytest.mark.parametrize("trial", ALL_TRIALS, ids=lambda trial: trial.path)
def test_each_column_changes_an_output(
    folder: Path, unchanged: dict[tuple[str, str], object], trial: Trial
) -> None:
    """Each, changed alone, changes what is simulated, planned, checked or told."""
    key = trial.output, repr(trial.given)
    if key not in unchanged:
        unchanged[key] = output(trial, folder, trial.given)
        assert not isinstance(check(folder, trial.given), str), "what is laid over first is a scenario"
    assert output(trial, folder, trial.given, {trial.path: trial.value}) != unchanged[key]
