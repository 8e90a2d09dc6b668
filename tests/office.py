"""LibreOffice without a window, for tests that do with a workbook what a person would do."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

XLSX, ODS = "Calc MS Excel 2007 XML", "calc8"
CSV = "Text - txt - csv (StarCalc)"
CSV_OPTIONS = "44,34,76,1,,0,false,false,false,false,false,-1"
"""Comma, quotes, UTF-8, whole numbers of digits, every sheet into a file of its own."""

PATIENCE_S = 120
_SCRIPT = Path(__file__).with_name("office_script.py")
_PYTHONS = ("/usr/bin/python3", "/usr/lib/libreoffice/program/python", "/opt/libreoffice/program/python")


@dataclass
class Job:
    """A workbook that is opened, what is typed into it, and where it is saved."""

    open: Path
    type: list[tuple[str, str, str]] = field(default_factory=list)
    save: list[tuple[Path, str, str]] = field(default_factory=list)


def office(folder: Path, jobs: list[Job]) -> None:
    """Do jobs in one run of LibreOffice, which ends with them.

    It is not left out where LibreOffice is missing: CI and CONTRIBUTING.md install it.
    """
    program = shutil.which("soffice") or shutil.which("libreoffice")
    assert program, "these tests need LibreOffice: apt-get install libreoffice-calc python3-uno"
    plain = [
        {"open": str(job.open), "type": job.type, "save": [[str(p), kind, how] for p, kind, how in job.save]}
        for job in jobs
    ]
    listing, pipe = folder / "jobs.json", f"demilsim-{abs(hash(str(folder)))}"
    listing.write_text(json.dumps(plain), encoding="utf-8")
    started = subprocess.Popen(
        [
            program, "--headless", "--norestore", "--nologo", "--nodefault",
            f"-env:UserInstallation={(folder / 'profile').as_uri()}", f"--accept=pipe,name={pipe};urp;",
        ],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        command = [_python(), str(_SCRIPT), pipe, str(listing)]
        subprocess.run(command, check=True, timeout=PATIENCE_S, capture_output=True, text=True)
        started.wait(PATIENCE_S)
    finally:
        if started.poll() is None:
            started.kill()
            started.wait()


def _python() -> str:
    """Return a Python that has the bridge to LibreOffice."""
    for python in _PYTHONS:
        if Path(python).exists():
            found = subprocess.run([python, "-c", "import uno"], capture_output=True, check=False)
            if found.returncode == 0:
                return python
    raise AssertionError("these tests need LibreOffice's bridge to Python: apt-get install python3-uno")
