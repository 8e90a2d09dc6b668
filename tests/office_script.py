"""Run by the Python that has LibreOffice's `uno`: opens workbooks, types into cells, saves them elsewhere.

    python3 office_script.py PIPE JOBS.json

A job is ``{"open": path, "type": [[sheet, cell, text], ...], "save": [[path, filter, options], ...]}``.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import uno  # type: ignore[import-not-found]
from com.sun.star.beans import PropertyValue  # type: ignore[import-not-found]
from com.sun.star.connection import NoConnectException  # type: ignore[import-not-found]


def connected(pipe: str) -> Any:
    """Return the desktop of the office that listens on a pipe, as soon as it does."""
    local = uno.getComponentContext()
    resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
    while True:
        try:
            context = resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
        except NoConnectException:
            time.sleep(0.05)
        else:
            return context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", context)


def with_properties(**values: object) -> tuple[Any, ...]:
    """Return values as the office takes them."""
    properties = []
    for name, value in values.items():
        one = PropertyValue()
        one.Name, one.Value = name, value
        properties.append(one)
    return tuple(properties)


def do(desktop: Any, job: dict[str, Any]) -> None:
    """Do one job."""
    url = Path(job["open"]).as_uri()
    document = desktop.loadComponentFromURL(url, "_blank", 0, with_properties(Hidden=True))
    for sheet, cell, text in job.get("type", ()):
        document.Sheets.getByName(sheet).getCellRangeByName(cell).setFormula(text)
    for path, kind, options in job.get("save", ()):
        properties = with_properties(FilterName=kind, FilterOptions=options)
        document.storeToURL(Path(path).as_uri(), properties)
    document.close(True)


def main() -> None:
    """Do all jobs and end the office."""
    desktop = connected(sys.argv[1])
    try:
        for job in json.loads(Path(sys.argv[2]).read_text(encoding="utf-8")):
            do(desktop, job)
    finally:
        desktop.terminate()


main()
