"""The command line. Heavy imports happen inside the commands, so that help answers at once."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from demilsim.cli_compare import compare
from demilsim.cli_exchange import EXCHANGE
from demilsim.cli_history import forecast_announced
from demilsim.cli_inputs import INPUTS
from demilsim.cli_options import (
    Audience,
    AudienceOption,
    Averting,
    Debug,
    FirstObjective,
    Jobs,
    Json,
    MaxReplications,
    Out,
    ParameterDraws,
    Pdf,
    PrecisionOption,
    Quiet,
    Replications,
    ScenarioPath,
    Seed,
    Set,
    Version,
    Within,
)
from demilsim.cli_sensitivity import SENSITIVITY
from demilsim.cli_steps import (
    finish,
    how_run,
    load,
    load_warned,
    plan_code,
    precision_asked,
    precision_code,
    print_json,
    printer,
    tell_earlier,
    tell_earlier_plan,
    tell_left_over,
)
from demilsim.cli_studies import STUDIES
from demilsim.cli_sweep import SWEEPS
from demilsim.terminal import Console, guarded

if TYPE_CHECKING:
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
def _options(context: typer.Context, debug: Debug = False, version: Version = False) -> None:
    context.obj = debug


for look in INPUTS:
    app.command()(look)


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
    pdf: Pdf = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Do the main job: rules, optimised plan, simulation, report.

    All plans are simulated on common random numbers. Of a scenario with programme.csv: its announced plan
    under draws of how late such plans are.
    """
    from demilsim.experiments.programme import run_programme
    from demilsim.reporting.outputs import notes_of, write_results

    console, started, browser = Console(quiet or json), time.monotonic(), printer(pdf)
    asked = precision_asked(precision, replications, max_replications)
    loaded, warned = load_warned(scenario, set_, console)
    tell_earlier_plan(out, console)
    if loaded.programme:
        from demilsim.reporting.history import write_hindcast

        found = forecast_announced(loaded, replications, asked, seed=seed, jobs=jobs, console=console)
        how = how_run(started, jobs)
        write_hindcast(
            out, found, seed=_seed(loaded, seed), how=how, audience=audience.value, cautions=warned
        )
        finish(out, json, console, browser)
        return
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
        how=how_run(started, jobs),
        programme=outcome.programme,
        notes=notes_of(loaded, outcome.programme, outcome.uncertainty),
        uncertainty=outcome.uncertainty,
        explanation=outcome.explanation,
        audience=audience.value,
        precision=outcome.precision,
        cautions=warned,
    )
    code = max(plan_code(outcome.programme, console), precision_code(outcome.precision, console))
    finish(out, json, console, browser)
    raise typer.Exit(code)


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
    from demilsim.experiments.policies import POLICIES, simple_plan
    from demilsim.experiments.programme import simulate_plans
    from demilsim.reporting.outputs import notes_of, write_results
    from demilsim.reporting.plan_file import read_plan, within_horizon
    from demilsim.reporting.plan_origin import followed_as_it_is

    console, started = Console(quiet or json), time.monotonic()
    if plan and rule:
        raise typer.BadParameter("give --plan or --rule, not both")
    if rule and rule not in POLICIES:
        raise typer.BadParameter(f"--rule: expected one of {', '.join(POLICIES)} (got {rule!r})")
    asked = precision_asked(precision, replications, max_replications)
    loaded, warned = load_warned(scenario, set_, console)
    given = read_plan(plan, loaded) if plan else simple_plan(rule or "do_nothing", loaded)
    tell_earlier_plan(out, console)
    chosen, late = within_horizon(given, loaded)
    told = tuple(filter(None, (followed_as_it_is(plan, loaded) if plan else "", late)))
    for note in told:
        console.warn(note)
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
        how=how_run(started, jobs),
        notes=(*notes_of(loaded, None), *told),
        audience=audience.value,
        precision=reached,
        cautions=warned,
    )
    code = precision_code(reached, console)
    finish(out, json, console)
    raise typer.Exit(code)


