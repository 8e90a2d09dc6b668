"""Terms of money that contradict each other: the starter with one thing changed, and what is said of it."""

from __future__ import annotations

from broken import Broken, broken_row
from changes import MONEY, YAML, both, cell, extra, swap, write

FUNDS, RATES, FX = "funds.csv", "facility_rates.csv", "exchange_rates.csv"
HEAD = "currency,valid_from,usd_per_unit,sigma_per_year,source\n"
EUR = "EUR,2025-01-01,1.1,0.1,A-EXAMPLE\n"
IN_EURO = both(cell(MONEY, 5, "amount_usd", ""), extra(MONEY, 5, currency="EUR", amount="700000"))
MATCH = {"matches_funds": "HOST", "match_ratio": "1"}
NO_TRANCHES = both(*(cell(MONEY, line, "fund_id", "HOST") for line in (5, 6)))


def rates(*rows: str) -> bytes:
    """Return a table of exchange rates."""
    return (HEAD + "".join(rows)).encode()


BROKEN_TERMS = [
    broken_row("no amount", MONEY, 5, r"amount_usd: expected an amount > 0 here", amount_usd=""),
    Broken(
        "two amounts",
        both(write(FX, rates(EUR)), extra(MONEY, 5, currency="EUR", amount="7")),
        MONEY,
        5,
        r"amount: expected nothing, since amount_usd is given \(got 7\); keep one",
    ),
    Broken(
        "euro in the column of dollars",
        both(write(FX, rates(EUR)), extra(MONEY, 5, currency="EUR")),
        MONEY,
        5,
        r"amount_usd: expected nothing, since currency is EUR .*put EUR into amount",
    ),
    Broken(
        "dollars in the other column",
        both(cell(MONEY, 5, "amount_usd", ""), extra(MONEY, 5, amount="700000")),
        MONEY,
        5,
        r"currency: .*\(got USD\); put US dollars into amount_usd",
    ),
    Broken(
        "no such currency",
        IN_EURO,
        MONEY,
        5,
        r"currency: expected a currency of exchange_rates\.csv \(got 'EUR'",
    ),
    Broken(
        "currency in small letters",
        both(IN_EURO, cell(MONEY, 5, "currency", "eur")),
        MONEY,
        5,
        "three capital letters such as EUR",
    ),
    Broken(
        "rate too late",
        both(IN_EURO, write(FX, rates(EUR.replace("2025", "2027")))),
        MONEY,
        5,
        r"a rate of EUR valid on 2026-07-01 \(got the first from 2027-01-01\); add an earlier row",
    ),
    Broken(
        "rate twice",
        both(IN_EURO, write(FX, rates(EUR, EUR))),
        FX,
        3,
        r"one rate of EUR from a day .*line 2 too",
    ),
    Broken(
        "rate of no use", write(FX, rates(EUR)), FX, 2, r"a tranche in EUR \(got none\); take the row out"
    ),
    Broken(
        "rate of the dollar",
        write(FX, rates(EUR.replace("EUR", "USD"))),
        FX,
        2,
        "expected another currency .*worth 1",
    ),
    broken_row(
        "milestone without share",
        MONEY,
        6,
        "milestone_spent_fraction: expected a fraction > 0",
        milestone_fund="HOST",
    ),
    broken_row(
        "milestone without fund",
        MONEY,
        6,
        "milestone_fund: expected a fund_id, since",
        milestone_spent_fraction="0.5",
    ),
    broken_row(
        "milestone of nothing",
        MONEY,
        6,
        r"expected > 0, .*\(got 0\)",
        milestone_fund="HOST",
        milestone_spent_fraction="0",
    ),
    broken_row(
        "milestone of an unknown fund",
        MONEY,
        6,
        r"did you mean HOST\?",
        milestone_fund="HOTS",
        milestone_spent_fraction="0.5",
    ),
    broken_row(
        "milestone beyond the surplus",
        MONEY,
        6,
        r"<= 1130, all the surplus .*\(got 1130\.5\)",
        milestone_destroyed_t="1130.5",
    ),
    Broken(
        "milestone that waits for itself",
        both(
            extra(MONEY, 5, milestone_fund="DONOR", milestone_spent_fraction="0.5"),
            extra(MONEY, 6, milestone_fund="DONOR", milestone_spent_fraction="0.5"),
        ),
        MONEY,
        5,
        "a tranche that does not wait for DONOR itself",
        problems=2,
    ),
    broken_row("matching an unknown fund", FUNDS, 3, r"mean HOST\?", matches_funds="HOTS", match_ratio="1"),
    broken_row("matching without ratio", FUNDS, 3, "match_ratio: expected > 0", matches_funds="HOST"),
    broken_row("ratio without fund", FUNDS, 3, "match_ratio: expected nothing", match_ratio="1"),
    broken_row(
        "matching itself", FUNDS, 3, "other funds than DONOR itself", matches_funds="DONOR", match_ratio="1"
    ),
    Broken(
        "matching of no eligible country",
        both(NO_TRANCHES, extra(FUNDS, 3, **MATCH, match_countries="KZ")),
        FUNDS,
        3,
        "matches_funds: expected a matched fund with a tranche and an eligible country",
    ),
    broken_row(
        "earmark for a country without site",
        FUNDS,
        3,
        r"earmark_countries: expected the country of a site",
        earmark_countries="KZ",
    ),
    Broken(
        "earmark for a country without work",
        both(
            extra("sites.csv", 4, country="YY"),
            extra(FUNDS, 3, earmark_countries="YY", earmark_methods="rotary_kiln"),
        ),
        FUNDS,
        3,
        "expected a surplus lot or a possible facility that the fund may pay for",
    ),
    broken_row(
        "emergency of a method",
        FUNDS,
        3,
        "earmark_methods: expected nothing, since use is emergency",
        use="emergency",
    ),
    Broken(
        "verification of plant",
        both(cell(FUNDS, 3, "use", "capital"), extra(FUNDS, 3, verification_usd_per_t="5")),
        FUNDS,
        3,
        r"expected 0, since use is capital and pays for no work \(got 5\)",
    ),
    Broken(
        "scrap for an unknown fund",
        both(swap(YAML, "seed: 1", "seed: 1\nscrap_fund: HOTS"), extra(RATES, 2, scrap_usd_per_t="5")),
        YAML,
        13,
        r"scrap_fund: .*did you mean HOST\?",
    ),
    Broken(
        "scrap that nobody sells",
        swap(YAML, "seed: 1", "seed: 1\nscrap_fund: HOST"),
        YAML,
        13,
        "with scrap_usd_per_t",
    ),
]
