"""Pieces that the JSON documents of results are made of."""

from __future__ import annotations

from typing import Any

import numpy as np

from demilsim.experiments.statistics import Estimate

Document = dict[str, Any]
"""What is written as JSON: keys in the order in which they are read."""


def finite(value: float | None) -> float | None:
    """Return a number, or None where it is not known or not finite: JSON has no infinity."""
    return value if value is not None and np.isfinite(value) else None


def estimate_document(estimate: Estimate) -> Document:
    """Return a mean with its half-width."""
    return {"mean": estimate.mean, "half_width": estimate.half_width}


def spread(estimate: Estimate, parameter_range: tuple[float, float] | None = None) -> Document:
    """Return a mean with its half-width, and the 5-95% range from what is not known if there is one."""
    low, high = parameter_range or (None, None)
    return estimate_document(estimate) | {"parameter_p5": low, "parameter_p95": high}
