"""What the notebooks lean on: sentences that can be wrong, and small runs of the shipped questions."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from docs_tools import load_tool

NOTEBOOKS = Path(__file__).resolve().parents[2] / "experiments" / "notebooks"


@pytest.fixture
def asking(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Load what the notebooks share, as CI runs it."""
    monkeypatch.setenv("DEMILSIM_FEW", "1")
    monkeypatch.setattr("sys.path", list(sys.path))  # the script adds to it
    return load_tool(NOTEBOOKS / "asking.py")


def test_a_sentence_is_held_against_its_number(
    asking: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mean above zero is printed as resolved or not; one whose interval is below zero fails."""
    # t = 12.706 for two values at 95%: half width 12.706 · 0.1.
    asking.concluded("More", np.array([1.9, 2.1]))
    asking.concluded("More", np.array([0.4, 0.6]))
    with pytest.raises(AssertionError, match=r"^wrong: More: -2 ± 1\.3$"):
        asking.concluded("More", np.array([-1.9, -2.1]))
    assert capsys.readouterr().out == (
        "More: 2 ± 1.3 (resolved)\nMore: 0.5 ± 1.3 (not resolved by 2 replications)\n"
    )


def test_small_runs_keep_the_question(asking: ModuleType) -> None:
    """Only the ends of the named factors are left, and 20 replications; all else is the file's."""
    experiment = asking.asked("rrpl_or_destruction", ends_of=("donors_money",))
    assert experiment.replications == asking.FEW_REPLICATIONS
    assert {row[2] for row in experiment.rows} == {"0.5", "2"}
    assert len(experiment.rows) == 3 * 2 * 2


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda p: p.stem)
def test_notebooks_hold_no_results(path: Path) -> None:
    """A notebook is committed as it was written, and belongs to a shipped experiment."""
    cells = json.loads(path.read_text("utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert code
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in code)
    assert (NOTEBOOKS.parent / f"{path.stem}.yaml").is_file()
    assert "SYNTHETIC" in "".join(cells[0]["source"])
