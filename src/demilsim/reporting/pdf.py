"""The report as a PDF, printed by a Chromium or Chrome that the user has."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from demilsim.errors import BrowserError, ResultsError
from demilsim.reporting.folder import write_atomically

PDF = "report.pdf"
BROWSER_VARIABLE = "DEMILSIM_BROWSER"
BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
)
"""Names under which browsers that print alike are found on PATH."""

QUIET_FLAGS = (
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""Without a window, and asking nobody for updates or anything else."""

PATIENCE_S = 180
"""A report is printed in seconds; this long after, the browser hangs [s]."""

NO_DATE = b"D:20000101000000+00'00'"
"""Date of every PDF: the same results give the same bytes."""

_DATE = re.compile(rb"D:\d{14}[+-]\d{2}'\d{2}'")
_TAG = re.compile(rb"\(node(\d{8})\)")


def find_browser() -> Path:
    """Return the program that will print, before anything else is done.

    Raises
    ------
    ResultsError
        If there is none; says where it was looked for.
    """
    named = os.environ.get(BROWSER_VARIABLE)
    if named:
        found = shutil.which(named)
        if found is None:
            raise ResultsError(f"{BROWSER_VARIABLE}: expected a program that can be run (got {named!r})")
        return Path(found)
    for name in BROWSERS:
        found = shutil.which(name)
        if found:
            return Path(found)
    raise ResultsError(
        f"--pdf: expected Chromium or Chrome on PATH ({', '.join(BROWSERS)}; found none). Install one, or "
        f"name its program in {BROWSER_VARIABLE}; or open report.html in any browser and print it there"
    )


def write_pdf(report: Path, browser: Path) -> Path:
    """Print a report into ``report.pdf`` beside it.

    Parameters
    ----------
    report
        The ``report.html`` of a results folder.
    browser
        What `find_browser` returned.

    Returns
    -------
    Path
        The PDF: A4, all three views, the donor view first. Same bytes for the same report and browser.

    Raises
    ------
    BrowserError
        If the browser fails, hangs or leaves no PDF; the report is untouched.
    ResultsError
        If the PDF cannot be written.
    """
    with tempfile.TemporaryDirectory(prefix="demilsim-", ignore_cleanup_errors=True) as own:
        printed = Path(own, PDF)
        said = _print(report, printed, Path(own, "profile"), browser)
        content = printed.read_bytes() if printed.exists() else b""
    if not content.startswith(b"%PDF-") or b"%%EOF" not in content[-32:]:
        raise BrowserError(f"{PDF}: not written: {browser.name} left no PDF{said}")
    target = report.with_name(PDF)
    write_atomically(target, steady(content))
    return target


def steady(content: bytes) -> bytes:
    """Return a PDF of Chromium without what differs from one printing to the next.

    That is the date, and the numbers by which its tags name each other: they are counted anew, in their
    order, so that the tree of tags stays sorted. No length changes, so no place in the file does.
    """
    numbers = {number: place for place, number in enumerate(sorted(set(_TAG.findall(content))))}
    dated = _DATE.sub(NO_DATE, content)
    return _TAG.sub(lambda tag: b"(node%08d)" % numbers[tag[1]], dated)


def remove_pdf(directory: Path) -> None:
    """Remove the PDF of an earlier report: it may be for another audience."""
    try:
        (directory / PDF).unlink(missing_ok=True)
    except OSError as error:
        raise ResultsError(f"{PDF}: cannot be removed: {error.strerror or error}") from error


def _print(report: Path, printed: Path, profile: Path, browser: Path) -> str:
    """Let the browser print, and return the last that it said, for a message."""
    # Chromium refuses to run as root with its sandbox; for everybody else the sandbox stays.
    sandbox = ("--no-sandbox",) if hasattr(os, "geteuid") and os.geteuid() == 0 else ()
    command = [
        str(browser),
        *QUIET_FLAGS,
        *sandbox,
        f"--user-data-dir={profile}",
        "--no-pdf-header-footer",
        f"--print-to-pdf={printed}",
        report.resolve().as_uri(),
    ]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE_S, check=False
        )
    except subprocess.TimeoutExpired as slow:
        raise BrowserError(f"{PDF}: not written: {browser.name} did not end in {PATIENCE_S} s") from slow
    except OSError as error:
        raise BrowserError(f"{PDF}: not written: {browser}: {error.strerror or error}") from error
    last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
    return f" (exit code {done.returncode}{''.join(f', it said: {line.strip()}' for line in last)})"
