"""Checks of the terms on which money comes and goes: currencies, milestones, matching, emergency, scrap."""

from __future__ import annotations

from collections.abc import Iterator

from demilsim.errors import Problem
from demilsim.scenario.draft import Draft
from demilsim.scenario.exchange import USD, rate_on
from demilsim.scenario.phrases import got
from demilsim.scenario.schema import LotStatus, Tranche


def amount_in_one_currency(draft: Draft) -> Iterator[Problem]:
    """Find tranches without an amount, with two, or with one in the column of another currency."""
    for line, tranche in draft.tranches:
        column, message = _amount_problem(tranche)
        if message:
            yield draft.tranches.at(line, column, message)


def _amount_problem(tranche: Tranche) -> tuple[str, str]:
    in_usd, in_other = tranche.amount_usd, tranche.amount
    if in_usd is None and in_other is None:
        return "amount_usd", "expected an amount > 0 here, or amount and currency (got nothing)"
    if in_usd is not None and in_other is not None:
        return "amount", f"expected nothing, since amount_usd is given (got {in_other:g}); keep one of them"
    if in_usd is not None and tranche.currency != USD:
        hint = f"put {tranche.currency} into amount"
        return (
            "amount_usd",
            f"expected nothing, since currency is {tranche.currency} (got {in_usd:g}); {hint}",
        )
    if in_other is not None and tranche.currency == USD:
        hint = "put US dollars into amount_usd"
        return (
            "currency",
            f"expected a currency of exchange_rates.csv, since amount is given (got USD); {hint}",
        )
    return "", ""


def rate_for_each_currency(draft: Draft) -> Iterator[Problem]:
    """Find tranches in a currency that has no rate when they are due."""
    rates, start = draft.exchange_rates, draft.settings.essentials.start
    known = {row.currency for row in rates.records}
    foreign = [(line, tranche) for line, tranche in draft.tranches if tranche.currency != USD]
    if foreign and rates.complete and not known:
        line, tranche = foreign[0]
        also = f"; {len(foreign) - 1} more tranches need a rate" if len(foreign) > 1 else ""
        found = f"got {tranche.currency!r}, and no such table or no rows"
        message = f"expected a currency of exchange_rates.csv ({found}){also}"
        yield draft.tranches.at(line, "currency", message)
        return
    for line, tranche in foreign if rates.complete else ():
        first = max(tranche.due, start) if start else tranche.due
        if tranche.currency not in known:
            message = f"expected a currency of exchange_rates.csv {got(tranche.currency, known)}"
            yield draft.tranches.at(line, "currency", message)
        elif rate_on(rates.records, tranche.currency, first) is None:
            since = min(row.valid_from for row in rates.records if row.currency == tranche.currency)
            message = (
                f"expected a rate of {tranche.currency} valid on {first} (got the first from {since}); "
                "add an earlier row to exchange_rates.csv"
            )
            yield draft.tranches.at(line, "currency", message)


def rates_in_order(draft: Draft) -> Iterator[Problem]:
    """Find a rate for US dollars, a second rate of a currency from the same day, and unused currencies."""
    used = {tranche.currency for tranche in draft.tranches.records}
    first: dict[tuple[str, object], int] = {}
    for line, row in draft.exchange_rates:
        key = row.currency, row.valid_from
        if row.currency == USD:
            message = "expected another currency (got 'USD'), which is worth 1"
            yield draft.exchange_rates.at(line, "currency", message)
        elif key in first:
            message = f"expected one rate of {row.currency} from a day (got it on line {first[key]} too)"
            yield draft.exchange_rates.at(line, "valid_from", message)
        elif draft.tranches.complete and row.currency not in used:
            message = f"expected a tranche in {row.currency} (got none); take the row out"
            yield draft.exchange_rates.at(line, "currency", message)
        first.setdefault(key, line)


