"""Worker processes: the same results wherever tasks run, and clear ends when something goes wrong."""

from __future__ import annotations

import gc
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import numpy as np
import pytest

import tasks
from demilsim.errors import Problem, ScenarioError, WorkerLostError
from demilsim.experiments import backends, packing
from demilsim.experiments.backends import MEASURED_TASKS, run_tasks
from demilsim.experiments.ensemble import Ensemble, replicate
from demilsim.experiments.packing import pack_rows, unpack_rows
from stories import BASE, line, plan
from worlds import three_sites


@pytest.fixture(autouse=True)
def _always_parallel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let workers start however little there is to do."""
    monkeypatch.setattr(backends, "WORTH_SECONDS", 0.0)


def some_ensemble(count: int, jobs: int, chunk: int | None = None) -> Ensemble:
    """Return replications of a plan with explosions."""
    rates = {f"event_rate.{cause}_per_storehouse_year": 0.1 for cause in BASE}
    story = plan(line("S1-L1", 80.0, 0, "RANGE"), line("S2-L1", 80.0, 0, "PLANT"))
    return replicate(three_sites(parameters=rates), [story], count, jobs=jobs, chunk=chunk, detailed=True)


def read(results: Iterator[int], into: list[int]) -> None:
    """Append results to a list one by one, as far as they come."""
    for value in results:
        into.append(value)


def as_bytes(ensemble: Ensemble) -> list[bytes]:
    """Return every result of an ensemble as bytes."""
    return [pickle.dumps(result) for results in ensemble.results.values() for result in results]


def alive(process: int) -> bool:
    """Return whether a process of this machine still runs."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_job_is_told_to_every_worker_that_needs_it() -> None:
    """Chunks after the first few come without the job: a worker that does not know it asks for it.

    Two callers who take turns make the workers forget the other's job again and again.
    """
    assert backends._work("never told", None, [1]) is None
    callers = [
        run_tasks(tasks.add_shared, range(40), 2, tasks.share, (more,), chunk=1) for more in (100, 200)
    ]
    # The first tasks run in this process, which knows one job at a time.
    found = [[next(caller) for _ in range(MEASURED_TASKS)] for caller in callers]
    for results in zip(*callers, strict=True):
        for known, result in zip(found, results, strict=True):
            known.append(result)
    assert found == [[more + number for number in range(40)] for more in (100, 200)]


def test_workers_and_chunks_change_no_byte() -> None:
    """1, 2 and 3 workers with chunks of 1, 7 and 50 give the same bytes in the same order."""
    expected = as_bytes(some_ensemble(60, 1))
    assert len(set(expected)) == len(expected)
    for jobs, chunk in [*product((2, 3), (1, 7, 50)), (1, 7), (2, None)]:
        assert as_bytes(some_ensemble(60, jobs, chunk)) == expected


def meeting(folder: Path, count: int) -> list[int]:
    """Return the process of each of some tasks, which wait for one another in a folder of their own."""
    folder.mkdir()
    return list(run_tasks(tasks.meet, range(count), 2, tasks.share, (folder, os.getpid(), 2), chunk=5))


def test_work_is_done_by_the_workers(tmp_path: Path) -> None:
    """But for the first tasks, which are timed, no task runs in this process; two workers do, no third."""
    ran = meeting(tmp_path / "here", 200)
    assert ran[:MEASURED_TASKS] == [os.getpid()] * MEASURED_TASKS
    assert os.getpid() not in ran[MEASURED_TASKS:]
    assert len(set(ran[MEASURED_TASKS:])) == 2


def test_workers_are_kept_and_told_what_is_new(tmp_path: Path) -> None:
    """The next call finds the same workers, with what it shares itself."""
    first = set(meeting(tmp_path / "first", 50))
    for shared in (10, 20, 10):
        assert list(run_tasks(tasks.add_shared, range(9), 2, tasks.share, (shared,), chunk=2)) == [
            shared + number for number in range(9)
        ]
    assert set(meeting(tmp_path / "second", 50)) == first
    assert len(first) == 3


