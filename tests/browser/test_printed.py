"""What a reader has in hand after `demilsim report DIR --pdf`."""

from __future__ import annotations

import re
import subprocess
from html import unescape
from pathlib import Path
from shutil import copytree

import pytest

from commands import CommandLine

pytestmark = [pytest.mark.chromium, pytest.mark.pdftotext]

DONOR_PAGES = 2


def pages(file: Path) -> list[str]:
    """Return the text of each page."""
    told = subprocess.run(
        ["pdftotext", "-layout", str(file), "-"], capture_output=True, text=True, check=True, timeout=60
    )
    return told.stdout.split("\f")[:-1]


def test_a_pdf_holds_the_report(
    results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Donor view first, on two pages; all views; every page marked and counted; the same bytes twice."""
    cli, folder = CommandLine(monkeypatch, capfd), tmp_path / "copy"
    copytree(results, folder)
    seen = cli("report", folder, "--pdf", "--audience", "partner")
    assert (seen.code, seen.err) == (0, "")
    first = (folder / "report.pdf").read_bytes()
    read = pages(folder / "report.pdf")
    assert all("SYNTHETIC PARTNER" in page for page in read)
    assert all(f"{number} / {len(read)}" in page for number, page in enumerate(read, start=1))
    assert "Donor view:" in read[0]
    assert "Planner view:" in read[DONOR_PAGES]
    assert sum("Researcher view:" in page for page in read) == 1
    html = (folder / "report.html").read_text(encoding="utf-8")
    finding = re.search(r'<p class="finding">(.*?)</p>', html)
    assert finding
    assert unescape(finding[1]) in " ".join(read[0].split())
    heads = sum(bool(re.search(r"Quantity +Value +Unit", page)) for page in read)
    assert heads > 2, "the head of a long table stands on each of its pages"
    assert cli("report", folder, "--pdf", "--audience", "partner").code == 0
    assert (folder / "report.pdf").read_bytes() == first
