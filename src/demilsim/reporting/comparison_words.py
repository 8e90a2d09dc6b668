"""What a comparison says in sentences: each alternative against the first, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from demilsim.experiments.compare import Comparison
from demilsim.experiments.comparison_draws import Chance, DrawComparison
from demilsim.experiments.comparison_inputs import CommonIds
from demilsim.experiments.comparison_outputs import Measured
from demilsim.experiments.rare_events import REPLICATIONS as CHANCE_REPLICATIONS
from demilsim.experiments.risk_measures import MAJOR_NEQ_KG
from demilsim.experiments.statistics import LEVEL, Estimate
from demilsim.experiments.uncertainty import REPLICATIONS as RUN_REPLICATIONS
from demilsim.reporting.comparison_audience import ShownInputs
from demilsim.reporting.stored import plain
from demilsim.reporting.wording import (
    DIGITS,
    USD_PER_MILLION,
    figure,
    fixed,
    interval_decimals,
    label,
    level_text,
    percent,
    shortened,
    years_text,
)
from demilsim.units import KG_PER_TONNE

LONGEST_NAME = 48
"""Characters of an alternative's name in a sentence or a table."""

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

LONGEST_PLAN = 90
"""Characters of what is said about a plan."""

ROUNDING = 1e-9
"""Half width below which a mean is called exact, as a share of it [1]: rounding of sums, no chance."""

HALF = 0.5

MOST_DIGITS = 6
"""Significant digits by which two ends of a range are told apart, at most."""

MOST_SENTENCES = 3
"""Alternatives that are spoken of beside the first; the table has all."""

INTERVAL = f"{level_text(LEVEL)} Monte Carlo interval"


def name_of(comparison: Comparison, index: int) -> str:
    """Return an alternative's name as it is shown, without what could hide or reverse text."""
    return shortened(plain(label(comparison.alternatives[index].name)), LONGEST_NAME)


def letter(index: int) -> str:
    """Return the letter by which the table and the figure speak of an alternative; a number after Z."""
    return LETTERS[index] if index < len(LETTERS) else str(index + 1)


def _said(comparison: Comparison, index: int) -> str:
    """Return how a sentence names an alternative: by name if there are two, else by letter."""
    name = f"“{name_of(comparison, index)}”"
    if len(comparison.alternatives) == 2:
        return name
    return f"{letter(index)}, {name}," if index else letter(0)


def findings(comparison: Comparison) -> tuple[str, ...]:
    """Return a paragraph for each of the first alternatives beside the reference."""
    others = range(1, len(comparison.alternatives))
    said = [" ".join(_against_first(comparison, index)) for index in others[:MOST_SENTENCES]]
    if len(others) > MOST_SENTENCES:
        said.append(f"{len(others) - MOST_SENTENCES} more alternatives are in the table.")
    return tuple(said)


def _against_first(comparison: Comparison, index: int) -> Iterator[str]:
    if same_throughout(comparison, index):
        yield (
            f"{_said(comparison, index)} and {_said(comparison, 0)} come out the same in every "
            "replication and every output."
        )
        return
    yield _deaths(comparison, index)
    yield from _work(comparison, index)
    if comparison.draws is not None:
        yield chance_sentence(comparison, index, comparison.draws.chance_fewer(index))


def same_throughout(comparison: Comparison, index: int) -> bool:
    """Return whether an alternative equals the first in every replication of every output."""
    ours, first = comparison.outputs[index].values, comparison.outputs[0].values
    return all(np.array_equal(ours[output], first[output]) for output in Measured)


