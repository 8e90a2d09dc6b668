"""How sure the averages are: what the replications reached, and how many more would be needed."""

from __future__ import annotations

import math

from demilsim.reporting.grid import Column, Row, Table
from demilsim.reporting.policy_records import PolicyResult
from demilsim.reporting.records import StoredResults
from demilsim.reporting.wording import ABSENT, fixed, label, level_text, percent, sentence, with_half_width

WANTED = 0.01
"""Half width as a share of the mean for which the replications needed are told [1]."""


def convergence_table(results: StoredResults) -> Table:
    """Return each policy's half width as a share of its mean, and the replications for a hundredth of it.

    A half width falls as one over the square root of the number of replications.
    """
    columns = (
        Column("Policy", wide=True),
        Column("Expected deaths", "± half width"),
        Column("Half width", "% of the mean"),
        Column("Replications", "done"),
        Column("Replications", f"for {percent(WANTED)} of the mean"),
    )
    rows = tuple(_row(results, policy) for policy in results.policies if policy.measures.expected_fatalities)
    caption = f"Half widths of the {level_text(results.level)} Monte Carlo intervals of expected deaths"
    return Table(caption, columns, rows, "No expected deaths are stored.")


def _row(results: StoredResults, policy: PolicyResult) -> Row:
    spread = policy.measures.expected_fatalities
    assert spread, "kept for having one"
    share = None if spread.half_width is None or not spread.mean else spread.half_width / abs(spread.mean)
    needed = ABSENT if share is None else fixed(math.ceil(results.replications * (share / WANTED) ** 2), 0)
    cells = (
        sentence(label(policy.name)),
        with_half_width(spread),
        percent(share),
        fixed(results.replications, 0),
        needed,
    )
    return Row(cells, strong=policy is results.shown)
