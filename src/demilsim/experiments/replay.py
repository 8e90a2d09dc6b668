"""One run of a sweep done again, alone and in this process."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from demilsim.errors import DemilsimError
from demilsim.experiments.block import Block, run_block, study_of
from demilsim.experiments.experiment import Experiment
from demilsim.experiments.ledger import assembled, other_versions_sentence
from demilsim.experiments.ledgers import LedgerKind, open_ledger, read_ledgers


class Replayed(NamedTuple):
    """What a run gave this time.

    Parameters
    ----------
    values
        By policy and output; empty if it failed.
    same
        Whether every bit is that of the ledger; None if the ledger has no result of it.
    sentence
        For the reader.
    """

    values: Mapping[str, Mapping[str, float]]
    same: bool | None
    sentence: str


def replay(folder: Path, experiment: Experiment, row: int, replication: int) -> Replayed:
    """Do a run again; what had failed and goes well now is put into the ledger.

    Parameters
    ----------
    folder
        Results folder of the sweep.
    experiment
        Its experiment.
    row
        Of the design, first 0.
    replication
        Its number.

    Raises
    ------
    DemilsimError
        If the design has no such row.
    """
    if row >= len(experiment.rows):
        raise DemilsimError(f"--row: expected 0 to {len(experiment.rows) - 1} (got {row})")
    study, texts = study_of(experiment), experiment.rows[row]
    block = Block(experiment.row_key(texts), tuple(experiment.overrides(texts).items()), replication, 1)
    outcome = run_block(study, block)
    if outcome.failures:
        return Replayed({}, None, f"failed: {outcome.failures[0].error}")
    values = {
        policy: {output.value: float(found) for output, found in zip(study.outputs, line, strict=True)}
        for policy, line in zip(study.policies, outcome.values[0], strict=True)
    }
    reader = read_ledgers([folder], study)
    shape = (len(study.policies), len(study.outputs))
    before = assembled(reader.pieces(block.row), replication + 1, *shape)[replication]
    failed = any(key == block.row and f.replication == replication for key, f in reader.failures())
    aside = other_versions_sentence(reader.other_versions())
    reader.close()
    if not np.isnan(before[0, 0]):
        same = before.tobytes() == outcome.values[0].tobytes()
        return Replayed(values, same, "the same bits as before" if same else "NOT the same bits as before")
    if not failed:
        return Replayed(values, None, "; ".join(filter(None, ("the sweep has not done this run yet", aside))))
    kept = open_ledger(folder, study, LedgerKind.FILES)
    kept.add(block.row, replication, outcome)
    kept.close()
    return Replayed(values, None, f"failed before, went well now and is kept: demilsim merge {folder}")
