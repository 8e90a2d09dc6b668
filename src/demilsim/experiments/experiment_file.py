"""`load_experiment`: a YAML file becomes a checked `Experiment`, or a list of everything wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field

from demilsim.errors import DemilsimError, Problem, ScenarioError
from demilsim.experiments.design import ADVISED_POINTS, DesignKind
from demilsim.experiments.ensemble import Response
from demilsim.experiments.experiment import Experiment
from demilsim.experiments.factor_reader import FactorReader, several
from demilsim.experiments.factors import Factor, Levels, overrides
from demilsim.experiments.policies import policy_problems
from demilsim.experiments.precision import Precision, parse_precision
from demilsim.scenario.loader import load_resolved, load_scenario
from demilsim.scenario.phrases import got
from demilsim.scenario.place import COMMAND_LINE
from demilsim.scenario.records import to_record
from demilsim.scenario.resolve import Resolved
from demilsim.scenario.schema import Record
from demilsim.scenario.text import Tree, read_yaml

MOST_ROWS = 1_000_000
"""More rows than this are a mistake in a grid."""


Texts = Annotated[tuple[str, ...], BeforeValidator(several)]


class _File(Record):
    """The keys of an experiment file beside its factors."""

    question: Annotated[str, Field(min_length=1)]
    scenario: Annotated[str, Field(min_length=1)]
    policies: Annotated[Texts, Field(min_length=1)]
    design: DesignKind = DesignKind.GRID
    points: Annotated[int, Field(ge=2, le=MOST_ROWS)] | None = None
    replications: Annotated[int, Field(ge=2, le=10_000_000)] | None = None
    precision: Texts = ()
    max_replications: Annotated[int, Field(ge=2, le=10_000_000)] | None = None
    outputs: Texts = ()
    seed: Annotated[int, Field(ge=0, lt=2**63)] | None = None


def load_experiment(path: str | Path, seed: int | None = None) -> Experiment:
    """Return the experiment of a YAML file; its scenario's path is relative to the file.

    Parameters
    ----------
    path
        The file; `docs/cluster.md` describes its keys.
    seed
        In place of the file's, or the scenario's, own.

    Raises
    ------
    ScenarioError
        With every problem of the file, or of its scenario.
    """
    file = Path(path)
    document = read_yaml(file, str(file))
    reader = _Reader(file, document.tree, document.lines)
    experiment = reader.experiment(seed)
    reader.stop_if_wrong()
    assert experiment is not None, "without problems there is an experiment"
    _check_levels(experiment, reader)
    reader.stop_if_wrong()
    return experiment


class _Reader:
    """Reads an experiment's fields and collects what is wrong with them."""

    def __init__(self, path: Path, tree: Tree, lines: Mapping[str, int]) -> None:
        self._path, self._tree, self._lines = path, tree, lines
        self._problems: list[Problem] = []

    def wrong(self, key: str, message: str) -> None:
        """Note a problem of a key."""
        line = self._lines.get(key) or self._lines.get(key.split(".")[0], 1)
        self._problems.append(Problem(str(self._path), line, key, message))

    def stop_if_wrong(self) -> None:
        """Raise all problems so far."""
        if self._problems:
            raise ScenarioError(self._problems)

    def experiment(self, seed: int | None) -> Experiment | None:
        """Return the experiment as far as it can be read without trying its levels."""
        fields: Tree = {key: value for key, value in self._tree.items() if key != "factors"}
        own, findings = to_record(_File, fields)
        for finding in findings:
            self.wrong(finding.path, finding.message)
        first = next(iter(self._tree), "")
        if first != "question":
            self.wrong(first, f"expected question as the first key (got {first})")
        base = self._loaded(own)
        factors = FactorReader(base, self.wrong).read(self._tree.get("factors"))
        for name in self._names("policies"):
            for message in policy_problems(name, base.scenario) if base else ():
                self.wrong("policies", message)
        for name in self._names("outputs"):
            if name not in tuple(Response):
                self.wrong("outputs", f"expected some of {', '.join(Response)} {got(name, Response)}")
        if own is None or base is None:
            return None
        self._check_design(own, factors)
        precision = self._precision(own)
        if self._problems:
            return None
        return Experiment(
            file=self._path,
            question=own.question,
            folder=self._path.parent / own.scenario,
            base=base.scenario,
            factors=factors,
            policies=own.policies,
            outputs=tuple(r for r in Response if not own.outputs or r in own.outputs),
            design=own.design,
            points=own.points or 0,
            replications=own.replications or 0,
            precision=precision,
            seed=next(s for s in (seed, own.seed, base.scenario.settings.seed) if s is not None),
        )

    def _loaded(self, own: _File | None) -> Resolved | None:
        """Return the base scenario; None where it cannot be used."""
        scenario = own.scenario if own else self._tree.get("scenario")
        if not isinstance(scenario, str) or not scenario.strip():
            return None
        try:
            return load_resolved(self._path.parent / scenario)
        except ScenarioError as error:
            self.wrong("scenario", "cannot be used, for what follows")
            self._problems += error.problems
            return None

    def _names(self, key: str) -> tuple[str, ...]:
        """Return the names of a key, each once."""
        names = several(self._tree.get(key, ""))
        if not isinstance(names, tuple):
            return ()
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            self.wrong(key, f"expected each name once (got {twice[0]} twice)")
        return tuple(dict.fromkeys(names))

    def _check_design(self, own: _File, factors: tuple[Factor, ...]) -> None:
        if own.design is DesignKind.GRID:
            if own.points is not None:
                self.wrong("points", "expected none for a grid, whose levels give its rows; leave it out")
            size = 1
            for factor in factors:
                size *= len(factor.spread.grid()) or 1
                if not factor.spread.grid():
                    self.wrong(f"factors.{factor.name}", "grid: expected a number of levels, as in 5 levels")
            if size > MOST_ROWS:
                self.wrong("design", f"expected at most {MOST_ROWS:,} rows (got {size:,})")
        elif own.points is None:
            self.wrong("points", f"missing: {own.design} needs a number of rows")
        elif own.design.base_two and own.points & (own.points - 1):
            below = 1 << (own.points.bit_length() - 1)
            few = own.design is DesignKind.SALTELLI and own.points < ADVISED_POINTS
            which = f"better {ADVISED_POINTS} or more" if few else f"{below} or {2 * below}"
            self.wrong("points", f"{own.design}: expected a power of two, {which} (got {own.points})")
        elif own.design.rows(own.points, len(factors)) > MOST_ROWS:
            rows = own.design.rows(own.points, len(factors))
            self.wrong("points", f"expected at most {MOST_ROWS:,} rows of all factors (got {rows:,})")

    def _precision(self, own: _File) -> Precision | None:
        if not own.precision:
            if own.replications is None:
                self.wrong("replications", "missing: expected a number, or precision such as 5%")
            if own.max_replications is not None:
                self.wrong("max_replications", "expected only with precision; leave it out")
            return None
        try:
            asked = parse_precision(own.precision, own.replications or 0, own.max_replications)
        except DemilsimError as error:
            self.wrong("precision", str(error).removeprefix("--precision: ").replace("--max-", "max_"))
            return None
        # A sweep has no plan against which all others are compared.
        targets = tuple(target for target in asked.targets if not target.difference)
        kept = own.outputs or tuple(Response)
        for target in targets:
            if target.response not in kept:
                self.wrong("precision", f"expected an output that is kept (got {target.response})")
        return Precision(targets, asked.least, asked.most)


def _check_levels(experiment: Experiment, reader: _Reader) -> None:
    """Try every level of each factor, and both ends of each range, on the scenario.

    All factors are tried at once, and one by one only where that fails.
    """
    trials = {factor: _trials(factor) for factor in experiment.factors}
    for number in range(max(map(len, trials.values()))):
        at = {factor: texts[min(number, len(texts) - 1)] for factor, texts in trials.items()}
        if not _problems(experiment, at):
            continue
        alone = {f: found for f, text in at.items() if (found := _problems(experiment, {f: text}))}
        for factor, found in alone.items():
            for message in dict.fromkeys(found):
                reader.wrong(f"factors.{factor.name}", f"{at[factor]}: {message}")
        if alone:
            # The other levels most often say the same again.
            return


def _trials(factor: Factor) -> tuple[str, ...]:
    if isinstance(factor.spread, Levels):
        return factor.spread.values
    return factor.spread.ends()


def _problems(experiment: Experiment, at: Mapping[Factor, str]) -> list[str]:
    """Return what the scenario says to values of factors."""
    try:
        load_scenario(experiment.folder, overrides(at))
    except ScenarioError as error:
        return [f"{p.path}: {p.message}" if p.file == COMMAND_LINE else str(p) for p in error.problems]
    return []
