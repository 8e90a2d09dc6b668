"""A table of broken scenarios: the starter with one thing changed, and the message that must follow."""

from __future__ import annotations

from dataclasses import dataclass

from changes import (
    LOTS,
    MONEY,
    NEW_FUND,
    PLANTS,
    YAML,
    Change,
    append,
    both,
    cell,
    extra,
    fund,
    lot,
    remove,
    swap,
    write,
)


@dataclass(frozen=True)
class Broken:
    """One change to a starter scenario in a folder, and where and how it must be reported.

    The line is 0 where the whole file is meant; a change that has consequences elsewhere is more than one
    of `problems`.
    """

    name: str
    apply: Change
    file: str
    line: int
    match: str
    problems: int = 1


def broken_row(name: str, file: str, line: int, match: str, problems: int = 1, **values: str) -> Broken:
    """Return a change of some cells of one row that must be reported in that row."""
    return Broken(name, extra(file, line, **values), file, line, match, problems)


NEW_SOURCE = "A-NEW,assumed,never cited"
NEW_SITE = "D,Dale,Centre,45.2,20.2,1,0,0,0,0,0,0,0,0,0,0,0,0,5,A-EXAMPLE"

FORM = [
    Broken("folder without settings", remove(YAML), YAML, 0, "missing file"),
    Broken("table missing", remove("sites.csv"), "sites.csv", 0, "missing file"),
    Broken(
        "unknown table", write("lot.csv", b"a\n"), "lot.csv", 0, r"unknown table; did you mean lots\.csv\?"
    ),
    Broken("old name", write("tranches.csv", b"a\n"), "tranches.csv", 0, r"did you mean funding\.csv\?"),
    Broken("second settings", write("b.yml", b"a: 1\n"), "b.yml", 0, "unknown settings file"),
    Broken("settings a list", write(YAML, b"- a\n"), YAML, 1, "expected keys and values"),
    Broken("settings no YAML", write(YAML, b"a: 1\nb: [\n"), YAML, 3, "expected YAML", problems=2),
    Broken("duplicate key", swap(YAML, "seed: 1", "seed: 1\nseed: 2"), YAML, 13, "each key once .*line 12"),
    Broken("anchor", swap(YAML, "seed: 1", "seed: &s 1"), YAML, 12, "expected no anchor"),
    Broken("tag", swap(YAML, "seed: 1", "seed: !!int 1"), YAML, 12, "expected no tag"),
    Broken("UTF-16 table", write("sites.csv", "site_id".encode("utf-16")), "sites.csv", 1, "expected UTF-8"),
    Broken("NUL byte", write(LOTS, b"lot_id\nL\0\n"), LOTS, 2, "control character 0x00"),
    Broken("empty table", write(LOTS, b"\n"), LOTS, 0, "expected the columns lot_id"),
    Broken("ragged row", swap(LOTS, "L05,A2", "L05,,A2"), LOTS, 6, r"expected 10 cells \(got 11\)"),
    Broken("open quote", swap(LOTS, "L05,A2", '"L05,A2'), LOTS, 6, "expected a CSV row"),
    Broken("missing column", swap(LOTS, "neq_kg", "neq_t"), LOTS, 1, "neq_kg: missing column", problems=2),
    Broken(
        "unknown column",
        swap(LOTS, "neq_kg", "neq_t"),
        LOTS,
        1,
        "neq_t: unknown column; did you mean neq_kg",
        problems=2,
    ),
    Broken(
        "column twice",
        swap(LOTS, "neq_kg", "status"),
        LOTS,
        1,
        "status: expected each column once",
        problems=2,
    ),
]
VALUES = [
    Broken("unknown key", swap(YAML, "seed:", "sead:"), YAML, 12, r"sead: unknown key; did you mean seed\?"),
    Broken("key missing", swap(YAML, "country: XX\n", ""), YAML, 1, "country: missing"),
    Broken(
        "country", swap(YAML, "country: XX", "country: Narnia"), YAML, 6, "two capital letters .*'Narnia'"
    ),
    Broken(
        "horizon", swap(YAML, "years: 8", "years: 8.5"), YAML, 10, r"expected a whole number \(got 8\.5\)"
    ),
    Broken("horizon too long", swap(YAML, "years: 8", "years: 80"), YAML, 10, r"expected <= 50 \(got 80\)"),
    Broken("start", swap(YAML, "2026-01-01", "1.1.2026"), YAML, 9, "expected a date as YYYY-MM-DD"),
    Broken("start mid-month", swap(YAML, "2026-01-01", "2026-01-15"), YAML, 9, "first day of a month"),
    Broken(
        "no weight",
        both(*(swap(YAML, f"{who}: 1", f"{who}: 0") for who in ("public", "workers", "transport"))),
        YAML,
        14,
        "at least one weight",
    ),
    broken_row("not a number", LOTS, 3, r"neq_kg: expected a number \(got 'nan'\)", neq_kg="nan"),
    broken_row("infinite", LOTS, 3, r"expected 0 or a size .*\(got 1e999\)", neq_kg="1e999"),
    broken_row("huge", LOTS, 3, "expected 0 or a size", gross_mass_t="1e12"),
    broken_row("decimal comma", LOTS, 3, "expected a number with a decimal point", neq_kg="1,5"),
    broken_row("negative", LOTS, 3, r"gross_mass_t: expected > 0 \(got -3\.5\)", gross_mass_t="-3.5"),
    broken_row("empty number", LOTS, 3, "neq_kg: missing", neq_kg=""),
    broken_row(
        "status",
        LOTS,
        3,
        r"expected one of surplus, reserve \(got 'surpluss'; did you mean surplus\?\)",
        status="surpluss",
    ),
    broken_row("truth value", LOTS, 3, "expected yes or no", safe_to_move="maybe"),
    broken_row("id", LOTS, 3, "expected Latin letters, digits", lot_id="L 02"),
    broken_row("stabiliser word", LOTS, 3, "a number, or unknown", stabiliser_fraction="?"),
    broken_row("stabiliser high", LOTS, 3, "expected <= 1 or unknown", stabiliser_fraction="1.2"),
    broken_row("months", PLANTS, 2, "a first and a last month such as 4-10", open_months="4-13"),
    broken_row("latitude", "sites.csv", 2, "expected <= 90", latitude_deg="91"),
    broken_row("due", MONEY, 3, "expected a date as YYYY-MM-DD", due="2027-02-30"),
    broken_row("no source", LOTS, 3, "source: missing", source=""),
]
REFERENCES = [
    broken_row("lot twice", LOTS, 3, "each lot_id once .*line 2 too", lot_id="L01"),
    broken_row("storehouse unknown", LOTS, 3, r"'A11'; did you mean A1\?", storehouse_id="A11"),
    broken_row("nature unknown", LOTS, 3, r"did you mean mortar_82\?", nature_id="mortar_8"),
    broken_row("site unknown", "storehouses.csv", 2, "a site_id of sites", site_id="Z"),
    broken_row("served site unknown", PLANTS, 3, "serves_sites: .*'Z'", serves_sites="A;Z"),
    broken_row("method unknown", PLANTS, 3, r"did you mean rotary_kiln\?", method_id="rotary_klin"),
    broken_row("category unknown", "facility_rates.csv", 2, "a category of the register", category="art"),
    broken_row("earmark unknown", "funds.csv", 3, "a method of the", earmark_methods="kiln"),
    broken_row("fund unknown", MONEY, 2, r"did you mean HOST\?", fund_id="HOSTS"),
    broken_row("source unknown", LOTS, 3, r"did you mean D-NEQ\?", source="D-NEC"),
    Broken("source unused", append("sources.csv", NEW_SOURCE), "sources.csv", 4, "unused source 'A-NEW'"),
    Broken(
        "source id reserved",
        append("sources.csv", "set,assumed,x"),
        "sources.csv",
        4,
        "another id than 'set'",
    ),
    Broken(
        "constant unknown",
        swap(YAML, "payload_t", "payload_kg"),
        YAML,
        20,
        r"did you mean transport.payload_t",
    ),
    Broken(
        "constant impossible", swap(YAML, "value: 10", "value: -10"), YAML, 21, r"expected > 0 \(got -10\)"
    ),
    Broken(
        "constant's source", swap(YAML, "source: A-EX", "source: A-X"), YAML, 22, r"did you mean A-EXAMPLE\?"
    ),
    Broken("site unused", append("sites.csv", NEW_SITE), "sites.csv", 5, "a storehouse or a facility at D"),
    Broken(
        "fund without money",
        append("funds.csv", NEW_FUND.format(use="any", sites="", methods="", categories="")),
        "funds.csv",
        4,
        "expected a tranche",
    ),
]
SENSE = [
    broken_row("NEQ above mass", LOTS, 3, r"expected <= 180000, .*\(got 180001\)", neq_kg="180001"),
    Broken(
        "less than a gram",
        both(cell(LOTS, 3, "gross_mass_t", "1e-7"), cell(LOTS, 3, "neq_kg", "0")),
        LOTS,
        3,
        "one gram",
    ),
    broken_row("stabiliser missing", LOTS, 2, "has propellant", stabiliser_fraction=""),
    broken_row("stabiliser of a mine", LOTS, 6, "has no propellant", stabiliser_fraction="0.5"),
    broken_row("made later", LOTS, 3, "expected <= 2026", year_made="2027"),
    broken_row("date passed", LOTS, 3, "expected a date after 2026-01-01", destroy_by="2026-01-01"),
    Broken(
        "rate twice",
        append("facility_rates.csv", "KILN-B,mortar,1,1,A-EXAMPLE"),
        "facility_rates.csv",
        11,
        "one rate of KILN-B for mortar .*line 8",
    ),
    Broken(
        "facility without rate",
        both(
            swap("facility_rates.csv", "PLANT-C,artillery,3.5,650,A-EXAMPLE\n", ""),
            swap("facility_rates.csv", "PLANT-C,mortar,3,700,A-EXAMPLE\n", ""),
        ),
        PLANTS,
        4,
        r"expected a row of facility_rates\.csv",
    ),
    broken_row("no repair", PLANTS, 3, "repair_mean_days: expected > 0", repair_mean_days=""),
    broken_row(
        "weather without length", PLANTS, 2, "since weather_stops_per_year is 4", weather_stop_mean_days=""
    ),
    broken_row("existing with capital", PLANTS, 2, "expected 0 for an existing", capital_cost_usd="5"),
    broken_row(
        "existing with standing cost",
        PLANTS,
        2,
        "put it into unit_cost_usd_per_t",
        fixed_cost_usd_per_year="5",
    ),
    Broken("category nobody accepts", lot("rocket_122"), LOTS, 14, "a facility that accepts rockets"),
    Broken("unsafe far from a facility", lot("art_122", house="B1", safe="no"), LOTS, 14, "not safe to move"),
    Broken(
        "no route",
        both(swap("routes.csv", "A,B,90,1,A-EXAMPLE\n", ""), lot("sa_rifle")),
        LOTS,
        14,
        "with a route to one",
    ),
    broken_row(
        "facility nobody can use", PLANTS, 3, "a surplus lot that can go to", problems=2, serves_sites="C"
    ),
    Broken(
        "route to itself", append("routes.csv", "A,A,1,1,A-EXAMPLE"), "routes.csv", 5, "another site than"
    ),
    Broken(
        "route twice", append("routes.csv", "B,A,90,1,A-EXAMPLE"), "routes.csv", 5, "one route .*line 2 too"
    ),
    broken_row("less than a cent", MONEY, 4, r"at least 0\.01", amount_usd="0.001"),
    broken_row("due too late", MONEY, 4, "the end of the horizon", due="2040-01-01"),
    broken_row("due after expiry", MONEY, 6, "when DONOR expires", due="2032-01-01"),
    broken_row(
        "expired before the start", "funds.csv", 2, "after the start", problems=4, expires="2025-12-31"
    ),
    Broken(
        "earmark nobody can use",
        fund(methods="open_detonation", sites="C", categories="small_arms"),
        "funds.csv",
        4,
        "earmark_sites: expected a surplus lot or a possible facility",
    ),
    Broken("nothing to build", fund(use="capital", sites="A"), "funds.csv", 4, "a possible facility"),
    broken_row("storehouses together", "storehouses.csv", 3, "place than that of A1", x_m="0"),
    Broken(
        "people in a storehouse",
        both(cell("exposed_sites.csv", 2, "x_m", "3"), cell("exposed_sites.csv", 2, "y_m", "2")),
        "exposed_sites.csv",
        2,
        r"at least 5 m from A1 \(got 3\.6 m\)",
    ),
    Broken(
        "coordinates swapped",
        both(cell("sites.csv", 3, "latitude_deg", "20.5"), cell("sites.csv", 3, "longitude_deg", "45.5")),
        "sites.csv",
        3,
        "did you swap it",
    ),
]

BROKEN = [*FORM, *VALUES, *REFERENCES, *SENSE]
