"""`--pdf`: which browser prints, how it is started, and what is said when it fails."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from commands import CommandLine
from demilsim.errors import BrowserError, ResultsError
from demilsim.reporting import pdf
from demilsim.reporting.pdf import BROWSER_VARIABLE, QUIET_FLAGS, find_browser, steady, write_pdf
from demilsim.scenario.starter import write_starter

LAST_WORDS = "no display, no profile"
PRINTS = """
import pathlib, sys
target = next(a.split("=", 1)[1] for a in sys.argv if a.startswith("--print-to-pdf="))
pathlib.Path({log!r}).write_text("\\n".join(sys.argv[1:]))
pathlib.Path(target).write_bytes(b"%PDF-1.4 /CreationDate (D:20261130022137+00'00') %%EOF\\n")
"""
FAILS = f"import sys; sys.stderr.write('started\\n{LAST_WORDS}\\n'); sys.exit(5)"
CUTS = """
import pathlib, sys
target = next(a.split("=", 1)[1] for a in sys.argv if a.startswith("--print-to-pdf="))
pathlib.Path(target).write_bytes(b"%PDF-1.4 and no end")
"""
HANGS = "import time; time.sleep(60)"


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> CommandLine:
    """Return a runner of commands."""
    return CommandLine(monkeypatch, capfd)


def browser_that(does: str, where: Path) -> Path:
    """Return a program that stands for a browser."""
    script = where / "browser"
    script.write_text(f"#!{sys.executable}\n{does}\n", encoding="utf-8")
    script.chmod(0o755)
    return script


def test_without_a_browser_nothing_is_written(
    folder: Path, cli: CommandLine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Exit code 2, before any work: what is missing, where it was looked for, and what else one can do."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(BROWSER_VARIABLE, raising=False)
    seen = cli("report", folder, "--pdf")
    assert (seen.code, seen.out) == (2, "")
    assert seen.err.startswith("--pdf: expected Chromium or Chrome on PATH (chromium, ")
    assert BROWSER_VARIABLE in seen.err
    assert "print it there" in seen.err
    assert not (folder / "report.html").exists()
    scenario = write_starter("alpha", tmp_path)
    assert cli("run", scenario, "--out", tmp_path / "out", "--pdf").code == 2
    assert not (tmp_path / "out").exists()


def test_a_browser_can_be_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, cli: CommandLine) -> None:
    """The variable goes before PATH; a name that is no program is refused with itself in the message."""
    browser = browser_that(FAILS, tmp_path)
    monkeypatch.setenv(BROWSER_VARIABLE, str(browser))
    assert find_browser() == browser
    monkeypatch.setenv(BROWSER_VARIABLE, "/nowhere/chrome")
    seen = cli("report", tmp_path, "--pdf")
    assert seen.code == 2
    assert seen.err == f"{BROWSER_VARIABLE}: expected a program that can be run (got '/nowhere/chrome')\n"


def test_the_browser_asks_nobody_and_leaves_nothing(
    folder: Path, cli: CommandLine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Quiet flags, a profile that is new and goes with it, a sandbox unless root; the PDF stands beside."""
    log = tmp_path / "log"
    monkeypatch.setenv(BROWSER_VARIABLE, str(browser_that(PRINTS.format(log=str(log)), tmp_path)))
    seen = cli("report", folder, "--pdf")
    assert (seen.code, seen.err) == (0, "")
    assert seen.out.splitlines() == [str(folder / "report.html"), str(folder / "report.pdf")]
    asked = log.read_text(encoding="utf-8").splitlines()
    assert set(QUIET_FLAGS) <= set(asked)
    assert asked[-1] == (folder / "report.html").resolve().as_uri()
    assert ("--no-sandbox" in asked) == (os.geteuid() == 0)
    profile = next(one.split("=", 1)[1] for one in asked if one.startswith("--user-data-dir="))
    assert not Path(profile).parent.exists()
    assert b"D:20000101000000" in (folder / "report.pdf").read_bytes()
    assert not list(folder.glob(".*"))


@pytest.mark.parametrize(
    ("does", "said"),
    [
        (FAILS, f"left no PDF \\(exit code 5, it said: {LAST_WORDS}\\)"),
        (CUTS, r"left no PDF \(exit code 0\)"),
        (HANGS, "did not end in 0.5 s"),
    ],
)
def test_a_browser_that_fails_leaves_no_pdf(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, does: str, said: str
) -> None:
    """What happened is said: its exit code and last words, or how long it was waited for."""
    monkeypatch.setattr(pdf, "PATIENCE_S", 0.5 if does == HANGS else 60)
    report = tmp_path / "report.html"
    report.write_text("<p>", encoding="utf-8")
    with pytest.raises(BrowserError, match=f"^report.pdf: not written: browser {said}$"):
        write_pdf(report, browser_that(does, tmp_path))
    assert not report.with_name("report.pdf").exists()


def test_a_report_written_again_drops_the_old_pdf(
    folder: Path, cli: CommandLine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Exit code 1 when the browser fails: the report is there, and no PDF that was for another audience."""
    monkeypatch.setenv(BROWSER_VARIABLE, str(browser_that(FAILS, tmp_path)))
    (folder / "report.pdf").write_bytes(b"restricted")
    seen = cli("report", folder, "--pdf")
    assert (seen.code, seen.out) == (1, f"{folder / 'report.html'}\n")
    assert seen.err == f"report.pdf: not written: browser left no PDF (exit code 5, it said: {LAST_WORDS})\n"
    assert (folder / "report.html").exists()
    assert not (folder / "report.pdf").exists()


def test_a_pdf_is_moved_into_place(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the last step fails, the former PDF is whole and nothing temporary stays."""
    browser = browser_that(PRINTS.format(log=str(tmp_path / "log")), tmp_path)
    (folder / "report.html").write_text("<p>", encoding="utf-8")
    (folder / "report.pdf").write_bytes(b"former")

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(ResultsError, match=r"report.pdf: cannot be written: No space left on device"):
        write_pdf(folder / "report.html", browser)
    assert (folder / "report.pdf").read_bytes() == b"former"
    assert not list(folder.glob(".*"))


def test_what_changes_from_print_to_print_is_taken_out() -> None:
    """Dates are one date, tags are counted in their order; no length changes."""
    first = b"(D:20261130022137+00'00') /ID (node00000054) /ID (node00000070) [(node00000054)] node00000099"
    later = b"(D:20270102030405-05'00') /ID (node00000060) /ID (node00000076) [(node00000060)] node00000099"
    assert steady(first) == steady(later)
    assert len(steady(first)) == len(first)
    assert b"(node00000000) /ID (node00000001) [(node00000000)] node00000099" in steady(first)