def test_collector_looks_at_nothing_that_stays_and_loses_nothing_that_went() -> None:
    """What a job shares is set apart from the collector of cycles, and set free when another job comes."""
    counts = []
    try:
        for number, shared in enumerate(([], [[n] for n in range(1000)], [])):
            job = pickle.dumps(backends._Job(tasks.add_shared, tasks.share, (0, shared), list))
            assert backends._work(f"job {number}", job, [1]) is not None
            counts.append(gc.get_freeze_count())
    finally:
        backends._READY.clear()
        gc.unfreeze()
    assert counts[1] - counts[0] >= 1000
    assert counts[2] - counts[0] < 100


def test_calls_within_calls_do_not_meet() -> None:
    """Two calls that are read in turn each get their own answers."""
    pairs = zip(
        run_tasks(tasks.add_shared, range(40), 2, tasks.share, (100,), chunk=3),
        run_tasks(tasks.add_shared, range(MEASURED_TASKS, 40), 2, tasks.share, (100,), chunk=4),
        strict=False,
    )
    assert list(pairs) == [(100 + n, 100 + n + MEASURED_TASKS) for n in range(40 - MEASURED_TASKS)]


@pytest.mark.parametrize("chunk", [1, 6])
def test_killed_worker_is_an_error_that_says_so(chunk: int) -> None:
    """Results before the loss are right, then the error says what to do; the next call works again."""
    found: list[int] = []
    with pytest.raises(WorkerLostError, match=r"ended before its work was done.*--jobs"):
        read(run_tasks(tasks.die, range(60), 2, tasks.share, (30,), chunk=chunk), found)
    assert found == list(range(len(found)))
    assert MEASURED_TASKS <= len(found) <= 30
    assert list(run_tasks(tasks.add_shared, range(20), 2, tasks.share, (1,), chunk=3)) == list(range(1, 21))


def test_error_of_the_first_wrong_task_is_raised() -> None:
    """Whatever fails first in the order of tasks is raised as it was in the worker."""
    found: list[int] = []
    with pytest.raises(ScenarioError) as caught:
        read(run_tasks(tasks.fail, range(60), 2, tasks.share, (23,), chunk=4), found)
    assert caught.value.problems == (Problem("lots.csv", 23, "neq_kg", "wrong"),)
    assert found == list(range(len(found)))
    assert 23 - 4 <= len(found) <= 23


def test_reader_may_stop_early() -> None:
    """When results are no longer wanted, what was not begun is not done, and the next call works."""
    results = run_tasks(tasks.add_shared, range(1000), 2, tasks.share, (0,), chunk=1)
    assert [next(results) for _ in range(6)] == list(range(6))
    results.close()  # type: ignore[attr-defined]
    assert list(run_tasks(tasks.add_shared, range(20), 2, tasks.share, (1,), chunk=3)) == list(range(1, 21))


def test_script_that_workers_would_run_again_is_told(tmp_path: Path) -> None:
    """A script that starts workers while it is imported would never stop doing so: it is told why."""
    script = tmp_path / "study.py"
    script.write_text(
        "import tasks\nfrom demilsim.experiments import backends\nbackends.WORTH_SECONDS = 0.0\n"
        "print(list(backends.run_tasks(tasks.add_shared, range(9), 2, tasks.share, (1,))))\n",
        encoding="utf-8",
    )
    environment = os.environ | {"PYTHONPATH": str(Path(tasks.__file__).parent)}
    run = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, env=environment)
    assert run.returncode == 1
    assert 'study.py: expected what it does to stand under if __name__ == "__main__"' in run.stderr
    assert run.stderr.count("Traceback") == 1


