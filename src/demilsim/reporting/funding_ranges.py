"""How sure a funding study is: its ranges over what is not known, as rows, tables and sentences.

They stand apart from the half-widths of chance, and nothing adds the two up.
"""

from __future__ import annotations

from collections.abc import Iterator

from demilsim.experiments.funding_ranges import Bought, FundingDraws, Kind, NoRange, ParameterRange
from demilsim.experiments.funding_study import FundingStudy
from demilsim.plan import Floats
from demilsim.planning.coordinate import GAP_AVERTED
from demilsim.reporting.document import Document
from demilsim.reporting.funding_words import (
    HOST,
    least_text,
    least_that_counts,
    main_index,
    short_name,
    with_later_words,
)
from demilsim.reporting.grid import Column, Row, Table
from demilsim.reporting.uncertainty_views import WITHIN_CHANCE
from demilsim.reporting.wording import ABSENT, USD_PER_MILLION, figure, million, percent

DIGITS = 2
"""Significant digits of a range: so few draws do not support more."""

_SHORT = {
    NoRange.UNCHANGED: "none drawn",
    NoRange.SAME: "same in all",
    NoRange.CHANCE: WITHIN_CHANCE,
    NoRange.NO_MONEY: ABSENT,
}
_NO_DRAWS = "No draws of what is not known were asked for (--parameter-draws)."
_ALL_FIXED = (
    "All constants of this scenario are fixed: no draw changes any of them. There is no range over what is "
    "not known, and what is told holds for these constants alone."
)


def draws_document(study: FundingStudy) -> Document:
    """Return two keys of ``funding.json``, both null without draws of what is not known.

    ``parameter_draws``
        ``draws``, ``replications_per_draw``, and ``constants_changed``: those that differ in any draw.
    ``parameter_ranges``
        As the columns of ``funding_ranges.csv``. ``kind`` is ``over_host_only`` (a budget averts over the
        host alone, as the plan counts), ``over_no_donors`` (over a budget of 0, where that is the first),
        ``step`` (over the budget before); then ``late_plan_followed``, ``late_plan_made_again`` (deaths more,
        of the tranche ``name``) and ``option`` (deaths averted by the change ``name``). ``deaths_p5``,
        ``deaths_p50``, ``deaths_p95`` [weighted persons], of the mean over chance; null with the reason in
        ``why_no_range``. ``usd_per_fatality_p5`` and so on: spent more for each; null with ``why_no_price``,
        and without it where nothing is averted at that point. ``draws_with_nothing`` (no more than 0.2% of
        what is averted over the host alone), ``draws_with_sign_told`` (the sign of the number in
        ``late_tranches`` or ``options``), ``draws_largest`` (no other of its kind matters more),
        ``draws_in_doubt`` (the replications of the draw do not settle the sign).
    """
    draws = study.draws
    if draws is None:
        return {"parameter_draws": None, "parameter_ranges": None}
    facts = {
        "draws": draws.draws,
        "replications_per_draw": draws.replications,
        "constants_changed": draws.changed,
    }
    return {"parameter_draws": facts, "parameter_ranges": list(_rows(draws))}


def _rows(draws: FundingDraws) -> Iterator[Document]:
    budgets = draws.budgets_usd
    for index, budget in enumerate(budgets):
        yield _bought_row(draws, "over_host_only", None, budget, draws.over_host(index))
        if index and not budgets[0]:
            yield _bought_row(draws, "over_no_donors", 0.0, budget, draws.between(0, index))
        if index:
            before = budgets[index - 1]
            yield _bought_row(draws, "step", before, budget, draws.between(index - 1, index))
    for term in draws.terms:
        found = draws.deaths_range(term.deaths)
        yield {
            **_row(term.kind.value, term.name),
            **_ends("deaths", found),
            "why_no_range": _why(found),
            "draws_with_sign_told": draws.sign_kept(term),
            "draws_largest": draws.largest(term),
            "draws_in_doubt": draws.in_doubt(term.deaths),
        }


