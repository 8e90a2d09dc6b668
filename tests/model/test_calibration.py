"""What the documented record says about event rates."""

from __future__ import annotations

import math

import numpy as np
import pytest

from demilsim.model import calibration
from demilsim.model.calibration import (
    CALIBRATED,
    CAUSE_SHARES,
    PRIOR_EVENTS,
    PRIOR_YEARS,
    REGISTER_EVENTS_PER_YEAR,
    REPORTED,
    SHARE_EVENTS,
    STORAGE_CAUSES,
    Calibration,
    GammaPosterior,
    calibrate,
    rate_posterior,
)
from demilsim.model.event_rate import Cause
from demilsim.scenario.events import documented_events
from demilsim.scenario.register import shipped_register

EVENTS = documented_events()
HANDLING_SHARE = CAUSE_SHARES[Cause.HANDLING] / sum(CAUSE_SHARES.values())


def test_the_record_is_that_of_the_fact_sheet() -> None:
    """Seven events in 2001-2021, five of them to mid 2016, three at disposal companies' sites."""
    assert [event.year for event in EVENTS] == [2001, 2009, 2009, 2010, 2014, 2019, 2021]
    assert [e.year for e in EVENTS if e.site == "disposal"] == [2009, 2010, 2014]
    taraz = EVENTS[-1]
    assert (taraz.dead, taraz.injured) == (12, 90)
    assert EVENTS[0].dead is None
    assert all(len(event.source) > 20 for event in EVENTS)


def test_posterior_is_the_closed_form() -> None:
    """Gamma(a0 + n, b0 + p T): mean and variance by hand, and by integration of prior times likelihood."""
    posterior = rate_posterior(7, 21.0, 0.8, GammaPosterior(2.0, 4.0))
    assert posterior.mean == pytest.approx(9.0 / 20.8)
    assert posterior.variance == pytest.approx(9.0 / 20.8**2)
    rate = np.linspace(1e-6, 4.0, 200_001)
    density = rate**1.0 * np.exp(-4.0 * rate) * (rate * 16.8) ** 7 * np.exp(-rate * 16.8)
    density /= density.sum()
    mean = float(density @ rate)
    assert mean == pytest.approx(posterior.mean, rel=1e-6)
    assert float(density @ (rate - mean) ** 2) == pytest.approx(posterior.variance, rel=1e-5)


def test_predictive_is_a_mixture_of_poisson_counts() -> None:
    """The negative binomial agrees with Poisson probabilities integrated over the rate, and sums to one."""
    posterior = GammaPosterior(4.5, 13.7)
    rate = np.linspace(1e-6, 4.0, 100_001)
    weight = rate**3.5 * np.exp(-13.7 * rate)
    weight /= weight.sum()
    probabilities = posterior.predictive(5.0, 60)
    for count in (0, 1, 4):
        poisson = (5.0 * rate) ** count * np.exp(-5.0 * rate) / math.factorial(count)
        assert probabilities[count] == pytest.approx(float(weight @ poisson), rel=1e-5)
    assert probabilities.sum() == pytest.approx(1.0)
    assert float(np.arange(61) @ probabilities) == pytest.approx(5.0 * posterior.mean)


def test_later_counts_are_no_surprise() -> None:
    """Fits on 2001-2010 and 2001-2015 foresee the counts that followed: each probable, none in a tail."""
    for last, until, seen, expected in ((2010, 2015, 1, 0.303), (2015, 2021, 2, 0.227)):
        fitted, after = calibrate(EVENTS, 2001, last), calibrate(EVENTS, last + 1, until)
        assert after.count == seen
        probabilities = fitted.predictive(after.years, 40)
        assert probabilities.sum() == pytest.approx(1.0, abs=1e-6)
        assert probabilities[seen] == pytest.approx(expected, abs=5e-4)
        assert probabilities[: seen + 1].sum() > 0.05
        assert probabilities[seen:].sum() > 0.05


