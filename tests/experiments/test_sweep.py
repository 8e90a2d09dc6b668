"""Sweeps: the same bits however the work is done, stopped, killed or shared out."""

from __future__ import annotations

import os
import random
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from demilsim.errors import ResultsError, StoppedEarlyError, StudyError
from demilsim.experiments import block as block_module
from demilsim.experiments import ledger_files
from demilsim.experiments.block import Outcome, study_of
from demilsim.experiments.ensemble import Response
from demilsim.experiments.experiment import Experiment
from demilsim.experiments.ledger import Span, gaps
from demilsim.experiments.ledger_files import FileReader, FileWriter
from demilsim.experiments.ledgers import LedgerKind, open_ledger, read_ledgers
from demilsim.experiments.sweep import How, Shard, sweep
from demilsim.experiments.sweep_result import SweepResult
from demilsim.experiments.workers import Backend
from sweeps import fingerprint, spans_of

SERIAL = How(backend=Backend.SERIAL)


@pytest.mark.parametrize("kind", list(LedgerKind))
@pytest.mark.parametrize("chunk", [1, 7, 50])
def test_chunks_change_no_bit(
    experiment: Experiment, expected: str, tmp_path: Path, chunk: int, kind: LedgerKind
) -> None:
    """Blocks of 1, 7 and 50 replications in either ledger give the same tables."""
    how = How(backend=Backend.SERIAL, chunk=chunk, ledger=kind)
    result = sweep(experiment, tmp_path / "out", how=how)
    assert result.holes() == []
    assert fingerprint(result, tmp_path) == expected


@pytest.mark.parametrize(
    ("policies", "told"),
    [
        (("do_nothing", "mine"), r"policies: expected some of do_nothing, host_only, .* \(got 'mine'\)"),
        (("cheapest_fist",), r"\(got 'cheapest_fist'; did you mean cheapest_first\?\)"),
        ((), r"policies: expected at least one \(got none\)"),
    ],
)
def test_policies_that_no_row_can_do_are_refused(
    experiment: Experiment, tmp_path: Path, policies: tuple[str, ...], told: str
) -> None:
    """Without a file to check, each row would fail and every value be missing; nothing is written."""
    with pytest.raises(StudyError, match=told):
        sweep(replace(experiment, policies=policies), tmp_path / "out", how=SERIAL)
    assert not (tmp_path / "out").exists()


def test_result_says_what_it_has(experiment: Experiment) -> None:
    """One line in a notebook; a policy or an output that was not swept is answered with those that were."""
    result = SweepResult(experiment, open_ledger(None, study_of(experiment), LedgerKind.SQLITE), [0, 2])
    assert repr(result) == "<SweepResult of experiment.yaml: 2 rows of 4, 2 policies, 4 outputs>"
    with pytest.raises(
        StudyError, match=r"policy: expected one of do_nothing, cheapest_first \(got 'mine'\)"
    ):
        result.array(Response.COST, "mine")
    with pytest.raises(
        StudyError, match=r"output: expected one of expected_fatalities, .* \(got 'injuries'\)"
    ):
        result.array(Response.INJURIES)


def test_shards_merge_to_the_whole(experiment: Experiment, expected: str, tmp_path: Path) -> None:
    """Three shards in folders of their own, put together, are the sweep."""
    how = How(backend=Backend.SERIAL, ledger=LedgerKind.FILES)
    folders = [tmp_path / str(number) for number in (1, 2, 3)]
    for number, folder in enumerate(folders, start=1):
        sweep(experiment, folder, shard=Shard(number, 3), how=how)
    ledger = read_ledgers(folders, study_of(experiment))
    merged = SweepResult(experiment, ledger, range(len(experiment.rows)))
    assert fingerprint(merged, tmp_path) == expected