def whole_milestones(draft: Draft) -> Iterator[Problem]:
    """Find milestones of which a half is missing or that are met by nothing."""
    for line, tranche in draft.tranches:
        fund, fraction = tranche.milestone_fund, tranche.milestone_spent_fraction
        if fund is not None and fraction is None:
            message = "expected a fraction > 0, since milestone_fund is given (got nothing)"
            yield draft.tranches.at(line, "milestone_spent_fraction", message)
        if fraction is not None and fund is None:
            message = "expected a fund_id, since milestone_spent_fraction is given (got nothing)"
            yield draft.tranches.at(line, "milestone_fund", message)
        if fraction == 0:
            message = "expected > 0, or nothing for a tranche without milestone (got 0)"
            yield draft.tranches.at(line, "milestone_spent_fraction", message)


def reachable_milestones(draft: Draft) -> Iterator[Problem]:
    """Find milestones beyond all surplus, and of funds that get money by the tranche itself alone."""
    surplus_t = sum(
        lot.gross_mass_t
        for lot in (*draft.lots.records, *draft.inflows.records)
        if lot.status is LotStatus.SURPLUS
    )
    settings = draft.settings.record
    elsewhere = {fund.fund_id for fund in draft.funds.records if fund.matches_funds}
    elsewhere |= {settings.scrap_fund} if settings and settings.scrap_fund else set()
    for line, tranche in draft.tranches:
        wanted_t = tranche.milestone_destroyed_t
        if wanted_t is not None and wanted_t > surplus_t:
            message = f"expected <= {surplus_t:g}, all the surplus there is (got {wanted_t:g})"
            yield draft.tranches.at(line, "milestone_destroyed_t", message)
        fund = tranche.milestone_fund
        others = [t for t in draft.tranches.records if t.fund_id == fund and t.milestone_fund != fund]
        if fund is not None and not others and fund not in elsewhere:
            message = f"expected a fund with a tranche that does not wait for {fund} itself (got none)"
            yield draft.tranches.at(line, "milestone_fund", message)


def whole_matching(draft: Draft) -> Iterator[Problem]:
    """Find matching without a ratio, terms without a fund to match, and funds that match themselves."""
    for line, fund in draft.funds:
        if fund.matches_funds and fund.match_ratio == 0:
            message = "expected > 0, since matches_funds is given (got 0)"
            yield draft.funds.at(line, "match_ratio", message)
        if fund.fund_id in fund.matches_funds:
            message = f"expected other funds than {fund.fund_id} itself (got {fund.fund_id!r})"
            yield draft.funds.at(line, "matches_funds", message)
        terms = [c for c in ("match_ratio", "match_cap_usd", "match_countries") if getattr(fund, c)]
        for column in terms if not fund.matches_funds else ():
            message = "expected nothing, since matches_funds is empty (got a value)"
            yield draft.funds.at(line, column, message)


def emergency_for_clean_up_alone(draft: Draft) -> Iterator[Problem]:
    """Find emergency accounts with strings on how or on what: clean-up has neither method nor category."""
    for line, fund in draft.funds:
        for column in ("earmark_methods", "earmark_categories"):
            if fund.use == "emergency" and getattr(fund, column):
                message = (
                    "expected nothing, since use is emergency (got a value); sites and countries may be given"
                )
                yield draft.funds.at(line, column, message)


def verification_of_work(draft: Draft) -> Iterator[Problem]:
    """Find a cost of verification where a fund pays for no work."""
    for line, fund in draft.funds:
        if fund.verification_usd_per_t and fund.use in ("capital", "emergency"):
            cost = fund.verification_usd_per_t
            message = f"expected 0, since use is {fund.use} and pays for no work (got {cost:g})"
            yield draft.funds.at(line, "verification_usd_per_t", message)


def scrap_for_the_fund(draft: Draft) -> Iterator[Problem]:
    """Find a fund for scrap where no scrap has a price."""
    settings = draft.settings.record
    sold = any(rate.scrap_usd_per_t * rate.scrap_buyer_probability for rate in draft.facility_rates.records)
    if settings and settings.scrap_fund and not sold:
        message = "expected a row of facility_rates.csv with scrap_usd_per_t and a buyer (got none)"
        yield draft.settings.at("scrap_fund", message)
