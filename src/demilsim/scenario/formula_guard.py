"""Keep text from being run: what a spreadsheet would take for a formula gets a leading quote in CSV files."""

from __future__ import annotations

import re

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""First characters that make a spreadsheet take a text for a formula."""

_FORMULA = re.compile(f"'*[{re.escape(''.join(FORMULA_STARTS))}]")


def quoted_formula(text: str) -> str:
    """Return text with a leading quote if a spreadsheet would run it, or if it looks quoted already."""
    return f"'{text}" if _FORMULA.match(text) else text


def unquoted(cell: str) -> str:
    """Return the text that `quoted_formula` was given."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
