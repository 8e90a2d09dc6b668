"""Blocks: replications of one row of an experiment, done wherever they are sent.

A block is known by its row and replications. What it gives depends on neither where it ran nor on what ran
before it, so that it may be done twice, in any order, or anew after a loss.
"""

from __future__ import annotations

import os
import threading
import time
import traceback
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from demilsim.errors import WorkerDiffersError
from demilsim.experiments.code_version import code_version
from demilsim.experiments.ensemble import Response, responses
from demilsim.experiments.policies import simple_plan
from demilsim.plan import Floats
from demilsim.scenario.loader import load_resolved
from demilsim.scenario.overlay import laid_over
from demilsim.scenario.place import COMMAND_LINE, Place
from demilsim.scenario.resolve import resolve
from demilsim.scenario.source import ScenarioText, SetText
from demilsim.simulation.draws import draw
from demilsim.simulation.replication import run
from demilsim.simulation.schedule import Schedule, compile_plan
from demilsim.simulation.streams import Streams
from demilsim.simulation.world import World, prepare

if TYPE_CHECKING:
    from demilsim.experiments.experiment import Experiment

ROWS_KEPT = 4
"""Prepared rows that a worker remembers: those whose blocks may still be under way."""


@dataclass(frozen=True, slots=True)
class Study:
    """What all blocks of an experiment share; small, and readable by every worker.

    Parameters
    ----------
    key
        `Experiment.study`.
    folder
        Absolute path of the base scenario; a worker on another machine finds it on a shared disk.
    sha256
        Hash of the base scenario's content.
    code
        `code_version` of whoever asks.
    policies, outputs, seed
        As in `Experiment`.
    """

    key: str
    folder: str
    sha256: str
    code: str
    policies: tuple[str, ...]
    outputs: tuple[Response, ...]
    seed: int


@dataclass(frozen=True, slots=True)
class Block:
    """A task: replications `first` to `first + count - 1` of a row.

    Parameters
    ----------
    row
        `Experiment.row_key`.
    overrides
        Paths and texts that the row sets.
    first, count
        Which replications.
    """

    row: str
    overrides: tuple[tuple[str, str], ...]
    first: int
    count: int


class Failure(NamedTuple):
    """A replication that raised: its number, and the error in one line."""

    replication: int
    error: str


class Outcome(NamedTuple):
    """What a block gave.

    Parameters
    ----------
    values
        Shape (replication, policy, output); of failed replications not a number.
    failures
        Those replications, in order.
    seconds_each
        CPU time of a replication, the median: the very first of a process loads what later ones use [s].
    prepare_seconds
        CPU time of making the row ready, if it was not [s].
    """

    values: Floats
    failures: tuple[Failure, ...]
    seconds_each: float
    prepare_seconds: float


class _Ready(NamedTuple):
    """A row that is ready to be replicated."""

    world: World
    schedules: tuple[Schedule, ...]


_BASE: dict[str, ScenarioText] = {}
"""Scenario of each study that this process has found to be the caller's, with equal code, as it was read."""

_READY: OrderedDict[tuple[str, str], _Ready] = OrderedDict()
"""Rows that were last made ready in this process, by study and row."""

_ONE_AT_A_TIME = threading.Lock()
"""A Dask worker may have several threads; the two above are for one."""


def study_of(experiment: Experiment) -> Study:
    """Return what the blocks of an experiment share."""
    return Study(
        key=experiment.study,
        folder=os.path.abspath(experiment.folder),
        sha256=experiment.base.sha256,
        code=code_version(),
        policies=experiment.policies,
        outputs=experiment.outputs,
        seed=experiment.seed,
    )


def run_block(study: Study, block: Block) -> Outcome:
    """Do a block.

    Errors of a row or a replication are results: they are kept, and the others go on.

    Raises
    ------
    WorkerDiffersError
        If this process has another scenario or another version of the code than the caller.
    """
    with _ONE_AT_A_TIME:
        _check(study)
        started = time.thread_time()
        try:
            ready = _ready(study, block)
        except Exception as error:
            failed = _failed(block, _told(error), len(study.policies), len(study.outputs))
            return failed._replace(prepare_seconds=time.thread_time() - started)
        clock = [time.thread_time()]
        values = np.full((block.count, len(study.policies), len(study.outputs)), np.nan)
        failures = []
        for i, number in enumerate(range(block.first, block.first + block.count)):
            try:
                values[i] = _replication(study, ready, number)
            except Exception as error:
                failures.append(Failure(number, _told(error)))
            clock.append(time.thread_time())
        return Outcome(values, tuple(failures), float(np.median(np.diff(clock))), clock[0] - started)


def lost_block(study: Study, block: Block, error: str) -> Outcome:
    """Return the outcome of a block that no worker survived."""
    return _failed(block, error, len(study.policies), len(study.outputs))


def _failed(block: Block, error: str, policies: int, outputs: int) -> Outcome:
    numbers = range(block.first, block.first + block.count)
    values = np.full((block.count, policies, outputs), np.nan)
    return Outcome(values, tuple(Failure(number, error) for number in numbers), 0.0, 0.0)


def _check(study: Study) -> None:
    """Make sure that this process would compute what the caller would."""
    if study.key in _BASE:
        return
    if code_version() != study.code:
        raise WorkerDiffersError(
            f"a worker has demilsim {code_version()}, expected {study.code} as here; install the same version"
        )
    found = load_resolved(study.folder)
    if found.scenario.sha256 != study.sha256:
        raise WorkerDiffersError(
            f"{study.folder}: a worker finds another scenario there than was checked; expected the same "
            "files on a disk that all share, unchanged while the sweep runs"
        )
    _BASE[study.key] = found.text


def _ready(study: Study, block: Block) -> _Ready:
    key = (study.key, block.row)
    if key in _READY:
        _READY.move_to_end(key)
        return _READY[key]
    sets = [SetText(path, value, Place(COMMAND_LINE)) for path, value in block.overrides]
    scenario = resolve(laid_over(_BASE[study.key], sets)).scenario
    world = prepare(scenario)
    schedules = tuple(compile_plan(world, simple_plan(name, scenario)) for name in study.policies)
    while len(_READY) >= ROWS_KEPT:
        _READY.popitem(last=False)
    _READY[key] = _Ready(world, schedules)
    return _READY[key]


def _replication(study: Study, ready: _Ready, number: int) -> Floats:
    """Return the outputs of each policy in one replication, shape (policy, output)."""
    chance = draw(ready.world, Streams(study.seed, number))
    found = [
        responses(run(ready.world, schedule, chance), ready.world.interval_years)
        for schedule in ready.schedules
    ]
    return np.array([[row[output] for output in study.outputs] for row in found])


def _told(error: Exception) -> str:
    """Return an error in one line, with the line of code that raised it."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text} ({Path(frame.filename).name}:{frame.lineno})"
