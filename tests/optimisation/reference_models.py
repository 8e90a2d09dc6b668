"""References of constraint families: the text that each writes alone, as it was read by somebody.

After a change that is meant, write them anew, and read the difference before it is committed:

    DEMILSIM_WRITE_REFERENCES=1 pytest tests/optimisation
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from demilsim.optimisation.assemble import Model, pulp_problem
from demilsim.optimisation.rows import Columns, Rows

OF_PLANS = Path(__file__).parents[1] / "data" / "lp"
"""Folder of the families of plans."""

OF_MEASURES = Path(__file__).parent / "references"
"""Folder of the families of measures and of limits on risk."""

WRITE = "DEMILSIM_WRITE_REFERENCES"
"""Environment variable that has references written anew."""


def check_reference(columns: Columns, rows: Rows, reference: Path, folder: Path) -> None:
    """Check a family alone against its reference, or write that anew if asked to; `folder` is for scraps."""
    alone, written = Model(columns, (rows,), np.zeros(len(columns.names)), 0.0), folder / "found.lp"
    pulp_problem(alone, name=rows.family)[0].writeLP(str(written))
    found = written.read_text(encoding="utf-8")
    if os.environ.get(WRITE):
        reference.write_text(found, encoding="utf-8")
    assert found == reference.read_text(encoding="utf-8"), (
        f"{reference.stem} has changed; if that is meant, write it anew with {WRITE}=1"
    )
