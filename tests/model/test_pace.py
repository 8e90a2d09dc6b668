from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad

from demilsim.model.calendar import expected_working_days, monthly_availability, nominal_working_days
from demilsim.model.pace import expected_days, expected_pace, learned_days
from demilsim.optimisation.audit_rows import share_of_full_pace
from demilsim.planning.rules import nominal_coefficients
from stories import KNOTS
from worlds import facility, one_lot

LEARNER = {"status": "possible", "learning_days": 100.0, "learning_start_fraction": 0.5}
OBJECTED = {"objections_per_year": 1.5, "objection_capacity_fraction": 0.4}


def test_learning_by_hand() -> None:
    """From a half to full in 100 days: 50 days are worth 31.25, 100 are worth 75, 130 are worth 105."""
    since = np.array([0.0, 50.0, 100.0, 130.0])
    assert learned_days(facility(**LEARNER), since) == pytest.approx([0.0, 31.25, 75.0, 105.0])
    assert learned_days(facility(), since) == pytest.approx(since)


def test_expected_objections_by_hand() -> None:
    """With one objection a year and 40% left, a year is worth 0.4 + 0.6 (1 - 1/e) of one."""
    plant = facility(objections_per_year=1.0, objection_capacity_fraction=0.4)
    assert expected_days(plant, np.array([365.25])) / 365.25 == pytest.approx([0.4 + 0.6 * (1 - np.exp(-1))])


@pytest.mark.parametrize("changes", [LEARNER, OBJECTED, LEARNER | OBJECTED])
@pytest.mark.parametrize("since", [30.0, 100.0, 500.0])
def test_expected_days_are_the_integral_of_the_pace(changes: dict[str, float], since: float) -> None:
    """The closed form is learning(t) (c + (1 - c) exp(-rate t)), integrated."""
    plant = facility(**changes)

    def pace(day: float) -> float:
        quiet = np.exp(-plant.objections_per_year * day / 365.25)
        left = quiet + (1.0 - quiet) * plant.objection_capacity_fraction
        start = plant.learning_start_fraction
        return left * (start + (1 - start) * min(day / plant.learning_days, 1.0) if start < 1 else 1.0)

    expected, _ = quad(pace, 0.0, since, points=[100.0] if since > 100.0 else None)
    assert expected_days(plant, np.array([since]))[0] == pytest.approx(expected, rel=1e-9)


def test_pace_of_a_period_counts_from_the_opening() -> None:
    """Opened on day 90, the second quarter is learned in 91 days; before that there is no pace."""
    scenario = one_lot(facilities=[facility(**LEARNER)])
    pace = expected_pace(scenario, scenario.facilities[0], 90.0)
    learned = 91.0 - 0.5 * 91.0 * (1.0 - 0.5 * 91.0 / 100.0)
    assert pace[:2] == pytest.approx([0.0, learned / 91.0])
    assert pace[3:] == pytest.approx(1.0)


def test_audit_finds_the_same_pace_in_its_own_way() -> None:
    """Day by day at noon is within 1e-4 of the integral, in every period from the opening on."""
    scenario = one_lot(facilities=[facility(**LEARNER, **OBJECTED)])
    plant = scenario.facilities[0]
    closed = expected_pace(scenario, plant, KNOTS[2])
    own = [float(share_of_full_pace(scenario, plant, 2, period)) for period in range(2, 8)]
    assert own == pytest.approx(closed[2:].tolist(), abs=1e-4)
    assert own[0] < own[1] - 0.05


def test_planner_expects_objections_to_existing_plant() -> None:
    """The first coefficients lose what objections cost on average; what is possible is at full pace."""
    plants = [facility(**OBJECTED), facility("F2", **LEARNER, **OBJECTED)]
    scenario = one_lot(facilities=plants)
    full = nominal_working_days(scenario)
    expected = expected_working_days(scenario)
    assert full[0] == pytest.approx(np.diff(KNOTS))
    assert expected[0].sum() == pytest.approx(expected_days(plants[0], np.array([730.0]))[0])
    assert expected[1] == pytest.approx(full[1])
    assert nominal_coefficients(scenario).working_days == pytest.approx(expected)


def test_season_of_weather_by_hand() -> None:
    """Stops that begin in May only, 36.525 a year of 5 days: up 100% until May, then 2/3 and back in June.

    In May stops begin every 10 days and end after 5: p -> 1/3 at 0.3 a day; from June p falls at 0.2 a day.
    """
    plant = facility(weather_stops_per_year=36.525, weather_stop_mean_days=5.0, weather_months=(5,))
    scenario = one_lot(facilities=[plant], horizon_years=1)
    dates = [date.replace(month=m) for m in range(1, 13) for date in scenario.period_dates[:1]]
    up = monthly_availability(plant, (*dates, scenario.period_dates[-1]))
    stopped = (1 - np.exp(-0.3 * 31)) / 3
    assert up[:4] == pytest.approx(1.0)
    assert up[4] == pytest.approx(1 - (31 - (1 - np.exp(-0.3 * 31)) / 0.3) / 3 / 31)
    assert up[5] == pytest.approx(1 - stopped * (1 - np.exp(-0.2 * 30)) / 0.2 / 30)
    assert up[7:] == pytest.approx(1.0, abs=1e-4)