@app.command()
def plan(
    scenario: ScenarioPath,
    out: Out,
    order: FirstObjective = None,
    within: Within = None,
    averting: Averting = None,
    seed: Seed = None,
    set_: Set = [],  # noqa: B006
    jobs: Jobs = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Optimise and simulate in turn until settled; write the plan."""
    from demilsim.experiments.programme import plan_with_simulation
    from demilsim.planning.objectives import loop_options
    from demilsim.reporting.plan_file import write_plan_files

    console, options = Console(quiet or json), loop_options(order, within, averting)
    loaded, _ = load_warned(scenario, set_, console)
    tell_earlier(out, console, "summary.json", "plan.json")
    programme = plan_with_simulation(loaded, seed=seed, jobs=jobs, options=options, tell=console.say)
    document = write_plan_files(out, loaded, programme)
    tell_left_over(out, console)
    code = plan_code(programme, console)
    if json:
        print_json(document)
    console.say(f"plan: {out / 'plan.csv'}")
    raise typer.Exit(code)


app.command()(compare)


@app.command()
def fund(
    scenario: ScenarioPath,
    out: Out,
    budgets: Annotated[str, typer.Option(help="first:last:count, or a list; donors' money in USD.")],
    replications: Replications = 100,
    parameter_draws: ParameterDraws = 32,
    seed: Seed = None,
    set_: Set = [],  # noqa: B006
    jobs: Jobs = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Tell what donors' money buys, and how sure that is.

    A curve over budgets, and what each donor, string, date and promise comes to.
    """
    from demilsim.experiments.funding_curve import parse_budgets
    from demilsim.experiments.funding_study import funding_study
    from demilsim.reporting.funding import write_funding
    from demilsim.reporting.funding_ranges import sure_finding
    from demilsim.reporting.wording import sentence

    console, started = Console(quiet or json), time.monotonic()
    values = parse_budgets(budgets)
    loaded, warned = load_warned(scenario, set_, console)
    tell_earlier(out, console, "funding.json")
    study = funding_study(
        loaded, values, replications, seed=seed, jobs=jobs, tell=console.say, parameter_draws=parameter_draws
    )
    document = write_funding(out, study, seed, how_run(started, jobs), warned)
    if json:
        print_json(document)
    for note in study.notes:
        console.say(note)
    sure = sure_finding(study)
    if sure and not json:
        typer.echo(sentence(sure))
    console.say(f"funding curve: {out / 'funding.html'}")


for study in (*STUDIES, *SWEEPS, *SENSITIVITY):
    app.command()(study)


@app.command()
def sources(scenario: ScenarioPath, set_: Set = [], json: Json = False) -> None:  # noqa: B006
    """Print every constant: value, range, source and confidence.

    Numbers beside formulas have one value and no range. How many there are of each sort is told on stderr.
    """
    from demilsim.reporting.scenario_facts import assumption_rows, counted
    from demilsim.reporting.tables import csv_text

    rows = assumption_rows(load(scenario, set_))
    Console(quiet=False).say(f"{len(rows)} numbers: {counted(row['key'] for row in rows)}")
    if json:
        print_json(rows)
        return
    typer.echo(csv_text(list(rows[0]), [list(row.values()) for row in rows]), nl=False)


@app.command()
def report(
    directory: Annotated[Path, typer.Argument(help="A results folder.", show_default=False)],
    audience: AudienceOption = Audience.PUBLIC,
    pdf: Pdf = False,
) -> None:
    """Write the report again from stored results."""
    from demilsim.reporting.report import write_report

    browser = printer(pdf)
    written = write_report(directory, audience.value)
    typer.echo(str(written))
    if browser:
        from demilsim.reporting.pdf import write_pdf

        typer.echo(str(write_pdf(written, browser)))


for exchange in EXCHANGE:
    app.command()(exchange)


def _seed(scenario: Scenario, given: int | None) -> int:
    return scenario.settings.seed if given is None else given


def main() -> None:
    """Run the command line and exit with the code that the documentation promises."""
    sys.exit(guarded(app))
