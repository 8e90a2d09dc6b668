"""Problems as they are told: the first of a kind, and how many more there are."""

from __future__ import annotations

from pathlib import Path

import pytest

from changes import append, cell
from demilsim.errors import Problem, ScenarioError
from demilsim.scenario.capped import SHOWN_OF_A_KIND, capped, limited
from demilsim.scenario.loader import load_scenario
from demilsim.scenario.starter import write_starter


def problems(count: int, message: str = "expected > 0 (got -{})", path: str = "neq_kg") -> list[Problem]:
    """Return problems of one kind in rows from line 2 on."""
    return [Problem("lots.csv", line, path, message.format(line)) for line in range(2, 2 + count)]


def test_few_are_told_one_by_one() -> None:
    """As many as are shown of a kind, and one more, stay as they are."""
    for count in (1, SHOWN_OF_A_KIND, SHOWN_OF_A_KIND + 1):
        assert capped(problems(count)) == problems(count)


def test_many_are_counted() -> None:
    """Of more, the first are told, then how many there are and where the last is."""
    told = capped(problems(1000))
    assert told[:SHOWN_OF_A_KIND] == problems(SHOWN_OF_A_KIND)
    assert str(told[-1]) == "lots.csv:22: neq_kg: and 980 more of this kind, the last on line 1001"
    assert len(told) == SHOWN_OF_A_KIND + 1


def test_kinds_are_counted_apart() -> None:
    """Another column, file or sentence is another kind; what was found, and the row of a path, is not."""
    other = [Problem("sites.csv", 3, "neq_kg", "expected > 0 (got -3)")]
    told = capped([*problems(30), *problems(30, path="gross_mass_t"), *problems(30, "missing"), *other])
    assert len(told) == 3 * (SHOWN_OF_A_KIND + 1) + 1
    rows = [Problem("--set", 0, f"lots[L{n}].neq_kg", f"expected a number (got 'x{n}')") for n in range(50)]
    assert len(capped(rows)) == SHOWN_OF_A_KIND + 1
    unknown = [Problem("s.yaml", n, f"k{n}", f"unknown key; did you mean k{n}0?") for n in range(50)]
    assert len(capped(unknown)) == SHOWN_OF_A_KIND + 1


def test_a_check_that_finds_no_end_is_stopped() -> None:
    """A check is not asked for more than it may say, and the reader is told so."""
    told = list(limited(iter(problems(50)), 10))
    assert told[:10] == problems(10)
    assert (told[10].line, told[10].message) == (
        12,
        "and perhaps more, not looked for; mend those above first",
    )
    assert len(told) == 11
    assert list(limited(problems(10), 10)) == problems(10)


def test_a_slip_in_every_row_is_told_once(tmp_path: Path) -> None:
    """A column wrong in thirty rows leaves a list that fits a screen, and other mistakes stay in it."""
    folder = write_starter("pilot", tmp_path)
    rows = [f"N{n},A1,art_122,10,-5,surplus,yes,1980,0.5,A-EXAMPLE" for n in range(30)]
    append("lots.csv", "\n".join(rows))(folder)
    cell("sites.csv", 2, "rrpl", "7")(folder)
    with pytest.raises(ScenarioError) as caught:
        load_scenario(folder)
    said = str(caught.value).splitlines()
    assert len(said) == SHOWN_OF_A_KIND + 2
    assert said[-2].endswith("lots.csv:34: neq_kg: and 10 more of this kind, the last on line 43")
    assert said[-1].endswith("sites.csv:2: rrpl: expected <= 3 (got 7)")