def _bought_row(
    draws: FundingDraws, kind: str, before: float | None, budget: float, bought: Bought
) -> Document:
    found = draws.deaths_range(bought.deaths)
    price = draws.price_range(bought) if budget else NoRange.NO_MONEY
    return {
        **_row(kind, ""),
        "from_budget_usd": before,
        "budget_usd": budget,
        **_ends("deaths", found),
        **_ends("usd_per_fatality", price),
        "why_no_range": _why(found),
        "why_no_price": _why(price),
        "draws_with_nothing": draws.nothing(bought),
        "draws_in_doubt": draws.in_doubt(bought.deaths),
    }


def _row(kind: str, name: str) -> Document:
    """Return a row with all keys, in order, and no values but these."""
    keys = (
        "from_budget_usd", "budget_usd", "deaths_p5", "deaths_p50", "deaths_p95",
        "usd_per_fatality_p5", "usd_per_fatality_p50", "usd_per_fatality_p95",
        "why_no_range", "why_no_price", "draws_with_nothing", "draws_with_sign_told", "draws_largest",
        "draws_in_doubt",
    )  # fmt: skip
    return {"kind": kind, "name": name, **dict.fromkeys(keys)}


def _ends(name: str, found: ParameterRange | NoRange) -> Document:
    if isinstance(found, NoRange):
        return {}
    ends = (found.low, found.middle, found.high)
    finite = (end if end != float("inf") else None for end in ends)
    return dict(zip((f"{name}_p5", f"{name}_p50", f"{name}_p95"), finite, strict=True))


def _why(found: ParameterRange | NoRange) -> str | None:
    return found.value if isinstance(found, NoRange) else None


def band(study: FundingStudy) -> list[tuple[float, ParameterRange]]:
    """Return budget [USD] and range of deaths averted over the host alone, where there is one."""
    draws = study.draws
    if draws is None:
        return []
    found = ((b, draws.deaths_range(draws.over_host(i).deaths)) for i, b in enumerate(draws.budgets_usd))
    return [(budget, one) for budget, one in found if isinstance(one, ParameterRange)]


def sure_finding(study: FundingStudy) -> str | None:
    """Return how sure it is what promised (else most) money buys, in one sentence; None without draws."""
    draws = study.draws
    if draws is None:
        return None
    if not draws.changed:
        return _ALL_FIXED
    main = main_index(study)
    by_donors = main > 0 and not draws.budgets_usd[0]
    bought = draws.between(0, main) if by_donors else draws.over_host(main)
    budget = f"USD {million(draws.budgets_usd[main])} million from donors"
    over = f"over {draws.draws} draws of the model's constants, which are not known,"
    found, price = draws.deaths_range(bought.deaths), draws.price_range(bought)
    if found is NoRange.SAME:
        return f"{over} what {budget} avert is {found.value}."
    if isinstance(found, NoRange):
        return (
            f"{over} chance explains too much of how what {budget} avert differs: no range can be told from "
            "so few replications."
        )
    against = "more than no donor's money" if by_donors else f"against {HOST}"
    if _too_small(study, found):
        return (
            f"{over} {budget} change deaths by less than {least_text(study)} {against} (5 to 95%): no more "
            "than the optimiser can tell apart."
        )
    return (
        f"{over} {budget} avert {_from_to(found)} deaths {against} (5 to 95%, middle "
        f"{figure(found.middle, DIGITS)}){_price_words(price)}; chance is not in this range."
    )


def _too_small(study: FundingStudy, found: ParameterRange) -> bool:
    """Return whether all of a range is nearer to 0 than the optimiser tells plans apart."""
    return 0.0 < max(abs(found.low), abs(found.high)) < least_that_counts(study)


def _from_to(found: ParameterRange, scale: float = 1.0) -> str:
    return f"{figure(found.low / scale, DIGITS)} to {figure(found.high / scale, DIGITS)}"


