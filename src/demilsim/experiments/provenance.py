"""Where the results of a sweep come from, for every file that holds them; no times, no folders."""

from __future__ import annotations

import platform
from typing import Any

import numpy as np

from demilsim.experiments.code_version import code_version
from demilsim.experiments.experiment import Experiment


def provenance(experiment: Experiment) -> dict[str, Any]:
    """Return what would have to be equal for the same bits, as plain values."""
    settings = experiment.base.settings
    precision = experiment.precision
    return {
        "question": experiment.question,
        "scenario": {"name": settings.name, "sha256": experiment.base.sha256},
        "synthetic": settings.synthetic,
        "study": experiment.study,
        "policies": list(experiment.policies),
        "outputs": [output.value for output in experiment.outputs],
        "design": experiment.design.value,
        "factors": {factor.name: list(factor.paths) for factor in experiment.factors},
        "rows": len(experiment.rows),
        "replications": experiment.replications if precision is None else None,
        "precision": {t.response.value: t.share for t in precision.targets} if precision else None,
        "seed": experiment.seed,
        "code": code_version(),
        "python": platform.python_version(),
        "numpy": np.__version__,
    }
