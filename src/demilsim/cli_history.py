"""The main job for a scenario with an announced programme: its forecast, held against what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from demilsim.errors import DemilsimError
from demilsim.terminal import Console

if TYPE_CHECKING:
    from demilsim.experiments.hindcast import Hindcast
    from demilsim.experiments.precision import Precision
    from demilsim.scenario.scenario import Scenario


def forecast_announced(
    scenario: Scenario,
    draws: int,
    asked: Precision | None,
    *,
    seed: int | None,
    jobs: int | None,
    console: Console,
) -> Hindcast:
    """Return both forecasts of a programme, and say in a sentence what the first one is.

    Raises
    ------
    DemilsimError
        If a precision was asked for: the draws of a forecast are a fixed number.
    """
    from demilsim.experiments.hindcast import hindcast
    from demilsim.experiments.history import planned_end

    if asked is not None:
        raise DemilsimError(
            "--precision: expected none for a scenario with programme.csv: its quantiles come from as many "
            "draws as --replications says; leave it out"
        )
    console.say("programme.csv: the announced plan is forecast; no other plan is made")
    with console.progress(2 * draws) as bar:
        found = hindcast(scenario, draws, seed=seed, jobs=jobs, tell=console.say, progress=bar.advance)
    low, middle, high = (found.known.forecast.finish_date(share) for share in (0.1, 0.5, 0.9))
    late = f"beyond {scenario.period_dates[-1]}"
    console.say(
        f"announced to end on {planned_end(scenario)}; forecast {middle or late}, "
        f"80% from {low or late} to {high or late}"
    )
    return found
