"""Boxes in which a target is missed, and policies compared over all rows: tables, JSON and a page of text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from demilsim.experiments.discovery import Box, Discovery, Limit
from demilsim.experiments.provenance import provenance
from demilsim.experiments.robustness import (
    largest_regret,
    regret_quantile,
    satisficing,
    share_best,
)
from demilsim.plan import Floats
from demilsim.reporting.document import Document
from demilsim.reporting.folder import write_atomically
from demilsim.reporting.tables import csv_text, json_text

BOXES = ("method", "box", "factor", "low", "high", "words", "coverage", "density", "mass")
ROBUST = ("policy", "share_target_met", "largest_regret", "regret_p90", "share_best")
USUAL = 0.9
"""Share of rows that the column ``regret_p90`` leaves at or below."""

Row = list[object]


def write_discovery(directory: Path, found: Discovery, means: Floats) -> Document:
    """Write ``boxes.csv``, ``robustness.csv``, ``discovery.json`` and ``discovery.txt``.

    Parameters
    ----------
    directory
        Results folder of the sweep.
    found
        The boxes.
    means
        Means of the target's output, shape (row, policy).

    Returns
    -------
    dict
        What ``discovery.json`` holds.
    """
    target = found.target
    harm = means if target.at_most else -means
    boxes = [row for number, box in enumerate(found.boxes, 1) for row in _box_rows(number, box)]
    columns = (
        satisficing(target.met(means)),
        largest_regret(harm),
        regret_quantile(harm, USUAL),
        share_best(harm),
    )
    robust: list[Row] = [
        [policy, *(float(column[place]) for column in columns)]
        for place, policy in enumerate(found.experiment.policies)
    ]
    document: Document = {
        **provenance(found.experiment),
        "target": {
            "policy": target.policy, "output": target.output.value,
            "relation": "<=" if target.at_most else ">=", "limit": target.limit,
        },
        "missed": int(found.missed.sum()),
        "unclear": found.unclear,
        "boxes": [dict(zip(BOXES, row, strict=True)) for row in boxes],
        "robustness": [dict(zip(ROBUST, row, strict=True)) for row in robust],
        "sentences": list(_sentences(found, robust)),
    }  # fmt: skip
    write_atomically(directory / "boxes.csv", csv_text(BOXES, boxes))
    write_atomically(directory / "robustness.csv", csv_text(ROBUST, robust))
    write_atomically(directory / "discovery.json", json_text(document))
    write_atomically(directory / "discovery.txt", "\n".join(document["sentences"]) + "\n")
    return document


def _box_rows(number: int, box: Box) -> Iterator[Row]:
    for limit in box.limits or (Limit("any"),):
        yield [
            box.method, number, limit.factor, limit.low, limit.high, "; ".join(limit.words) or None,
            box.coverage, box.density, box.mass,
        ]  # fmt: skip


def _sentences(found: Discovery, robust: list[Row]) -> Iterator[str]:
    """Yield the page of text."""
    target, rows = found.target, len(found.missed)
    relation = "at most" if target.at_most else "at least"
    yield found.experiment.question
    yield (
        f"Mean {target.output.value} of {target.policy} should be {relation} {target.limit:g}: "
        f"{int(found.missed.sum()):,} of {rows:,} rows miss it; chance could decide {found.unclear:,} rows."
    )
    yield ""
    yield "When it is missed"
    for number, box in enumerate(found.boxes, 1):
        yield (
            f"  {number} ({box.method}) {_words(box)}: {box.coverage:.0%} of all misses, "
            f"{box.density:.0%} of its rows miss, {box.mass:.0%} of all rows"
        )
    if not found.boxes:
        yield "  No box with enough misses was found."
    yield ""
    yield "Policies over all rows, each row counted once"
    for policy, met, largest, usual, best in robust:
        yield (
            f"  {policy}: target met in {met:.0%} of rows, best in {best:.0%}, regret at most {largest:.3g}, "
            f"at most {usual:.3g} in {USUAL:.0%} of rows"
        )


def _words(box: Box) -> str:
    """Return the limits of a box in words."""
    parts = []
    for limit in box.limits:
        if limit.words:
            parts.append(f"{limit.factor} is {' or '.join(limit.words)}")
        elif limit.high is None:
            parts.append(f"{limit.factor} >= {limit.low:.4g}")
        elif limit.low is None:
            parts.append(f"{limit.factor} <= {limit.high:.4g}")
        else:
            parts.append(f"{limit.factor} from {limit.low:.4g} to {limit.high:.4g}")
    return " and ".join(parts) or "anywhere"
