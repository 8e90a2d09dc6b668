"""Broken measures and inflows: a table added to the starter, and the message that must follow."""

from __future__ import annotations

from broken import Broken
from changes import Change, write

MEASURES, INFLOWS = "measures.csv", "inflows.csv"
COLUMNS = (
    "measure_id,kind,site_id,storehouse_id,to_storehouse_id,level,cost_usd,yearly_cost_usd,lead_time_days,"
    "source"
)
LOT_COLUMNS = (
    "lot_id,storehouse_id,nature_id,gross_mass_t,neq_kg,status,safe_to_move,year_made,stabiliser_fraction,"
    "arrives,arrival_probability,source"
)


def measures(*rows: str) -> Change:
    """Write ``measures.csv``; each row lacks costs and source."""
    lines = [COLUMNS, *(f"{row},1000,0,30,A-EXAMPLE" for row in rows)]
    return write(MEASURES, ("\n".join(lines) + "\n").encode())


def inflow(row: str) -> Change:
    """Write ``inflows.csv`` with one row."""
    return write(INFLOWS, f"{LOT_COLUMNS}\n{row},A-EXAMPLE\n".encode())


BROKEN_MEASURES = [
    Broken("kind of measure", measures("M1,paint,A,,,2"), MEASURES, 2, "kind: expected one of rrpl"),
    Broken(
        "no level",
        measures("M1,rrpl,A,,,"),
        MEASURES,
        2,
        r"level: expected a value, since .* rrpl \(got nothing\)",
    ),
    Broken(
        "needless level",
        measures("M1,lightning,,A1,,2"),
        MEASURES,
        2,
        r"level: expected nothing.*\(got '2'\)",
    ),
    Broken(
        "site unknown", measures("M1,rrpl,Z,,,2"), MEASURES, 2, "site_id: expected a site_id of sites.csv"
    ),
    Broken(
        "house unknown",
        measures("M1,lightning,,Z9,,"),
        MEASURES,
        2,
        "expected a storehouse_id of storehouses",
    ),
    Broken("no better", measures("M1,rrpl,B,,,1"), MEASURES, 2, "level: expected > 1, the level that B has"),
    Broken(
        "guards unknown", measures("M1,guard,A,,,2"), MEASURES, 2, "expected a guard_level of A in sites.csv"
    ),
    Broken("move nowhere", measures("M1,move,,A1,A1,"), MEASURES, 2, "another storehouse than storehouse_id"),
    Broken("move away", measures("M1,move,,A1,B1,"), MEASURES, 2, "a move stays at its site"),
    Broken(
        "twice", measures("M1,lightning,,A1,,", "M2,lightning,,A1,,"), MEASURES, 3, "one lightning measure"
    ),
    Broken(
        "same id", measures("M1,lightning,,A1,,", "M1,lightning,,A2,,"), MEASURES, 3, "each measure_id once"
    ),
    Broken(
        "arrival too early",
        inflow("L99,A1,sa_rifle,10,1000,surplus,yes,1980,0.5,2020-01-01,1"),
        INFLOWS,
        2,
        "arrives: expected a date after",
    ),
    Broken(
        "arrival of a lot that is there",
        inflow("L01,A1,sa_rifle,10,1000,surplus,yes,1980,0.5,2027-01-01,1"),
        INFLOWS,
        2,
        "another lot_id than those of lots.csv",
    ),
    Broken(
        "inflow into nowhere",
        inflow("L99,Z9,sa_rifle,10,1000,surplus,yes,1980,0.5,2027-01-01,1"),
        INFLOWS,
        2,
        "storehouse_id: expected a storehouse_id",
    ),
    Broken(
        "inflow without a date",
        inflow("L99,A1,sa_rifle,10,1000,surplus,yes,1980,0.5,,1"),
        INFLOWS,
        2,
        "arrives: missing",
    ),
]
