"""A comparison as a JSON document and as CSV tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

import numpy as np

from demilsim.experiments.compare import COMPARED, Comparison
from demilsim.experiments.comparison_inputs import InputDifference
from demilsim.experiments.comparison_outputs import Measured
from demilsim.experiments.risk_measures import MAJOR_NEQ_KG
from demilsim.experiments.statistics import LEVEL, Estimate, share
from demilsim.reporting.comparison_audience import ShownInputs
from demilsim.reporting.comparison_words import findings, is_resolved, notes
from demilsim.reporting.disclosure import Audience
from demilsim.reporting.document import Document, estimate_document, spread
from demilsim.reporting.policy_measures import clearance_dates
from demilsim.reporting.scenario_facts import scenario_facts
from demilsim.reporting.summary import precision_document
from demilsim.reporting.tables import csv_text
from demilsim.scenario.origins import Origin

MOST_VALUES = 200
"""Differences between the inputs of two scenarios in the JSON document; the CSV file has all."""

UNITS = {
    Measured.EXPECTED_FATALITIES: "persons",
    Measured.P_MAJOR: "1",
    Measured.NEQ_YEARS: "t yr",
    Measured.DESTROYED: "t",
    Measured.COST: "USD",
    Measured.CLEARANCE: "d",
}

POLICY_HEADER = (
    "scenario", "policy", "measure", "mean", "half_width", "difference", "difference_half_width",
)  # fmt: skip
DIFFERENCE_HEADER = (
    "alternative", "reference", "output", "unit", "mean", "reference_mean", "difference", "half_width",
    "low", "high", "resolved",
)  # fmt: skip
INPUT_HEADER = (
    "scenario", "reference", "path", "change", "unit", "reference_value", "value", "reference_from",
    "reference_place", "from", "variant", "place",
)  # fmt: skip


def comparison_document(
    comparison: Comparison, inputs: Sequence[ShownInputs], audience: Audience
) -> Document:
    """Return the content of ``comparison.json``.

    ``reference``, ``seed``, ``replications``, ``level``, ``audience``, ``precision``
        The first alternative, and how all were simulated.
    ``scenarios``
        As in ``summary.json``, in order.
    ``alternatives``
        ``name``, ``scenario``, ``policy``, ``plan`` (``source``, ``sha256``), and ``outputs``: a mean with
        its half-width for each output, ``parameter_p5`` and ``parameter_p95`` for the expected deaths,
        ``clearance_date`` and ``p_cleared``.
    ``differences``
        Each other alternative less the reference: ``outputs`` with ``mean``, ``half_width``, ``low``,
        ``high`` and ``resolved`` (whether zero is left out; null without an interval), and ``over_draws``,
        null without draws: ``p_fewer_deaths`` (``share``, ``low``, ``high``, ``resolved`` (whether 50% is
        left out), ``draws_in_doubt``, ``draws_tied``) and the mean difference with its range.
    ``parameter_draws``
        ``draws``, ``replications`` of each, ``constants`` drawn in any scenario, ``constants_in_common``.
    ``inputs``
        For each other scenario: what differs from the first, as this audience may see it; ``values`` holds
        the first of them and ``left_out`` says how many more there are; ``withheld`` how many are not shown.
        ``draws_in_common`` counts by kind the ids that both have, and so the draws that are the same.
    ``headline``, ``notes``, ``warnings``
        As on the page; `write_comparison` adds how many warnings of `demilsim check` there are.
    ``rows``
        As ``compare.csv``.
    """
    return {
        "reference": comparison.alternatives[0].name,
        "seed": comparison.seed,
        "replications": comparison.replications,
        "level": LEVEL,
        "audience": audience,
        "precision": precision_document(comparison.precision) if comparison.precision else None,
        "major_neq_kg": MAJOR_NEQ_KG,
        "major_counted": any(one.counted_major for one in comparison.outputs),
        "scenarios": [scenario_facts(ensemble.scenario) for ensemble in comparison.ensembles],
        "alternatives": [_alternative(comparison, i) for i in range(len(comparison.alternatives))],
        "differences": [_difference(comparison, i) for i in range(1, len(comparison.alternatives))],
        "parameter_draws": _draws(comparison),
        "inputs": [_inputs(one) for one in inputs],
        "headline": list(findings(comparison)),
        "notes": list(notes(comparison, tuple(inputs))),
        "rows": [dict(zip(POLICY_HEADER, row, strict=True)) for row in policy_rows(comparison)],
    }


def _alternative(comparison: Comparison, index: int) -> Document:
    chosen, own, plan = comparison.alternatives[index], comparison.outputs[index], comparison.plan(index)
    ensemble = comparison.ensembles[chosen.scenario]
    outputs: Document = {output.value: estimate_document(own.estimate(output)) for output in Measured}
    span = comparison.draws.range_of(index) if comparison.draws else None
    deaths = Measured.EXPECTED_FATALITIES
    outputs[deaths.value] = spread(own.estimate(deaths), span)
    cleared = np.isfinite(ensemble.clearance_days(chosen.policy)).astype(float)
    return {
        "name": chosen.name,
        "scenario": comparison.names[chosen.scenario],
        "policy": chosen.policy,
        "plan": {"source": plan.source, "sha256": plan.sha256()},
        "outputs": outputs
        | {
            "clearance_date": clearance_dates(ensemble, chosen.policy),
            "p_cleared": estimate_document(share(cleared)),
        },
    }


def _difference(comparison: Comparison, index: int) -> Document:
    own, first = comparison.outputs[index], comparison.outputs[0]
    found = {output: own.difference(first, output) for output in Measured}
    return {
        "alternative": comparison.alternatives[index].name,
        "reference": comparison.alternatives[0].name,
        "outputs": {output.value: _interval(difference) for output, difference in found.items()},
        "over_draws": _over_draws(comparison, index),
    }


def _interval(difference: Estimate) -> Document:
    known = difference.half_width is not None
    return estimate_document(difference) | {
        "low": difference.low if known else None,
        "high": difference.high if known else None,
        "resolved": is_resolved(difference) if known else None,
    }


def _over_draws(comparison: Comparison, index: int) -> Document | None:
    draws = comparison.draws
    if draws is None:
        return None
    chance, (low, high) = draws.chance_fewer(index), draws.difference_range(index)
    return {
        "p_fewer_deaths": {
            "share": chance.share,
            "low": chance.low,
            "high": chance.high,
            "resolved": chance.resolved,
            "draws_in_doubt": chance.in_doubt,
            "draws_tied": chance.ties,
        },
        "expected_fatalities": spread(draws.difference(index), (low, high)),
    }


def _draws(comparison: Comparison) -> Document | None:
    draws = comparison.draws
    if draws is None:
        return None
    return {
        "draws": draws.draws,
        "replications": draws.replications,
        "constants": draws.constants,
        "constants_in_common": draws.common_constants,
    }


def _inputs(one: ShownInputs) -> Document:
    return {
        "scenario": one.scenario,
        "reference": one.reference,
        "identical": one.identical,
        "withheld": one.withheld,
        "tables": [
            {
                "table": row.table,
                "rows_added": row.added,
                "rows_removed": row.removed,
                "rows_changed": row.changed_rows,
                "values_changed": row.changed_values,
                "sources_changed": row.documents,
                "withheld": row.withheld,
            }
            for row in one.counts
        ],
        "values": [
            dict(zip(INPUT_HEADER[2:], _input_row(value), strict=True)) for value in one.shown[:MOST_VALUES]
        ],
        "left_out": max(len(one.shown) - MOST_VALUES, 0),
        "draws_in_common": {
            row.kind: {"both": row.both, "only_reference": row.only_first, "only_scenario": row.only_other}
            for row in one.ids
        },
    }


def policy_rows(comparison: Comparison) -> list[list[object]]:
    """Return the rows of ``compare.csv``: every policy of every scenario, against that of the first."""
    rows: list[list[object]] = []
    for index, name in enumerate(comparison.names):
        for policy in comparison.ensembles[index].plans:
            for response in COMPARED:
                own = comparison.estimate(index, policy, response)
                against = comparison.difference(index, policy, response) if index else None
                mean, half_width = (against.mean, against.half_width) if against else (None, None)
                rows.append([name, policy, response.value, own.mean, own.half_width, mean, half_width])
    return rows


def policy_table(comparison: Comparison) -> str:
    """Return ``compare.csv``."""
    return csv_text(POLICY_HEADER, policy_rows(comparison))


def difference_table(comparison: Comparison) -> str:
    """Return ``differences.csv``: each output of each other alternative less that of the first."""
    rows: list[list[object]] = []
    first = comparison.outputs[0]
    for index, own in enumerate(comparison.outputs):
        if not index:
            continue
        names = comparison.alternatives[index].name, comparison.alternatives[0].name
        for output in Measured:
            means = own.estimate(output).mean, first.estimate(output).mean
            interval = _interval(own.difference(first, output))
            rows.append([*names, output.value, UNITS[output], *means, *interval.values()])
    return csv_text(DIFFERENCE_HEADER, rows)


def input_table(inputs: Sequence[ShownInputs]) -> str:
    """Return ``input_differences.csv``: every value that differs and that this audience may see."""
    rows = [[one.scenario, one.reference, *_input_row(value)] for one in inputs for value in one.shown]
    return csv_text(INPUT_HEADER, rows)


def _input_row(value: InputDifference) -> list[object]:
    first, other = value.first, value.other
    variant = other.place.variant if other and other.place else ""
    return [
        value.path,
        value.change.value,
        value.unit or None,
        _text(first, value),
        _text(other, value),
        first.given.value if first else None,
        _place(first),
        other.given.value if other else None,
        variant or None,
        _place(other),
    ]


def _text(origin: Origin | None, value: InputDifference) -> str | None:
    return origin.value or None if origin and value.column else None


def _place(origin: Origin | None) -> str | None:
    """Return file and line without the folder, which is that of whoever ran it."""
    return PurePath(str(origin.place)).name if origin and origin.place else None
