"""A past programme forecast twice, and both forecasts held against what came of it.

Once with what closed programmes had taught by the date of the forecast, and once with what all others teach,
whatever their date. Neither knows the programme's own outcome (``docs/decisions/0026``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from demilsim.experiments.ensemble import CLEARED_SHARE, Progress
from demilsim.experiments.history import Forecast, forecast_with, planned_end, planned_t
from demilsim.experiments.scoring import Score, score
from demilsim.experiments.slip import CommonSlip, learned, slip_draws
from demilsim.plan import Floats
from demilsim.scenario.programmes import PastProgramme, closed_others, past_programmes
from demilsim.scenario.scenario import Scenario
from demilsim.units import day_of, years

ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Learned:
    """A forecast with what it learned from.

    Parameters
    ----------
    programmes
        Names of the closed programmes that it learned from.
    common
        What they say about the slip that all programmes share.
    forecast
        The forecast.
    finish, destroyed
        Its finishing date [yr after the start] and its tonnes [t] held against the outcome; None without one.
    finish_between
        Quantiles of the first and of the last date that the finish may have had [1].
    """

    programmes: tuple[str, ...]
    common: CommonSlip
    forecast: Forecast
    finish: Score | None
    destroyed: Score | None
    finish_between: tuple[float, float] | None


@dataclass(frozen=True)
class Hindcast:
    """A past programme: its plan, its outcome if there is one, and the two forecasts."""

    scenario: Scenario
    outcome: PastProgramme | None
    known: Learned
    leave_one_out: Learned

    @property
    def mid_plan(self) -> dt.date:
        """The day after which half of the announced time has gone by."""
        start = self.scenario.settings.start
        return start + (planned_end(self.scenario) + ONE_DAY - start) / 2


def hindcast(
    scenario: Scenario,
    draws: int,
    *,
    seed: int | None = None,
    jobs: int | None = None,
    past: tuple[PastProgramme, ...] | None = None,
    tell: Callable[[str], None] = lambda _: None,
    progress: Progress | None = None,
) -> Hindcast:
    """Forecast a programme from its plan and from what other programmes taught.

    Parameters
    ----------
    scenario
        The programme, with its ``programme.csv``.
    draws
        Draws of its slip, in each of the two forecasts.
    seed, jobs, progress
        As in `history.forecast_with`; progress is told of both forecasts.
    past
        Programmes on record; the shipped ones by default.
    tell
        Told what is being done.
    """
    settings = scenario.settings
    every = past_programmes() if past is None else past
    outcome = next((one for one in every if one.programme == settings.name), None)
    root = settings.seed if seed is None else seed

    def by(teachers: tuple[PastProgramme, ...]) -> Learned:
        names = tuple(one.programme for one in teachers)
        tell(f"{draws} draws of the slip, learned from {', '.join(names) or 'no other programme'}")
        common = learned(teachers)
        slips = slip_draws(common, draws, root)
        found = forecast_with(scenario, slips, seed=root, jobs=jobs, progress=progress)
        return _held_against(outcome, names, common, found)

    date = settings.forecast_at or settings.start
    return Hindcast(
        scenario=scenario,
        outcome=outcome,
        known=by(closed_others(settings.name, every, date)),
        leave_one_out=by(closed_others(settings.name, every)),
    )


def _held_against(
    outcome: PastProgramme | None, names: tuple[str, ...], common: CommonSlip, found: Forecast
) -> Learned:
    if outcome is None:
        return Learned(names, common, found, None, None, None)
    scenario = found.scenario
    start = scenario.settings.start

    def after(date: dt.date) -> float:
        return years(day_of(date, start))

    # A draw that does not finish within the horizon counts as if it did at its end: it is years away.
    finish = np.minimum(finish_years(found), years(found.month_knots[-1]))
    first, last = (
        float(np.mean(finish < after(date))) for date in (outcome.seen_first, outcome.seen_last + ONE_DAY)
    )
    # What is closed unfinished, or still at work, finishes later if it ever does.
    later = not outcome.over or outcome.share_done < 1.0 - CLEARED_SHARE
    return Learned(
        programmes=names,
        common=common,
        forecast=found,
        finish=score(finish, after(outcome.seen), after(planned_end(scenario) + ONE_DAY), later=later),
        destroyed=score(
            found.tonnes_by(outcome.seen), outcome.destroyed_t, planned_t(scenario, outcome.seen)
        ),
        finish_between=(first, last),
    )


def finish_years(found: Forecast) -> Floats:
    """Return the time from the start to the finish [yr], infinite beyond the horizon, shape (draw,)."""
    return np.array([years(day) for day in found.finish_days.tolist()])
