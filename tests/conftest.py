"""What every test stands on: fixed locale, columns, colour and backend, and programs that may be missing."""

from __future__ import annotations

import os
import shutil

import pytest

FIXED = {
    "LC_ALL": "C.UTF-8", "COLUMNS": "100", "NO_COLOR": "1", "MPLBACKEND": "Agg", "TERM": "dumb",
    "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
}  # fmt: skip
os.environ.update(FIXED)

PROGRAMS = {
    "chromium": ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
    "pdftotext": ("pdftotext",),
}
"""Programs that tests with a marker of that name need."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out tests whose program is missing, unless DEMILSIM_REQUIRE_ALL turns absence into failure."""
    if os.environ.get("DEMILSIM_REQUIRE_ALL"):
        return
    for item in items:
        for marker, names in PROGRAMS.items():
            if item.get_closest_marker(marker) and not any(map(shutil.which, names)):
                item.add_marker(pytest.mark.skip(reason=f"not run: {marker} missing"))
