from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

import pytest

from demilsim.errors import ScenarioError
from demilsim.exchange.envelopes import Envelopes, envelopes_of, military_operators
from demilsim.exchange.iati_read import read_activities
from demilsim.exchange.iati_write import draft_activity
from demilsim.exchange.reference import exchange_values, purposes
from demilsim.scenario.scenario import Scenario
from hostile import HOSTILE
from worlds import facility, fund, tranche, world

CODES = ("15250", "15240", "15210")
ORDER = (
    "iati-identifier", "reporting-org", "title", "description", "participating-org", "activity-status",
    "activity-date", "recipient-country", "sector", "budget", "planned-disbursement", "result",
)  # fmt: skip
"""Order of the elements that we write, as version 2.03 of the standard has it."""


def budget(first: str, last: str, value: str, **attributes: str) -> str:
    """Return a budget; `type` and `status` are left out unless given, the currency is that of the value."""
    currency = attributes.pop("currency", "USD")
    shown = "".join(f' {name}="{text}"' for name, text in attributes.items())
    return (
        f'<budget{shown}><period-start iso-date="{first}"/><period-end iso-date="{last}"/>'
        f'<value currency="{currency}" value-date="{first}">{value}</value></budget>'
    )


def activity(
    money: str, identifier: str = "XM-1", sectors: str = '<sector code="15250"/>', status: int = 2
) -> str:
    """Return an activity with a title, a country and sectors."""
    return f"""<iati-activity default-currency="USD"><iati-identifier>{identifier}</iati-identifier>
<reporting-org ref="XM" type="10"><narrative>Donor X</narrative></reporting-org>
<title><narrative>Safer depots</narrative></title><activity-status code="{status}"/>
<recipient-country code="KZ"/>{sectors}{money}</iati-activity>"""


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Envelopes]:
    """Return a function that reads activities into envelopes."""

    def envelopes(*activities: str, scenario: Scenario | None = None) -> Envelopes:
        file = tmp_path / "a.xml"
        text = f'<iati-activities version="2.03">{"".join(activities)}</iati-activities>'
        file.write_text(text, encoding="utf-8")
        return envelopes_of(read_activities(file), "a.xml", CODES, scenario)

    return envelopes


def money(found: Envelopes) -> list[tuple[str, int, str]]:
    """Return start, cents and firmness of each envelope."""
    return [(envelope.start.isoformat(), envelope.cents, envelope.firmness) for envelope in found.envelopes]


def test_a_year_is_spread_over_its_quarters_by_days(read: Callable[..., Envelopes]) -> None:
    """365.00 USD of 2026 are 90, 91, 92 and 92 dollars: one for each day."""
    found = read(activity(budget("2026-01-01", "2026-12-31", "365")))
    quarters = ("2026-01-01", "2026-04-01", "2026-07-01", "2026-10-01")
    cents = (9000, 9100, 9200, 9200)
    assert money(found) == [(q, c, "indicative") for q, c in zip(quarters, cents, strict=True)]


@pytest.mark.parametrize("value", ["0.01", "0.07", "99.99", "1000000.01", "123456.78"])
def test_no_cent_is_lost(read: Callable[..., Envelopes], value: str) -> None:
    """Whatever the amount and the days, the envelopes add up to it."""
    found = read(activity(budget("2026-02-14", "2027-01-31", value)))
    assert sum(envelope.cents for envelope in found.envelopes) == Decimal(value) * 100
    assert found.envelopes[0].start >= dt.date(2026, 2, 14)


def test_status_decides_the_probability(read: Callable[..., Envelopes]) -> None:
    """1 is indicative, 2 committed; the probabilities are those of the reference table, and assumed."""
    found = read(
        activity(
            budget("2026-01-01", "2026-03-31", "10", status="1")
            + budget("2026-04-01", "2026-06-30", "20", status="2")
        )
    )
    values = exchange_values()
    wanted = [values["probability_indicative"].value, values["probability_committed"].value]
    assert [tranche.probability for tranche in found.tranches] == wanted
    confidence = {source.source_id: source.confidence for source in found.sources}
    assert confidence["A-IATI-COMMITTED"] == "assumed"
    assert all(source in confidence for tranche in found.tranches for source in tranche.source)


def test_revised_budget_takes_the_place_of_the_original(read: Callable[..., Envelopes]) -> None:
    """A revised budget for the same days is not added to what it revises."""
    found = read(
        activity(
            budget("2026-01-01", "2026-03-31", "10", type="1")
            + budget("2026-04-01", "2026-06-30", "20", type="1")
            + budget("2026-01-01", "2026-03-31", "15", type="2")
        )
    )
    assert [cents for _, cents, _ in money(found)] == [1500, 2000]


