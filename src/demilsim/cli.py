"""The command line. Heavy imports happen inside the commands, so that help answers at once."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from demilsim.cli_options import (
    Audience, AudienceOption, Debug, Jobs, Json, MaxReplications, Out, ParameterDraws, PrecisionOption,
    Quiet, Replications, ScenarioPath, Seed, Set,
)  # fmt: skip
from demilsim.terminal import Console, ExitCode, guarded

if TYPE_CHECKING:
    from demilsim.experiments.precision import Precision, PrecisionReached
    from demilsim.scenario.scenario import Scenario

app = typer.Typer(
    name="demilsim",
    help="Simulate and optimise ammunition disposal programmes under a donor budget.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def _options(context: typer.Context, debug: Debug = False) -> None:
    context.obj = debug


@app.command()
def check(scenario: ScenarioPath, set_: Set = [], json: Json = False) -> None:  # noqa: B006
    """Validate a scenario: every problem at once, or a one-screen summary."""
    from demilsim.scenario.summary import summary

    loaded = _load(scenario, set_)
    if json:
        from demilsim.reporting.summary import scenario_facts

        _print_json({"ok": True, "scenario": scenario_facts(loaded)})
        return
    for line in summary(loaded):
        typer.echo(line)


@app.command()
def new(name: Annotated[str, typer.Argument(help="Name of the scenario and its folder.")]) -> None:
    """Write a small valid scenario to edit."""
    from demilsim.scenario.starter import write_starter

    folder = write_starter(name, Path())
    typer.echo(f"{folder}: written. Edit it, then: demilsim check {folder}")


@app.command()
def run(
    scenario: ScenarioPath,
    out: Out,
    replications: Replications = 400,
    precision: PrecisionOption = [],  # noqa: B006
    max_replications: MaxReplications = None,
    parameter_draws: ParameterDraws = 32,
    seed: Seed = None,
    set_: Set = [],  # noqa: B006
    jobs: Jobs = None,
    audience: AudienceOption = Audience.PUBLIC,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Do the main job: rules, optimised plan, simulation of all on common random numbers, report."""
    from demilsim.experiments.programme import run_programme
    from demilsim.reporting.outputs import notes_of, write_results

    console, started = Console(quiet or json), time.monotonic()
    asked = _precision(precision, replications, max_replications)
    loaded = _load(scenario, set_)
    with console.progress(asked.most if asked else replications) as bar:
        outcome = run_programme(
            loaded,
            replications,
            seed=seed,
            jobs=jobs,
            tell=console.say,
            progress=bar.advance,
            parameter_draws=parameter_draws,
            precision=asked,
        )
    write_results(
        out,
        outcome.ensemble,
        seed=_seed(loaded, seed),
        how=_how(started, jobs),
        programme=outcome.programme,
        notes=notes_of(loaded, outcome.programme, outcome.uncertainty),
        uncertainty=outcome.uncertainty,
        audience=audience.value,
        precision=outcome.precision,
    )
    _finish(out, json, console)
    code = _precision_code(outcome.precision, console)
    raise typer.Exit(max(code, _plan_code(outcome.programme, console)))


