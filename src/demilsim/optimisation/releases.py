"""Tranches that wait for a milestone: what comes without them, and what each brings if it is released.

A tranche is released at the start of the first period at which its milestone is seen to be met. Money that
would have come by then comes at once, the rest as its own day may still be late. All are expected amounts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from demilsim.model.money import NO_FUND, Match, expected_receipts_usd, matches
from demilsim.plan import Floats, Ints, PlanningCoefficients
from demilsim.scenario.exchange import USD, promised_usd
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import Tranche

Releases = tuple[tuple[str, int], ...]
"""Tranches that a plan releases, by id, each with the period at whose start; the others never."""

NEGLIGIBLE_USD = 1e-6
"""Receipts below this are differences of rounding [USD]."""


@dataclass(frozen=True)
class Waiting:
    """The tranches that wait for a milestone, in the order of their table.

    Parameters
    ----------
    ids
        Their ids.
    fund
        Fund that each is paid into, shape (tranche,).
    kept
        Share left after that fund's overhead [1], shape (tranche,).
    needed_t
        Tonnes that must have been destroyed [t], 0 without, shape (tranche,).
    spent_fund, spent_fraction
        Fund of whose receipts a share must have been spent, `NO_FUND` without, and the share [1], shape
        (tranche,).
    at_release_usd
        What comes at the start of a period if the tranche is released then, before overhead [USD], shape
        (tranche, period).
    later_usd
        What comes in a period if it was released before, likewise.
    matches
        Funds that match some of them.
    base_usd
        Receipts without these tranches and without all that these funds match [USD], shape (fund, period).
    base_gross_usd
        What other tranches bring, before overhead [USD], shape (fund, period).
    most_usd
        Receipts if all were released before they are due [USD], shape (fund, period).
    """

    ids: tuple[str, ...]
    fund: Ints
    kept: Floats
    needed_t: Floats
    spent_fund: Ints
    spent_fraction: Floats
    at_release_usd: Floats
    later_usd: Floats
    matches: tuple[Match, ...]
    base_usd: Floats
    base_gross_usd: Floats
    most_usd: Floats

    def receipts_usd(self, releases: Releases) -> Floats:
        """Return what is received if some tranches are released [USD], shape (fund, period)."""
        receipts, gross = self.base_usd.copy(), self.base_gross_usd.copy()
        for name, period in releases:
            j = self.ids.index(name)
            own = self.later_usd[j].copy()
            own[:period] = 0.0
            own[period] = self.at_release_usd[j, period]
            receipts[self.fund[j]] += own * self.kept[j]
            gross[self.fund[j]] += own
        for match in self.matches:
            basis = np.cumsum(gross[list(match.matched)].sum(axis=0))
            matched = np.minimum(match.ratio * basis, match.cap_usd)
            receipts[match.fund] += np.diff(matched, prepend=0.0) * (1.0 - match.overhead_fraction)
        return receipts


def waits(tranche: Tranche) -> bool:
    """Return whether a tranche waits for a milestone."""
    return bool(tranche.milestone_fund or tranche.milestone_destroyed_t)


def without_milestones(scenario: Scenario) -> Scenario:
    """Return the scenario as a study sees it that takes receipts as given: no tranche waits."""
    none = {"milestone_fund": None, "milestone_spent_fraction": None, "milestone_destroyed_t": None}
    return replace(scenario, tranches=tuple(t.model_copy(update=none) for t in scenario.tranches))


def waiting_tranches(scenario: Scenario, coefficients: PlanningCoefficients) -> Waiting | None:
    """Return the tranches that wait for a milestone; None where none does.

    Parameters
    ----------
    scenario
        The scenario.
    coefficients
        Their receipts are those with every milestone met when its tranche is due.
    """
    waiting = tuple(t for t in scenario.tranches if waits(t))
    if not waiting:
        return None
    index = {fund.fund_id: k for k, fund in enumerate(scenario.funds)}
    fund = np.array([index[t.fund_id] for t in waiting], dtype=np.int64)
    concerned = _matches_of(scenario, fund)
    free = replace(scenario, tranches=tuple(t for t in scenario.tranches if not waits(t)))
    receipts = coefficients.receipts_usd.reshape(len(scenario.funds), scenario.periods)
    base = receipts + expected_receipts_usd(_unmatched(free, {m.fund for m in concerned}))
    base -= expected_receipts_usd(scenario)
    base[np.abs(base) < NEGLIGIBLE_USD] = 0.0
    at_release, later = (
        np.array(part) for part in zip(*(_profile(scenario, t) for t in waiting), strict=True)
    )
    return Waiting(
        ids=tuple(t.tranche_id for t in waiting),
        fund=fund,
        kept=np.array([1.0 - scenario.funds[k].overhead_fraction for k in fund]),
        needed_t=np.array([t.milestone_destroyed_t or 0.0 for t in waiting]),
        spent_fund=np.array(
            [index[t.milestone_fund] if t.milestone_fund else NO_FUND for t in waiting], dtype=np.int64
        ),
        spent_fraction=np.array([t.milestone_spent_fraction or 0.0 for t in waiting]),
        at_release_usd=at_release,
        later_usd=later,
        matches=concerned,
        base_usd=base,
        base_gross_usd=_gross_usd(free),
        most_usd=receipts,
    )


def counted_on(
    scenario: Scenario, coefficients: PlanningCoefficients, releases: Releases | None
) -> PlanningCoefficients:
    """Return coefficients with the receipts that a plan counts on by what it releases.

    Parameters
    ----------
    scenario, coefficients
        As in `waiting_tranches`.
    releases
        What it releases; None where no tranche waits.
    """
    waiting = None if releases is None else waiting_tranches(scenario, coefficients)
    if waiting is None or releases is None:
        return coefficients
    return replace(coefficients, receipts_usd=waiting.receipts_usd(releases))


def with_expected_releases(scenario: Scenario, learned: PlanningCoefficients) -> PlanningCoefficients:
    """Return learned coefficients, but expected money of funds that wait for a milestone or match such.

    What a simulation teaches of these funds is what the plan that it ran released, and not what another plan
    can. Of the others it teaches on.
    """
    index = {fund.fund_id: k for k, fund in enumerate(scenario.funds)}
    own = [index[t.fund_id] for t in scenario.tranches if waits(t)]
    funds = sorted({*own, *(m.fund for m in _matches_of(scenario, np.array(own, dtype=np.int64)))})
    receipts = learned.receipts_usd.copy()
    receipts[funds] = expected_receipts_usd(scenario)[funds]
    return replace(learned, receipts_usd=receipts)


def _matches_of(scenario: Scenario, funds: Ints) -> tuple[Match, ...]:
    """Return the matching funds that match one of some funds."""
    return tuple(match for match in matches(scenario) if np.isin(funds, match.matched).any())


def _unmatched(scenario: Scenario, funds: set[int]) -> Scenario:
    """Return the scenario in which some funds, by index, match nobody."""
    rows = (
        fund.model_copy(update={"match_ratio": 0.0}) if k in funds else fund
        for k, fund in enumerate(scenario.funds)
    )
    return replace(scenario, funds=tuple(rows))


def _gross_usd(scenario: Scenario) -> Floats:
    """Return expected receipts by tranches alone, before overhead [USD], shape (fund, period)."""
    plain = {"match_ratio": 0.0, "overhead_fraction": 0.0}
    return expected_receipts_usd(
        replace(scenario, funds=tuple(fund.model_copy(update=plain) for fund in scenario.funds))
    )


def _profile(scenario: Scenario, tranche: Tranche) -> tuple[Floats, Floats]:
    """Return what a tranche brings at its release in each period, and in each period after it [USD].

    Released late, all of it that would have come by then is worth what it is on that day.
    """
    dates, rates = scenario.period_dates[:-1], scenario.exchange_rates
    unit = tranche.model_copy(update={"currency": USD, "amount_usd": 1.0, "amount": None})
    arrived = np.cumsum(_gross_usd(replace(scenario, tranches=(unit,))).sum(axis=0))
    worth = np.array([promised_usd(tranche, rates, max(date, tranche.due)) for date in dates])
    return arrived * worth, _gross_usd(replace(scenario, tranches=(tranche,))).sum(axis=0)
