"""A sweep: every row of an experiment's design simulated under its policies, on common random numbers.

It may be killed at any time and goes on where it was; rows may be shared out among machines; what it gives
does not depend on how, where or in which order the work was done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from demilsim.errors import DemilsimError, StudyError
from demilsim.experiments import backends
from demilsim.experiments.backends import available_cores
from demilsim.experiments.block import Block, Outcome, Study, run_block, study_of
from demilsim.experiments.dispatch import Sizes, dispatch
from demilsim.experiments.experiment import Experiment
from demilsim.experiments.experiment_file import load_experiment
from demilsim.experiments.ledger import Ledger, Span, gaps, other_versions_sentence
from demilsim.experiments.ledgers import LedgerKind, open_ledger
from demilsim.experiments.policies import POLICIES, policy_problems, simple_plan
from demilsim.experiments.sweep_result import SweepResult
from demilsim.experiments.workers import Backend, open_workers

__all__ = ["POLICIES", "Experiment", "How", "Progress", "Shard", "load_experiment", "simple_plan", "sweep"]


@dataclass(frozen=True, slots=True)
class Shard:
    """Every `of`-th row of a design, from the `number`-th on, first 1."""

    number: int = 1
    of: int = 1

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Return the shard that ``i/n`` means."""
        number, _, of = text.partition("/")
        if not (number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of)):
            raise DemilsimError(f"--shard: expected i/n with 1 <= i <= n, as 3/8 (got {text!r})")
        return cls(int(number), int(of))

    def holds(self, index: int) -> bool:
        """Return whether a row of the design, first 0, is in the shard."""
        return index % self.of == self.number - 1


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a sweep is: replications done and wanted, those of them that failed, and done before."""

    done: int
    of: int
    failed: int
    before: int


@dataclass(frozen=True, slots=True)
class How:
    """How the work is done; results depend on nothing of it.

    Parameters
    ----------
    jobs
        Workers of this machine; all available cores by default.
    backend, scheduler
        As in `open_workers`.
    chunk
        Replications in a block; chosen by how long they take by default.
    ledger
        What is written to.
    retry
        Whether replications that failed before are done again.
    """

    jobs: int | None = None
    backend: Backend = Backend.PROCESSES
    scheduler: str | None = None
    chunk: int | None = None
    ledger: LedgerKind = LedgerKind.SQLITE
    retry: bool = False


def sweep(
    experiment: Experiment,
    out: Path | None = None,
    *,
    shard: Shard = Shard(),
    how: How = How(),
    progress: Callable[[Progress], None] | None = None,
    tell: Callable[[str], None] | None = None,
) -> SweepResult:
    """Simulate the rows of an experiment that its ledger does not have yet.

    Parameters
    ----------
    experiment
        The experiment.
    out
        Results folder with the ledger; what is there already is not done again. None to keep all in memory.
    shard
        Which rows.
    how
        With which workers.
    progress
        Told of every block.
    tell
        Told what a reader should know.

    Raises
    ------
    StudyError
        If the experiment names no policy, or one that a sweep does not know: those of your own go into
        `replicate`.
    StoppedEarlyError
        If the work cannot go on; what was done is kept.
    """
    _check_policies(experiment)
    study = study_of(experiment)
    ledger = open_ledger(out, study, how.ledger)
    aside = other_versions_sentence(ledger.other_versions())
    if aside and tell:
        tell(aside)
    result = SweepResult(experiment, ledger, [i for i in range(len(experiment.rows)) if shard.holds(i)])
    state = _State.of(experiment, ledger, result, how.retry)
    told = progress or (lambda _: None)
    if state.missing():
        sizes = Sizes(how.chunk)
        backend = how.backend
        if backend is Backend.PROCESSES and not _worth_workers(study, state, sizes, told):
            backend = Backend.SERIAL
        with open_workers(backend, how.jobs or available_cores(), how.scheduler) as workers:
            while state.missing():
                for block, outcome in dispatch(workers, study, state.blocks(sizes, workers.slots)):
                    sizes.learn(outcome)
                    state.keep(block, outcome)
                    told(state.progress())
                state.look_again()
    return result


def _check_policies(experiment: Experiment) -> None:
    """Refuse what each row would otherwise fail at."""
    problems = [p for name in experiment.policies for p in policy_problems(name, experiment.base)]
    if problems or not experiment.policies:
        told = "; ".join(problems) or "expected at least one (got none)"
        raise StudyError(f"policies: {told}")


def _worth_workers(study: Study, state: _State, sizes: Sizes, progress: Callable[[Progress], None]) -> bool:
    """Do the first block here; return whether the rest takes longer than it takes to start workers."""
    block = next(state.blocks(sizes, lambda: 1))
    outcome = run_block(study, block)
    sizes.learn(outcome)
    state.keep(block, outcome)
    progress(state.progress())
    left = state.progress()
    return sizes.seconds(left.of - left.done, len(state.rows)) >= backends.WORTH_SECONDS


@dataclass(slots=True)
class _Row:
    """A row that is to be done: how many replications it needs as far as is known, and what it has."""

    overrides: tuple[tuple[str, str], ...]
    index: int
    needed: int
    spans: list[Span] = field(default_factory=list)
    failed: set[int] = field(default_factory=set)

    def missing(self) -> Iterator[range]:
        """Yield what is neither done nor failed."""
        failed = [Span("", number, 1) for number in self.failed]
        yield from gaps([*self.spans, *failed], self.needed)


@dataclass(slots=True)
class _State:
    """What is done and what is not."""

    result: SweepResult
    ledger: Ledger
    rows: Mapping[str, _Row]
    done: int = 0
    failed: int = 0
    before: int = 0

    @classmethod
    def of(cls, experiment: Experiment, ledger: Ledger, result: SweepResult, retry: bool) -> _State:
        """Return the state that a ledger says; rows that set the same are one."""
        rows: dict[str, _Row] = {}
        for index in result.indices:
            row = experiment.rows[index]
            overrides = tuple(experiment.overrides(row).items())
            rows.setdefault(experiment.row_key(row), _Row(overrides, index, 0))
        for span in ledger.spans():
            if span.row in rows:
                rows[span.row].spans.append(span)
        if not retry:
            for key, failure in ledger.failures():
                if key in rows:
                    rows[key].failed.add(failure.replication)
        state = cls(result, ledger, rows)
        state.look_again()
        state.before = state.done
        return state

    def look_again(self) -> None:
        """Ask anew how many replications each row needs, and count what is done."""
        self.done = self.failed = 0
        for row in self.rows.values():
            row.needed = self.result.needed(row.index)
            left = sum(map(len, row.missing()))
            self.done += row.needed - left
            self.failed += len(row.failed)

    def missing(self) -> bool:
        """Return whether anything is neither done nor failed."""
        return any(len(gap) for row in self.rows.values() for gap in row.missing())

    def blocks(self, sizes: Sizes, slots: Callable[[], int]) -> Iterator[Block]:
        """Yield what is missing in blocks of the size that suits when each is asked for."""
        work = [(key, row, gap) for key, row in self.rows.items() for gap in row.missing() if len(gap)]
        left = sum(len(gap) for _, _, gap in work)
        for key, row, gap in work:
            first = gap.start
            while first < gap.stop:
                count = sizes.size(gap.stop - first, left, max(slots(), 1))
                yield Block(key, row.overrides, first, count)
                first, left = first + count, left - count

    def keep(self, block: Block, outcome: Outcome) -> None:
        """Put an outcome into the ledger, then count it."""
        self.ledger.add(block.row, block.first, outcome)
        row = self.rows[block.row]
        row.spans.append(Span(block.row, block.first, block.count))
        row.failed.update(failure.replication for failure in outcome.failures)
        self.done += block.count
        self.failed += len(outcome.failures)

    def progress(self) -> Progress:
        """Return how far it is."""
        return Progress(self.done, sum(row.needed for row in self.rows.values()), self.failed, self.before)
