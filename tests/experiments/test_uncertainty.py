"""What is not known against chance, and what the result depends on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from demilsim.errors import DemilsimError
from demilsim.experiments import backends
from demilsim.experiments.ensemble import Response
from demilsim.experiments.parameters import Uncertain
from demilsim.experiments.statistics import draw_quantiles, variance_split
from demilsim.experiments.sweep import simple_plan
from demilsim.experiments.uncertainty import _largest, uncertainty
from demilsim.experiments.uncertainty_result import RESPONSES, OneAtATime, Uncertainty
from demilsim.planning.rules import DO_NOTHING
from worlds import one_lot, three_sites

EXPECTED = RESPONSES.index(Response.EXPECTED_FATALITIES)
COUNTED = RESPONSES.index(Response.FATALITIES)


def made_up(**policies: list[list[float]]) -> Uncertainty:
    """Return results with given expected fatalities, shape (draw, replication), all else zero."""
    values = {}
    for name, rows in policies.items():
        values[name] = np.zeros((*np.shape(rows), len(RESPONSES)))
        values[name][:, :, EXPECTED] = rows
    draws = len(next(iter(values.values())))
    return Uncertainty(values, np.zeros((draws, 1)), ())


def test_variance_split_by_hand() -> None:
    """Means 1 and 5, each replication 1 off: within 2, between 8 - 2/2 = 7."""
    split = variance_split(np.array([[0.0, 2.0], [4.0, 6.0]]))
    assert (split.not_known, split.chance) == (7.0, 2.0)
    assert split.share_not_known == pytest.approx(7.0 / 9.0)


def test_variance_split_is_unbiased() -> None:
    """For gamma rates and Poisson counts the parts are the known variance and mean of the rate."""
    rng = np.random.default_rng(2)
    rates = rng.gamma(4.0, 0.5, size=20_000)
    split = variance_split(rng.poisson(rates[:, None], size=(rates.size, 3)).astype(float))
    assert split.not_known == pytest.approx(1.0, rel=0.06)  # shape · scale²
    assert split.chance == pytest.approx(2.0, rel=0.03)  # mean of a Poisson count's variance


def test_variance_split_of_chance_alone_and_of_nothing() -> None:
    """Equal means leave no variance to what is not known; constants leave none at all."""
    assert variance_split(np.array([[0.0, 2.0], [2.0, 0.0]])).share_not_known == 0.0
    assert variance_split(np.ones((3, 2))).share_not_known is None


def test_quantiles_leave_chance_out() -> None:
    """The spread over draws has the variance of what is not known, not that of few replications."""
    rng = np.random.default_rng(4)
    centre = rng.normal(10.0, 1.0, size=(20_000, 1))
    low, high = draw_quantiles(centre + rng.normal(0.0, 3.0, size=(20_000, 2)), (0.05, 0.95))
    assert (low, high) == pytest.approx((10.0 - 1.645, 10.0 + 1.645), abs=0.1)
    assert draw_quantiles(np.full((4, 2), 3.0), (0.05, 0.95)) == (3.0, 3.0)


def test_probability_of_being_better_by_hand() -> None:
    """Of four draws the plan has fewer deaths in two, as many in one: two and a half out of four."""
    found = made_up(
        optimised=[[1.0, 1.0], [1.0, 3.0], [4.0, 4.0], [0.0, 5.0]],
        host_only=[[2.0, 2.0], [2.0, 2.0], [3.0, 3.0], [5.0, 5.0]],
    )
    assert found.p_better("optimised", "host_only") == 2.5 / 4.0
    assert found.p_better("host_only", "optimised") == 1.5 / 4.0


def test_counted_deaths_borrow_what_is_not_known_from_the_integrated_estimate() -> None:
    """Both have the same mean in each draw, so the one with less chance tells how it varies."""
    found = made_up(optimised=[[1.0, 1.0], [5.0, 5.0]] * 5)
    found.values["optimised"][:, :, COUNTED] = [[1.0, 5.0], [1.0, 9.0]] * 5
    split = found.split("optimised", Response.FATALITIES)
    assert split is not None
    assert split.not_known == np.var([1.0, 5.0] * 5, ddof=1)
    assert split.chance == (8.0 + 32.0) / 2.0


def test_too_few_events_say_nothing() -> None:
    """Nine replications with deaths split no variance and have no range; zeros are not 100% certain."""
    found = made_up(optimised=[[1.0, 1.0], [5.0, 5.0]] * 5)
    assert found.split("optimised", Response.FATALITIES) is None
    found.values["optimised"][:9, 1, COUNTED] = 1.0
    assert found.split("optimised", Response.FATALITIES) is None
    assert found.parameter_range("optimised", Response.FATALITIES) is None
    found.values["optimised"][9, 1, COUNTED] = 1.0
    assert found.split("optimised", Response.FATALITIES) is not None


def test_no_range_without_a_width() -> None:
    """Draws that differ by chance alone tell no range; a response that never varies has its value."""
    found = made_up(optimised=[[0.0, 2.0], [2.0, 0.0], [0.0, 2.0], [2.0, 0.0]])
    assert found.parameter_range("optimised", Response.EXPECTED_FATALITIES) is None
    assert found.parameter_range("optimised", Response.COST) == (0.0, 0.0)


def test_counts_have_the_range_that_they_show_themselves() -> None:
    """Where draws differ far more than replications do, a count has a range: its own, not that of deaths."""
    found = made_up(optimised=[[7.0, 7.0]] * 12)
    found.values["optimised"][:, :, RESPONSES.index(Response.EXPLOSIONS)] = [[1.0, 1.0], [9.0, 9.0]] * 6
    assert found.parameter_range("optimised", Response.EXPLOSIONS) == pytest.approx((1.0, 9.0))
    assert found.parameter_range("optimised", Response.FATALITIES) is None


def test_errors_are_judged_between_sequences() -> None:
    """Mean and share come with half-widths from the sequences: by hand for three of one draw each."""
    found = made_up(optimised=[[1.0, 1.0], [2.0, 4.0], [5.0, 5.0], [1.0, 1.0], [2.0, 4.0], [5.0, 5.0]])
    dealt = replace(found, sequence=np.array([0, 1, 2, 0, 1, 2]))
    assert dealt.estimate("optimised", Response.EXPECTED_FATALITIES).half_width == pytest.approx(
        4.30265273 * 2.0 / 3**0.5
    )
    # Leaving one sequence out: differences 2, 4 and 2, less half the chance of 1, 0 and 1, over all.
    shares = np.array([1.5 / 2.5, 8.0 / 8.0, 1.5 / 2.5])
    expected = 4.30265273 * (2.0 * np.mean((shares - shares.mean()) ** 2)) ** 0.5
    assert dealt.share_half_width("optimised", Response.EXPECTED_FATALITIES) == pytest.approx(expected)
    few = replace(found, sequence=np.array([0, 1, 0, 1, 0, 1]))
    assert few.share_half_width("optimised", Response.EXPECTED_FATALITIES) is None


def test_the_highest_region_is_counted_over_draws() -> None:
    """Sites are summed by region; the share of draws in which a region leads."""
    rates = np.array([[1.0, 1.0, 1.5], [0.2, 0.2, 0.9], [0.5, 0.5, 0.1]])
    found = Uncertainty({"x": np.zeros((3, 2, len(RESPONSES)))}, rates, ())
    shares = found.highest_shares(("North", "North", "South"))
    assert shares == pytest.approx({"North": 2 / 3, "South": 1 / 3})


def test_screened_constants_compare_with_the_others() -> None:
    """An end replicated once is told as a difference from the same replication as given."""
    given = np.zeros((2, 2, len(RESPONSES)))
    given[:, :, EXPECTED] = [[10.0, 12.0], [13.0, 15.0]]
    constants = [Uncertain(key, 1.0, 0.0, 2.0, "triangular") for key in ("small", "large")]
    small = np.array([[[10.0], [13.0]], [[10.1], [13.1]]])
    large = np.array([[[8.0, 10.0], [12.0, 14.0]], [[15.0, 17.0], [19.0, 21.0]]])
    rows = _largest(constants, [given, small, large])
    assert [row.constant.key for row in rows] == ["large", "small"]
    assert rows[0] == OneAtATime(constants[1], (9.0, 11.0, 16.0), (-4.0, -3.0, -4.0))
    assert rows[1].expected_fatalities == pytest.approx((11.0, 11.0, 11.1))


def test_where_one_constant_matters_it_leads() -> None:
    """With nobody but responders in reach, what decides about responders tops the list; lorries do not."""
    scenario = one_lot(exposed_sites=())
    plans = {"host_only": DO_NOTHING, "optimised": simple_plan("oldest_first", scenario)}
    found = uncertainty(scenario, plans, 2, 2, jobs=1)
    keys = [row.constant.key for row in found.one_at_a_time]
    assert len(keys) == 10
    assert any("responder" in key for key in keys[:2])
    assert not any(key.startswith("transport.") for key in keys)
    top = found.one_at_a_time[0]
    low, given, high = top.expected_fatalities
    assert low < given < high or low > given > high


def test_results_do_not_depend_on_the_number_of_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """One worker and two find the same bits, for all plans and all parts."""
    monkeypatch.setattr(backends, "WORTH_SECONDS", 0.0)
    scenario = three_sites()
    plans = {"do_nothing": DO_NOTHING, "oldest_first": simple_plan("oldest_first", scenario)}
    one, two = (uncertainty(scenario, plans, 3, 2, seed=5, jobs=jobs) for jobs in (1, 2))
    for name in plans:
        np.testing.assert_array_equal(one.values[name], two.values[name])
    np.testing.assert_array_equal(one.site_rate_per_year, two.site_rate_per_year)
    assert one.one_at_a_time == two.one_at_a_time == ()
    assert one.draws == 3
    assert one.mean("do_nothing", Response.EXPECTED_FATALITIES) > 0.0


def test_plans_meet_the_same_draws() -> None:
    """A plan's results are the same whatever other plans are compared, and few draws begin many."""
    scenario = three_sites()
    alone = uncertainty(scenario, {"do_nothing": DO_NOTHING}, 2, 2, jobs=1)
    plans = {"oldest_first": simple_plan("oldest_first", scenario), "do_nothing": DO_NOTHING}
    together = uncertainty(scenario, plans, 3, 2, jobs=1)
    np.testing.assert_array_equal(alone.values["do_nothing"], together.values["do_nothing"][:2])


def test_one_draw_is_refused() -> None:
    """A variance needs two."""
    with pytest.raises(DemilsimError, match=r"expected 0 \(none\) or at least 2 \(got 1\)"):
        uncertainty(one_lot(), {"do_nothing": DO_NOTHING}, 1)
