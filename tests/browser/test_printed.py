"""What a reader has in hand after `demilsim report DIR --pdf`."""

from __future__ import annotations

import re
import subprocess
from html import unescape
from pathlib import Path
from shutil import copy

import pytest

from demilsim.reporting.pdf import find_browser, write_pdf

pytestmark = [pytest.mark.chromium, pytest.mark.pdftotext]

DONOR_PAGES = 2


def pages(file: Path) -> list[str]:
    """Return the text of each page."""
    told = subprocess.run(
        ["pdftotext", "-layout", str(file), "-"], capture_output=True, text=True, check=True, timeout=60
    )
    return told.stdout.split("\f")[:-1]


def printed(reports: dict[str, Path], folder: Path) -> Path:
    """Return the PDF of the partners' report, printed in a folder of its own."""
    folder.mkdir()
    return write_pdf(Path(copy(reports["partner"], folder)), find_browser())


def test_a_pdf_holds_the_report(reports: dict[str, Path], tmp_path: Path) -> None:
    """Donor view first, on two pages; all views; every page marked and counted; heads on each page."""
    read = pages(printed(reports, tmp_path / "one"))
    assert all("SYNTHETIC PARTNER" in page for page in read)
    assert all(f"{number} / {len(read)}" in page for number, page in enumerate(read, start=1))
    assert "Donor view:" in read[0]
    assert "Planner view:" in read[DONOR_PAGES]
    assert sum("Researcher view:" in page for page in read) == 1
    finding = re.search(r'<p class="finding">(.*?)</p>', reports["partner"].read_text(encoding="utf-8"))
    assert finding
    assert unescape(finding[1]) in " ".join(read[0].split())
    assert sum(bool(re.search(r"Quantity +Value +Unit", page)) for page in read) > 2


@pytest.mark.soak
def test_the_same_report_gives_the_same_pdf(reports: dict[str, Path], tmp_path: Path) -> None:
    """Five printings, one file."""
    files = [printed(reports, tmp_path / str(number)) for number in range(5)]
    assert len({file.read_bytes() for file in files}) == 1