def _price_words(price: ParameterRange | NoRange) -> str:
    if isinstance(price, NoRange) or price.low == float("inf"):
        return ""
    middle = (
        f" (middle {figure(price.middle / USD_PER_MILLION, DIGITS)})" if price.middle < float("inf") else ""
    )
    if price.high == float("inf"):
        return f", at USD {figure(price.low / USD_PER_MILLION, DIGITS)} million or more for each{middle}"
    return f", at USD {_from_to(price, USD_PER_MILLION)} million for each{middle}"


def sure_sentences(study: FundingStudy) -> tuple[str, ...]:
    """Return whether a decision would be another one in other draws."""
    draws = study.draws
    if draws is None or not draws.changed:
        return (_NO_DRAWS,) if draws is None else (_ALL_FIXED,)
    return tuple(_decisions(draws))


def _decisions(draws: FundingDraws) -> Iterator[str]:
    budgets, last = draws.budgets_usd, len(draws.budgets_usd) - 1
    if last:
        step = draws.between(last - 1, last)
        yield (
            f"More money: the last step, from USD {million(budgets[-2])} to {million(budgets[-1])} million, "
            f"buys nothing in {_of(draws, draws.nothing(step), draws.in_doubt(step.deaths))}."
        )
    options = draws.of_kind(Kind.OPTION)
    if options:
        first, most = options[0], max(options, key=draws.largest)
        yield (
            f"Which change of terms: “{short_name(first.name)}”, best as planned, averts deaths in "
            f"{_of(draws, draws.sign_kept(first), draws.in_doubt(first.deaths))} and averts most in "
            f"{draws.largest(first)}"
            + ("." if most is first else f"; “{short_name(most.name)}” does in {draws.largest(most)}.")
        )
    late = draws.of_kind(Kind.FOLLOWED)
    if late:
        worst = max(late, key=lambda term: term.told)
        yield (
            f"Early or late: {short_name(worst.name)} costs most deaths if it is a year late by surprise. It "
            f"costs any in {_of(draws, draws.positive(worst), draws.in_doubt(worst.deaths))}, and most in "
            f"{draws.largest(worst)}."
        )


def _of(draws: FundingDraws, count: int, in_doubt: int) -> str:
    doubt = f" (its sign is in doubt in {in_doubt})" if in_doubt else ""
    return f"{count} of {draws.draws} draws{doubt}"


def ranges_table(study: FundingStudy) -> Table:
    """Return a row for each budget: ranges of what it buys, of its price, and of its last step."""
    draws = study.draws
    if draws is None or not draws.changed:
        return Table("", (), (), _NO_DRAWS if draws is None else _ALL_FIXED)
    later = with_later_words(study)
    by_donors = len(draws.budgets_usd) > 1 and not draws.budgets_usd[0]
    columns = (
        Column("Donors promise", "million USD"),
        Column("Deaths averted", ", ".join(filter(None, (later, "against the host alone")))),
        *([Column("Added by donors", "deaths averted")] if by_donors else ()),
        Column("Per death", f"million USD, {'of donors' if by_donors else 'over the host alone'}"),
        Column("By the last step", "deaths averted"),
        Column("Step buys nothing", f"of {draws.draws} draws"),
        Column("Step in doubt", f"of {draws.draws} draws"),
    )
    rows = []
    for index, budget in enumerate(draws.budgets_usd):
        added = draws.between(0, index) if by_donors else draws.over_host(index)
        step = draws.between(index - 1, index) if index else None
        rows.append(
            Row(
                (
                    million(budget),
                    _deaths(study, draws.over_host(index).deaths),
                    *([_deaths(study, added.deaths) if index else ABSENT] if by_donors else ()),
                    _price_cell(draws, added) if budget else ABSENT,
                    _deaths(study, step.deaths) if step else ABSENT,
                    str(draws.nothing(step)) if step else ABSENT,
                    str(draws.in_doubt(step.deaths)) if step else ABSENT,
                )
            )
        )
    caption = (
        f"The same plans under {draws.draws} draws of {draws.changed} constants of the model together, "
        f"{draws.replications} replications in each: 5 to 95%, middle in brackets, chance taken off. "
        f"“{WITHIN_CHANCE}”: chance explains too much of what draws differ by; more replications may tell. "
        f"Nothing is at most {percent(GAP_AVERTED)} of what is averted in that draw; in doubt is a sign that "
        "the replications of a draw do not settle"
    )
    return Table(caption, columns, tuple(rows))


