"""The severity study runs small, and its table says what its events are."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from worlds import one_lot, village

SCRIPT = Path(__file__).parents[2] / "experiments" / "severity.py"


@pytest.fixture(scope="module")
def severity() -> ModuleType:
    """Return the script as a module."""
    spec = importlib.util.spec_from_file_location("severity_study", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_events_are_classified(severity: ModuleType) -> None:
    """Of four events in two windows one is like Arys 2019, and one like Taraz 2021."""
    found = severity.Severity(
        window=np.array([0, 0, 1, 1]),
        dead=np.array([3.0, 14.0, 14.0, 0.0]),
        dead_workers=np.array([0.0, 13.0, 7.0, 0.0]),
        injured=np.array([77.0, 90.0, 20.0, 0.0]),
        displaced=np.array([45_000.0, 1_200.0, 1_200.0, 0.0]),
        windows=2,
    )
    assert found.like_arys.tolist() == [True, False, False, False]
    assert found.like_taraz.tolist() == [False, True, False, False]
    assert found.per_window(found.dead).tolist() == [17.0, 14.0]
    assert severity.inside(found)
    lines = severity.table(found, np.array([4, 4]))
    assert "| share of events without deaths | 25% | 1 of 3 |" in lines
    assert "| chance of one like Taraz 2021 in 21 years | 50.0% | 1 seen |" in lines


def test_windows_are_made_of_single_years(severity: ModuleType) -> None:
    """A storehouse with 0.2 events a year of a stack or more has about 4 in each window of 21 years."""
    rates = {
        "event_rate.storage_per_storehouse_year": 0.2 / 0.75,
        "event_rate.external_per_storehouse_year": 0.0,
        "event_rate.security_per_storehouse_year": 0.0,
        "event_rate.undetermined_per_storehouse_year": 0.0,
        "event_rate.ageing_per_t_year": 0.0,
    }
    found = severity.observe(one_lot(exposed_sites=[village(x_m=60.0)], parameters=rates), 30)
    events = found.per_window(np.ones(found.dead.size))
    # Twice in one year is possible only if the first left something.
    assert abs(events.mean() - 0.2 * 21) < 4.0 * np.sqrt(0.2 * 21 / 30)
    assert set(found.displaced) <= {0.0, 100.0}
    assert found.dead_workers.sum() <= found.dead.sum()


def test_command_prints_the_table(severity: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    """Run small on the shipped scenario it prints the table and the verdict."""
    severity.main(["--windows", "3"])
    text = capsys.readouterr().out
    assert text.startswith("| 3 windows of 21 years, do nothing | model | documented |")
    assert "The documented 15 deaths lie" in text
