"""`load_experiment`: a YAML file becomes a checked `Experiment`, or a list of everything wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field

from demilsim.errors import DemilsimError, Problem, ScenarioError
from demilsim.experiments.design import ADVISED_POINTS, DesignKind
from demilsim.experiments.ensemble import Response
from demilsim.experiments.experiment import Experiment
from demilsim.experiments.factors import Factor, Levels, overrides, parse_spread
from demilsim.experiments.parameters import Uncertain, uncertain_constants
from demilsim.experiments.policies import policy_problems
from demilsim.experiments.precision import Precision, parse_precision
from demilsim.experiments.scaling import numbers_at
from demilsim.scenario.loader import load_resolved, load_scenario
from demilsim.scenario.phrases import NUMBER, did_you_mean, got
from demilsim.scenario.place import COMMAND_LINE
from demilsim.scenario.records import to_record
from demilsim.scenario.resolve import Resolved
from demilsim.scenario.schema import Record
from demilsim.scenario.text import Tree, read_yaml

MOST_ROWS = 1_000_000
"""More rows than this are a mistake in a grid."""


def _split(value: object) -> object:
    return tuple(p.strip() for p in value.split(";") if p.strip()) if isinstance(value, str) else value


Texts = Annotated[tuple[str, ...], BeforeValidator(_split)]


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
        constants = self._constants(own)
        factors = tuple(self._factors(constants))
        for name in self._names("policies"):
            for message in policy_problems(name, self._base.scenario) if self._base else ():
                self.wrong("policies", message)
        for name in self._names("outputs"):
            if name not in tuple(Response):
                self.wrong("outputs", f"expected some of {', '.join(Response)} {got(name, Response)}")
        if own is None or self._base is None:
            return None
        self._check_design(own, factors)
        precision = self._precision(own)
        if self._problems:
            return None
        return Experiment(
            file=self._path,
            question=own.question,
            folder=self._path.parent / own.scenario,
            base=self._base.scenario,
            factors=factors,
            policies=own.policies,
            outputs=tuple(r for r in Response if not own.outputs or r in own.outputs),
            design=own.design,
            points=own.points or 0,
            replications=own.replications or 0,
            precision=precision,
            seed=next(s for s in (seed, own.seed, self._base.scenario.settings.seed) if s is not None),
        )

    _base: Resolved | None = None

    def _constants(self, own: _File | None) -> dict[str, Uncertain]:
        """Load the base scenario; return its constants that have a range."""
        scenario = own.scenario if own else self._tree.get("scenario")
        if not isinstance(scenario, str) or not scenario.strip():
            return {}
        try:
            self._base = load_resolved(self._path.parent / scenario)
        except ScenarioError as error:
            self.wrong("scenario", "cannot be used, for what follows")
            self._problems += error.problems
            return {}
        return {constant.key: constant for constant in uncertain_constants(self._base.scenario)}

    def _names(self, key: str) -> tuple[str, ...]:
        """Return the names of a key, each once."""
        names = _split(self._tree.get(key, ""))
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

    def _factors(self, constants: Mapping[str, Uncertain]) -> Iterator[Factor]:
        tree = self._tree.get("factors")
        if not isinstance(tree, dict) or not tree:
            self.wrong("factors", "expected a mapping of paths to levels, ranges or register")
            return
        yield from self._branch(tree, "", constants)

    def _branch(self, tree: Tree, prefix: str, constants: Mapping[str, Uncertain]) -> Iterator[Factor]:
        for name, value in tree.items():
            path = f"{prefix}{name}"
            if isinstance(value, dict) and "paths" in value:
                yield from self._several(path, value, constants)
            elif isinstance(value, dict):
                yield from self._branch(value, f"{path}.", constants)
            else:
                yield from self._one(path, (path,), value, f"factors.{path}", constants)

    def _several(self, name: str, tree: Tree, constants: Mapping[str, Uncertain]) -> Iterator[Factor]:
        """Read a factor with a name of its own that sets several paths."""
        known = ("paths", "values", "scale")
        for key in tree:
            if key not in known:
                self.wrong(f"factors.{name}.{key}", f"unknown key{did_you_mean(key, known)}")
        paths, given = _split(tree["paths"]), [key for key in known[1:] if isinstance(tree.get(key), str)]
        if not isinstance(paths, tuple) or not paths or len(given) != 1:
            self.wrong(f"factors.{name}", "expected paths, and either values or scale")
            return
        key, text = f"factors.{name}.{given[0]}", str(tree[given[0]])
        for factor in self._one(name, paths, text, key, constants):
            yield from self._scaled(factor, key) if given[0] == "scale" else (factor,)

    def _one(
        self, name: str, paths: tuple[str, ...], text: str, key: str, constants: Mapping[str, Uncertain]
    ) -> Iterator[Factor]:
        try:
            yield Factor(name, paths, parse_spread(text, paths[0], constants))
        except ValueError as error:
            self.wrong(key, str(error))

    def _scaled(self, factor: Factor, key: str) -> Iterator[Factor]:
        """Turn a factor into one that multiplies what the scenario says."""
        spread = factor.spread
        texts = spread.values if isinstance(spread, Levels) else ()
        wrong = [text for text in texts if not NUMBER.fullmatch(text)]
        if wrong:
            self.wrong(key, f"expected numbers {got(wrong[0])}")
        elif self._base is not None:
            try:
                found = [one for path in factor.paths for one in numbers_at(self._base, path)]
            except ValueError as error:
                self.wrong(key, str(error))
            else:
                yield replace(factor, paths=tuple(p for p, _ in found), base=tuple(n for _, n in found))


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