def _deaths(comparison: Comparison, index: int) -> str:
    own, first = comparison.outputs[index], comparison.outputs[0]
    output = Measured.EXPECTED_FATALITIES
    difference = own.difference(first, output)
    ours, reference = _said(comparison, index), _said(comparison, 0)
    over = _horizon(comparison)
    if not is_resolved(difference):
        return (
            f"Between {ours} and {reference} no difference in expected deaths can be shown over {over}: "
            f"{signed(difference)} ({INTERVAL})."
        )
    assert difference.half_width is not None, "without it nothing is resolved"
    decimals = interval_decimals(difference.half_width, difference.mean)
    size = abs(difference.mean)
    low, high = size - difference.half_width, size + difference.half_width
    means = (fixed(one.estimate(output).mean, decimals) for one in (own, first))
    return (
        f"With {ours} {fixed(size, decimals)} {'fewer' if difference.mean < 0 else 'more'} deaths are "
        f"expected over {over} than with {reference} ({INTERVAL} {fixed(low, decimals)} to "
        f"{fixed(high, decimals)}): {' instead of '.join(means)}."
    )


def _work(comparison: Comparison, index: int) -> Iterator[str]:
    """Yield the sentence on tonnes, money and time, of what differs; nothing if all three are equal."""
    own, first = comparison.outputs[index], comparison.outputs[0]
    parts = []
    for output, scale, more, less, words in (
        (Measured.DESTROYED, 1.0, "more", "less", "destroys {} t {}"),
        (Measured.COST, USD_PER_MILLION, "more", "less", "spends USD {} million {}"),
        (Measured.CLEARANCE, 1.0, "later", "sooner", "clears the surplus {} days {}"),
    ):
        if output is Measured.CLEARANCE and not _both_clear(comparison, index):
            continue
        difference = own.difference(first, output)
        if is_resolved(difference):
            size = Estimate(abs(difference.mean), difference.half_width)
            parts.append(words.format(spelled(size, scale), more if difference.mean > 0 else less))
    if parts:
        yield f"It {parts[0] if len(parts) == 1 else ', '.join(parts[:-1]) + ' and ' + parts[-1]}."
    shares = [cleared_share(comparison, one) for one in (index, 0)]
    if shares[0] != shares[1] and not _both_clear(comparison, index):
        ours, theirs = (percent(share) for share in shares)
        yield f"The surplus is gone within the horizon in {ours} of replications, against {theirs}."


def cleared_share(comparison: Comparison, index: int) -> float:
    """Return the share of replications in which an alternative clears the surplus within its horizon [1]."""
    chosen = comparison.alternatives[index]
    days = comparison.ensembles[chosen.scenario].clearance_days(chosen.policy)
    return float(np.isfinite(days).mean())


def _both_clear(comparison: Comparison, index: int) -> bool:
    """Return whether an alternative and the first clear the surplus in most replications.

    Days count to the end of the horizon where they do not: a difference of such days is no time.
    """
    return all(cleared_share(comparison, one) > HALF for one in (index, 0))


def chance_sentence(comparison: Comparison, index: int, chance: Chance) -> str:
    """Return how often over the draws an alternative has fewer expected deaths than the first."""
    draws = comparison.draws
    assert draws is not None, "the chance is from the draws"
    if chance.ties == draws.draws:
        return f"Under all {draws.draws} draws of what is not known both have the same expected deaths."
    first = _said(comparison, 0)
    text = (
        f"Over {draws.draws} draws of what is not known, the same for both, it has fewer expected deaths "
        f"than {first} in {percent(chance.share)} of them ({level_text(LEVEL)} interval "
        f"{percent(chance.low)} to {percent(chance.high)})"
    )
    return f"{text}." if chance.resolved else f"{text}: not resolved, since the interval covers 50%."


def is_resolved(difference: Estimate) -> bool:
    """Return whether the interval of a difference is known and leaves out zero."""
    return difference.half_width is not None and abs(difference.mean) > difference.half_width


def spelled(estimate: Estimate, scale: float = 1.0) -> str:
    """Return ``mean ± half width`` to two digits of the half width, in units of `scale`."""
    mean = estimate.mean / scale
    if estimate.half_width is None:
        return figure(mean)
    half_width = estimate.half_width / scale
    if half_width <= ROUNDING * abs(mean):
        return f"{figure(mean)} ± 0"
    decimals = interval_decimals(half_width, mean)
    return f"{fixed(mean, decimals)} ± {fixed(half_width, decimals)}"