def test_draws_have_the_moments_of_the_posterior() -> None:
    """Mean rate by quadrature over the reporting probability; the share of handling is a Beta mean."""
    fitted = calibrate(EVENTS)
    p, weight = fitted.reported()
    means = np.array([fitted.given(float(value)).mean for value in p])
    rates = fitted.rates(np.random.default_rng(3), 40_000)
    total = rates.sum(axis=1)
    mean = float(weight @ means)
    assert float(total.mean()) == pytest.approx(mean, abs=4 * total.std() / 200.0)
    share = rates[:, -1] / total
    beta_mean = (SHARE_EVENTS * HANDLING_SHARE + 3) / (SHARE_EVENTS + 7)
    assert float(share.mean()) == pytest.approx(beta_mean, abs=4 * share.std() / 200.0)
    among = rates[:, :-1] / rates[:, :-1].sum(axis=1, keepdims=True)
    prior = np.array([CAUSE_SHARES[cause] for cause in STORAGE_CAUSES])
    np.testing.assert_allclose(among.mean(axis=0), prior / prior.sum(), atol=0.005)


def test_draws_do_not_depend_on_their_number() -> None:
    """The first draws of many are those of few."""
    fitted = calibrate(EVENTS)
    few, many = (fitted.draw(np.random.default_rng(5), n) for n in (3, 50))
    np.testing.assert_array_equal(few, many[:3])
    assert few.shape == (3, len(CALIBRATED))


def test_multipliers_are_near_one_for_the_record_behind_the_register() -> None:
    """Storage events together are those the register implies; no cause is off by more than a third."""
    fitted = calibrate(EVENTS)
    multipliers = fitted.draw(np.random.default_rng(1), 100_000)
    level = np.array([REGISTER_EVENTS_PER_YEAR[cause] for cause in CALIBRATED])
    storage = (multipliers * level)[:, :-1].sum(axis=1).mean()
    assert float(storage) == pytest.approx(float(level[:-1].sum()), rel=0.05)
    assert np.all(np.abs(multipliers.mean(axis=0) - 1.0) < 1.0 / 3.0)


def test_the_level_is_the_one_that_the_register_was_derived_from() -> None:
    """National level over exposure, as the register's sources give it, is the value in use."""
    rates = shipped_register().event_rate
    exposure = {
        Cause.STORAGE: (rates.storage_per_storehouse_year, 210.0),
        Cause.EXTERNAL: (rates.external_per_storehouse_year, 265.0),
        Cause.SECURITY: (rates.security_per_storehouse_year, 210.0),
        Cause.UNDETERMINED: (rates.undetermined_per_storehouse_year, 210.0),
        Cause.AGEING: (rates.ageing_per_t_year, 3e5),
    }
    for cause, (rate, units) in exposure.items():
        assert rate * units == pytest.approx(REGISTER_EVENTS_PER_YEAR[cause], rel=0.1)


def ranks(replicates: int, draws: int, seed: int) -> np.ndarray:
    """Return ranks of true rates of handling among posterior draws, for rates from the prior."""
    rng = np.random.default_rng(seed)
    prior = SHARE_EVENTS * HANDLING_SHARE
    found = np.empty(replicates, dtype=int)
    for i in range(replicates):
        rate = rng.gamma(PRIOR_EVENTS) / PRIOR_YEARS
        reported, share = rng.beta(*REPORTED), rng.beta(prior, SHARE_EVENTS - prior)
        disposal = rng.poisson(rate * share * reported * 21.0)
        storage = rng.poisson(rate * (1.0 - share) * reported * 21.0)
        posterior = Calibration(21.0, int(storage), int(disposal)).rates(rng, draws)
        found[i] = int(np.sum(posterior[:, -1] < rate * share))
    return found


def assert_uniform(found: np.ndarray, draws: int) -> None:
    """Assert that ranks 0 to `draws` are equally frequent, by a chi-square test at 1 in 10,000."""
    from scipy.special import chdtrc

    counts = np.bincount(found, minlength=draws + 1)
    expected = found.size / (draws + 1)
    statistic = float(np.sum((counts - expected) ** 2) / expected)
    assert chdtrc(draws, statistic) > 1e-4, counts


def test_posterior_is_calibrated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Simulation-based calibration (Talts et al. 2018, arXiv:1804.06788), small."""
    monkeypatch.setattr(calibration, "GRID", 200)
    assert_uniform(ranks(600, 9, seed=11), 9)


@pytest.mark.soak
def test_posterior_is_calibrated_at_length() -> None:
    """The same with many replicates and ranks."""
    assert_uniform(ranks(20_000, 19, seed=12), 19)