def test_disbursements_count_only_without_budgets(read: Callable[..., Envelopes]) -> None:
    """Planned disbursements tell of the same money as budgets: one of the two is read."""
    planned = (
        '<planned-disbursement><period-start iso-date="2026-05-02"/>'
        '<value currency="USD" value-date="2026-05-02">30</value></planned-disbursement>'
    )
    assert money(read(activity(planned))) == [("2026-05-02", 3000, "disbursement")]
    assert money(read(activity(budget("2026-01-01", "2026-03-31", "10") + planned))) == [
        ("2026-01-01", 1000, "indicative")
    ]


def test_only_the_share_of_our_purposes_counts(read: Callable[..., Envelopes]) -> None:
    """Of 100 dollars, 30% for 15250 and 20% for 15240 are 50 dollars; schools have the rest."""
    sectors = "".join(
        f'<sector vocabulary="1" code="{code}" percentage="{share}"/>'
        for code, share in (("15250", 30), ("15240", 20), ("11220", 50))
    )
    found = read(activity(budget("2026-01-01", "2026-03-31", "100"), sectors=sectors))
    assert money(found) == [("2026-01-01", 5000, "indicative")]


def test_what_is_left_out_is_told(read: Callable[..., Envelopes]) -> None:
    """Cancelled activities and other purposes bring no money, and a note says why."""
    found = read(
        activity(budget("2026-01-01", "2026-03-31", "10"), "XM-1", status=5),
        activity(budget("2026-01-01", "2026-03-31", "10"), "XM-2", sectors='<sector code="11220"/>'),
        activity("", "XM-3"),
    )
    assert found.envelopes == ()
    assert [note for note in found.notes if "XM-1" in note and "cancelled" in note]
    assert [note for note in found.notes if "XM-2" in note and "11220" in note]
    assert [note for note in found.notes if "XM-3" in note and "neither budgets" in note]


def test_money_outside_the_horizon_is_left_out_and_told(read: Callable[..., Envelopes]) -> None:
    """Two years from 2026: a budget that begins in 2025 loses that part, with its amount said."""
    found = read(activity(budget("2025-10-01", "2026-03-31", "182")), scenario=world())
    assert money(found) == [("2026-01-01", 9000, "indicative")]
    assert [note for note in found.notes if "92.00 USD left out" in note]


def test_purpose_codes_bring_their_caution(read: Callable[..., Envelopes]) -> None:
    """15250 is aid for civilian purposes only; plant of the army is named."""
    army = world(facilities=[facility(operator="army engineers")])
    found = read(activity(budget("2026-01-01", "2026-03-31", "10")), scenario=army)
    assert [note for note in found.notes if note.startswith("15250") and "civilian" in note]
    assert [note for note in found.notes if note.startswith("F1 is worked by 'army engineers'")]
    assert list(military_operators(world())) == []
    assert set(CODES) == set(purposes())


def test_other_currencies_need_a_rate(read: Callable[..., Envelopes]) -> None:
    """An amount in euro stays one, and the note says which table must have a rate."""
    found = read(activity(budget("2026-01-01", "2026-03-31", "10", currency="EUR")))
    assert (found.tranches[0].amount, found.tranches[0].currency) == (10.0, "EUR")
    assert [note for note in found.notes if "exchange_rates.csv" in note]


@pytest.mark.parametrize(
    ("text", "match"),
    [
        (budget("2026-01-01", "2026-03-31", "1,000"), r":4: budget/value: expected an amount"),
        (budget("2026-01-01", "2026-03-31", "NaN"), "budget/value: expected an amount"),
        (budget("2026-01-01", "2026-03-31", "-5"), "budget/value: expected an amount"),
        (budget("2026-01-01", "2028-03-31", "5"), "at most a year"),
        (budget("2026-03-01", "2026-01-31", "5"), "at most a year"),
        (budget("01.02.2026", "2026-03-31", "5"), "expected a date as YYYY-MM-DD"),
        (budget("2026-01-01", "9999-12-31", "5"), "expected a date from"),
        (budget("2026-01-01", "2026-03-31", "5", status="3"), "budget/@status: expected 1"),
        (budget("2026-01-01", "2026-03-31", "5", currency="usd"), "three letters"),
        (budget("2026-01-01", "2026-03-31", "5") * 2, "one type for different days"),
        ('<recipient-country code="Kazakhstan"/>', "two capital letters"),
        ('<sector code="15240" percentage="x"/>', "from 0 to 100"),
    ],
)
def test_bad_activities_are_refused_with_their_line(
    read: Callable[..., Envelopes], text: str, match: str
) -> None:
    """Each mistake is said with its line and element."""
    with pytest.raises(ScenarioError, match=match):
        read(activity(text))


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "1: expected no DOCTYPE"),
        ('<!DOCTYPE a SYSTEM "http://evil.example/a.dtd"><a/>', "1: expected no DOCTYPE"),
        ("<a>" * 200 + "</a>" * 200, "at most 100 levels"),
        ("<iati-activities version='1.05'><x/></iati-activities>", r"version: expected 2\.03 \(got 1\.05\)"),
        ("<rss/>", "expected iati-activities"),
        ("<iati-activities", "1: expected XML"),
        ("", "expected XML"),
    ],
)
def test_hostile_xml_is_refused(tmp_path: Path, text: str, match: str) -> None:
    """Entities, depth, other versions and what is no XML: a sentence with its line each."""
    (tmp_path / "a.xml").write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError, match=match):
        read_activities(tmp_path / "a.xml")


