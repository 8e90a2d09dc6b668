"""The tiny experiment that tests of sweeps share."""

from __future__ import annotations

import pytest

from demilsim.experiments.experiment import Experiment
from demilsim.experiments.sweep import How, sweep
from demilsim.experiments.workers import Backend
from sweeps import fingerprint, tiny_experiment


@pytest.fixture(scope="module")
def experiment(tmp_path_factory: pytest.TempPathFactory) -> Experiment:
    """Return the tiny experiment."""
    return tiny_experiment(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def expected(experiment: Experiment, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the hash of its tables, done in one go in this process."""
    result = sweep(experiment, how=How(backend=Backend.SERIAL))
    return fingerprint(result, tmp_path_factory.mktemp("expected"))
