"""An experiment: a scenario, what varies in it, which policies are simulated, and how often."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from demilsim.experiments.design import DesignKind, Row, design_rows
from demilsim.experiments.ensemble import Response
from demilsim.experiments.factors import Factor, overrides
from demilsim.experiments.precision import Precision
from demilsim.scenario.scenario import Scenario

KEY_CHARACTERS = 16
"""Of a row's key: 64 bits, so that no two of a million rows meet."""


@dataclass(frozen=True)
class Experiment:
    """A sweep as defined by its file.

    Parameters
    ----------
    file
        The file, as the user named it.
    question
        What it answers, in one sentence.
    folder
        Folder of the base scenario.
    base
        The base scenario.
    factors
        What varies.
    policies
        As `simple_plan` knows them.
    outputs
        Responses that are kept of each replication.
    design, points
        How rows are laid over the factors; `points` is 0 for a grid.
    replications
        Of every row; with `precision`, of its first look.
    precision
        What is asked of every row instead of a number of replications; None if nothing is.
    seed
        Root seed of all rows, and of a sampled design.
    """

    file: Path
    question: str
    folder: Path
    base: Scenario
    factors: tuple[Factor, ...]
    policies: tuple[str, ...]
    outputs: tuple[Response, ...]
    design: DesignKind
    points: int
    replications: int
    precision: Precision | None
    seed: int

    @cached_property
    def rows(self) -> list[Row]:
        """Rows of the design: a text for each factor."""
        return design_rows(self.design, self.factors, self.points, self.seed)

    @property
    def names(self) -> tuple[str, ...]:
        """Columns of the design."""
        return tuple(factor.name for factor in self.factors)

    def overrides(self, row: Row) -> dict[str, str]:
        """Return what a row sets, by path."""
        return overrides(dict(zip(self.factors, row, strict=True)))

    def row_key(self, row: Row) -> str:
        """Return the key of a row: the hash of what it sets. A larger design keeps the keys of its rows."""
        content = json.dumps(self.overrides(row), sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:KEY_CHARACTERS]

    @cached_property
    def study(self) -> str:
        """Hash of all that the replications of every row depend on: scenario, policies, outputs, seed."""
        content = [self.base.sha256, self.policies, self.outputs, self.seed]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()