def over_draws(draws: DrawComparison, index: int, other: int | None = None) -> str:
    """Return the range over the draws of an alternative's deaths, or of their difference from another.

    Where there is none, that is said, and no range of no width.
    """
    if one_value(draws, index, other):
        deaths = draws.deaths[index] if other is None else draws.deaths[index] - draws.deaths[other]
        return f"{figure(float(deaths.mean()))} in every draw"
    low, high = draws.range_of(index) if other is None else draws.difference_range(index, other)
    for digits in range(DIGITS, MOST_DIGITS + 1):
        ends = figure(low, digits), figure(high, digits)
        if ends[0] != ends[1]:
            return " to ".join(ends)
    return f"{ends[0]} in nearly every draw"


def one_value(draws: DrawComparison, index: int, other: int | None = None) -> bool:
    """Return whether all draws have the same mean, of an alternative or of its difference from another."""
    means = draws.deaths[index].mean(axis=1)
    scale = float(np.abs(means).max())
    if other is not None:
        means = means - draws.deaths[other].mean(axis=1)
    return float(np.ptp(means)) <= ROUNDING * scale


def signed(difference: Estimate, scale: float = 1.0) -> str:
    """Return a difference with its half width, with a plus if it is above zero."""
    text = spelled(difference, scale)
    return f"+{text}" if difference.mean > 0 else text


def _horizon(comparison: Comparison) -> str:
    years = {ensemble.scenario.settings.horizon_years for ensemble in comparison.ensembles}
    return years_text(years.pop()) if len(years) == 1 else "their horizons"


def notes(comparison: Comparison, inputs: tuple[ShownInputs, ...]) -> tuple[str, ...]:
    """Return what the reader must know, most important first."""
    return (*_unlike(comparison), *_how_counted(comparison), *_ids(inputs), *_plans(comparison))


def _unlike(comparison: Comparison) -> Iterator[str]:
    """Yield what makes sums over the horizon mean different things."""
    settings = [ensemble.scenario.settings for ensemble in comparison.ensembles]
    spans = {(one.start, one.horizon_years) for one in settings}
    if len(spans) > 1:
        told = "; ".join(f"{years_text(years)} from {start.isoformat()}" for start, years in sorted(spans))
        yield f"The horizons differ ({told}): sums over them are not for the same years."
    if any(one.terminal_years for one in settings):
        yield (
            "Plans are optimised on harm that counts what is left at the end of the horizon for some years "
            "more; expected deaths here stop at the horizon."
        )
    if len({one.price_year for one in settings}) > 1:
        yield "The price years differ: costs are not in the same dollars."
    if len({one.harm_weights for one in settings}) > 1:
        yield "The weights of harm differ: each plan was made with those of its own scenario."


def _how_counted(comparison: Comparison) -> Iterator[str]:
    counted = any(one.counted_major for one in comparison.outputs)
    major = f"A major explosion destroys at least {figure(MAJOR_NEQ_KG / KG_PER_TONNE)} t NEQ with its chain"
    how = (
        f"its chance is counted in the {comparison.replications:,} replications"
        if counted
        else f"its chance is computed in {CHANCE_REPLICATIONS} replications from all else that happens there"
    )
    yield (
        f"± is half the width of the {INTERVAL}, each by itself, from {comparison.replications:,} "
        f"replications that are the same for all. {major}; {how}. Days to clear the surplus count to the "
        "end of the horizon where it is not cleared."
    )
    if any(_no_chance(comparison, index) for index in range(1, len(comparison.alternatives))):
        yield (
            "± 0 in a difference is no lack of replications: it is the same in every one of them, since "
            "chance is common to both and cancels, or has no part in it."
        )
    draws = comparison.draws
    if draws is None:
        yield "What is not known about the model's constants is not carried through here."
        return
    chances = [draws.chance_fewer(index) for index in range(1, len(comparison.alternatives))]
    doubt = max(chance.in_doubt for chance in chances)
    unsure = f"; in {doubt} of {draws.draws} draws these do not settle which is lower" if doubt else ""
    common = (
        ""
        if draws.common_constants == draws.constants
        else f" {draws.constants - draws.common_constants} of {draws.constants} constants are not drawn in "
        "all scenarios."
    )
    yield (
        f"Draws of what is not known: chance is averaged out, since the mean of {draws.replications} "
        f"replications is compared in each draw{unsure}. A constant has the same quantile in each scenario, "
        f"and no plan is made anew for a draw.{common} demilsim run takes {RUN_REPLICATIONS} replications of "
        "each of the same draws, so that its range for the same plan differs from that told here, by chance "
        "alone."
    )


