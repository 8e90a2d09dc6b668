"""The slip prior: its form as recorded, what it learns and from whom, and what it does to a scenario."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad

from demilsim.experiments import slip
from demilsim.experiments.slip import GRID, CommonSlip, Slip, learned, slip_draws, slipped
from demilsim.scenario.loader import load_scenario
from demilsim.scenario.programmes import PastProgramme, closed_others, past_programmes
from worlds import facility, three_sites, tranche

DECISION = Path(__file__).parents[2] / "docs" / "decisions" / "0026-slip-prior.md"
NAMES = ("albania-2003", "ukraine-2005")


def programme(name: str = "other", took_years: float = 5.0, **changes: object) -> PastProgramme:
    """Return a closed programme that was planned for three years and done in full."""
    seen = dt.date(2000, 1, 1) + dt.timedelta(days=round(took_years * 365.25))
    base = {
        "programme": name, "started": dt.date(2000, 1, 1), "planned_years": 3.0, "seen": seen,
        "seen_first": seen, "seen_last": seen, "over": True, "planned_t": 1000.0, "destroyed_t": 1000.0,
        "known_at": seen, "source": "test", "confidence": "assumed",
    }  # fmt: skip
    return PastProgramme(**(base | changes))


def at(level: float) -> CommonSlip:
    """Return L known for certain, at a point of the grid."""
    return CommonSlip((np.arange(GRID.size) == np.argmin(np.abs(GRID - level))).astype(float))


def test_values_are_those_of_the_decision_record() -> None:
    """The record was fixed before any comparison; the code says the same."""
    text = DECISION.read_text("utf-8")
    for sentence in (
        "| money | every payment comes later by the same time | 6 months |",
        "| commissioning | new plant opens later | 0.5 of its planned lead time |",
        "| rates | every tonne takes longer at every facility | 0.25 of the planned time |",
        "| permits | nothing is destroyed before it is over, at any facility | 3 months |",
        "Standard deviation of `e`: 0.6.", "Of `L`: 0.5,", "0.15)`",
    ):  # fmt: skip
        assert sentence in text
    assert (slip.MONEY_MONTHS, slip.COMMISSIONING_SHARE, slip.RATE_SHARE, slip.PERMIT_MONTHS) == (
        6,
        0.5,
        0.25,
        3,
    )
    assert (slip.OWN_SIGMA, slip.COMMON_SIGMA, slip.OBSERVATION_SIGMA) == (0.6, 0.5, 0.15)


def test_without_programmes_it_is_the_prior() -> None:
    """Mean 0 and standard deviation 0.5."""
    found = learned(())
    assert (found.mean, found.sigma) == (pytest.approx(0.0, abs=1e-9), pytest.approx(0.5, rel=1e-4))


def test_posterior_against_quadrature(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without own deviations the delays are exp(L) times their medians: an integral over L is left."""
    monkeypatch.setattr(slip, "OWN_SIGMA", 0.0)
    found = learned([programme(took_years=5.5)])

    def density(level: float) -> float:
        size = np.exp(level)
        years = size * max(6 / 12, 3 / 12, 0.5 * 0.5) + 3.0 * (1 + 0.25 * size)
        error = (np.log(5.5) - np.log(years)) / 0.15
        return float(np.exp(-0.5 * error**2 - 0.5 * (level / 0.5) ** 2))

    mass = quad(density, -3, 3)[0]
    mean = quad(lambda level: level * density(level) / mass, -3, 3)[0]
    sigma = quad(lambda level: (level - mean) ** 2 * density(level) / mass, -3, 3)[0] ** 0.5
    assert found.mean == pytest.approx(mean, abs=2e-3)
    assert found.sigma == pytest.approx(sigma, rel=5e-3)


def test_late_programmes_raise_it_and_punctual_ones_lower_it() -> None:
    """Three years that became eight, and three that became three; each narrows what is known."""
    late, punctual = learned([programme(took_years=8.0)]), learned([programme(took_years=3.0)])
    assert punctual.mean < 0.0 < late.mean
    assert max(punctual.sigma, late.sigma) < 0.5


