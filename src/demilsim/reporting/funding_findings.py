"""What donors should remember of a funding study, in sentences: what is bought, and the best terms.

The promised money is spoken of first where it is among the budgets, else the largest of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import isclose

from demilsim.experiments.ensemble import Response
from demilsim.experiments.funding_curve import SAME_USD, FundingPoint
from demilsim.experiments.funding_study import FundingStudy
from demilsim.experiments.statistics import LEVEL, Estimate, ratio
from demilsim.experiments.uncertainty import OPTIMISED
from demilsim.planning.coordinate import GAP_AVERTED
from demilsim.reporting.comparison_words import is_resolved, signed, spelled
from demilsim.reporting.funding_ranges import sure_finding
from demilsim.reporting.funding_words import (
    HOST,
    counts_more,
    least_text,
    least_that_counts,
    main_index,
    planned,
    short_name,
    span_words,
    step,
    too_small,
)
from demilsim.reporting.wording import (
    USD_PER_MILLION,
    figure,
    level_text,
    million,
    percent,
    sentence,
    years_text,
)

_TOO_LITTLE = "no more than the optimiser can tell apart"


def findings(study: FundingStudy) -> tuple[str, ...]:
    """Return what to remember: what the money buys, how sure that is, and the best change of terms."""
    sure = sure_finding(study)
    told = (*_curve_findings(study), *([sure] if sure else ()), *_terms_findings(study))
    return tuple(sentence(said) for said in told)


def _curve_findings(study: FundingStudy) -> Iterator[str]:
    main = study.points[main_index(study)]
    by_donors = tuple(_by_donors(study, main))
    # One price is enough: that of what donors add, where it is known.
    yield _bought(study, main, priced=not by_donors)
    yield from by_donors
    yield from _last_step(study, main)
    yield from _as_planned(study, main)


def _last_step(study: FundingStudy, main: FundingPoint) -> Iterator[str]:
    """Yield what is averted by the last step; by all beyond what is promised, where that was spoken of."""
    if len(study.points) < 2:
        return
    last = study.points[-1]
    before, name = (study.points[-2], "the last step") if main is last else (main, "more than that")
    more = step(before, last)
    said = f"{name}, from USD {million(before.budget_usd)} to {million(last.budget_usd)} million,"
    if too_small(study, more):
        yield f"With {said} deaths change by less than {least_text(study)}: {_TOO_LITTLE}."
    elif is_resolved(more) and more.mean > 0:
        yield f"{said} averts {spelled(more)}."
    else:
        yield f"For {said} no further deaths averted can be shown: {signed(more)}."


def _by_donors(study: FundingStudy, main: FundingPoint) -> Iterator[str]:
    """Yield what of it is averted without any donor, and what the money adds, if the curve begins there."""
    first = study.points[0]
    without = first.averted_with_later
    if first is main or first.budget_usd or not is_resolved(without) or without.mean <= 0.0:
        return
    if too_small(study, without):
        return
    more, budget = step(first, main), f"USD {million(main.budget_usd)} million"
    yield (
        f"Without any donor {spelled(without)} of them are averted already, by better use of the host's own "
        "money."
    )
    if too_small(study, more):
        yield f"{budget} from donors change that by less than {least_text(study)}: {_TOO_LITTLE}."
        return
    if not is_resolved(more):
        yield f"That {budget} from donors avert any more cannot be shown: {signed(more)}."
        return
    if more.mean < 0.0:
        fewer = spelled(Estimate(-more.mean, more.half_width))
        yield f"With {budget} from donors {fewer} fewer are averted than without."
        return
    spent = main.ensemble.values(OPTIMISED, Response.COST) - first.ensemble.values(OPTIMISED, Response.COST)
    price = ratio(spent, first.as_counted(OPTIMISED) - main.as_counted(OPTIMISED))
    yield f"{budget} from donors add {spelled(more)}{_for_each(price)}.{_both(main)}"


def _both(main: FundingPoint) -> str:
    """Return the price of donors' money and better use together, as the table and the report have it."""
    price = main.usd_per_fatality_averted_with_later
    if price is None:
        return ""
    return (
        f" Both together cost USD {spelled(price, USD_PER_MILLION)} million for each: so count the table "
        "below and the report of demilsim run."
    )


def _for_each(price: Estimate | None) -> str:
    return f", at USD {spelled(price, USD_PER_MILLION)} million for each" if price else ""


def _as_planned(study: FundingStudy, main: FundingPoint) -> Iterator[str]:
    """Yield what the money averts by the planner's own count, if the curve begins without donors."""
    first = study.points[0]
    if first is main or first.budget_usd or first.planning_harm is None or main.planning_harm is None:
        return
    more = planned(study, first.planning_harm - main.planning_harm)
    budget = f"USD {million(main.budget_usd)} million"
    yield (
        f"As planned, if money and capacity come as expected, {budget} avert {more} deaths more than no "
        "donors' money."
    )


def _bought(study: FundingStudy, point: FundingPoint, priced: bool) -> str:
    averted, budget = point.averted_with_later, f"USD {million(point.budget_usd)} million from donors"
    promised = isclose(point.budget_usd, study.promised_usd, rel_tol=SAME_USD)
    budget += ", as promised," if promised else f" (they promise {million(study.promised_usd)})"
    interval, span = f"{level_text(LEVEL)} Monte Carlo interval", span_words(study)
    if too_small(study, averted):
        said = (
            f"With {budget} the plan changes expected deaths {span} by less than {least_text(study)} against "
            f"{HOST}: {_TOO_LITTLE}."
        )
    elif is_resolved(averted):
        paid = _for_each(point.usd_per_fatality_averted_with_later if priced else None)
        said = (
            f"With {budget} the plan {_effect(averted)} expected deaths {span} against {HOST} "
            f"({interval}){paid}."
        )
    else:
        said = (
            f"With {budget} no effect on expected deaths {span} can be shown against {HOST}: "
            f"{signed(averted)} averted ({interval})."
        )
    if not counts_more(study):
        return said
    years, alone = years_text(study.scenario.settings.horizon_years), point.averted
    if not is_resolved(alone):
        return f"{said} Over the {years} alone no effect can be shown: {signed(alone)} averted."
    return f"{said} Over the {years} alone it {_effect(alone)}."


def _effect(averted: Estimate) -> str:
    """Return ``averts`` or ``adds`` and the size."""
    size = Estimate(abs(averted.mean), averted.half_width)
    return f"{'averts' if averted.mean > 0 else 'adds'} {spelled(size)}"


def _terms_findings(study: FundingStudy) -> Iterator[str]:
    terms, least = study.terms, least_that_counts(study)
    if terms is None:
        return
    useful = [option for option in terms.options if option.averted >= least]
    if not useful:
        yield (
            f"No change to donors' terms averts more than {percent(GAP_AVERTED)} of what the plan averts: "
            "they hardly matter."
        )
        return
    best = useful[0]
    price = f"for USD {million(best.usd)} million more" if best.usd else "at no cost"
    yield (
        f"Of the changes to donors' terms, “{short_name(best.name)}” averts most as planned: "
        f"{figure(best.averted)} deaths, {price}."
    )
