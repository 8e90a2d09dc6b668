"""Terms of money that simulation and planning share: matching, expected receipts, scrap.

A fund that matches others receives, for each gross dollar that one of them receives by a tranche,
`match_ratio` dollars on the same day, in all at most `match_cap_usd`, less its own overhead. Money from
matching or from scrap is not matched again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demilsim.plan import Floats
from demilsim.scenario.exchange import promised_usd
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import Tranche
from demilsim.units import day_of

NO_FUND = -1
"""Index that stands for the treasury of the host, outside the programme."""


@dataclass(frozen=True)
class Match:
    """What one fund adds to what others receive.

    Parameters
    ----------
    fund
        Index of the fund that matches.
    matched
        Indices of the funds whose countries it may match.
    ratio
        Dollars for each dollar [1].
    cap_usd
        At most, in all and before overhead [USD]; infinite without a cap.
    overhead_fraction
        Of the fund that matches [1].
    """

    fund: int
    matched: tuple[int, ...]
    ratio: float
    cap_usd: float
    overhead_fraction: float


def matches(scenario: Scenario) -> tuple[Match, ...]:
    """Return the matching funds that have somebody to match."""
    country = scenario.settings.country
    found = []
    for k, fund in enumerate(scenario.funds):
        matched = tuple(i for i, other in enumerate(scenario.funds) if fund.may_match(other, country))
        if matched:
            cap = fund.match_cap_usd or float("inf")
            found.append(Match(k, matched, fund.match_ratio, cap, fund.overhead_fraction))
    return tuple(found)


def tranche_terms(scenario: Scenario) -> tuple[Floats, Floats, Floats]:
    """Return probability [1], day on which it is due and mean delay [d] of each tranche, shape (tranche,)."""
    tranches, start = scenario.tranches, scenario.settings.start
    return (
        np.array([t.probability for t in tranches], dtype=float),
        np.array([day_of(t.due, start) for t in tranches], dtype=float),
        np.array([t.mean_delay_days for t in tranches], dtype=float),
    )


def scrap_fund(scenario: Scenario) -> int:
    """Return the index of the fund that receives income from scrap, `NO_FUND` for the host's treasury."""
    ids = [fund.fund_id for fund in scenario.funds]
    wanted = scenario.settings.scrap_fund
    return NO_FUND if wanted is None else ids.index(wanted)


def scrap_usd_per_t(scenario: Scenario, by_rate: Floats) -> Floats:
    """Return a price of scrap for each pair [USD/t], shape (lot, facility).

    Parameters
    ----------
    scenario
        The scenario.
    by_rate
        Price in each row of `facility_rates` [USD/t], shape (rate,).
    """
    prices: dict[str, list[tuple[int, float]]] = {}
    facility = {f.facility_id: j for j, f in enumerate(scenario.facilities)}
    for rate, price in zip(scenario.facility_rates, by_rate.tolist(), strict=True):
        prices.setdefault(rate.category, []).append((facility[rate.facility_id], price))
    table = np.zeros((len(scenario.lots), len(scenario.facilities)))
    for i, lot in enumerate(scenario.lots):
        for j, price in prices.get(scenario.natures[lot.nature_id].category, ()):
            table[i, j] = price
    return table


def expected_scrap_usd_per_t(scenario: Scenario) -> Floats:
    """Return expected income from scrap that a fund may spend [USD/t], shape (lot, facility)."""
    if scrap_fund(scenario) == NO_FUND:
        return np.zeros((len(scenario.lots), len(scenario.facilities)))
    by_rate = [rate.scrap_usd_per_t * rate.scrap_buyer_probability for rate in scenario.facility_rates]
    return scrap_usd_per_t(scenario, np.array(by_rate, dtype=float))


def expected_receipts_usd(scenario: Scenario) -> Floats:
    """Return what is expected to come by the start of each period and not before, after overhead [USD].

    Tranches by probability and mean delay, at the rate of the table; milestones as if met when the tranche
    is due; matching of the expected receipts, up to the cap. Scrap depends on the plan and is not in it.

    Returns
    -------
    ndarray
        Shape (fund, period).
    """
    receipts = np.zeros((len(scenario.funds), scenario.periods))
    gross = np.zeros_like(receipts)
    fund_index = {fund.fund_id: i for i, fund in enumerate(scenario.funds)}
    start = scenario.settings.start
    knots = np.array([day_of(date, start) for date in scenario.period_dates], dtype=float)
    for tranche in scenario.tranches:
        fund = fund_index[tranche.fund_id]
        worth = _worth_usd(scenario, tranche)
        net = worth * (1.0 - scenario.funds[fund].overhead_fraction) * tranche.probability
        late = knots[:-1] - day_of(tranche.due, start)
        mean = tranche.mean_delay_days
        arrived = -np.expm1(-np.maximum(late, 0.0) / mean) if mean > 0.0 else (late >= 0.0).astype(float)
        share = np.diff(arrived, prepend=0.0)
        receipts[fund] += net * share
        gross[fund] += worth * tranche.probability * share
    for match in matches(scenario):
        basis = np.cumsum(gross[list(match.matched)].sum(axis=0))
        matched = np.minimum(match.ratio * basis, match.cap_usd)
        receipts[match.fund] += np.diff(matched, prepend=0.0) * (1.0 - match.overhead_fraction)
    return receipts


def _worth_usd(scenario: Scenario, tranche: Tranche) -> Floats:
    """Return what a tranche is worth if it can first be used in each period [USD], shape (period,).

    At the rate of the first day on which it may then have come: the start of the period before, or the due
    date if that is later.
    """
    dates = scenario.period_dates
    days = (dates[0], *dates[:-2])
    return np.array([promised_usd(tranche, scenario.exchange_rates, max(day, tranche.due)) for day in days])
