"""What a little more would buy, as the report tells it: never more than there is to avert."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from demilsim.planning.coordinate import GAP_AVERTED
from demilsim.reporting.explanation_records import (
    ExplanationFacts,
    StoredReason,
    StringsFacts,
    WorthFacts,
)
from demilsim.reporting.explanation_views import (
    price_sentences,
    reasons_table,
    strings_table,
    worth_table,
)
from demilsim.reporting.wording import ABSENT, figure

LEFT = 0.095


def worth(**changes: Any) -> WorthFacts:
    """Return 108,750 dollars of the host, of which a dollar more averts 5.7e-7 deaths."""
    base = {
        "family": "budget", "subject": "HOST", "name": "Host", "unit": "USD", "amount": 108_750.0,
        "price": 5.7e-7, "linear_up": 5.7e-7, "linear_down": 5.7e-7, "up": 5.8e-7, "down": 5.6e-7,
    }  # fmt: skip
    return WorthFacts.model_validate(base | changes)


def results(*rows: WorthFacts, strings: tuple[StringsFacts, ...] = ()) -> Any:
    """Return what the views need of a results folder."""
    facts = ExplanationFacts(
        planned_harm=LEFT, do_nothing_harm=0.4, step=0.01, worth=rows, strings=strings, alternatives=()
    )
    return SimpleNamespace(explanation=facts)


def test_a_price_is_told_for_the_step_that_was_tried() -> None:
    """One hundredth of the money and of the days, and what that averts; nothing is scaled to a million."""
    days = worth(family="working_days", subject="F", unit="working day", amount=1_870.0, price=1.8e-7,
                 up=0.0, down=None)  # fmt: skip
    table = worth_table(results(worth(), days, worth(price=0.0)))
    assert [column.unit for column in table.columns][2] == "1% of it"
    assert [row.cells[1:6] for row in table.rows] == [
        ("108,750 USD", "1,088 USD", "0.00062", "0.00063", "0.00061"),
        ("1,870 days", "19 days", "0.0000034", "0", ABSENT),
    ]
    (said,) = price_sentences(results(worth()))
    assert "told for 1% of what there is" in said
    assert "0.095 are left" in said


@pytest.mark.parametrize(
    ("up", "down", "reading"),
    [
        (5.8e-7, 5.6e-7, "holds"),
        (1.0e-7, 5.6e-7, "not unique: more and less differ"),
        (3.5e-6, 4.0e-6, "the price does not hold for as much"),
        (5.8e-7, None, "not possible with less"),
    ],
)
def test_a_reading_says_what_differs(up: float, down: float | None, reading: str) -> None:
    """More from less, or both from the price."""
    assert worth_table(results(worth(up=up, down=down))).rows[0].cells[-1] == reading


def test_nothing_averts_more_than_is_left() -> None:
    """A price or a fund without strings that would avert more than all harm is told as all harm."""
    table = worth_table(results(worth(price=1e-3, up=1e-3)))
    assert table.rows[0].cells[3:5] == ("0.095", "0.095")
    free = StringsFacts(fund_id="D", name="Donor", price=1e-3, averted=0.5)
    money = worth(subject="D", amount=800_000.0)
    assert strings_table(results(money, strings=(free,))).rows[0].cells == (
        "Donor", "8,000 USD", "0.095", "0.095",
    )  # fmt: skip


def test_the_first_of_a_funds_money_averts_no_more_than_all_of_it() -> None:
    """The first dollars go where they are worth most: their slope holds until all is averted that can be."""
    tied = StringsFacts(fund_id="D", name="Donor", price=6.6e-7, averted=0.036)
    money = worth(subject="D", amount=857_000.0)
    assert strings_table(results(money, strings=(tied,))).rows[0].cells[1:] == (
        "8,570 USD", "0.0057", "0.036",
    )  # fmt: skip
    little = tied.model_copy(update={"averted": 0.002})
    assert strings_table(results(money, strings=(little,))).rows[0].cells[2:] == ("0.0020", "0.0020")
    assert strings_table(results(strings=(tied,))).rows[0].cells == ("Donor", ABSENT, ABSENT, "0.036")


def test_strings_that_cost_less_than_plans_are_told_apart_have_no_number() -> None:
    """0.2% of what the plan averts, as in a funding study: neither of all of it nor of a little."""
    given = results()
    assert given.explanation is not None
    least = GAP_AVERTED * (given.explanation.do_nothing_harm - given.explanation.planned_harm)
    money, below = worth(subject="D", amount=857_000.0), f"below {figure(least, 2)}"
    noise = StringsFacts(fund_id="D", name="Donor", price=6.6e-12, averted=0.9 * least)
    told = StringsFacts(fund_id="D", name="Donor", price=6.6e-12, averted=1.1 * least)
    assert strings_table(results(money, strings=(noise,))).rows[0].cells[2:] == (below, below)
    assert strings_table(results(strings=(noise,))).rows[0].cells[3] == below
    assert strings_table(results(money, strings=(told,))).rows[0].cells[3] == figure(1.1 * least, 2)
    none = noise.model_copy(update={"price": 0.0, "averted": 0.0})
    assert strings_table(results(money, strings=(none,))).rows[0].cells[2:] == ("0", "0")


def test_what_a_line_averts_is_told_for_a_thousand_dollars() -> None:
    """A line of 30,000 dollars that averts 0.19 deaths averts no 6.3 for a million, which nobody has."""
    line = StoredReason("1", "L01", "KILN", 0.19, 1e6 * 0.19 / 30_000.0, None, "now", "there")
    shown: Any = SimpleNamespace(reasons=(line,), policies=())
    table = reasons_table(shown, "restricted")
    assert table.columns[2].unit == "per 1,000 USD"
    assert table.rows[0].cells[2:4] == ("0.0063", ABSENT)
    assert reasons_table(shown, "public").rows == ()
