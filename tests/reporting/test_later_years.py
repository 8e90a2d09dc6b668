"""Deaths of the years after the horizon, which the plan counts: stored as simulated, told as stored."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from demilsim.experiments.ensemble import replicate
from demilsim.plan import DisposalPlan
from demilsim.planning.rules import DO_NOTHING
from demilsim.reporting.donor_views import bought, bought_reading
from demilsim.reporting.headline import headline
from demilsim.reporting.later_years import later_document
from demilsim.reporting.reading import read_results
from demilsim.reporting.wording import MINUS
from demilsim.scenario.scenario import Scenario
from reporting.conftest import EditSummary
from stories import line, plan
from worlds import one_lot

LATER = {"years": 5.0, "baseline": "host_only", "weighted": False}


def plans() -> dict[str, DisposalPlan]:
    """Return nothing, and the one lot of the world destroyed."""
    return {"do_nothing": DO_NOTHING, "optimised": replace(plan(line("L1", 100.0)), name="optimised")}


def with_years(given: Scenario, years: float) -> Scenario:
    return replace(given, settings=given.settings.model_copy(update={"terminal_years": years}))


def test_later_years_are_those_of_the_objective() -> None:
    """Deaths over the horizon plus the rate at its end times the years, both policies on the same draws."""
    given = with_years(one_lot(), 5.0)
    ensemble = replicate(given, plans(), 8, jobs=1)
    found = later_document(ensemble)
    assert found is not None
    by_hand = [
        np.mean(
            [
                r.expected_public + r.expected_workers + r.expected_transport + 5.0 * r.weighted_rate_end
                for r in ensemble.results[name]
            ]
        )
        for name in ("do_nothing", "optimised")
    ]
    assert found["averted"]["mean"] == pytest.approx(by_hand[0] - by_hand[1], rel=1e-12)  # type: ignore[index]
    assert (found["years"], found["baseline"], found["weighted"]) == (5.0, "do_nothing", False)
    (against,) = found["against"].values()  # type: ignore[attr-defined]
    assert against["averted"] == found["averted"]
    assert against["deaths"]["mean"] == pytest.approx(by_hand[0], rel=1e-12)
    assert later_document(replicate(with_years(given, 0.0), plans(), 2, jobs=1)) is None


@pytest.mark.parametrize(
    ("mean", "half_width", "said"),
    [
        (0.0123, 0.0012, "averts 0.0123 deaths against the host's own money alone (± 0.0012, the half width"),
        (-0.0123, 0.0012, "it causes 0.0123 deaths against the host's own money alone"),
        (0.0003, 0.0012, "which includes zero"),
    ],
)
def test_headline_tells_later_years(
    folder: Path, edit: EditSummary, mean: float, half_width: float, said: str
) -> None:
    """The second sentence has the stored number, and says so where nothing is shown."""
    edit(
        lambda summary: summary.update(
            later_years=LATER | {"averted": {"mean": mean, "half_width": half_width}}
        )
    )
    finding = headline(read_results(folder)).finding
    assert "Counting 5 years after the horizon too" in finding
    assert said in finding


def test_headline_without_later_years(folder: Path) -> None:
    """Results of before, and plans that count no further years, have no such sentence."""
    assert "after the horizon" not in headline(read_results(folder)).finding


def test_both_spans_stand_beside_each_other(folder: Path, edit: EditSummary) -> None:
    """The table has deaths as the plan counts them and up to the horizon; the best rule is held to both."""
    spread = {"mean": -0.5, "half_width": 0.02}
    against = {
        "host_only": {
            "deaths": {"mean": 25.0, "half_width": 0.5},
            "averted": {"mean": 10.0, "half_width": 0.4},
        },
        "risk_per_day_first": {"deaths": {"mean": 15.5, "half_width": 0.5}, "averted": spread},
    }
    edit(
        lambda summary: summary.update(
            later_years=LATER | {"averted": against["host_only"]["averted"], "against": against}
        )
    )
    results = read_results(folder)
    first, second, nothing, rule_with_later, rule = bought(results).rows
    assert first.cells[:4] == (
        "The host's own money alone, with the 5 years after", "10.00", "9.60 to 10.40", "40% (38.4 to 41.6)",
    )  # fmt: skip
    assert first.strong
    assert second.cells[:2] == ("The host's own money alone", "9.25")
    assert nothing.cells[0] == "Doing nothing"
    assert rule_with_later.cells[0] == "The best simple rule, “risk per day first”, with the 5 years after"
    assert rule_with_later.cells[1] == f"{MINUS}0.500"
    assert rule.cells[:2] == ("The best simple rule, “risk per day first”", "1.35")
    assert "and with the 5 years after at the rates left then, as the plan counts" in bought(results).caption
    assert "; with those 5 years too it causes 0.500 ± 0.020." in headline(results).finding


def test_what_is_bought_is_not_all_donors_money(folder: Path) -> None:
    """Against the host alone stands better use of its money too, which the page says."""
    assert (
        "donors' money and better use of the host's own avert together"
        in bought_reading(read_results(folder))[-1]
    )
