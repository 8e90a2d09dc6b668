"""When a plan misses its target: boxes of factors, by EMA Workbench's PRIM and CART (extra ``discover``)."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np

from demilsim.errors import StudyError
from demilsim.experiments.ensemble import Response
from demilsim.experiments.experiment import Experiment
from demilsim.experiments.factors import factor_value
from demilsim.experiments.statistics import estimate
from demilsim.experiments.sweep_result import SweepResult
from demilsim.plan import Floats
from demilsim.scenario.phrases import NUMBER, got

LEAST_MASS = 0.05
"""Share of rows that a box holds at least."""

LEAST_ROWS = 20
"""Rows with which the smallest box holds one."""

IS = "\x1f"
"""Between a factor and one of its words in a column of zeros and ones."""

LEAST_DENSITY = 0.8
"""Share of misses in a box at least, before PRIM keeps it."""

_TARGET = re.compile(r"\s*(\S+?)\.([a-z_]+)\s*(<=|>=)\s*(\S+)\s*")


@dataclass(frozen=True, slots=True)
class Target:
    """What the mean of an output of a policy has to keep.

    Parameters
    ----------
    policy, output
        Of which mean.
    at_most
        Whether `limit` is the highest value that is allowed, else the lowest.
    limit
        In the unit of the output.
    """

    policy: str
    output: Response
    at_most: bool
    limit: float

    def met(self, values: Floats) -> Floats:
        """Return 1 where values keep it, else 0, of any shape."""
        return (values <= self.limit if self.at_most else values >= self.limit).astype(float)


def parse_target(text: str, experiment: Experiment) -> Target:
    """Return the target that ``POLICY.OUTPUT<=NUMBER`` or ``>=`` means.

    Raises
    ------
    StudyError
        If it cannot be read, or the experiment does not have it.
    """
    match = _TARGET.fullmatch(text)
    if not match or not NUMBER.fullmatch(match[4]):
        raise StudyError(
            f"--target: expected POLICY.OUTPUT<=NUMBER or >=, as "
            f"{experiment.policies[-1]}.{experiment.outputs[0]}<=3.5 (got {text!r})"
        )
    policy, output = match[1], match[2]
    if policy not in experiment.policies:
        known = ", ".join(experiment.policies)
        raise StudyError(f"--target: expected a policy of {known} {got(policy, experiment.policies)}")
    if output not in experiment.outputs:
        known = ", ".join(experiment.outputs)
        raise StudyError(f"--target: expected an output of {known} {got(output, experiment.outputs)}")
    return Target(policy, Response(output), match[3] == "<=", float(match[4]))


@dataclass(frozen=True, slots=True)
class Limit:
    """What a box says of one factor: both ends, or for words those that it holds."""

    factor: str
    low: float | None = None
    high: float | None = None
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Box:
    """A part of the space of the factors.

    Parameters
    ----------
    method
        ``prim`` or ``cart``.
    limits
        Of the factors that it limits; the others may be anything.
    coverage
        Share of all misses that lie in it [1].
    density
        Share of its rows that are misses [1].
    mass
        Share of all rows that lie in it [1].
    """

    method: str
    limits: tuple[Limit, ...]
    coverage: float
    density: float
    mass: float


@dataclass(frozen=True)
class Discovery:
    """Where a target is missed.

    Parameters
    ----------
    experiment, target
        What was swept and what was asked.
    missed
        Whether the mean of each row misses the target, shape (row,).
    unclear
        Rows whose interval holds the limit: more replications could change what they are.
    boxes
        Those of PRIM, the first found first, then those of CART with more misses than elsewhere.
    """

    experiment: Experiment
    target: Target
    missed: Floats
    unclear: int
    boxes: tuple[Box, ...]


def row_means(result: SweepResult, output: Response) -> Floats:
    """Return the means of an output of a complete sweep, shape (row, policy)."""
    return np.stack(
        [np.nanmean(result.array(output, policy), axis=1) for policy in result.experiment.policies], axis=1
    )


def discover(result: SweepResult, target: Target) -> Discovery:
    """Return the boxes in which the rows of a complete sweep miss a target.

    Raises
    ------
    StudyError
        If EMA Workbench is not installed, or all rows meet the target, or none does.
    """
    values = result.array(target.output, target.policy)
    estimates = [estimate(row[~np.isnan(row)]) for row in values]
    missed = 1.0 - target.met(np.array([one.mean for one in estimates]))
    unclear = sum(one.low <= target.limit <= one.high for one in estimates if one.half_width)
    if missed.min() == missed.max():
        means = [one.mean for one in estimates]
        raise StudyError(
            f"--target: {'no row meets' if missed[0] else 'every row meets'} it, so no box tells them apart; "
            f"the means are {min(means):.4g} to {max(means):.4g}. Choose a limit between them"
        )
    experiment = result.experiment
    return Discovery(
        experiment, target, missed, unclear, find_boxes(experiment.names, experiment.rows, missed > 0.0)
    )


def find_boxes(
    names: Sequence[str], rows: Sequence[Sequence[str]], missed: np.ndarray[Any, np.dtype[np.bool_]]
) -> tuple[Box, ...]:
    """Return the boxes of PRIM, then those of CART.

    Of PRIM's peeling the box is taken with the largest harmonic mean of coverage and density.

    Parameters
    ----------
    names
        Factors.
    rows
        Texts of their values.
    missed
        Whether each row is of interest, shape (row,); some but not all are.

    References
    ----------
    Friedman and Fisher 1999, doi:10.1023/A:1008894516817; Bryant and Lempert 2010,
    doi:10.1016/j.techfore.2009.08.002. Kwakkel 2017, doi:10.1016/j.envsoft.2017.06.054.
    """
    if find_spec("ema_workbench") is None:
        raise StudyError(
            "discover: expected EMA Workbench; install it with: pip install 'demilsim[discover]'"
        )
    if len(rows) < LEAST_ROWS:
        raise StudyError(f"discover: expected at least {LEAST_ROWS} rows (got {len(rows)}); more points")
    with warnings.catch_warnings():
        # EMA 2.5 warns of parts that are not installed, and of how pandas 3 will change.
        warnings.simplefilter("ignore")
        return (*_prim_boxes(_frame(names, rows), missed), *_cart_boxes(_frame(names, rows), missed))


def _frame(names: Sequence[str], rows: Sequence[Sequence[str]]) -> Any:
    """Return the factors as EMA takes them: numbers, or categories."""
    import pandas as pd

    columns = {}
    for name, texts in zip(names, zip(*rows, strict=True), strict=True):
        values = [factor_value(text) for text in texts]
        words = any(isinstance(value, str) for value in values)
        columns[name] = pd.Categorical(texts) if words else np.array(values, dtype=float)
    return pd.DataFrame(columns)


def _prim_boxes(frame: Any, missed: Any) -> list[Box]:
    from ema_workbench.analysis import prim

    algorithm = prim.Prim(frame, missed, threshold=LEAST_DENSITY, mass_min=LEAST_MASS)
    found = []
    while (box := algorithm.find_box()) is not None:
        path = box.peeling_trajectory
        coverage, density = path["coverage"].to_numpy(float), path["density"].to_numpy(float)
        both = coverage + density
        score = np.divide(coverage * density, both, out=np.zeros_like(both), where=both > 0.0)
        best = int(score.argmax())
        limits = _limits(box.box_lims[best], frame)
        if not limits or density[best] <= missed.mean():
            break  # What is left has no more misses than anywhere.
        box.select(best)
        found.append(
            Box("prim", limits, float(coverage[best]), float(density[best]), float(path["mass"][best]))
        )
    return found


def _cart_boxes(frame: Any, missed: Any) -> list[Box]:
    """Return the leaves of a tree in which misses are the rule."""
    from ema_workbench.analysis import cart

    # Boxes of EMA do not know which word a branch is for, so that words become columns of zeros and ones.
    split = _in_zeros_and_ones(frame)
    tree = cart.CART(split, missed, mass_min=LEAST_MASS)
    tree.build_tree()
    found = [
        Box(
            "cart",
            _joined(_limits(limits, split), frame),
            float(s["coverage"]),
            float(s["density"]),
            float(s["mass"]),
        )
        for limits, s in zip(tree.boxes, tree.stats, strict=True)
        if s["density"] > 0.5
    ]
    return sorted(found, key=lambda box: -box.coverage)


def _in_zeros_and_ones(frame: Any) -> Any:
    """Return a frame of numbers: a column for each word of a factor with words."""
    import pandas as pd

    columns = {}
    for name in frame.columns:
        if isinstance(frame[name].dtype, pd.CategoricalDtype):
            for word in frame[name].cat.categories:
                columns[f"{name}{IS}{word}"] = (frame[name] == word).to_numpy(float)
        else:
            columns[name] = frame[name].to_numpy(float)
    return pd.DataFrame(columns)


def _joined(limits: Sequence[Limit], frame: Any) -> tuple[Limit, ...]:
    """Return limits of columns of zeros and ones as limits of the factors with words."""
    found: dict[str, Limit] = {}
    for limit in limits:
        name, _, word = limit.factor.partition(IS)
        if not word:
            found[name] = limit
            continue
        held = found[name].words if name in found else tuple(map(str, frame[name].cat.categories))
        kept = tuple(w for w in held if (w == word) == (limit.low is not None))
        found[name] = Limit(name, words=kept)
    return tuple(found.values())


def _limits(box: Any, frame: Any) -> tuple[Limit, ...]:
    """Return what a box of EMA, a row of low ends and one of high ends, limits."""
    found = []
    for name in frame.columns:
        low, high, column = box[name].iloc[0], box[name].iloc[1], frame[name]
        if isinstance(low, set | frozenset):
            if len(low) < len(column.cat.categories):
                found.append(Limit(name, words=tuple(sorted(map(str, low)))))
        else:
            limited = (
                float(low) if low > column.min() else None,
                float(high) if high < column.max() else None,
            )
            if limited != (None, None):
                found.append(Limit(name, *limited))
    return tuple(found)