@app.command()
def simulate(
    scenario: ScenarioPath,
    out: Out,
    plan: Annotated[Path | None, typer.Option(help="A plan.csv.")] = None,
    rule: Annotated[str | None, typer.Option(help="A rule, host_only or do_nothing.")] = None,
    replications: Replications = 400,
    precision: PrecisionOption = [],  # noqa: B006
    max_replications: MaxReplications = None,
    seed: Seed = None,
    set_: Set = [],  # noqa: B006
    jobs: Jobs = None,
    audience: AudienceOption = Audience.PUBLIC,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Simulate one plan: that of a file, of a rule, or none."""
    from demilsim.experiments.programme import simulate_plans
    from demilsim.experiments.sweep import POLICIES, simple_plan
    from demilsim.reporting.outputs import notes_of, write_results
    from demilsim.reporting.plan_file import read_plan

    console, started = Console(quiet or json), time.monotonic()
    if plan and rule:
        raise typer.BadParameter("give --plan or --rule, not both")
    if rule and rule not in POLICIES:
        raise typer.BadParameter(f"--rule: expected one of {', '.join(POLICIES)} (got {rule!r})")
    asked = _precision(precision, replications, max_replications)
    loaded = _load(scenario, set_)
    chosen = read_plan(plan, loaded) if plan else simple_plan(rule or "do_nothing", loaded)
    with console.progress(asked.most if asked else replications) as bar:
        ensemble, reached = simulate_plans(
            loaded,
            {chosen.name: chosen},
            replications,
            asked,
            seed=seed,
            jobs=jobs,
            tell=console.say,
            progress=bar.advance,
        )
    write_results(
        out,
        ensemble,
        seed=_seed(loaded, seed),
        how=_how(started, jobs),
        notes=notes_of(loaded, None),
        audience=audience.value,
        precision=reached,
    )
    _finish(out, json, console)
    raise typer.Exit(_precision_code(reached, console))


@app.command()
def plan(
    scenario: ScenarioPath,
    out: Out,
    seed: Seed = None,
    set_: Set = [],  # noqa: B006
    jobs: Jobs = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Optimise and simulate in turn until settled; write the plan."""
    from demilsim.experiments.programme import plan_with_simulation
    from demilsim.reporting.plan_file import write_plan_files

    console = Console(quiet or json)
    loaded = _load(scenario, set_)
    programme = plan_with_simulation(loaded, seed=seed, jobs=jobs, tell=console.say)
    document = write_plan_files(out, loaded, programme)
    if json:
        _print_json(document)
    console.say(f"plan: {out / 'plan.csv'}")
    raise typer.Exit(_plan_code(programme, console))


@app.command()
def compare(
    scenarios: Annotated[list[Path], typer.Argument(help="Two scenarios or more.", show_default=False)],
    out: Out,
    replications: Replications = 200,
    precision: PrecisionOption = [],  # noqa: B006
    max_replications: MaxReplications = None,
    seed: Seed = None,
    set_: Set = [],  # noqa: B006
    jobs: Jobs = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Scenarios side by side, with paired differences from the first."""
    from demilsim.experiments.compare import compare as compare_scenarios
    from demilsim.reporting.studies import write_comparison

    console = Console(quiet or json)
    asked = _precision(precision, replications, max_replications)
    loaded = [_load(path, set_) for path in scenarios]
    result = compare_scenarios(loaded, replications, seed=seed, jobs=jobs, tell=console.say, precision=asked)
    document = write_comparison(out, result)
    if json:
        _print_json(document)
    console.say(f"comparison: {out / 'compare.csv'}")
    raise typer.Exit(_precision_code(result.precision, console))


@app.command()
def fund(
    scenario: ScenarioPath,
    out: Out,
    budgets: Annotated[str, typer.Option(help="first:last:count, or a list; donors' money in USD.")],
    replications: Replications = 100,
    seed: Seed = None,
    set_: Set = [],  # noqa: B006
    jobs: Jobs = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Funding curve: the programme planned and simulated again at each donors' budget."""
    from demilsim.experiments.funding_curve import funding_curve, parse_budgets
    from demilsim.reporting.studies import write_funding_curve

    console = Console(quiet or json)
    values = parse_budgets(budgets)
    loaded = _load(scenario, set_)
    points = funding_curve(loaded, values, replications, seed=seed, jobs=jobs, tell=console.say)
    document = write_funding_curve(out, loaded, points)
    if json:
        _print_json(document)
    console.say(f"funding curve: {out / 'funding.csv'}")


@app.command()
def rolling(
    scenario: ScenarioPath,
    out: Out,
    replications: Replications = 50,
    seed: Seed = None,
    set_: Set = [],  # noqa: B006
    jobs: Jobs = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Carry out the plan as made, and renewed every year, on the same replications."""
    from demilsim.experiments.rolling import static_against_rolling
    from demilsim.reporting.rolling import write_rolling

    console = Console(quiet or json)
    loaded = _load(scenario, set_)
    with console.progress(replications) as bar:
        outcome = static_against_rolling(
            loaded, replications, seed=seed, jobs=jobs, tell=console.say, progress=bar.advance
        )
    document = write_rolling(out, outcome)
    if json:
        _print_json(document)
    console.say(f"static against rolling: {out / 'rolling.csv'}")
    raise typer.Exit(_plan_code(outcome.programme, console))


@app.command()
def facilities(
    scenario: ScenarioPath,
    out: Out,
    draws: Annotated[int, typer.Option(help="Draws of constants, money and capacity.")] = 8,
    worst: Annotated[
        float | None, typer.Option(help="Also weigh the worst share of draws alone, between 0 and 1.")
    ] = None,
    batches: Annotated[int, typer.Option(help="Batches of fresh draws that judge it; 0 or at least 2.")] = 2,
    seed: Seed = None,
    set_: Set = [],  # noqa: B006
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Which facilities to order when constants, money and capacity may turn out otherwise."""
    from demilsim.experiments.facilities import facilities_under_draws
    from demilsim.reporting.facilities import write_facilities

    console = Console(quiet or json)
    outcome = facilities_under_draws(
        _load(scenario, set_), draws, seed=seed, tail=worst, batches=batches, tell=console.say
    )
    document = write_facilities(out, outcome)
    if json:
        _print_json(document)
    for sentence in document["sentences"]:
        console.say(sentence)
    console.say(f"facilities: {out / 'facilities.json'}")


@app.command()
def sweep(
    experiment: Annotated[Path, typer.Argument(help="Experiment file.", show_default=False)],
    out: Out,
    seed: Seed = None,
    jobs: Jobs = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Simulate a grid of inputs under fixed policies, rows over processes."""
    from demilsim.experiments.sweep import load_experiment
    from demilsim.experiments.sweep import sweep as sweep_experiment
    from demilsim.reporting.studies import write_sweep
    from demilsim.scenario.loader import load_scenario

    console = Console(quiet or json)
    loaded = load_experiment(experiment)
    with console.progress(len(loaded.rows)) as bar:
        rows = sweep_experiment(loaded, seed=seed, jobs=jobs, progress=bar.advance)
    synthetic = load_scenario(loaded.scenario).settings.synthetic
    document = write_sweep(out, loaded, rows, synthetic)
    if json:
        _print_json(document)
    console.say(f"sweep: {out / 'results.csv'}")


@app.command()
def sources(scenario: ScenarioPath, set_: Set = [], json: Json = False) -> None:  # noqa: B006
    """Every constant that is used: value, range, source and confidence."""
    from demilsim.reporting.summary import assumption_rows
    from demilsim.reporting.tables import csv_text

    rows = assumption_rows(_load(scenario, set_))
    if json:
        _print_json(rows)
        return
    typer.echo(csv_text(list(rows[0]), [list(row.values()) for row in rows]), nl=False)


@app.command()
def report(
    directory: Annotated[Path, typer.Argument(help="A results folder.", show_default=False)],
    audience: AudienceOption = Audience.PUBLIC,
) -> None:
    """Write the report again from stored results."""
    from demilsim.reporting.report import write_report

    typer.echo(str(write_report(directory, audience.value)))


def _load(path: Path, pairs: list[str]) -> Scenario:
    from demilsim.scenario.loader import load_scenario

    overrides = {}
    for pair in pairs:
        key, separator, value = pair.partition("=")
        if not separator:
            raise typer.BadParameter(f"--set: expected PATH=VALUE (got {pair!r})")
        overrides[key.strip()] = value.strip()
    return load_scenario(path, overrides)


def _seed(scenario: Scenario, given: int | None) -> int:
    return scenario.settings.seed if given is None else given


def _how(started: float, jobs: int | None) -> Any:
    from demilsim.experiments.backends import available_cores
    from demilsim.reporting.outputs import HowRun

    command = ("demilsim", *sys.argv[1:])
    return HowRun(command, time.monotonic() - started, jobs or available_cores())


def _precision(texts: list[str], least: int, most: int | None) -> Precision | None:
    if not texts:
        if most is not None:
            raise typer.BadParameter("--max-replications: expected only with --precision")
        return None
    from demilsim.experiments.precision import parse_precision

    return parse_precision(texts, least, most)


def _precision_code(reached: PrecisionReached | None, console: Console) -> int:
    """Return 1 and say what is missing if the replications ran out before the precision was reached."""
    if reached is None or reached.met:
        return ExitCode.DONE
    from demilsim.experiments.precision import missed

    console.warn(f"target missed: {missed(reached)}")
    return ExitCode.TARGET_MISSED


def _finish(out: Path, json: bool, console: Console) -> None:
    if json:
        typer.echo((out / "summary.json").read_text(encoding="utf-8"), nl=False)
    console.say(f"report: {out / 'report.html'}")


def _plan_code(programme: Any, console: Console) -> int:
    """Return 0 if the optimiser met its gap, else 1; say who made the plan if it was not the optimiser."""
    result = programme.result
    for note in (*(result.notes if result else ()), *programme.notes):
        console.warn(note)
    if result is not None and result.status.value == "optimal":
        return ExitCode.DONE
    status = result.status.value if result else "no solver"
    console.warn(f"target missed: optimiser {status}; the plan is from {programme.plan.source}")
    return ExitCode.TARGET_MISSED


def _print_json(document: Any) -> None:
    from demilsim.reporting.tables import json_text

    typer.echo(json_text(document), nl=False)


def main() -> None:
    """Run the command line and exit with the code that the documentation promises."""
    sys.exit(guarded(app))
