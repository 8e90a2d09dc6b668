"""What donors should remember of a funding study, in sentences: what most money buys, and the best terms."""

from __future__ import annotations

from collections.abc import Iterator

from demilsim.experiments.ensemble import Response
from demilsim.experiments.funding_curve import FundingPoint
from demilsim.experiments.funding_study import FundingStudy
from demilsim.experiments.statistics import LEVEL, Estimate, ratio
from demilsim.experiments.uncertainty import OPTIMISED
from demilsim.planning.coordinate import GAP_AVERTED
from demilsim.reporting.comparison_words import is_resolved, signed, spelled
from demilsim.reporting.funding_ranges import sure_finding
from demilsim.reporting.funding_words import (
    HOST,
    counts_more,
    least_that_counts,
    planned,
    short_name,
    span_words,
    step,
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


def findings(study: FundingStudy) -> tuple[str, ...]:
    """Return what to remember: what most money buys, how sure that is, and the best change of terms."""
    sure = sure_finding(study)
    told = (*_curve_findings(study), *([sure] if sure else ()), *_terms_findings(study))
    return tuple(sentence(said) for said in told)


def _curve_findings(study: FundingStudy) -> Iterator[str]:
    last = study.points[-1]
    by_donors = tuple(_by_donors(study))
    # One price is enough: that of what donors add, where it is known.
    yield _bought(study, last, priced=not by_donors)
    yield from by_donors
    if len(study.points) > 1:
        before = study.points[-2]
        more = step(before, last)
        span = f"from USD {million(before.budget_usd)} to {million(last.budget_usd)} million"
        if is_resolved(more) and more.mean > 0:
            yield f"The last step, {span}, averts {spelled(more)}."
        else:
            yield f"For the last step, {span}, no further deaths averted can be shown: {signed(more)}."
    yield from _as_planned(study)


def _by_donors(study: FundingStudy) -> Iterator[str]:
    """Yield what of it is averted without any donor, and what most money adds, if the curve begins there."""
    first, last = study.points[0], study.points[-1]
    without = first.averted_with_later
    if first is last or first.budget_usd or not is_resolved(without) or without.mean <= 0.0:
        return
    more, budget = step(first, last), f"USD {million(last.budget_usd)} million"
    yield (
        f"Without any donor {spelled(without)} of them are averted already, by better use of the host's own "
        "money."
    )
    if not is_resolved(more):
        yield f"That {budget} from donors avert any more cannot be shown: {signed(more)}."
        return
    if more.mean < 0.0:
        fewer = spelled(Estimate(-more.mean, more.half_width))
        yield f"With {budget} from donors {fewer} fewer are averted than without."
        return
    spent = last.ensemble.values(OPTIMISED, Response.COST) - first.ensemble.values(OPTIMISED, Response.COST)
    price = ratio(spent, first.as_counted(OPTIMISED) - last.as_counted(OPTIMISED))
    yield f"{budget} from donors add {spelled(more)}{_for_each(price)}.{_both(last)}"


def _both(last: FundingPoint) -> str:
    """Return the price of donors' money and better use together, as the table and the report have it."""
    price = last.usd_per_fatality_averted_with_later
    if price is None:
        return ""
    return (
        f" Both together cost USD {spelled(price, USD_PER_MILLION)} million for each: so count the table "
        "below and the report of demilsim run."
    )


def _for_each(price: Estimate | None) -> str:
    return f", at USD {spelled(price, USD_PER_MILLION)} million for each" if price else ""


def _as_planned(study: FundingStudy) -> Iterator[str]:
    """Yield what most money averts by the planner's own count, if the curve begins without donors."""
    first, last = study.points[0], study.points[-1]
    if first is last or first.budget_usd or first.planning_harm is None or last.planning_harm is None:
        return
    more = planned(study, first.planning_harm - last.planning_harm)
    budget = f"USD {million(last.budget_usd)} million"
    yield (
        f"As planned, if money and capacity come as expected, {budget} avert {more} deaths more than no "
        "donors' money."
    )


def _bought(study: FundingStudy, point: FundingPoint, priced: bool) -> str:
    averted, budget = point.averted_with_later, f"USD {million(point.budget_usd)} million from donors"
    interval, span = f"{level_text(LEVEL)} Monte Carlo interval", span_words(study)
    if is_resolved(averted):
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