def test_interrupt_ends_all_processes(tmp_path: Path) -> None:
    """An interrupt from the keyboard, sent to all processes, ends them without a word from the workers.

    What a worker is in the middle of is finished first.
    """
    program = (
        "import signal\nimport tasks\nfrom demilsim.experiments import backends\n"
        "backends.WORTH_SECONDS = 0.0\n"
        "if __name__ == '__main__':\n"
        # A shell starts what runs in the background with interrupts ignored.
        "    signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        f"    shared = ({str(tmp_path)!r}, 4)\n"
        "    run = backends.run_tasks(tasks.sleep_long, range(9), 2, tasks.share, shared, chunk=1)\n"
        "    try:\n        list(run)\n    except KeyboardInterrupt:\n        print('interrupted')\n"
    )
    script = tmp_path.parent / f"{tmp_path.name}.py"
    script.write_text(program, encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(Path(tasks.__file__).parent)}
    running = subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=environment, start_new_session=True,
    )  # fmt: skip
    while not list(tmp_path.iterdir()) and running.poll() is None:
        time.sleep(0.01)
    os.killpg(running.pid, signal.SIGINT)
    out, err = running.communicate()
    assert (out, err) == ("interrupted\n", "")
    assert not any(alive(int(path.name)) for path in tmp_path.iterdir())


def test_packing_keeps_every_bit() -> None:
    """Packed and unpacked results are the same bytes, events and arrays included."""
    results = some_ensemble(5, 1).results
    rows = [{name: results[name][i] for name in results} for i in range(5)]
    assert any(result.events for row in rows for result in row.values())
    back = unpack_rows(pickle.loads(pickle.dumps(pack_rows(rows), 5)))
    assert [list(row) for row in back] == [list(row) for row in rows]
    assert [pickle.dumps(row[name]) for row in back for name in row] == [
        pickle.dumps(row[name]) for row in rows for name in row
    ]


def test_equal_arrays_travel_once_and_zeros_keep_their_sign() -> None:
    """Of four arrays the middle two are equal; the last differs from them by the sign of a zero alone."""
    values = [np.array([1.0, 0.0]), np.array([2.0, 0.0]), np.array([2.0, 0.0]), np.array([2.0, -0.0])]
    packed = packing._packed(values)
    assert isinstance(packed, packing.Arrays)
    assert packed.rows.shape == (3, 2)
    assert [array.tobytes() for array in packing._unpacked(packed)] == [array.tobytes() for array in values]


def test_equal_rows_travel_once() -> None:
    """Of three arrays of two rows the second shares one row with the first, and the third is the second."""
    first = np.array([[1.0, 2.0], [3.0, 4.0]])
    second = np.array([[1.0, 2.0], [3.0, 5.0]])
    packed = packing._packed([first, second, second.copy()])
    assert isinstance(packed, packing.Arrays)
    assert packed.rows.tolist() == [[1.0, 2.0], [3.0, 4.0], [3.0, 5.0]]
    one, other, same = packing._unpacked(packed)
    assert [one.tolist(), other.tolist()] == [first.tolist(), second.tolist()]
    assert same is other


@pytest.mark.parametrize("shape", [(0,), (0, 0), (2, 0), (0, 3)])
def test_arrays_that_nobody_asked_for_come_back(shape: tuple[int, ...]) -> None:
    """Arrays without any value keep their shape and type."""
    back = packing._unpacked(packing._packed([np.zeros(shape, dtype=np.int64)] * 3))
    assert [(array.shape, array.dtype) for array in back] == [(shape, np.dtype(np.int64))] * 3


def test_chunks_shrink_and_hold_enough_work() -> None:
    """Of 1,000 tasks of 2 ms two workers get a quarter of what is left, but 200 ms at least."""
    chunks = backends._Chunks(range(1000), 2, 0.002, None)
    sizes = []
    while chunks.left:
        sizes.append(len(chunks.next()))
    assert sum(sizes) == 1000
    assert sizes[0] == 250
    assert sizes == sorted(sizes, reverse=True)
    assert min(sizes[:-1]) == 100


def test_chunk_of_slow_tasks_ends_in_time() -> None:
    """Of tasks of 100 ms a chunk holds 20 at most: two seconds."""
    assert len(backends._Chunks(range(1000), 2, 0.1, None).next()) == 20
