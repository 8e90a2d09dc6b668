"""Dates of lots in the summary and in the table of key figures."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from demilsim.experiments.ensemble import replicate
from demilsim.planning.rules import DO_NOTHING
from demilsim.reporting.outputs import HowRun, write_results
from demilsim.reporting.reading import read_results
from demilsim.reporting.views import key_figures
from worlds import lot, one_lot


@pytest.mark.parametrize(("date", "cell"), [(dt.date(2026, 7, 1), "1.00 ± 0.00"), (None, None)])
def test_missed_dates_are_told_where_there_are_any(
    date: dt.date | None, cell: str | None, tmp_path: Path
) -> None:
    """Doing nothing misses the one date in each replication; without dates there is no such column."""
    ensemble = replicate(one_lot(lots=[lot(destroy_by=date)]), {"do_nothing": DO_NOTHING}, 3, jobs=1)
    write_results(tmp_path, ensemble, seed=1, how=HowRun(("demilsim",), 0.0, 1))
    table = key_figures(read_results(tmp_path))
    told = {column.head: cell for column, cell in zip(table.columns, table.rows[0].cells, strict=True)}
    assert told.get("Dates missed") == cell