def _no_chance(comparison: Comparison, index: int) -> bool:
    """Return whether an output differs from that of the first by the same in every replication."""
    own, first = comparison.outputs[index], comparison.outputs[0]
    # Days to clear have no difference where neither clears it.
    shown = (output for output in Measured if output is not Measured.CLEARANCE)
    found = [own.difference(first, output) for output in shown]
    return any(one.half_width is not None and one.half_width <= ROUNDING * abs(one.mean) for one in found)


def _ids(inputs: tuple[ShownInputs, ...]) -> Iterator[str]:
    if not inputs:
        return
    by_counts: dict[tuple[CommonIds, ...], list[str]] = {}
    for one in inputs:
        by_counts.setdefault(one.ids, []).append(f"“{_short(one.scenario)}”")
    told = [f"{_kinds(ids)} with {', '.join(names)}" for ids, names in by_counts.items()]
    yield (
        f"Chance is common where ids are equal; “{_short(inputs[0].reference)}” shares {'; '.join(told)}. "
        "What has another id has draws of its own, which widens the intervals of differences."
    )


def _kinds(ids: tuple[CommonIds, ...]) -> str:
    return ", ".join(
        f"{row.both:,} of {row.both + row.only_first + row.only_other:,} {row.kind}" for row in ids
    )


def _plans(comparison: Comparison) -> Iterator[str]:
    """Yield where planning did not go as asked; what the optimiser proved is told by ``demilsim plan``."""
    files = {
        alternative.policy
        for index, alternative in enumerate(comparison.alternatives)
        if comparison.plan(index).source == "file"
    }
    if files:
        named = ", ".join(f"“{_short(name)}”" for name in sorted(files))
        yield (
            f"From a file and followed as it is in every scenario: {named}. Nothing in it is made anew where "
            "money is late or less, or anything else differs."
        )
    for name, programme in zip(comparison.names, comparison.programmes, strict=True):
        if programme is None:
            continue
        yield from (f"Planning “{_short(name)}”: {plain(note)}." for note in programme.notes)
        status = programme.result.status.value if programme.result else "without a plan"
        if status != "optimal":
            yield f"Planning “{_short(name)}”: optimiser {status}; a better plan may exist."


def _short(name: str) -> str:
    return shortened(plain(name), LONGEST_NAME)


def plan_words(comparison: Comparison, index: int) -> str:
    """Return where an alternative's plan comes from, and the new facilities that it orders."""
    plan, scenario = (
        comparison.plan(index),
        comparison.ensembles[comparison.alternatives[index].scenario].scenario,
    )
    kind, _, rule = plan.source.partition(":")
    origin = {"file": "from a file", "milp": "optimised", "none": "nothing is destroyed"}.get(kind)
    by_rule = label(rule) if rule == "host_only" else f"rule: {label(rule)}"
    made = origin or (by_rule if kind == "rule" else label(kind))
    names = {facility.facility_id: facility.name for facility in scenario.facilities}
    ordered = [plain(names[order.facility_id]) for order in plan.commissionings]
    return shortened(f"{made}; orders {', '.join(ordered)}" if ordered else made, LONGEST_PLAN)
