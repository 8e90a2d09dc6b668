"""A results folder as it is written: summary, timeline, plan, events, and how it was run."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from demilsim import __version__
from demilsim.experiments.ensemble import Ensemble
from demilsim.experiments.precision import PrecisionReached, missed
from demilsim.experiments.uncertainty_result import Uncertainty
from demilsim.model.cautions import Caution
from demilsim.plan import DisposalPlan, Floats
from demilsim.planning.coordinate import Programme
from demilsim.planning.expected import ExpectedWork, expected_work
from demilsim.planning.explained import Explanation
from demilsim.planning.rules import nominal_coefficients
from demilsim.reporting.caution_notes import caution_document
from demilsim.reporting.earlier import write_files, written
from demilsim.reporting.explanation import explanation_document, explanation_files
from demilsim.reporting.folder import write_atomically
from demilsim.reporting.mobile_plant import MOBILE_PLANT, mobile_plant_text, planned_by_policy
from demilsim.reporting.plan_table import plan_text
from demilsim.reporting.report import REPORT_FIGURES, Audience, write_report
from demilsim.reporting.risk_by_group import groups_of, risk_by_group_text
from demilsim.reporting.schedule import BY_PERIOD, by_period_text
from demilsim.reporting.summary import precision_document, summary_document
from demilsim.reporting.tables import csv_text, json_text
from demilsim.reporting.wording import sentence
from demilsim.scenario.scenario import Scenario
from demilsim.simulation.compiled import compiled
from demilsim.simulation.record import RunResult
from demilsim.units import CENTS_PER_USD, GRAMS_PER_TONNE

QUANTILES = (0.05, 0.5, 0.95)
EVENT_COLUMNS = (
    "policy", "replication", "day", "kind", "cause", "site_id", "storehouse_id", "lot_id", "neq_kg",
    "fatalities", "injuries", "cost_usd", "stolen_t",
)  # fmt: skip
COMMISSIONING_COLUMNS = ("facility_id", "period")
MEASURE_COLUMNS = ("measure_id", "period")
MEASURES = (
    "stock_t", "neq_kg", "harm_rate_per_year", "destroyed_t", "spent_usd", "exploded_t", "stolen_t",
    "lost_on_road_t",
)  # fmt: skip
PACKAGES = ("numpy", "scipy", "simpy", "pulp", "highspy", "matplotlib", "pydantic")

NOT_CARRIED = (
    "What is not known about the model's constants is not carried through here: most of them are assumed, "
    "see the table of assumptions."
)
CARRIED = (
    "The constants, most of them assumed, were drawn from their ranges and the same plans simulated again; "
    "no plan was made anew for a draw. What the model leaves out is in no range."
)


@dataclass(frozen=True)
class HowRun:
    """What only ``run.json`` may hold: the command and how long it took."""

    command: tuple[str, ...]
    wall_seconds: float
    jobs: int


def write_results(
    directory: Path,
    ensemble: Ensemble,
    *,
    seed: int,
    how: HowRun,
    programme: Programme | None = None,
    notes: Iterable[str] = (),
    audience: Audience = "public",
    uncertainty: Uncertainty | None = None,
    precision: PrecisionReached | None = None,
    explanation: Explanation | None = None,
    cautions: Sequence[Caution] = (),
) -> None:
    """Write a results folder and its report.

    Parameters
    ----------
    directory
        Made if it is not there.
    ensemble
        Fresh replications of every policy.
    seed
        Root seed.
    how
        For ``run.json``.
    programme
        Where the optimised plan came from, if any.
    notes
        What the reader must know.
    audience
        Who the report is for.
    uncertainty
        The same policies under draws of what is not known, if any.
    precision
        How precise the named outputs are, if the number of replications was chosen by that. Where they are
        not as precise as was asked, the reader is told.
    explanation
        Why the plan is as it is, if that is known.
    cautions
        What `demilsim check` warns of in the scenario.

    Raises
    ------
    ResultsError
        If a file cannot be written.
    """
    scenario = ensemble.scenario
    shown = programme.plan if programme else list(ensemble.plans.values())[-1]
    if precision and not precision.met:
        notes = (*notes, f"{sentence(missed(precision))}.")
    mobile = planned_by_policy(scenario, ensemble.plans, programme)
    work = _work(scenario, shown, programme)
    document = summary_document(ensemble, seed, work, programme, notes, uncertainty, precision, mobile)
    document["cautions"] = caution_document(cautions)
    files = {} if explanation is None else explanation_files(scenario, explanation)
    if explanation is not None:
        document["explanation"] = explanation_document(explanation)
    files |= {
        "summary.json": json_text(document),
        "timeline.csv": timeline_text(ensemble),
        "plan.csv": plan_text(scenario, shown, work),
        BY_PERIOD: by_period_text(scenario, work),
        "commissionings.csv": commissionings_text(shown),
        "events.csv": events_text(ensemble),
    }
    if mobile:
        files[MOBILE_PLANT] = mobile_plant_text(mobile)
    if programme is not None:
        files["risk_by_group.csv"] = risk_by_group_text(groups_of(scenario, programme))
    if scenario.measures:
        files["plan_measures.csv"] = measures_text(shown)
    write_all(directory, files, run_document(ensemble, shown, seed, how, precision), audience)


def write_all(directory: Path, files: Mapping[str, str], run: dict[str, object], audience: Audience) -> None:
    """Write the files of a plan, its report, and last ``run.json``, which lists them.

    Parameters
    ----------
    directory
        Made if it is not there. What an earlier command wrote and this one does not is removed.
    files
        Text by name.
    run
        What ``run.json`` says besides.
    audience
        Who the report is for.

    Raises
    ------
    ResultsError
        If a file cannot be written or removed.
    """
    listed = written(files, "report.html", "results.xlsx", "run.json")
    write_files(directory, files, listed)
    write_report(directory, audience)
    drawn = sorted(name for name in REPORT_FIGURES if (directory / "figures" / f"{name}.svg").is_file())
    figures = [f"figures/{name}.svg" for name in drawn]
    run = run | {"files": listed | dict.fromkeys(figures)}
    write_atomically(directory / "run.json", json_text(run))


def _work(scenario: Scenario, plan: DisposalPlan, programme: Programme | None) -> ExpectedWork:
    """Return when the work of a plan is expected, by what its planning learned if that is known."""
    if programme is None:
        return expected_work(scenario, plan, nominal_coefficients(scenario))
    return expected_work(scenario, plan, programme.coefficients, programme.result)


def notes_of(
    scenario: Scenario, programme: Programme | None, uncertainty: Uncertainty | None = None
) -> tuple[str, ...]:
    """Return what the reader of the results must know, most important first."""
    notes = []
    if scenario.settings.synthetic:
        notes.append("SYNTHETIC: the scenario is invented; no real site, stock or budget is described.")
    notes.append(f"Half-widths are Monte Carlo error only. {NOT_CARRIED if uncertainty is None else CARRIED}")
    if programme is not None:
        notes.append(
            "Bound and gaps are of the exact planning harm, over all plans of the optimiser's groups; they "
            "do not bound the simulated harm. The status is that of the choice of new facilities, on harm "
            "made linear."
        )
        if programme.result is not None:
            notes += [f"Optimiser: {note}." for note in programme.result.notes]
        notes += [f"Planning: {note}." for note in programme.notes]
    return tuple(notes)


def timeline_text(ensemble: Ensemble) -> str:
    """Return ``timeline.csv``: stocks and rates at the start of a period, flows within it."""
    header = ["policy", "period", "start"]
    header += [f"{measure}_{what}" for measure in MEASURES for what in ("mean", "p5", "p50", "p95")]
    return csv_text(header, _timeline_rows(ensemble))


def _timeline_rows(ensemble: Ensemble) -> Iterator[list[object]]:
    for policy, results in ensemble.results.items():
        columns: list[Floats] = []
        for series in period_series(results):
            columns += [series.mean(axis=0), *np.quantile(series, QUANTILES, axis=0)]
        table = np.array(columns).T
        for period, row in enumerate(table.tolist()):
            yield [policy, period, ensemble.scenario.period_dates[period].isoformat(), *row]


def period_series(results: tuple[RunResult, ...]) -> list[Floats]:
    """Return each measure of `MEASURES`, shape (replication, period)."""
    return [
        np.array([r.stock_g[:-1] for r in results]) / GRAMS_PER_TONNE,
        np.array([r.neq_kg[:-1] for r in results]),
        np.array([r.harm_rate_per_year[:-1] for r in results]),
        np.array([r.destroyed_g.sum(axis=0) for r in results]) / GRAMS_PER_TONNE,
        np.array([r.spent_cents.sum(axis=0) for r in results]) / CENTS_PER_USD,
        *(np.array([r.lost_g for r in results]) / GRAMS_PER_TONNE).swapaxes(0, 1),
    ]


def commissionings_text(plan: DisposalPlan) -> str:
    """Return ``commissionings.csv``, which ``plan.csv`` needs to be simulated again."""
    return csv_text(COMMISSIONING_COLUMNS, [(c.facility_id, c.period) for c in plan.commissionings])


def measures_text(plan: DisposalPlan) -> str:
    """Return ``plan_measures.csv``: what the plan does besides destroying."""
    return csv_text(MEASURE_COLUMNS, [(m.measure_id, m.period) for m in plan.measures])


def events_text(ensemble: Ensemble) -> str:
    """Return ``events.csv``: what went wrong in each replication of each policy."""
    return csv_text(EVENT_COLUMNS, _event_rows(ensemble))


def _event_rows(ensemble: Ensemble) -> Iterator[tuple[object, ...]]:
    scenario = ensemble.scenario
    for policy, results in ensemble.results.items():
        for result in results:
            for event in result.events:
                yield (
                    policy, result.replication, event.day, event.kind, event.cause.value,
                    scenario.sites[event.site].site_id,
                    scenario.storehouses[event.storehouse].storehouse_id if event.storehouse >= 0 else None,
                    scenario.lots[event.lot].lot_id if event.lot >= 0 else None,
                    event.neq_kg, event.fatalities, event.injuries, event.cost_usd, event.stolen_t,
                )  # fmt: skip


def run_document(
    ensemble: Ensemble, plan: DisposalPlan, seed: int, how: HowRun, precision: PrecisionReached | None
) -> dict[str, object]:
    """Return the content of ``run.json``."""
    scenario = ensemble.scenario
    return {
        "scenario": {"name": scenario.settings.name, "sha256": scenario.sha256},
        "plan_sha256": plan.sha256(),
        "seed": seed,
        "replications": len(next(iter(ensemble.results.values()))),
        "precision": precision_document(precision) if precision else None,
        **run_facts(how),
    }


def run_facts(how: HowRun) -> dict[str, object]:
    """Return what every ``run.json`` says: versions, commit, command, and how long it took."""
    return {
        "versions": versions(),
        "git_commit": _git_commit(),
        "command": list(how.command),
        "jobs": how.jobs,
        "wall_seconds": round(how.wall_seconds, 3),
    }


def versions() -> dict[str, str | None]:
    """Return the versions of all that results depend on."""
    return {
        "demilsim": __version__,
        "python": platform.python_version(),
        **{name: _version(name) for name in PACKAGES},
        "numba": _version("numba") if compiled() else None,
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _git_commit() -> str | None:
    """Return the commit of the source tree that is running, None outside a checkout."""
    here = Path(__file__).resolve().parent
    try:
        found = subprocess.run(
            ["git", "-C", str(here), "rev-parse", "HEAD"], capture_output=True, text=True, check=False
        )
    except OSError:
        return None
    return found.stdout.strip() or None
