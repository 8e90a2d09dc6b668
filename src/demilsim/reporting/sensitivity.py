"""Sensitivity of a sweep as tables, a JSON document and a page of text."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from demilsim.errors import ResultsError
from demilsim.experiments.price_of_harm import CurvePoint, PriceOfHarm, margin
from demilsim.experiments.provenance import provenance
from demilsim.experiments.sensitivity import QuantityResult, Sensitivity, ranked
from demilsim.experiments.statistics import LEVEL
from demilsim.reporting.document import Document
from demilsim.reporting.folder import write_atomically
from demilsim.reporting.stored import Stored
from demilsim.reporting.tables import csv_text, json_text

FACTORS = (
    "output", "policy", "against", "factor", "first_order", "first_low", "first_high", "total_order",
    "total_low", "total_high", "morris_mean", "morris_mean_absolute", "morris_half_width", "morris_deviation",
    "pawn_median",
)  # fmt: skip
VARIANCE = (
    "output", "policy", "against", "mean", "variance_parameters", "variance_chance", "share_parameters",
    "share_chance", "noise_in_row_means",
)  # fmt: skip
INFORMATION = (
    "known", "harm", "averted", "averted_low", "averted_high", "usd", "usd_low", "usd_high",
)  # fmt: skip

NOISE_TOLD = 0.05
"""Share of chance in the variance of row means above which the text asks for more replications."""

Row = list[object]


def write_sensitivity(directory: Path, found: Sensitivity, price: PriceOfHarm | None = None) -> Document:
    """Write ``sensitivity.csv``, ``variance.csv``, ``information.csv``, ``sensitivity.json`` and ``.txt``.

    Parameters
    ----------
    directory
        Results folder of the sweep.
    found
        What it says.
    price
        What an averted death is taken to be worth; without it there are no dollars.

    Returns
    -------
    dict
        What ``sensitivity.json`` holds.
    """
    tables = {
        "sensitivity": (FACTORS, list(_factor_rows(found))),
        "variance": (VARIANCE, list(_variance_rows(found))),
        "information": (INFORMATION, list(_information_rows(found, price))),
    }
    document: Document = {
        **provenance(found.experiment),
        "level": LEVEL,
        "usd_per_death": {"usd": price.usd, "source": price.source} if price else None,
        "chosen": found.information.chosen if found.information else None,
        **{name: [dict(zip(h, r, strict=True)) for r in rows] for name, (h, rows) in tables.items()},
        "notes": list(found.notes),
        "sentences": list(_sentences(found, price)),
    }
    for name, (header, rows) in tables.items():
        write_atomically(directory / f"{name}.csv", csv_text(header, rows))
    write_atomically(directory / "sensitivity.json", json_text(document))
    write_atomically(directory / "sensitivity.txt", "\n".join(document["sentences"]) + "\n")
    return document


def _key(result: QuantityResult) -> Row:
    quantity = result.quantity
    return [quantity.output.value, quantity.policy, quantity.against]


def _factor_rows(found: Sensitivity) -> Iterator[Row]:
    for result in found.quantities:
        sobol, morris = result.sobol, result.morris
        for i, factor in enumerate(found.experiment.names):
            row = [*_key(result), factor]
            row += (
                [sobol.first[i], *sobol.first_ends[:, i], sobol.total[i], *sobol.total_ends[:, i]]
                if sobol
                else [None] * 6
            )
            row += (
                [morris.mean[i], morris.mean_absolute[i], morris.mean_absolute_half_width[i],
                 morris.deviation[i]] if morris else [None] * 4
            )  # fmt: skip
            row.append(result.pawn[i] if result.pawn is not None else None)
            yield [float(v) if isinstance(v, np.floating) else v for v in row]


def _variance_rows(found: Sensitivity) -> Iterator[Row]:
    for result in found.quantities:
        split = result.split
        if split is not None:
            share = split.share_parameters
            yield [
                *_key(result), result.mean, split.parameters, split.chance, share,
                None if share is None else 1.0 - share, split.share_noise,
            ]  # fmt: skip


def _information_rows(found: Sensitivity, price: PriceOfHarm | None) -> Iterator[Row]:
    """Yield all factors together, least and most, then each alone, the most valuable first."""
    information = found.information
    if information is None:
        return
    perfect, names = information.perfect, found.experiment.names
    lines: list[tuple[str, float, float, float]] = [
        ("all factors, at least", perfect.least, perfect.low, perfect.high),
        ("all factors, at most", perfect.most, perfect.low, perfect.high),
    ]
    for i in ranked(names, [one.value for one in information.partial]):
        one = information.partial[i]
        lines.append((names[i], one.value, one.low, one.high))
    for name, *harm in lines:
        usd = [value * price.usd for value in harm] if price else [None] * 3
        yield [name, information.harm.value, *harm, *usd]


def _sentences(found: Sensitivity, price: PriceOfHarm | None) -> Iterator[str]:
    """Yield the page of text."""
    experiment = found.experiment
    yield experiment.question
    yield (
        f"{len(experiment.rows):,} rows ({experiment.design}), {experiment.replications:,} replications each"
        f", intervals at {LEVEL:.0%}."
    )
    yield from _next_measured(found, price)
    for result in found.quantities:
        yield ""
        yield from _quantity_sentences(result, experiment.names)
    if found.notes:
        yield ""
        yield from found.notes


def _next_measured(found: Sensitivity, price: PriceOfHarm | None) -> Iterator[str]:
    information, names = found.information, found.experiment.names
    if information is None:
        return
    yield ""
    yield "What should be measured next"
    yield f"Without more knowledge: {information.chosen}, the least mean {information.harm.value}."
    perfect = information.perfect
    yield (
        f"To know all factors before choosing would avert {perfect.least:.3g} to {perfect.most:.3g} "
        f"(interval {perfect.low:.3g} to {perfect.high:.3g})."
    )
    for i in ranked(names, [one.value for one in information.partial]):
        one = information.partial[i]
        worth = f", worth {one.value * price.usd:,.0f} USD" if price else ""
        yield f"  {names[i]}: {one.value:.3g} averted ({one.low:.3g} to {one.high:.3g}){worth}"
    if price:
        yield f"One averted death is taken as {price.usd:,.0f} USD: {price.source}."
    else:
        yield "No dollars: nothing was said of what an averted death is worth (--usd-per-death, --funding)."


def _quantity_sentences(result: QuantityResult, names: tuple[str, ...]) -> Iterator[str]:
    """Yield one quantity: mean, variance, and its factors by rank."""
    quantity, split = result.quantity, result.split
    constant = split is not None and split.parameters + split.chance == 0.0
    less = f", less than {quantity.against}" if quantity.against else ""
    yield f"{quantity.output.value} of {quantity.policy}{less}: mean {result.mean:.4g}"
    if constant:
        yield "  the same in every run"
        return
    if split is not None and split.share_parameters is not None:
        yield (
            f"  {split.share_parameters:.0%} of the variance of one outcome from parameters, "
            f"{1.0 - split.share_parameters:.0%} from chance"
        )
        noise = split.share_noise
        if noise is not None and noise > NOISE_TOLD:
            yield f"  {noise:.0%} of the variance of row means is chance; more replications sharpen them"
    if result.sobol is not None:
        sobol = result.sobol
        for i in ranked(names, sobol.total.tolist()):
            yield (
                f"  {names[i]}: first order {_share(sobol.first[i], *sobol.first_ends[:, i])}, "
                f"total {_share(sobol.total[i], *sobol.total_ends[:, i])}"
            )
    if result.morris is not None:
        morris = result.morris
        for i in ranked(names, morris.mean_absolute.tolist()):
            yield (
                f"  {names[i]}: mean absolute effect {morris.mean_absolute[i]:.3g} "
                f"+/- {morris.mean_absolute_half_width[i]:.2g}, spread {morris.deviation[i]:.3g}"
            )


def _share(value: float, low: float, high: float) -> str:
    """Return an index with its interval; estimates may lie a little outside [0, 1]."""
    # Adding zero turns -0.0 into 0.0.
    return "{:.2f} ({:.2f} to {:.2f})".format(*(round(v, 2) + 0.0 for v in (value, low, high)))


class _Point(Stored):
    """What is needed of a point of ``funding.json``."""

    budget_usd: float
    averted_over_host_only: float


class _Scenario(Stored):
    """Of which scenario the curve is."""

    name: str
    sha256: str


class _Curve(Stored):
    """What is needed of ``funding.json``."""

    scenario: _Scenario
    promised_usd: float
    points: list[_Point]


def stated_price(usd_per_death: float) -> PriceOfHarm:
    """Return the price that the user states [USD per averted death].

    Raises
    ------
    ResultsError
        If it is not a positive number.
    """
    if not (math.isfinite(usd_per_death) and usd_per_death > 0.0):
        raise ResultsError(f"--usd-per-death: expected > 0 (got {usd_per_death:g})")
    return PriceOfHarm(usd_per_death, "stated by --usd-per-death")


def curve_price(path: Path, sha256: str) -> PriceOfHarm:
    """Return the price at the margin of a stored funding curve around the money promised.

    Parameters
    ----------
    path
        Folder of ``demilsim fund``, or its ``funding.json``.
    sha256
        Hash of the scenario that it has to be of.

    Raises
    ------
    ResultsError
        If the file cannot be read, or is of another scenario.
    StudyError
        As `margin`.
    """
    file = path / "funding.json" if path.is_dir() else path
    try:
        curve = _Curve.model_validate_json(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ResultsError(
            f"{file}: cannot be read: {error.strerror or error}; expected what demilsim fund writes"
        ) from error
    except ValueError as error:
        raise ResultsError(
            f"{file}: damaged, or not a funding curve: {str(error).splitlines()[0]}"
        ) from error
    if curve.scenario.sha256 != sha256:
        raise ResultsError(
            f"{file}: is of another scenario, {curve.scenario.name}; expected the experiment's own. "
            "Run demilsim fund on it"
        )
    points = [CurvePoint(p.budget_usd, p.averted_over_host_only) for p in curve.points]
    return margin(points, curve.promised_usd, str(file))
