"""Commands of studies beside the main job; registered in `cli`."""

from __future__ import annotations

import datetime as dt
import time
from typing import Annotated

import typer

from demilsim.cli_options import Jobs, Json, Out, Quiet, Replications, ScenarioPath, Seed, Set
from demilsim.cli_steps import how_run, load_warned, plan_code, print_json, tell_earlier, tell_findings
from demilsim.errors import DemilsimError
from demilsim.terminal import Console


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
    """Carry out the plan as made, and renewed every year.

    Both are simulated on the same replications.
    """
    from demilsim.experiments.rolling import static_against_rolling
    from demilsim.reporting.rolling import write_rolling

    console, started = Console(quiet or json), time.monotonic()
    loaded, warned = load_warned(scenario, set_, console)
    tell_earlier(out, console, "rolling.json")
    with console.progress(replications) as bar:
        outcome = static_against_rolling(
            loaded, replications, seed=seed, jobs=jobs, tell=console.say, progress=bar.advance
        )
    document = write_rolling(out, outcome, seed, how_run(started, jobs), warned)
    if json:
        print_json(document)
    code = plan_code(outcome.programme, console)
    console.say(f"static against rolling: {out / 'rolling.html'}")
    raise typer.Exit(code)


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
    """Choose facilities to order under what is not known.

    Constants, money and capacity may turn out otherwise.
    """
    from demilsim.experiments.facilities import facilities_under_draws
    from demilsim.reporting.facilities import write_facilities

    console, started = Console(quiet or json), time.monotonic()
    loaded, warned = load_warned(scenario, set_, console)
    tell_earlier(out, console, "facilities.json")
    outcome = facilities_under_draws(loaded, draws, seed=seed, tail=worst, batches=batches, tell=console.say)
    document = write_facilities(out, outcome, how_run(started, 1), warned)
    tell_findings(document, json, console)
    console.say(f"facilities: {out / 'facilities.html'}")


def frontier(
    scenario: ScenarioPath,
    out: Out,
    shares: Annotated[
        str, typer.Option(help="Shares of what the best plan averts, with commas.")
    ] = "1,0.95,0.9,0.8,0.65,0.5",
    by: Annotated[
        str | None, typer.Option(help="Dates by which all work must end, with commas; the horizon is added.")
    ] = None,
    set_: Set = [],  # noqa: B006
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Find the cheapest plans that avert given shares of harm.

    The shares are of what the best plan averts; with --by, work must also end by given dates.
    """
    from demilsim.experiments.frontier import frontier as price
    from demilsim.reporting.frontier import write_frontier

    console, started = Console(quiet or json), time.monotonic()
    loaded, warned = load_warned(scenario, set_, console)
    tell_earlier(out, console, "frontier.json")
    found = price(loaded, _shares(shares), by=_dates(by), tell=console.say)
    document = write_frontier(out, found, how_run(started, 1), warned)
    if json:
        print_json(document)
    for note in found.notes:
        console.say(note)
    console.say(f"frontier: {out / 'frontier.html'}")


def _shares(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise DemilsimError(f"--shares: expected numbers with commas, as 1,0.9,0.5 (got {text!r})") from None


def _dates(text: str | None) -> list[dt.date]:
    try:
        return [dt.date.fromisoformat(part.strip()) for part in text.split(",")] if text else []
    except ValueError:
        raise DemilsimError(f"--by: expected dates with commas, as 2030-01-01 (got {text!r})") from None


STUDIES = (rolling, facilities, frontier)
"""In the order of the help."""