def _deaths(study: FundingStudy, values: Floats) -> str:
    """Return the range of a difference of deaths, of shape (draw, replication), as a cell."""
    assert study.draws is not None, "asked for only with draws"
    found = study.draws.deaths_range(values)
    if not isinstance(found, NoRange) and _too_small(study, found):
        return f"below {least_text(study)}"
    return _cell(found)


def _cell(found: ParameterRange | NoRange, scale: float = 1.0) -> str:
    if isinstance(found, NoRange):
        return _SHORT[found]
    return f"{_from_to(found, scale)} ({figure(found.middle / scale, DIGITS)})"


def _price_cell(draws: FundingDraws, bought: Bought) -> str:
    price = draws.price_range(bought)
    if isinstance(price, NoRange) or price.high < float("inf"):
        return _cell(price, USD_PER_MILLION)
    if price.low == float("inf"):
        return "nothing averted"
    return f"{figure(price.low / USD_PER_MILLION, DIGITS)} or more"


def late_ranges_table(study: FundingStudy) -> Table:
    """Return a row for each tranche: what it costs late, under draws, and how often its sign stays."""
    draws = study.draws
    late = draws.of_kind(Kind.FOLLOWED) if draws and draws.changed else ()
    if draws is None or not late:
        return Table("", (), (), "")
    of = f"of {draws.draws} draws"
    columns = (
        Column("Tranche, a year late", wide=True),
        Column("Plan followed as it is", "deaths more"),
        Column("Costs deaths", of),
        Column("Costs most", of),
        Column("In doubt", of),
        Column("Plan made again", "deaths more"),
        Column("Costs deaths", of),
        Column("In doubt", of),
    )
    rows = [
        Row(
            (
                short_name(followed.name),
                _deaths(study, followed.deaths),
                str(draws.positive(followed)),
                str(draws.largest(followed)),
                str(draws.in_doubt(followed.deaths)),
                _deaths(study, again.deaths),
                str(draws.positive(again)),
                str(draws.in_doubt(again.deaths)),
            )
        )
        for followed, again in zip(late, draws.of_kind(Kind.MADE_AGAIN), strict=True)
    ]
    return Table(f"Late tranches under the same draws. {_AS_ABOVE}", columns, tuple(rows))


_AS_ABOVE = "5 to 95%, middle in brackets, chance taken off, both plans simulated"


def option_ranges_table(study: FundingStudy) -> Table:
    """Return a row for each change of terms, by rank: what it averts under draws, and how often most."""
    draws = study.draws
    options = draws.of_kind(Kind.OPTION) if draws and draws.changed else ()
    if draws is None or not options:
        return Table("", (), (), "")
    of = f"of {draws.draws} draws"
    columns = (
        Column("Rank", "as planned"),
        Column("Change", wide=True),
        Column("Averts", "deaths, simulated"),
        Column("Averts deaths", of),
        Column("Averts most", of),
        Column("In doubt", of),
    )
    rows = [
        Row(
            (
                str(rank),
                short_name(one.name),
                _deaths(study, one.deaths),
                str(draws.positive(one)),
                str(draws.largest(one)),
                str(draws.in_doubt(one.deaths)),
            )
        )
        for rank, one in enumerate(options, start=1)
    ]
    caption = (
        f"Changes to donors' terms under the same draws. {_AS_ABOVE}. Of changes that avert the same the "
        "cheaper counts as the one that averts most"
    )
    return Table(caption, columns, tuple(rows))
