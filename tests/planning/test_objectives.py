"""Objectives in order, as the command line has them."""

from __future__ import annotations

import pytest

from demilsim.errors import DemilsimError
from demilsim.optimisation.status import InOrder
from demilsim.planning.coordinate import LoopOptions
from demilsim.planning.objectives import loop_options


def test_what_is_asked_is_what_is_solved() -> None:
    """Shares and percentages alike; without an order nothing changes."""
    assert loop_options(None, None, None) == LoopOptions()
    assert loop_options("harm,cost", None, None).solve.in_order == InOrder("harm", 0.01)
    assert loop_options("harm,cost", "0.02", None).solve.in_order == InOrder("harm", 0.02)
    assert loop_options("cost,harm", "5%", "80%").solve.in_order == InOrder("cost", 0.05, 0.8)


@pytest.mark.parametrize(
    ("asked", "match"),
    [
        (("cost", None, None), r"--order: expected harm,cost or cost,harm \(got 'cost'\)"),
        ((None, "1%", None), r"--within: expected with --order alone \(got '1%'\)"),
        ((None, None, "80%"), r"--averting: expected with --order alone \(got '80%'\)"),
        (("harm,cost", None, "80%"), r"--averting: expected with --order cost,harm alone \(got '80%'\)"),
        (("cost,harm", None, None), r"--averting: expected a share such as 80%, since cost is first"),
        (("cost,harm", None, "120%"), r"--averting: expected a share of at most 100%, such as .*got '120%'"),
        (("harm,cost", "500%", None), r"--within: expected a share of at most 100%, such as .*got '500%'"),
        (
            ("cost,harm", "5", "80%"),
            r"--within: expected a share of at most 100%, such as 5% or 0.05 .*got '5'",
        ),
        (("harm,cost", "-1%", None), r"--within: expected a share such as 1% or 0.01 \(got '-1%'\)"),
        (("harm,cost", "much", None), r"--within: expected a share such as 1% or 0.01 \(got 'much'\)"),
    ],
)
def test_what_contradicts_itself_is_refused(asked: tuple[str | None, ...], match: str) -> None:
    """Each with the option, what was found and what is expected."""
    with pytest.raises(DemilsimError, match=match):
        loop_options(*asked)