def test_order_of_programmes_does_not_matter() -> None:
    """The same programmes teach the same."""
    both = [programme("a", 4.0), programme("b", 7.0)]
    assert learned(both).weight == pytest.approx(learned(both[::-1]).weight, abs=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_own_outcome_teaches_nothing(name: str) -> None:
    """A programme that came out wholly otherwise is forecast as before, in both ways."""
    past = past_programmes()
    changed = tuple(
        one.model_copy(update={"seen": dt.date(2030, 1, 1), "destroyed_t": 1.0})
        if one.programme == name
        else one
        for one in past
    )
    assert changed != past
    date = load_date(name)
    for known_by in (date, None):
        before, after = (closed_others(name, rows, known_by) for rows in (past, changed))
        assert learned(before).weight.tolist() == learned(after).weight.tolist()


def test_others_do_teach() -> None:
    """The same change to another programme does change what is learned."""
    past = past_programmes()
    changed = tuple(one.model_copy(update={"seen": dt.date(2030, 1, 1)}) for one in past)
    rows = [closed_others("albania-2010", some) for some in (past, changed)]
    assert learned(rows[0]).mean < learned(rows[1]).mean


def test_only_what_was_known_teaches() -> None:
    """In 2010 the Ukrainian phase was still going on: only Albania 2003 was closed; Bosnia never is."""
    past = past_programmes()
    by_date = closed_others("albania-2010", past, load_date("albania-2010"))
    assert [one.programme for one in by_date] == ["albania-2003"]
    assert {one.programme for one in closed_others("albania-2010", past)} == set(NAMES)
    assert closed_others("ukraine-2005", past, load_date("ukraine-2005")) == ()


def load_date(name: str) -> dt.date:
    """Return the date of a shipped programme's forecast."""
    settings = load_scenario(Path(__file__).parents[2] / "scenarios" / "history" / name).settings
    assert settings.forecast_at is not None
    return settings.forecast_at


def test_draws_have_the_medians_and_the_spread_of_the_record() -> None:
    """With L at 0: medians as recorded, standard deviation of the logarithm 0.6, delays independent."""
    table = np.array(
        [
            [d.money_days, d.permit_days, d.commissioning_share, d.rate_share]
            for d in slip_draws(at(0.0), 2048, 7)
        ]
    )
    assert np.median(table, axis=0) == pytest.approx([182.625, 91.3125, 0.5, 0.25], rel=0.02)
    assert np.log(table).std(axis=0) == pytest.approx(0.6, rel=0.03)
    assert np.abs(np.corrcoef(np.log(table).T) - np.eye(4)).max() < 0.03


def test_common_slip_moves_all_delays_together() -> None:
    """A larger L makes every delay of every draw larger by the same factor."""
    small, large = slip_draws(at(0.0), 64, 3), slip_draws(at(1.0), 64, 3)
    ratio = [b.rate_share / a.rate_share for a, b in zip(small, large, strict=True)]
    assert ratio == pytest.approx([np.e] * 64, rel=0.01)


def test_quantiles_invert_the_density() -> None:
    """The share of weight below a quantile is the share asked for, to a step of the grid."""
    found = learned([programme()])
    for share in (0.05, 0.5, 0.95):
        level = float(found.quantile(np.array(share)))
        assert found.weight[level >= GRID].sum() == pytest.approx(share, abs=0.005)


def test_no_slip_changes_no_pace_or_payment() -> None:
    """Only the status of existing plant differs: it is ordered, at no cost and no delay."""
    given = three_sites()
    late = slipped(given, Slip())
    assert (late.facility_rates, late.tranches) == (given.facility_rates, given.tranches)
    assert [f.lead_time_days for f in late.facilities] == [0.0, 0.0, 180.0]


def test_each_slip_acts_where_it_should() -> None:
    """Payments and new plant later, every tonne longer, nothing before the permit; the longer wait counts."""
    given = replace(
        three_sites(),
        facilities=(facility("F1"), facility("F2", status="possible", lead_time_days=100.0)),
        tranches=(tranche(due=dt.date(2026, 1, 1)),),
    )
    late = slipped(given, Slip(money_days=31, permit_days=120.0, commissioning_share=0.5, rate_share=0.25))
    assert late.tranches[0].due == dt.date(2026, 2, 1)
    assert [f.lead_time_days for f in late.facilities] == [120.0, 150.0]
    pace = [one.throughput_t_per_day for one in late.facility_rates]
    assert pace == pytest.approx([0.8 * one.throughput_t_per_day for one in given.facility_rates])
