"""What a sweep says of its factors: which matter, how much is chance, and what should be measured next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from demilsim.errors import StudyError
from demilsim.experiments.crossed_variance import CrossedSplit, crossed_split
from demilsim.experiments.design import ADVISED_POINTS, DesignKind, unit_points
from demilsim.experiments.ensemble import Response
from demilsim.experiments.experiment import Experiment
from demilsim.experiments.factors import factor_value
from demilsim.experiments.information_value import (
    InformationValue,
    PerfectInformation,
    partial_information,
    perfect_information,
)
from demilsim.experiments.screening import (
    LEAST_ROWS_OF_SLICE,
    SLICES,
    MorrisEffects,
    has_salib,
    morris_effects,
    pawn,
)
from demilsim.experiments.sobol_indices import SobolIndices, sobol_indices
from demilsim.experiments.sweep_result import SweepResult
from demilsim.plan import Floats

DESIGNS = (DesignKind.SALTELLI, DesignKind.MORRIS, DesignKind.LATIN_HYPERCUBE, DesignKind.SOBOL)
"""Designs that say something of the whole range of a factor, by its distribution."""

ROWS_NAMED = 5
"""Of the rows to do again, those that a message names."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """What is explained: an output of a policy, or how much less than another policy it has of it."""

    output: Response
    policy: str
    against: str | None = None


@dataclass(frozen=True)
class QuantityResult:
    """What is known of a quantity.

    Parameters
    ----------
    quantity
        Which one.
    mean
        Over all rows that are drawn from what is believed; in Morris' design over its rows.
    split
        Parameters and chance; None for Morris' design, whose rows are no such draws.
    sobol, morris, pawn
        As the design allows; `pawn` is the median index of each factor, shape (factor,).
    """

    quantity: Quantity
    mean: float
    split: CrossedSplit | None = None
    sobol: SobolIndices | None = None
    morris: MorrisEffects | None = None
    pawn: Floats | None = None


@dataclass(frozen=True)
class Information:
    """What knowledge of the factors is worth where one of several policies is to be chosen.

    Parameters
    ----------
    harm
        The output that is to be averted.
    chosen
        The policy of least mean harm, which is taken without more knowledge.
    perfect
        Of all factors.
    partial
        Of each factor alone.
    """

    harm: Response
    chosen: str
    perfect: PerfectInformation
    partial: tuple[InformationValue, ...]


@dataclass(frozen=True)
class Sensitivity:
    """Everything that one sweep says of its factors.

    Parameters
    ----------
    experiment
        What was swept.
    quantities
        Each output of each policy, and of each later policy against the first.
    information
        None with one policy, in Morris' design, or where the harm is not among the outputs.
    notes
        What is left out, and why.
    """

    experiment: Experiment
    quantities: tuple[QuantityResult, ...]
    information: Information | None
    notes: tuple[str, ...]


def check_sensitivity(experiment: Experiment) -> None:
    """Refuse, before anything is simulated, an experiment that cannot be analysed.

    Raises
    ------
    StudyError
        If its design, number of replications or factors do not allow it, or SALib is missing.
    """
    if experiment.design not in DESIGNS:
        raise StudyError(
            f"{experiment.file}: design: sensitivity expected {', '.join(DESIGNS)} (got {experiment.design})"
            "; a grid covers chosen levels only"
        )
    if experiment.precision is not None:
        raise StudyError(
            f"{experiment.file}: precision: sensitivity expected replications, so that all rows share the "
            "same ones; write replications: N instead"
        )
    if experiment.design is DesignKind.MORRIS and not has_salib():
        raise StudyError("design morris: expected SALib; install it with: pip install 'demilsim[sens]'")


def sensitivity(
    result: SweepResult, folder: str = "DIR", harm: Response = Response.EXPECTED_FATALITIES
) -> Sensitivity:
    """Return what a complete sweep says of its factors.

    Parameters
    ----------
    result
        The sweep.
    folder
        Its folder, as the user named it, for what to do about holes.
    harm
        The output by which policies are chosen where knowledge is valued.

    Raises
    ------
    StudyError
        If runs are missing or failed, with the rows and what to do, or as `check_sensitivity`.
    """
    experiment = result.experiment
    check_sensitivity(experiment)
    refuse_holes(result, folder)
    table = _Table(result)
    quantities = tuple(_explain(table, quantity) for quantity in _quantities(experiment))
    information = _information(table, harm)
    notes = (*_notes(table, harm), *_noise(table, information))
    return Sensitivity(experiment, quantities, information, notes)


def refuse_holes(result: SweepResult, folder: str) -> None:
    """Raise if any run of a sweep is missing: an index over what happened to go well is wrong.

    Raises
    ------
    StudyError
        With the first rows, the number of all and the command that does them again.
    """
    failed = result.failures()
    missing = {
        row: int(np.isnan(values[:, 0, 0]).sum()) for row, values in result if np.isnan(values[:, 0, 0]).any()
    }
    if not missing:
        return
    lines = [f"{folder}: {sum(missing.values())} runs in {len(missing)} rows are missing; expected all runs"]
    for row in list(missing)[:ROWS_NAMED]:
        errors = [f"replication {f.replication}: {f.error}" for f in failed if f.row == row]
        why = f"failed, {errors[0]}" if errors else "not done"
        lines.append(f"row {row}: {missing[row]} missing ({why})")
    if len(missing) > ROWS_NAMED:
        lines.append(f"and {len(missing) - ROWS_NAMED} rows more")
    if failed:
        first = failed[0]
        lines.append(f"see why: demilsim replay {folder} --row {first.row} --replication {first.replication}")
    again = " --retry-failed" if failed else ""
    lines.append(f"do all again: demilsim sweep {result.experiment.file} --out {folder}{again}")
    raise StudyError("\n".join(lines))


class _Table:
    """Values of a complete sweep, and its factors as numbers."""

    def __init__(self, result: SweepResult) -> None:
        self._result = result
        self.experiment = result.experiment
        self.names = result.experiment.names

    @property
    def is_sample(self) -> bool:
        """Whether there are rows that are drawn from what is believed."""
        return self.experiment.design is not DesignKind.MORRIS

    @cached_property
    def sample(self) -> slice:
        """Rows that are such draws: all, or in a Saltelli design the matrices A and B."""
        saltelli = self.experiment.design is DesignKind.SALTELLI
        return slice(2 * self.experiment.points if saltelli else len(self.experiment.rows))

    def values(self, quantity: Quantity) -> Floats:
        """Return a quantity, shape (row, replication)."""
        own = self._result.array(quantity.output, quantity.policy)
        if quantity.against is None:
            return own
        return self._result.array(quantity.output, quantity.against) - own

    @cached_property
    def numbers(self) -> Floats:
        """Factors as numbers, those with words by the place of their level, shape (row, factor)."""
        return factor_numbers(self.experiment)


def factor_numbers(experiment: Experiment) -> Floats:
    """Return factors as numbers, shape (row, factor); one with words has the places of its levels."""
    columns = []
    for texts in zip(*experiment.rows, strict=True):
        values = [factor_value(text) for text in texts]
        words = [v for v in values if isinstance(v, str)]
        levels = sorted(set(texts)) if words else []
        columns.append([float(levels.index(t)) for t in texts] if levels else [float(v) for v in values])
    return np.array(columns).T


def _quantities(experiment: Experiment) -> Iterator[Quantity]:
    for output in experiment.outputs:
        first, *others = experiment.policies
        for policy in experiment.policies:
            yield Quantity(output, policy)
        for policy in others:
            yield Quantity(output, policy, first)


def _explain(table: _Table, quantity: Quantity) -> QuantityResult:
    """Return what the design of a table allows to say of a quantity."""
    values, experiment = table.values(quantity), table.experiment
    if not table.is_sample:
        points = unit_points(experiment.design, len(table.names), experiment.points, experiment.seed)
        means = values.mean(axis=1)
        return QuantityResult(
            quantity, float(means.mean()), morris=morris_effects(table.names, points, means)
        )
    sample = values[table.sample]
    saltelli = experiment.design is DesignKind.SALTELLI
    return QuantityResult(
        quantity,
        float(sample.mean()),
        split=crossed_split(sample),
        sobol=sobol_indices(values, len(table.names)) if saltelli else None,
        pawn=pawn(table.names, table.numbers[table.sample], sample.mean(axis=1))
        if _pawn_allowed(len(sample)) and np.ptp(sample.mean(axis=1)) > 0.0
        else None,
    )


def _pawn_allowed(rows: int) -> bool:
    return has_salib() and rows >= SLICES * LEAST_ROWS_OF_SLICE


def _information(table: _Table, harm: Response) -> Information | None:
    experiment = table.experiment
    if len(experiment.policies) < 2 or harm not in experiment.outputs or not table.is_sample:
        return None
    values = np.stack(
        [table.values(Quantity(harm, policy))[table.sample] for policy in experiment.policies], axis=2
    )
    factors = table.numbers[table.sample]
    return Information(
        harm,
        experiment.policies[int(values.mean(axis=(0, 1)).argmin())],
        perfect_information(values),
        tuple(partial_information(factors[:, i], values) for i in range(len(table.names))),
    )


def _notes(table: _Table, harm: Response) -> Iterator[str]:
    """Yield what is left out, and why."""
    experiment = table.experiment
    if not table.is_sample:
        yield "Morris' design ranks factors only; for shares of variance and information use saltelli."
        return
    if experiment.design is not DesignKind.SALTELLI:
        yield f"No Sobol indices: expected design saltelli (got {experiment.design})."
    rows = len(experiment.rows[table.sample])
    if not has_salib():
        yield "No PAWN: SALib is not installed; pip install 'demilsim[sens]'."
    elif not _pawn_allowed(rows):
        yield f"No PAWN: expected at least {SLICES * LEAST_ROWS_OF_SLICE} drawn rows (got {rows})."
    if len(experiment.policies) < 2:
        yield "No value of information: with one policy there is nothing to choose."
    elif harm not in experiment.outputs:
        yield f"No value of information: {harm} is not among the outputs."


def _noise(table: _Table, information: Information | None) -> Iterator[str]:
    """Yield what few rows make doubtful."""
    experiment = table.experiment
    if experiment.design is DesignKind.SALTELLI and experiment.points < ADVISED_POINTS:
        yield (
            f"Few points: {experiment.points} of the {ADVISED_POINTS} that are advised; intervals are wide, "
            "and small values of information are noise."
        )
    if information is None:
        return
    rows = len(experiment.rows[table.sample])
    for name, one in zip(table.names, information.partial, strict=True):
        more = one.value - information.perfect.most
        if more > 0.0:
            yield (
                f"To know {name} alone is estimated at more than to know all factors, which cannot be: the "
                f"difference, {more:.2g}, is noise of {rows} rows. More points tell."
            )


def ranked(names: Sequence[str], values: Sequence[float]) -> list[int]:
    """Return places from the largest value to the smallest, ties by name."""
    return sorted(range(len(names)), key=lambda i: (-values[i], names[i]))