def test_nothing_is_done_twice(
    experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second call finds everything done, and simulates nothing."""
    sweep(experiment, tmp_path, how=SERIAL)
    monkeypatch.setattr(block_module, "_replication", None)
    assert sweep(experiment, tmp_path, how=SERIAL).holes() == []


def test_failed_run_is_kept_and_done_again_alone(
    experiment: Experiment, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A replication that raises is named and left out; retried, the tables are those without a failure."""
    plain = block_module._replication

    def failing(study: object, ready: object, number: int) -> object:
        if number == 23:
            raise ValueError("no luck")
        return plain(study, ready, number)  # type: ignore[arg-type]

    monkeypatch.setattr(block_module, "_replication", failing)
    first = sweep(experiment, tmp_path / "out", how=SERIAL)
    failures = first.failures()
    assert [(f.row, f.replication) for f in failures] == [(row, 23) for row in range(4)]
    assert failures[0].error.startswith("ValueError: no luck (")
    assert np.isnan(first.values(0)[23]).all()
    assert sweep(experiment, tmp_path / "out", how=SERIAL).failures() == failures
    monkeypatch.undo()
    again = sweep(experiment, tmp_path / "out", how=How(backend=Backend.SERIAL, retry=True))
    assert again.failures() == []
    assert fingerprint(again, tmp_path) == expected


def killed_after(experiment: Experiment, folder: Path, blocks: int, kind: LedgerKind) -> int:
    """Sweep in a process group of its own, killed once it has told of some blocks; return those told."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.setsid()
        how = How(backend=Backend.SERIAL, chunk=7, ledger=kind)
        sweep(experiment, folder, how=how, progress=lambda _: os.write(write, b"."))
        os._exit(0)
    os.close(write)
    told = 0
    while told < blocks and os.read(read, 1):
        told += 1
    try:
        os.killpg(child, signal.SIGKILL)
    except ProcessLookupError:
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    while os.read(read, 1):
        told += 1
    os.close(read)
    return told


def survive(experiment: Experiment, expected: str, folder: Path, kind: LedgerKind, seed: int) -> int:
    """Kill a sweep again and again until it is done; return how often it was killed before."""
    chance, kills, known = random.Random(seed), 0, 0
    while True:
        told = killed_after(experiment, folder, chance.randint(1, 12), kind)
        spans = spans_of(folder, experiment)
        # Nothing that was told of is lost.
        assert len(spans) >= known + told
        done = sum(span.size for span in spans)
        if done == 4 * 50:
            break
        known, kills = len(spans), kills + 1
    result = sweep(experiment, folder, how=How(backend=Backend.SERIAL, ledger=kind))
    assert fingerprint(result, folder) == expected
    return kills


def test_survives_kill(experiment: Experiment, expected: str, tmp_path: Path) -> None:
    """The group is killed at random points, five times or more: none lost, none doubled, equal hash."""
    kills = 0
    for number, kind in enumerate((*LedgerKind, *LedgerKind)):
        kills += survive(experiment, expected, tmp_path / str(number), kind, seed=number)
    assert kills >= 5


@pytest.mark.soak
def test_survives_two_hundred_kills(experiment: Experiment, expected: str, tmp_path: Path) -> None:
    """As above, at least 200 times."""
    kills = number = 0
    while kills < 200:
        kind = tuple(LedgerKind)[number % 2]
        kills += survive(experiment, expected, tmp_path / str(number), kind, seed=1000 + number)
        number += 1


def test_torn_tail_is_left_out(experiment: Experiment, tmp_path: Path) -> None:
    """A last line that is cut anywhere counts as not done; damage before it is refused with its line."""
    study = study_of(experiment)
    values = np.ones((2, len(study.policies), len(study.outputs)))
    writer = FileWriter(tmp_path, study)
    for first in (0, 2):
        writer.add("row", first, Outcome(values, (), 0.0, 0.0))
    writer.close()
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    start = whole.index(b"\n") + 1
    for cut in range(start, len(whole)):
        file.write_bytes(whole[:cut])
        assert list(FileReader(tmp_path, study).spans()) == [Span("row", 0, 2)]
    file.write_bytes(whole[:5] + b"!" + whole[6:])
    with pytest.raises(ResultsError, match=r"\.jsonl:1: damaged"):
        FileReader(tmp_path, study)


def test_full_disk_stops_with_a_message(
    experiment: Experiment, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a line is taken back when the disk is full; with room again the same command ends equal."""
    plain, room = os.write, [10_000]

    def write(handle: int, data: bytes) -> int:
        if room[0] <= 0:
            raise OSError(28, "No space left on device")
        done = plain(handle, data[: room[0]])
        room[0] -= done
        return done

    how = How(backend=Backend.SERIAL, chunk=7, ledger=LedgerKind.FILES)
    monkeypatch.setattr(ledger_files.os, "write", write)
    with pytest.raises(StoppedEarlyError, match=r"No space left on device; what was kept before is safe"):
        sweep(experiment, tmp_path, how=how)
    monkeypatch.undo()
    assert list(read_ledgers([tmp_path], study_of(experiment)).spans())
    assert fingerprint(sweep(experiment, tmp_path, how=how), tmp_path) == expected


def test_gaps_are_what_is_not_covered() -> None:
    """Whatever spans cover, gaps are the rest: checked against sets."""
    chance = random.Random(1)
    for _ in range(200):
        spans = [Span("r", chance.randrange(30), chance.randrange(1, 9)) for _ in range(chance.randrange(6))]
        covered = {n for s in spans for n in range(s.first, s.first + s.size)}
        assert [n for gap in gaps(spans, 25) for n in gap] == sorted(set(range(25)) - covered)
