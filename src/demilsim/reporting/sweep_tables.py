"""Tables of a sweep, written row by row, so that memory does not grow with their length."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator, Sequence
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from demilsim.experiments.factors import factor_value
from demilsim.experiments.provenance import provenance
from demilsim.experiments.sweep_result import FailedRun, SweepResult
from demilsim.plan import Floats
from demilsim.reporting.folder import atomic_file, write_atomically
from demilsim.reporting.tables import cell_text, csv_text, json_text

RESULTS, PARQUET, DESIGN, ESTIMATES, FAILURES = (
    "results.csv", "results.parquet", "design.csv", "estimates.csv", "failures.csv",
)  # fmt: skip
METADATA = "results.csv-metadata.json"
"""Where the W3C's *Model for tabular data and metadata on the web* (2015), section 5, looks for it."""

KEY = ("row", "replication", "policy")
LINES_AT_A_TIME = 100_000
"""Lines of a group of rows of Parquet: some 10 MB."""


def write_results_table(directory: Path, result: SweepResult) -> None:
    """Write ``results.csv`` with its metadata, and ``results.parquet`` if pyarrow is installed.

    A line for each row, replication and policy, in this order; failed runs have none.
    """
    digest = hashlib.sha256()
    with atomic_file(directory / RESULTS) as file:
        for chunk in _csv_chunks(result):
            digest.update(chunk)
            file.write(chunk)
    write_atomically(directory / METADATA, json_text(_metadata(result, digest.hexdigest())))
    if find_spec("pyarrow"):
        _write_parquet(directory / PARQUET, result)


def write_design(directory: Path, result: SweepResult) -> None:
    """Write ``design.csv``: the value of each factor in each row."""
    header = ["row", *result.experiment.names]
    rows = ([row, *map(factor_value, texts)] for row, texts in enumerate(result.experiment.rows))
    write_atomically(directory / DESIGN, csv_text(header, rows))


def write_failures(directory: Path, failures: Sequence[FailedRun]) -> None:
    """Write ``failures.csv``, or remove one of before if there are none."""
    if failures:
        write_atomically(directory / FAILURES, csv_text(["row", "replication", "error"], failures))
    else:
        (directory / FAILURES).unlink(missing_ok=True)


def estimate_rows(result: SweepResult) -> tuple[list[str], Iterator[list[object]]]:
    """Return header and lines of ``estimates.csv``: a line for each row and policy with anything done."""
    outputs = result.experiment.outputs
    header = ["row", *result.experiment.names, "policy", "replications"]
    header += [name for output in outputs for name in (output.value, f"{output.value}_half_width")]

    def lines() -> Iterator[list[object]]:
        for row, values in result:
            texts = [factor_value(text) for text in result.experiment.rows[row]]
            done = int(np.count_nonzero(~np.isnan(values[:, 0, 0])))
            for policy, estimates in result.estimates(values).items():
                pairs = [estimates[output] for output in outputs]
                yield [row, *texts, policy, done, *(x for e in pairs for x in (e.mean, e.half_width))]

    return header, lines()


def _csv_chunks(result: SweepResult) -> Iterator[bytes]:
    """Yield ``results.csv`` in pieces, the header first."""
    yield _csv_bytes([(*KEY, *result.experiment.outputs)])
    for row, values in result:
        lines = (
            [row, number, policy, *map(cell_text, values[number, place].tolist())]
            for number in np.flatnonzero(~np.isnan(values[:, 0, 0])).tolist()
            for place, policy in enumerate(result.experiment.policies)
        )
        while part := list(islice(lines, LINES_AT_A_TIME)):
            yield _csv_bytes(part)


def _csv_bytes(lines: Iterable[Sequence[object]]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(lines)
    return buffer.getvalue().encode()


def _metadata(result: SweepResult, sha256: str) -> dict[str, Any]:
    """Return the metadata of ``results.csv``."""
    kinds = {"row": "integer", "replication": "integer", "policy": "string"}
    names = [*KEY, *(output.value for output in result.experiment.outputs)]
    return {
        "@context": "http://www.w3.org/ns/csvw",
        "url": RESULTS,
        "tableSchema": {
            "columns": [{"name": name, "datatype": kinds.get(name, "double")} for name in names],
            "primaryKey": list(KEY),
        },
        "sha256": sha256,
        "provenance": provenance(result.experiment),
    }


def _write_parquet(path: Path, result: SweepResult) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    outputs = [(output.value, pa.float64()) for output in result.experiment.outputs]
    fields = [
        ("row", pa.int32()),
        ("replication", pa.int32()),
        ("policy", pa.dictionary(pa.int8(), pa.string())),
    ]
    metadata = {"demilsim": json_text(provenance(result.experiment))}
    schema = pa.schema([*fields, *outputs], metadata=metadata)
    with atomic_file(path) as file, pq.ParquetWriter(file, schema) as writer:
        for rows, values in _groups(result):
            writer.write_table(_arrow_table(schema, result.experiment.policies, rows, values))


def _groups(result: SweepResult) -> Iterator[tuple[list[int], list[Floats]]]:
    """Yield rows with their values, as many as fill a group."""
    rows: list[int] = []
    values: list[Floats] = []
    for row, found in result:
        rows.append(row)
        values.append(found)
        if sum(v.shape[0] * v.shape[1] for v in values) >= LINES_AT_A_TIME:
            yield rows, values
            rows, values = [], []
    if rows:
        yield rows, values


def _arrow_table(schema: Any, policies: Sequence[str], rows: list[int], values: list[Floats]) -> Any:
    """Return the lines of some rows as a table of Arrow."""
    import pyarrow as pa

    done = [np.flatnonzero(~np.isnan(found[:, 0, 0])) for found in values]
    count = len(policies)
    lines = np.concatenate([v[d].reshape(-1, v.shape[2]) for v, d in zip(values, done, strict=True)])
    names = pa.array(policies, pa.string())
    places = np.tile(np.arange(count, dtype=np.int8), sum(map(len, done)))
    columns = [
        np.repeat(np.array(rows, dtype=np.int32), [count * len(d) for d in done]),
        np.repeat(np.concatenate(done).astype(np.int32), count),
        pa.DictionaryArray.from_arrays(places, names),
        *lines.T,
    ]
    return pa.Table.from_arrays([pa.array(column) for column in columns], schema=schema)
