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
from demilsim.reporting.funding_views import HOST, least_that_counts, planned, short_name, step
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
    """Return what to remember: what most money buys, its last step, and the best change of terms."""
    return tuple(sentence(said) for said in (*_curve_findings(study), *_terms_findings(study)))


def _curve_findings(study: FundingStudy) -> Iterator[str]:
    last = study.points[-1]
    years = years_text(study.scenario.settings.horizon_years)
    yield _bought(last, years)
    yield from _by_donors(study)
    if len(study.points) > 1:
        before = study.points[-2]
        more = step(before, last)
        span = f"from USD {million(before.budget_usd)} to {million(last.budget_usd)} million"
        if is_resolved(more) and more.mean > 0:
            yield f"Of these the last step, {span}, averts {spelled(more)}."
        else:
            yield f"For the last step, {span}, no further deaths averted can be shown: {signed(more)}."
    yield from _as_planned(study)


def _by_donors(study: FundingStudy) -> Iterator[str]:
    """Yield what of it is averted without any donor, and what most money adds, if the curve begins there."""
    first, last = study.points[0], study.points[-1]
    if first is last or first.budget_usd or not is_resolved(first.averted) or first.averted.mean <= 0.0:
        return
    more, budget = step(first, last), f"USD {million(last.budget_usd)} million"
    own = spelled(first.averted)
    yield f"Of these {own} are averted without any donor, by better use of the host's own money."
    if not is_resolved(more) or more.mean <= 0.0:
        yield f"That {budget} from donors avert any more cannot be shown: {signed(more)}."
        return
    spent = last.ensemble.values(OPTIMISED, Response.COST) - first.ensemble.values(OPTIMISED, Response.COST)
    deaths = Response.EXPECTED_FATALITIES
    fewer = first.ensemble.values(OPTIMISED, deaths) - last.ensemble.values(OPTIMISED, deaths)
    price = ratio(spent, fewer)
    paid = f", at USD {spelled(price, USD_PER_MILLION)} million for each" if price else ""
    yield f"{budget} from donors add {spelled(more)}{paid}."


def _as_planned(study: FundingStudy) -> Iterator[str]:
    """Yield what most money averts by the planner's own count, if the curve begins without donors."""
    first, last = study.points[0], study.points[-1]
    if first is last or first.budget_usd or first.planning_harm is None or last.planning_harm is None:
        return
    years = study.scenario.settings.terminal_years
    counts = f", which counts what is left then for another {years_text(years)}," if years else ""
    more = planned(study, first.planning_harm - last.planning_harm)
    budget = f"USD {million(last.budget_usd)} million"
    yield f"As planned{counts} {budget} avert {more} deaths more than no donors' money."


def _bought(point: FundingPoint, years: str) -> str:
    averted, budget = point.averted, f"USD {million(point.budget_usd)} million from donors"
    interval = f"{level_text(LEVEL)} Monte Carlo interval"
    if not is_resolved(averted):
        return (
            f"With {budget} no effect on expected deaths up to the horizon of {years} can be shown against "
            f"{HOST}: {signed(averted)} averted ({interval})."
        )
    verb = "averts" if averted.mean > 0 else "adds"
    size = Estimate(abs(averted.mean), averted.half_width)
    price = point.usd_per_fatality_averted
    paid = f", at USD {spelled(price, USD_PER_MILLION)} million for each" if price else ""
    return f"{budget} {verb} {spelled(size)} expected deaths over {years} against {HOST} ({interval}){paid}."


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