def test_draft_has_the_order_of_the_standard() -> None:
    """Elements follow each other as version 2.03 has them; purpose, country and status are coded."""
    root = ElementTree.fromstring(draft_activity(world(), "15250", "XX-DRAFT"))
    (one,) = root
    names = list(dict.fromkeys(element.tag for element in one))
    assert names == [name for name in ORDER if name in names]
    assert root.get("version") == "2.03"
    assert one.findtext("iati-identifier") == "XX-DRAFT-tiny"
    assert [s.get("code") for s in one.iter("activity-status")] == ["1"]
    assert [(s.get("code"), s.get("percentage")) for s in one.iter("sector")] == [("15250", "100")]
    assert "SYNTHETIC" in (one.findtext("title/narrative") or "")


def test_draft_is_read_back_as_the_same_money(tmp_path: Path) -> None:
    """Envelopes of a draft are the donors' tranches by quarter, cent by cent."""
    scenario = world(
        funds=[fund(), fund("D", holder="donor")],
        tranches=[
            tranche("T0"),
            tranche("T1", "D", due=dt.date(2026, 2, 3), amount_usd=1234.56),
            tranche("T2", "D", due=dt.date(2026, 3, 9), amount_usd=0.44),
            tranche("T3", "D", due=dt.date(2027, 7, 1), amount_usd=1000.0),
        ],
    )
    file = tmp_path / "draft.xml"
    file.write_text(draft_activity(scenario, "15250", "XX"), encoding="utf-8")
    found = envelopes_of(read_activities(file), "draft.xml", CODES, scenario)
    assert money(found) == [("2026-01-01", 123500, "committed"), ("2027-07-01", 100000, "committed")]


def test_money_that_is_sure_stays_sure_in_a_draft(tmp_path: Path) -> None:
    """What comes with probability 1 is committed, beside what may not come in the same quarter."""
    scenario = world(
        funds=[fund("D", holder="donor")],
        tranches=[
            tranche("T1", "D", due=dt.date(2026, 2, 3), amount_usd=100.0, probability=1.0),
            tranche("T2", "D", due=dt.date(2026, 3, 9), amount_usd=50.0, probability=0.99),
            tranche("T3", "D", due=dt.date(2026, 7, 1), amount_usd=20.0, probability=1.0),
        ],
    )
    file = tmp_path / "draft.xml"
    file.write_text(draft_activity(scenario, "15250", "XX"), encoding="utf-8")
    found = envelopes_of(read_activities(file), "draft.xml", CODES, scenario)
    assert sorted(money(found)) == [
        ("2026-01-01", 5000, "indicative"), ("2026-01-01", 10000, "committed"),
        ("2026-07-01", 2000, "committed"),
    ]  # fmt: skip


def test_money_is_not_told_twice_by_firmness(read: Callable[..., Envelopes]) -> None:
    """Committed and indicative budgets stand side by side for one period; other overlaps are refused."""
    quarter = budget("2026-01-01", "2026-03-31", "10", status="1")
    sure = budget("2026-01-01", "2026-03-31", "20", status="2")
    assert len(read(activity(quarter + sure)).envelopes) == 2
    year = budget("2026-01-01", "2026-12-31", "20", status="2")
    for wrong in (quarter + sure + quarter, quarter + year):
        with pytest.raises(ScenarioError, match="expected budgets of one type for different days"):
            read(activity(wrong))


def test_hostile_names_stay_text_in_a_draft() -> None:
    """Names of funds arrive as text or not at all; none makes an element of its own."""
    plain = draft_activity(world(funds=[fund(name="x") for _ in HOSTILE]), "15250", "XX")
    wild = draft_activity(world(funds=[fund(name=name) for name in HOSTILE]), "15250", "XX")
    tags = [[element.tag for element in ElementTree.fromstring(text).iter()] for text in (plain, wild)]
    assert tags[0] == tags[1]
