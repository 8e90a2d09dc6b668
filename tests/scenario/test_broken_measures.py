from __future__ import annotations

import re
from pathlib import Path

import pytest

from broken import Broken
from broken_measures import BROKEN_MEASURES
from demilsim.errors import ScenarioError
from demilsim.scenario.loader import load_scenario
from demilsim.scenario.starter import write_starter


@pytest.mark.parametrize("broken", BROKEN_MEASURES, ids=lambda broken: broken.name)
def test_broken_measure_is_said_at_its_line(broken: Broken, tmp_path: Path) -> None:
    """Each wrong measure or inflow is one problem, at its file, line and column."""
    folder = write_starter("pilot", tmp_path)
    broken.apply(folder)
    with pytest.raises(ScenarioError) as caught:
        load_scenario(folder)
    told = [str(problem) for problem in caught.value.problems]
    assert any(f"{broken.file}:{broken.line}:" in line and re.search(broken.match, line) for line in told), (
        told
    )
    assert len(told) == 1, told
