"""What donors read of their terms: shares, options by rank, late tranches, strings, and how firm money is."""

from __future__ import annotations

from demilsim.experiments.donors import Share
from demilsim.experiments.funding_study import FundingStudy
from demilsim.reporting.funding_words import PLANNED, planned, short_name, simulated
from demilsim.reporting.grid import Column, Row, Table
from demilsim.reporting.wording import ABSENT, figure, million, percent

_UNPRICED = (
    "Lots have dates, or risk has limits, which plans with less money may miss: donors' terms are not priced."
)


def donors_table(study: FundingStudy) -> Table:
    """Return each donor's share, last in and Shapley, with the total of all."""
    terms = study.terms
    columns = (
        Column("Donor", wide=True),
        Column("Last in", PLANNED),
        Column(
            "Shapley", PLANNED if terms is None or terms.shares.orders is None else f"{PLANNED}, ± one s.e."
        ),
        Column("Share", "% of the total"),
    )
    if terms is None:
        return Table("Donors' shares", columns, (), _UNPRICED)
    names = {fund.fund_id: fund.name for fund in study.scenario.funds}
    total = terms.shares.total
    rows = [
        Row(
            (
                short_name(f"{one.fund_id}: {names[one.fund_id]}"),
                planned(study, one.last_in),
                _with_error(study, one),
                percent(one.shapley / total).removesuffix("%") if total > 0.0 else ABSENT,
            )
        )
        for one in terms.shares.shares
    ]
    all_of_it = Row(("All together", figure(terms.shares.last_in_sum), figure(total), "100"), strong=True)
    caption = (
        "What donors avert over the best plan found without them. Last in: what is lost if this donor alone "
        "leaves; the sum may be more or less than the total. Shapley: shares that sum to it, the mean of "
        "what a donor adds over all orders in which donors could come, from plans for "
        f"{terms.shares.groups} groups of donors"
    )
    if terms.shares.orders is not None:
        caption += f"; an estimate from {terms.shares.orders} of the orders, with its standard error (s.e.)"
    return Table(caption, columns, (*rows, all_of_it))


def _with_error(study: FundingStudy, one: Share) -> str:
    """Return a Shapley value, with its standard error where orders were drawn."""
    told = planned(study, one.shapley)
    return told if one.standard_error is None else f"{told} ± {figure(one.standard_error, 2)}"


def options_table(study: FundingStudy) -> Table:
    """Return the changes of terms in order of what they avert."""
    columns = (
        Column("Rank"),
        Column("Change", wide=True),
        Column("Costs", "million USD more"),
        Column("Averts", PLANNED),
    )
    options = study.terms.options if study.terms else ()
    rows = tuple(
        Row((str(rank), short_name(one.name), million(one.usd), planned(study, one.averted)))
        for rank, one in enumerate(options, start=1)
    )
    return Table("Changes to donors' terms, the best first", columns, rows, _UNPRICED)


def late_table(study: FundingStudy) -> Table:
    """Return what each tranche costs if it comes a year late, known before or not."""
    columns = (
        Column("Tranche", wide=True),
        Column("Promises", "million USD"),
        Column("Plan made again", "deaths more, as planned"),
        Column("Plan made again", "deaths more, simulated, ±"),
        Column("Plan followed as it is", "deaths more, simulated, ±"),
    )
    late = study.terms.late if study.terms else ()
    rows = tuple(
        Row(
            (
                short_name(one.tranche_id),
                million(one.usd),
                planned(study, one.replanned),
                simulated(study, one.made_again),
                simulated(study, one.followed),
            )
        )
        for one in late
    )
    caption = (
        "What it costs if a tranche comes a year late. Known in time, the plan is made again for that date. "
        "By surprise, it is followed as it is and never made again: its lines are paid in their order, by "
        "whatever money may pay for them. A programme that notices and plans again lies between. Below zero: "
        "a plan that trusts this money less does better than the plan as it is"
    )
    return Table(caption, columns, tuple(rows), _UNPRICED)


def terms_sentences(study: FundingStudy) -> tuple[str, ...]:
    """Return how firm the money is, what matching adds, and what strings cost."""
    terms = study.terms
    if terms is None:
        return ()
    firm = terms.firmness
    said = [
        f"Donors promise USD {million(firm.committed_usd)} million that is committed (certain) and USD "
        f"{million(firm.indicative_usd)} million that is indicative, of which USD "
        f"{million(firm.indicative_expected_usd)} million are expected to come. With the committed money "
        f"alone {planned(study, firm.rests_on_indicative)} of the deaths averted as planned would be lost."
    ]
    said += [
        f"{short_name(one.fund_id)} matches others: it is expected to add USD {million(one.matched_usd)} "
        f"million, {figure(one.per_usd)} for each dollar that it matches, which averts "
        f"{planned(study, one.averted)} deaths as planned."
        for one in terms.matching
    ]
    said += [
        f"The strings of {short_name(one.fund_id)} cost {planned(study, one.price)} deaths as planned: "
        "planned with them and without."
        for one in terms.strings
    ]
    return tuple(said)
