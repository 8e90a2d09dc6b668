"""What the notebooks share: an experiment, made small if asked, and sentences held against results.

Set ``DEMILSIM_FEW=1`` to run a notebook on few replications and the ends of its longest factors, as CI does.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from demilsim.experiments.experiment import Experiment
from demilsim.experiments.experiment_file import load_experiment
from demilsim.experiments.factors import Factor, Levels
from demilsim.experiments.statistics import estimate
from demilsim.plan import Floats

EXPERIMENTS = Path(__file__).resolve().parents[1]
FEW = os.environ.get("DEMILSIM_FEW") == "1"
FEW_REPLICATIONS = 20

sys.path.insert(0, str(EXPERIMENTS))  # the scripts there draw the figures


def asked(name: str, ends_of: Collection[str]) -> Experiment:
    """Return a shipped experiment; with `FEW`, on few replications and only the ends of some factors."""
    experiment = load_experiment(EXPERIMENTS / f"{name}.yaml")
    if not FEW:
        return experiment
    factors = tuple(_ends(factor) if factor.name in ends_of else factor for factor in experiment.factors)
    return replace(experiment, factors=factors, replications=FEW_REPLICATIONS)


def concluded(sentence: str, above_zero: Floats) -> None:
    """Print a sentence with the number that it rests on.

    Parameters
    ----------
    sentence
        What is concluded.
    above_zero
        Its number in each replication, with a mean above zero if the sentence is true, shape (replication,).

    Raises
    ------
    AssertionError
        If the 95% Monte Carlo interval of the mean lies below zero: then the sentence is wrong.
    """
    found = estimate(above_zero)
    half_width = found.half_width or 0.0
    assert found.mean + half_width >= 0, f"wrong: {sentence}: {found.mean:.3g} ± {half_width:.2g}"
    known = "resolved" if found.mean - half_width > 0 else f"not resolved by {len(above_zero)} replications"
    print(f"{sentence}: {found.mean:.3g} ± {half_width:.2g} ({known})")


def _ends(factor: Factor) -> Factor:
    levels = factor.spread.grid()
    return replace(factor, spread=Levels((levels[0], levels[-1])))
