"""The announced plan: carried out as announced without slips, later with them, the same on any machine."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from demilsim.errors import DemilsimError
from demilsim.experiments.history import (
    Forecast,
    as_planned,
    by_quarters,
    forecast,
    forecast_with,
    planned_end,
    planned_t,
)
from demilsim.experiments.slip import Slip, learned
from demilsim.scenario.loader import load_scenario
from demilsim.scenario.scenario import Scenario
from demilsim.units import day_of
from worlds import one_lot

HISTORY = Path(__file__).parents[2] / "scenarios" / "history"
PROGRAMMES = ("albania-2003", "albania-2010", "bosnia-2007", "ukraine-2005")


@cache
def quiet(name: str) -> Scenario:
    """Return a shipped programme in which nothing explodes: all that is left is the plan and its slips."""
    given = load_scenario(HISTORY / name)
    methods = {
        key: one.model_copy(update={"accident_rate_per_t": 0.0})
        for key, one in given.register.methods.items()
    }
    rates = dict.fromkeys(
        (f for f in type(given.register.event_rate).model_fields if f.endswith("_year")), 0.0
    )
    still = given.register.event_rate.model_copy(update=rates)
    road = given.register.transport.model_copy(update={"accident_rate_per_vehicle_km": 0.0})
    register = replace(given.register, methods=methods, event_rate=still, transport=road)
    return replace(given, register=register)


def carried_out(name: str, *slips: Slip) -> Forecast:
    """Return what becomes of a programme under given slips."""
    return forecast_with(quiet(name), slips, seed=1, jobs=1)


@pytest.mark.parametrize("name", PROGRAMMES)
def test_without_slips_the_plan_is_carried_out_as_announced(name: str) -> None:
    """Each quarter ends within 1.5% of the total of what was announced; the end comes within a month."""
    found = carried_out(name, Slip())
    scenario = found.scenario
    total = planned_t(scenario, scenario.period_dates[-1])
    announced = np.array([planned_t(scenario, date) for date in scenario.period_dates[1:]])
    assert np.abs(found.quarter_end_t[0] - announced).max() <= 0.015 * total
    end = day_of(planned_end(scenario), scenario.settings.start)
    assert -31 <= found.finish_days[0] - end <= 31
    assert found.destroyed_t[0, -1] == pytest.approx(total, abs=1e-3)


DELAYS = {
    "money_days": (0.0, 100.0, 300.0, 900.0),
    "permit_days": (0.0, 60.0, 200.0, 700.0),
    "commissioning_share": (0.0, 0.5, 1.0, 3.0),
    "rate_share": (0.0, 0.2, 0.6, 1.5),
}


@pytest.mark.parametrize("delay", DELAYS)
def test_more_slip_is_never_sooner(delay: str) -> None:
    """Each delay alone: more of it never means more tonnes at any time; and in the end it is later."""
    found = carried_out("ukraine-2005", *(Slip(**{delay: size}) for size in DELAYS[delay]))
    # A line of work that is committed a month earlier or later may end a day's work apart.
    slack_t = 60.0
    assert np.all(np.diff(found.destroyed_t, axis=0) <= slack_t)
    assert np.all(np.diff(found.finish_days) >= 0.0)
    assert found.finish_days[-1] > found.finish_days[0] + 60.0


def test_every_delay_has_its_test() -> None:
    """A delay that is added to the slip must be shown to be monotone too."""
    assert set(DELAYS) == {field.name for field in fields(Slip)}


def test_rates_alone_stretch_the_plan() -> None:
    """With every tonne taking twice the time, a plan without new plant takes twice as long."""
    found = carried_out("bosnia-2007", Slip(rate_share=1.0))
    assert found.finish_days[0] == pytest.approx(2 * 4.75 * 365.25, abs=45.0)


def test_a_finish_beyond_the_horizon_is_none() -> None:
    """A programme so late that it is not finished in its 15 years has no date, and its tonnes are short."""
    found = carried_out("albania-2003", Slip(rate_share=9.0))
    assert found.finish_date(0.5) is None
    assert 0.0 < found.destroyed_t[0, -1] < 11_600.0


def test_results_depend_neither_on_workers_nor_on_the_number_of_draws() -> None:
    """Two workers give the bits of one; the first draws of eight are the draws of four."""
    scenario = load_scenario(HISTORY / "ukraine-2005")
    one = forecast(scenario, learned(()), 8, jobs=1)
    two = forecast(scenario, learned(()), 8, jobs=2)
    few = forecast(scenario, learned(()), 4, jobs=1)
    assert one.destroyed_t.tobytes() == two.destroyed_t.tobytes()
    assert one.slips[:4] == few.slips
    assert one.destroyed_t[:4].tobytes() == few.destroyed_t.tobytes()


def test_quarters_keep_what_months_hold() -> None:
    """Flows add up to the same totals, knots are those of quarters."""
    found = carried_out("ukraine-2005", Slip(permit_days=50.0))
    result = found.results[0]
    assert result.destroyed_g.shape[1] == found.scenario.periods
    assert result.destroyed_g.sum() == pytest.approx(found.destroyed_t[0, -1] * 1e6)
    assert result.stock_g.size == result.surplus_left_g.size == found.scenario.periods + 1
    assert by_quarters(replace(result, stock_g=np.arange(7.0))).stock_g.tolist() == [0.0, 3.0, 6.0]


def test_a_scenario_without_announced_plan_says_so() -> None:
    """There is nothing to forecast from."""
    with pytest.raises(DemilsimError, match=r"no programme\.csv"):
        as_planned(one_lot())
