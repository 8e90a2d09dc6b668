"""The report's only script, and the policy that lets it run and nothing else."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files

from markupsafe import Markup

SCRIPT = "report.js"


@cache
def page_script() -> Markup:
    """Return the script as it stands in the page: it reads the page and asks nobody else."""
    text = files("demilsim.reporting").joinpath("templates", SCRIPT).read_text(encoding="utf-8")
    assert "</" not in text, "a script inside a page must not end the element that holds it"
    return Markup(text)


def content_policy() -> Markup:
    """Return the content security policy: this script by its hash, styles and images in the file, no more."""
    digest = base64.b64encode(hashlib.sha256(page_script().encode()).digest()).decode()
    return Markup(
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
