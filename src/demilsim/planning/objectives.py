"""What is asked of a plan, as it is written on the command line."""

from __future__ import annotations

import math
from dataclasses import replace

from demilsim.errors import DemilsimError
from demilsim.optimisation.status import InOrder
from demilsim.planning.coordinate import LoopOptions

WITHIN = "1%"
"""What is given up of the first objective for the second unless the user says otherwise."""


def loop_options(order: str | None, within: str | None, averting: str | None) -> LoopOptions:
    """Return how the planning loop runs for objectives in order; as ever without.

    Parameters
    ----------
    order
        ``harm,cost`` or ``cost,harm``; None for harm alone.
    within
        Share of the first that may be given up for the second, as ``1%`` or ``0.01``.
    averting
        Share that must be averted of what the plan of least harm averts, if cost is first.

    Raises
    ------
    DemilsimError
        If they say nothing, or contradict each other.
    """
    options = LoopOptions()
    if order is None:
        for name, text in (("--within", within), ("--averting", averting)):
            if text is not None:
                raise DemilsimError(f"{name}: expected with --order alone (got {text!r})")
        return options
    if order == "harm,cost":
        if averting is not None:
            raise DemilsimError(f"--averting: expected with --order cost,harm alone (got {averting!r})")
        wanted = InOrder("harm", _share("--within", within or WITHIN))
    elif order == "cost,harm":
        if averting is None:
            raise DemilsimError("--averting: expected a share such as 80%, since cost is first (got nothing)")
        needed = _share("--averting", averting)
        wanted = InOrder("cost", _share("--within", within or WITHIN), needed)
    else:
        raise DemilsimError(f"--order: expected harm,cost or cost,harm (got {order!r})")
    return replace(options, solve=replace(options.solve, in_order=wanted))


def _share(name: str, text: str) -> float:
    """Return a share within 0 and 1 from a number or a percentage: nobody gives up more than there is."""
    try:
        share = float(text.removesuffix("%")) / (100.0 if text.endswith("%") else 1.0)
    except ValueError:
        share = math.nan
    if not (math.isfinite(share) and share >= 0.0):
        raise DemilsimError(f"{name}: expected a share such as 1% or 0.01 (got {text!r})")
    if share > 1.0:
        raise DemilsimError(f"{name}: expected a share of at most 100%, such as 5% or 0.05 (got {text!r})")
    return share
