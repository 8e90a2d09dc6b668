"""Money over the years: what came, what was spent, for the host's funds and the donors'."""

from __future__ import annotations

from itertools import accumulate

from demilsim.reporting.canvas import BLUE, VERMILION, label_ends, new_figure, svg_text, year_axes
from demilsim.reporting.grid import Column, Table, plain_rows
from demilsim.reporting.over_time_records import FundYears, OverTimeFacts
from demilsim.reporting.wording import USD_PER_MILLION, million, sentence
from demilsim.reporting.wording import figure as figure_text

HOLDERS = (("host", "host", VERMILION), ("donor", "donors", BLUE))
"""Who holds funds, as it is called, and its colour."""

NEITHER = 0.01
"""Share of what came that may be neither spent nor shown [1]."""


def _total(funds: tuple[FundYears, ...], holder: str, of: str) -> tuple[float, ...]:
    """Return what the funds of a holder received or spent by the end of each year, from 0 [million USD]."""
    series = [getattr(fund, of) for fund in funds if fund.holder == holder]
    years = [sum(values) / USD_PER_MILLION for values in zip(*series, strict=True)]
    return (0.0, *accumulate(years))


def draw_money(
    facts: OverTimeFacts, policy: str, title: str, unit: str, synthetic: bool, description: str
) -> str:
    """Return cumulative receipts (dashed) and spending (solid) by holder as SVG.

    Parameters
    ----------
    facts
        Money of each fund by calendar year.
    policy
        Whose.
    title, unit, synthetic, description
        As in `canvas.new_figure` and `canvas.svg_text`.
    """
    figure, axes = new_figure(title, unit, synthetic)
    funds = facts.policies[policy].funds
    ends = []
    at = (facts.years[0], *(year + 1 for year in facts.years))
    for holder, name, colour in HOLDERS:
        if not any(fund.holder == holder for fund in funds):
            continue
        for of, dash, words in (("received_usd", "--", "received"), ("spent_usd", "-", "spent")):
            total = _total(funds, holder, of)
            axes.plot(at, total, color=colour, linestyle=dash, linewidth=1.6)
            ends.append((float(at[-1]), total[-1], f"{name}: {words}", colour, of == "spent_usd"))
    year_axes(axes, at[0], at[-1])
    label_ends(axes, ends)
    return svg_text(figure, title, description)


def money_caption(facts: OverTimeFacts, policy: str, price_year: int) -> str:
    """Return what the figure of money shows, in a sentence for each holder."""
    funds = facts.policies[policy].funds
    said = []
    for holder, name, _ in HOLDERS:
        if not any(fund.holder == holder for fund in funds):
            continue
        came, spent = (_total(funds, holder, of)[-1] for of in ("received_usd", "spent_usd"))
        text = f"Of USD {million(came * USD_PER_MILLION)} million that the {name} give"
        text += "s" if holder == "host" else ""
        text += f" by {facts.years[-1]}, USD {million(spent * USD_PER_MILLION)} million are spent"
        if came > 0.0 and spent < (1.0 - NEITHER) * came:
            text += f"; {100.0 * (1.0 - spent / came):.0f}% is left over or lapses"
        said.append(f"{text}.")
    return " ".join(said) + f" Means over replications, after overhead, {price_year} prices."


def money_table(facts: OverTimeFacts | None, policy: str, price_year: int) -> Table:
    """Return what each holder's funds received and spent by the end of each calendar year."""
    years = facts.years if facts else ()
    columns = (Column("Money", wide=True), *(Column(str(year)) for year in years))
    caption = f"Received and spent by the end of each year, million USD at {price_year} prices, mean"
    funds = facts.policies[policy].funds if facts and policy in facts.policies else ()
    rows = [
        (f"{sentence(name)}: {words}", *map(figure_text, _total(funds, holder, of)[1:]))
        for holder, name, _ in HOLDERS
        if any(fund.holder == holder for fund in funds)
        for of, words in (("received_usd", "received"), ("spent_usd", "spent"))
    ]
    return Table(caption, columns, plain_rows(rows))
