"""What a sweep has found: values by row, replication, policy and output, read from its ledger on demand."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from demilsim.errors import DemilsimError, StudyError
from demilsim.experiments.ensemble import Response, response_estimate
from demilsim.experiments.experiment import Experiment
from demilsim.experiments.factors import factor_value
from demilsim.experiments.ledger import Ledger, Span, assembled, gaps
from demilsim.experiments.precision import Output, judge
from demilsim.experiments.provenance import provenance
from demilsim.experiments.statistics import Estimate
from demilsim.plan import Floats
from demilsim.scenario.phrases import got

if TYPE_CHECKING:
    import xarray


class FailedRun(NamedTuple):
    """A replication that raised and did not go well later: row of the design, number, and error."""

    row: int
    replication: int
    error: str


class Hole(NamedTuple):
    """A row of the design that lacks replications, and how many."""

    row: int
    missing: int


@dataclass(frozen=True)
class SweepResult:
    """Results of a sweep, or of as much of it as is done.

    Parameters
    ----------
    experiment
        The experiment: `experiment.rows` and `experiment.names` are its design.
    ledger
        Where the values are.
    indices
        Rows of the design that are meant, in order.
    """

    experiment: Experiment
    ledger: Ledger
    indices: Sequence[int]

    def __repr__(self) -> str:
        own = self.experiment
        rows = f"{len(self.indices):,} rows of {len(own.rows):,}"
        kept = f"{len(own.policies)} policies, {len(own.outputs)} outputs"
        return f"<SweepResult of {own.file.name}: {rows}, {kept}>"

    @cached_property
    def _keys(self) -> list[str]:
        return [self.experiment.row_key(row) for row in self.experiment.rows]

    def _known(self, row: int, count: int) -> Floats:
        shape = (len(self.experiment.policies), len(self.experiment.outputs))
        return assembled(self.ledger.pieces(self._keys[row]), count, *shape)

    def needed(self, row: int) -> int:
        """Return the replications that a row needs, as far as what is done can say.

        With precision: those of the first look that is not done yet, or at which all outputs are settled.
        """
        precision = self.experiment.precision
        if precision is None:
            return self.experiment.replications
        failed = {f.replication for key, f in self.ledger.failures() if key == self._keys[row]}
        for look in precision.looks():
            values = self._known(row, look)
            absent = np.isnan(values[:, 0, 0])
            if not failed.issuperset(np.flatnonzero(absent).tolist()) or self._settled(values[~absent]):
                return look
        return precision.most

    def _settled(self, values: Floats) -> bool:
        """Return whether the rule of `precision` may stop at replications that went well."""
        assert self.experiment.precision is not None, "asked only with precision"
        return len(values) >= 2 and all(
            judge(Output(policy, t.response, t.share, values[:, place, self._column(t.response)])).settled
            for t in self.experiment.precision.targets
            for place, policy in enumerate(self.experiment.policies)
        )

    def _column(self, output: Response) -> int:
        return _place("output", output, self.experiment.outputs)

    def values(self, row: int) -> Floats:
        """Return the values of a row, shape (replication, policy, output); not a number where none is."""
        return self._known(row, self.needed(row))

    def array(self, output: Response, policy: str | None = None) -> Floats:
        """Return an output of a policy, by default the first, shape (row, replication).

        Not a number where a run failed or is not done, or where a row needed fewer replications.

        Raises
        ------
        StudyError
            If the sweep does not have the output or the policy.
        """
        place = _place("policy", policy, self.experiment.policies) if policy else 0
        rows = [self.values(row)[:, place, self._column(output)] for row in self.indices]
        found = np.full((len(rows), max(map(len, rows), default=0)), np.nan)
        for line, row in zip(found, rows, strict=True):
            line[: len(row)] = row
        return found

    def failures(self) -> list[FailedRun]:
        """Return the runs that failed and did not go well later, by row and replication."""
        meant: dict[str, list[int]] = {}
        for row in self.indices:
            meant.setdefault(self._keys[row], []).append(row)
        found = {
            (row, f.replication): f.error for key, f in self.ledger.failures() for row in meant.get(key, ())
        }
        if not found:
            return []
        rows = sorted({row for row, _ in found})
        holes = {row: np.flatnonzero(np.isnan(self.values(row)[:, 0, 0])) for row in rows}
        return [
            FailedRun(row, int(number), found[row, int(number)])
            for row in rows
            for number in holes[row]
            if (row, int(number)) in found
        ]

    def holes(self) -> list[Hole]:
        """Return the rows that lack replications, because they failed or are not done."""
        spans: dict[str, list[Span]] = {}
        for span in self.ledger.spans():
            spans.setdefault(span.row, []).append(span)
        found = []
        for row in self.indices:
            missing = sum(map(len, gaps(spans.get(self._keys[row], ()), self.needed(row))))
            if missing:
                found.append(Hole(row, missing))
        return found

    def estimates(self, values: Floats) -> dict[str, Mapping[Response, Estimate]]:
        """Return the means of a row with their half-widths, by policy; empty if no replication is done.

        Parameters
        ----------
        values
            As `values` gives them.
        """
        values = values[~np.isnan(values[:, 0, 0])]
        if not len(values):
            return {}
        largest = values.max(axis=(0, 1), initial=0.0)
        return {
            policy: {
                output: response_estimate(values[:, place, column], output, float(largest[column]))
                for column, output in enumerate(self.experiment.outputs)
            }
            for place, policy in enumerate(self.experiment.policies)
        }

    def __iter__(self) -> Iterator[tuple[int, Floats]]:
        """Yield each row with its values, one at a time."""
        for row in self.indices:
            yield row, self.values(row)

    def to_xarray(self) -> xarray.Dataset:
        """Return all values as labelled arrays; needs the extra ``data``, and memory for all of them.

        Returns
        -------
        xarray.Dataset
            A variable for each output, of dimensions (row, replication, policy), with the factors as
            coordinates of `row` and the provenance as attributes. Not a number where a run failed, is not
            done or was not needed.

        Raises
        ------
        DemilsimError
            If xarray is not installed.
        """
        try:
            import xarray
        except ImportError:
            raise DemilsimError(
                "to_xarray: expected xarray; install it with: pip install 'demilsim[data]'"
            ) from None
        experiment = self.experiment
        values = {
            output.value: (
                ("row", "replication", "policy"),
                np.stack([self.array(output, policy) for policy in experiment.policies], axis=-1),
            )
            for output in experiment.outputs
        }
        columns = zip(*(experiment.rows[i] for i in self.indices), strict=True)
        factors = {
            name: ("row", [factor_value(text) for text in column])
            for name, column in zip(experiment.names, columns, strict=True)
        }
        coordinates = {"row": list(self.indices), "policy": list(experiment.policies), **factors}
        attributes = {"demilsim": json.dumps(provenance(experiment))}
        return xarray.Dataset(values, coordinates, attributes)


def _place(what: str, name: str, known: Sequence[str]) -> int:
    """Return the place of a policy or output among those of a sweep."""
    if name not in known:
        raise StudyError(f"{what}: expected one of {', '.join(known)} {got(str(name), known)}")
    return known.index(name)
