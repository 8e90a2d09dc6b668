"""A page to print: one HTML file that runs nothing and asks nobody, in the style of the report."""

from __future__ import annotations

import base64

CONTENT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
)
"""Styles and pictures are in the file; there is no script."""


def sheet_html(template: str, page: object) -> str:
    """Return a page as HTML text.

    Parameters
    ----------
    template
        Name of a template that extends ``sheet.html.j2``.
    page
        All that it shows: `title`, `kind`, `countries`, `synthetic`, `audience`, `content_policy`, `findings`
        and what the template asks for besides.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("demilsim.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(template).render(page=page)


def picture_uri(svg: str) -> str:
    """Return an SVG document as a data URI: in an image nothing can run or be fetched."""
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"
