"""Money over the years, in words and as a picture."""

from __future__ import annotations

import re

from demilsim.reporting.over_time_records import FundYears, OverTimeFacts, PolicyYears
from demilsim.reporting.over_time_views import draw_money, money_caption, money_table


def money(host_spent: float, donors: tuple[float, ...] = (3e6, 1e6)) -> OverTimeFacts:
    """Return two years: the host gives 2 and 2 million USD, each donor 0 and an amount, half of it spent."""
    funds = [
        FundYears(
            fund_id="H", name="Host", holder="host",
            received_usd=(2e6, 2e6), spent_usd=(host_spent / 2, host_spent / 2),
        ),
        *(
            FundYears(
                fund_id=f"D{i}", name=f"D{i} <b>", holder="donor",
                received_usd=(0.0, usd), spent_usd=(0.0, usd / 2),
            )
            for i, usd in enumerate(donors)
        ),
    ]  # fmt: skip
    years = PolicyYears(p_cleared=(0.0, 0.0), funds=tuple(funds))
    return OverTimeFacts(
        years=(2026, 2027), policies={"optimised": years}, regions_policy="optimised",
        regions_replications=1, regions=(),
    )  # fmt: skip


def test_the_caption_adds_up_by_holder() -> None:
    """4 million of the host, all spent; 4 million of two donors, half of it spent."""
    said = money_caption(money(4e6), "optimised", 2025)
    assert said == (
        "Of USD 4.00 million that the host gives by 2027, USD 4.00 million are spent. "
        "Of USD 4.00 million that the donors give by 2027, USD 2.00 million are spent; "
        "50% is left over or lapses. Means over replications, after overhead, 2025 prices."
    )


def test_without_donors_nothing_is_said_of_them() -> None:
    """A programme of the host alone has two lines, and no donor in its words."""
    facts = money(3e6, donors=())
    assert "donor" not in money_caption(facts, "optimised", 2025)
    svg = draw_money(facts, "optimised", "Money", "million USD", False, "words")
    assert "host: spent" in svg
    assert "donors" not in svg


def test_the_numbers_add_up_over_the_years() -> None:
    """2 and 4 million of the host by the end of each year; half of it spent at the end."""
    table = money_table(money(2e6), "optimised", 2025)
    assert [row.cells for row in table.rows] == [
        ("Host: received", "2.00", "4.00"),
        ("Host: spent", "1.00", "2.00"),
        ("Donors: received", "0", "4.00"),
        ("Donors: spent", "0", "2.00"),
    ]
    assert not money_table(None, "optimised", 2025).rows


def test_the_picture_names_no_fund() -> None:
    """What is drawn is the sum by holder; names of funds, which may be anything, stay out."""
    svg = draw_money(money(4e6), "optimised", "Money", "million USD", True, "words")
    assert not re.search("D0|<b>", svg)
    assert "SYNTHETIC" in svg
