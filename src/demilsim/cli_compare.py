"""The command that puts scenarios and plans side by side; registered in `cli`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from demilsim.cli_options import (
    Audience,
    AudienceOption,
    Jobs,
    Json,
    MaxReplications,
    Out,
    ParameterDraws,
    PrecisionOption,
    Quiet,
    Replications,
    Seed,
    Set,
)
from demilsim.cli_steps import (
    how_run,
    overrides_of,
    plan_code,
    precision_asked,
    precision_code,
    print_json,
    tell_earlier,
    warn_of,
)
from demilsim.errors import DemilsimError
from demilsim.terminal import Console

if TYPE_CHECKING:
    from demilsim.experiments.compare import Plans
    from demilsim.scenario.scenario import Scenario

OPTIMISED = "optimised"
"""Asks --rule for the optimiser's plan."""


def compare(
    scenarios: Annotated[
        list[Path],
        typer.Argument(help="Two or more; or one, with several plans or rules.", show_default=False),
    ],
    out: Out,
    plan: Annotated[
        list[str],
        typer.Option(
            "--plan", metavar="NAME=FILE", help="A plan.csv, in every scenario; as often as needed."
        ),
    ] = [],  # noqa: B006
    rule: Annotated[
        list[str],
        typer.Option(
            "--rule",
            metavar="NAME",
            help="A rule, host_only, do_nothing or optimised, in every scenario; as often as needed. "
            "[default: optimised, with all rules in compare.csv]",
        ),
    ] = [],  # noqa: B006
    replications: Replications = 200,
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
    """Put scenarios and plans side by side: what differs.

    All are simulated on the same draws and held against the first: by how much they differ, and how sure
    that is. comparison.html is one page to print.
    """
    from demilsim.experiments.compare import compare as compare_scenarios
    from demilsim.experiments.comparison_inputs import compare_inputs
    from demilsim.reporting.comparison import write_comparison
    from demilsim.scenario.loader import load_resolved

    console, started = Console(quiet or json), time.monotonic()
    asked = precision_asked(precision, replications, max_replications)
    overrides = overrides_of(set_)
    resolved = [load_resolved(path, overrides) for path in scenarios]
    warned = warn_of(resolved, console)
    loaded = [one.scenario for one in resolved]
    chosen = [_plans(scenario, plan, rule, console) for scenario in loaded] if plan or rule else None
    tell_earlier(out, console, "comparison.json")
    result = compare_scenarios(
        loaded,
        replications,
        plans=chosen,
        seed=seed,
        jobs=jobs,
        tell=console.say,
        precision=asked,
        parameter_draws=parameter_draws,
    )
    inputs = [compare_inputs(resolved[0], other) for other in resolved[1:]]
    document = write_comparison(out, result, inputs, how_run(started, jobs), audience.value, warned)
    if json:
        print_json(document)
    for sentence in document["headline"]:
        console.say(sentence)
    code = max((plan_code(own, console) for own in result.programmes if own is not None), default=0)
    code = max(code, precision_code(result.precision, console))
    console.say(f"comparison: {out / 'comparison.html'}")
    raise typer.Exit(code)


def _plans(scenario: Scenario, files: list[str], rules: list[str], console: Console) -> Plans:
    """Return the plans that are asked for, made for a scenario, in the order of plans, then rules."""
    from dataclasses import replace

    from demilsim.experiments.policies import policy_problems, simple_plan
    from demilsim.reporting.plan_file import read_plan, within_horizon

    plans: dict[str, object] = {}
    for text in files:
        name, _, file = text.partition("=")
        if not name.strip() or not file.strip():
            raise DemilsimError(f"--plan: expected NAME=FILE (got {text!r})")
        _once(name, plans)
        begun, late = within_horizon(read_plan(Path(file), scenario), scenario)
        if late:
            console.warn(f"{name} in {scenario.settings.name}: {late}")
        plans[name] = replace(begun, name=name)
    for name in rules:
        _once(name, plans)
        if name == OPTIMISED:
            plans[name] = None
            continue
        problems = list(policy_problems(name, scenario))
        if problems:
            told = f"in scenario {scenario.settings.name}: {'; '.join(problems)}"
            raise DemilsimError(f"--rule: {told}; {OPTIMISED} asks for the optimiser's plan")
        plans[name] = simple_plan(name, scenario)
    return plans  # type: ignore[return-value]


def _once(name: str, plans: dict[str, object]) -> None:
    if name in plans:
        raise DemilsimError(f"compare: expected each name of a plan or rule once (got {name!r} twice)")
