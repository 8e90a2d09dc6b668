"""The constraint family of matching, where what is matched depends on what a plan releases."""

from __future__ import annotations

import numpy as np

from demilsim.optimisation.blocks import single_periods
from demilsim.optimisation.problem import USD_PER_KUSD, Problem
from demilsim.optimisation.rows import Rows, Sense, rows_of


def add_matching(problem: Problem) -> Rows:
    """Match no more than what the matched funds have received by tranches, and no more than the cap.

    W[k,t] - r[k] sum over j matched and s <= t of gross[j,s] <= r[k] G[k,t], in kUSD before overhead: W[k,t]
    what fund k has matched by period t, at most its cap (a bound of the column); r[k] its ratio; gross[j,s]
    what tranche j brings by its release, as in `milestones`; G[k,t] what other tranches have brought by t.
    The budget receives (1 - o[k]) (W[k,t] - W[k,t-1]). W need not be made to rise: less matched for a while
    is less money then and no more later. Where releases are fixed, matched money is a number.
    """
    choice, periods = problem.released, problem.scenario.periods
    if choice is None or not choice.matching:
        return rows_of("matching", [], Sense.AT_MOST, np.empty(0), str)
    matches, at = choice.waiting.matches, np.arange(periods)
    z = choice.pairs[0].size
    column, period, gross = choice.gross_usd()
    terms, rhs = [], np.zeros(len(matches) * periods)
    for number, match in enumerate(matches):
        own = problem.release_offset + z + number * periods + at
        terms.append((number * periods + at, own, np.ones(periods)))
        matched = np.isin(choice.waiting.fund[choice.pairs[0][column]], match.matched)
        brought = np.zeros((z, periods))
        np.add.at(brought, (column[matched], period[matched]), gross[matched])
        total = np.cumsum(brought, axis=1)
        which, t = np.nonzero(total)
        coefficient = -match.ratio * total[which, t] / USD_PER_KUSD
        terms.append((number * periods + t, problem.release_offset + which, coefficient))
        plain = choice.waiting.base_gross_usd[list(match.matched)].sum(axis=0)
        rhs[number * periods + at] = match.ratio * np.cumsum(plain) / USD_PER_KUSD

    dates = single_periods(problem.scenario).labels

    def name(row: int) -> str:
        number, t = divmod(row, periods)
        return f"matched_{problem.fund_labels[matches[number].fund]}_{dates[t]}"

    return rows_of("matching", terms, Sense.AT_MOST, rhs, name)
