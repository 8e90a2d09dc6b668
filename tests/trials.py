"""What shows that a column of a scenario is not ignored: a change of it alone, and an output that must move.

Every trial begins with the starter scenario and what `given` lays over it; then one value more is laid over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Sets = Mapping[str, str]

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@dataclass(frozen=True)
class Trial:
    """A value laid over a scenario by itself, and the output that it must change.

    `output` is a function of `test_nothing_ignored`; `given` is laid over the starter before.
    """

    path: str
    value: str
    output: str = "run"
    given: Sets = field(default_factory=dict)

    @property
    def column(self) -> str:
        """Table and column, without the row."""
        if self.path.startswith("parameters."):
            return f"parameters.{'source' if self.path.endswith('.source') else 'value'}"
        if "[" not in self.path:
            return f"settings.{self.path}"
        return f"{self.path.partition('[')[0]}.{self.path.rpartition('.')[2]}"


def row(path: str, /, **cells: str) -> dict[str, str]:
    """Return a new row as values laid over."""
    return {f"{path}.{column}": value for column, value in cells.items()} | {f"{path}.source": "A-EXAMPLE"}


_TAKEN = {"cost_usd": "1000", "yearly_cost_usd": "100", "lead_time_days": "30"}
MEASURES = {
    "sites[A].guard_level": "0", "sites[C].guard_level": "0", "parameters.diversion.thefts_per_lot_year": "2",
    **row("measures[+RRPL]", kind="rrpl", site_id="A", level="1", **_TAKEN),
    **row("measures[+GUARD]", kind="guard", site_id="A", level="1", **_TAKEN),
    **row("measures[+LIGHT]", kind="lightning", storehouse_id="B1", **_TAKEN),
    **row("measures[+MOVE]", kind="move", storehouse_id="A2", to_storehouse_id="A1", **_TAKEN),
}  # fmt: skip
INFLOW = row(
    "inflows[+N1]", storehouse_id="A1", nature_id="art_122", gross_mass_t="50", neq_kg="9000",
    status="surplus", safe_to_move="yes", year_made="1985", stabiliser_fraction="0.5", arrives="2026-09-01",
    arrival_probability="0.5",
)  # fmt: skip
OLD_MINES = INFLOW | {"inflows[+N1].nature_id": "mine_at", "inflows[+N1].stabiliser_fraction": ""}
LEARNS = {
    "facilities[PLANT-C].learning_days": "400", "facilities[PLANT-C].learning_start_fraction": "0.3",
}  # fmt: skip
RESISTED = {
    "facilities[RANGE-A].objections_per_year": "1", "facilities[RANGE-A].objection_capacity_fraction": "0.3",
}  # fmt: skip
SHOTS = {"facilities[RANGE-A].neq_limit_kg_per_shot": "40", "facilities[RANGE-A].shots_per_day": "8"}
MOBILE = {"facilities[KILN-B].mobile": "yes"}
TWIN = {
    "facilities[+KILN-2]": "like KILN-B", "facilities[KILN-B].pool": "P",
    "facility_rates[+KILN-2,small_arms]": "like KILN-B,small_arms",
    "facility_rates[+KILN-2,mortar]": "like KILN-B,mortar",
}  # fmt: skip
SCRAP = {"facility_rates[RANGE-A,artillery].scrap_usd_per_t": "150"}
DOUBTFUL_SCRAP = SCRAP | {"facility_rates[RANGE-A,artillery].scrap_buyer_probability": "0.5"}
CONVOYS = {"routes[A,C].escort_usd_per_convoy": "800", "routes[A,B].escort_usd_per_convoy": "800"}
_MATCHING = row(
    "funds[+MATCH]", name="Matching fund", holder="donor", use="any", overhead_fraction="0",
    matches_funds="HOST", match_ratio="0.5", match_cap_usd="70000",
)  # fmt: skip
MATCHING = _MATCHING | row(
    "funding[+M]", fund_id="MATCH", due="2026-07-01", amount_usd="1000", probability="1", mean_delay_days="0"
)
EURO = {
    "funding[HOST-2027].amount_usd": "", "funding[HOST-2027].amount": "110000",
    "funding[HOST-2027].currency": "EUR",
    "funding[HOST-2028].amount_usd": "", "funding[HOST-2028].amount": "110000",
    "funding[HOST-2028].currency": "EUR",
    "funding[HOST-2026].amount_usd": "", "funding[HOST-2026].amount": "90000",
    "funding[HOST-2026].currency": "GBP",
    **row("exchange_rates[+EUR,2025-01-01]", usd_per_unit="1.1", sigma_per_year="0.1"),
    **row("exchange_rates[+EUR,2026-11-01]", usd_per_unit="1.2", sigma_per_year="0.1"),
    **row("exchange_rates[+GBP,2025-01-01]", usd_per_unit="1.3", sigma_per_year="0.1"),
}  # fmt: skip
MILESTONE = {
    "funding[HOST-2027].milestone_fund": "HOST", "funding[HOST-2027].milestone_spent_fraction": "0.1",
}  # fmt: skip
TWO_COUNTRIES = {"sites[C].country": "YY"}
ANNOUNCED = row(
    "programme[+L02,RANGE-A]", tonnes="100", starts="2026-04-01", ends="2026-09-30"
)  # fmt: skip
LIMITED = {"exposed_sites[A-village].risk_limit_per_year": "1e-9"}
CREW = {"facilities[RANGE-A].workers": "12"}
DATED = {
    "lots[L01].known_at": "2025-01-01", "sources[A-EXAMPLE].known_at": "2024-12-31",
}  # fmt: skip
LATER = "2027-01-01"

TRIALS = (
    Trial("schema_version", "2", "check"), Trial("name", "other", "facts"),
    Trial("title", "Another", "facts"), Trial("country", "YY", "facts"), Trial("synthetic", "no", "facts"),
    Trial("price_year", "2024", "facts"), Trial("start", "2026-04-01"), Trial("horizon_years", "9"),
    Trial("period", "month"), Trial("seed", "2"), Trial("terminal_years", "2"),
    Trial("harm_weights.fatalities_public", "0.5"), Trial("harm_weights.fatalities_workers", "2"),
    Trial("harm_weights.fatalities_transport", "2"), Trial("scrap_fund", "HOST", given=SCRAP),
    Trial("forecast_at", "2026-01-01", "check"), Trial("known_at", LATER, "check"),
    Trial("parameters.transport.payload_t", "5"),
    Trial("parameters.transport.payload_t.source", "D-NEQ", "constants"),
    Trial("sites[A].site_id", "D", "check"), Trial("sites[A].name", "Other", "partner_map"),
    Trial("sites[A].region", "East", "public_map", {"sites[+D]": "like A", **row(
        "storehouses[+D1]", site_id="D", construction="masonry", x_m="0", y_m="0"), **row(
        "lots[+L13]", storehouse_id="D1", nature_id="mine_at", gross_mass_t="1", neq_kg="400",
        status="reserve", safe_to_move="yes", year_made="1990")}),
    Trial("sites[A].latitude_deg", "44", "partner_map"), Trial("sites[A].longitude_deg", "21", "partner_map"),
    Trial("sites[A].rrpl", "1"), Trial("sites[A].daily_half_swing_c", "9"),
    *(Trial(f"sites[A].temperature_{month}_c", "30") for month in MONTHS),
    Trial("sites[A].country", "YY", "facts"),
    Trial("sites[A].guard_level", "1", given={"sites[A].guard_level": "0"} | {
        "parameters.diversion.thefts_per_lot_year": "2"}),
    Trial("storehouses[A1].storehouse_id", "A9", "check"), Trial("storehouses[A2].site_id", "B"),
    Trial("storehouses[A1].construction", "masonry"), Trial("storehouses[A1].x_m", "20"),
    Trial("storehouses[A1].y_m", "20"),
    Trial("exposed_sites[A-village].exposed_site_id", "A-town", "risk"),
    Trial("exposed_sites[A-workers].site_id", "C"), Trial("exposed_sites[A-workers].kind", "dwellings"),
    Trial("exposed_sites[A-workers].x_m", "90"), Trial("exposed_sites[A-workers].y_m", "120"),
    Trial("exposed_sites[A-workers].persons", "18"), Trial("exposed_sites[A-workers].day_fraction", "0.75"),
    Trial("exposed_sites[A-workers].night_fraction", "1"),
    Trial("exposed_sites[A-village].risk_limit_per_year", "1e-9", "limits"),
    Trial("exposed_sites[A-village].risk_limit_from", "2029-01-01", "limits", LIMITED),
    Trial("lots[L01].lot_id", "L99"), Trial("lots[L01].storehouse_id", "A2"),
    Trial("lots[L02].nature_id", "mortar_120"), Trial("lots[L01].gross_mass_t", "90"),
    Trial("lots[L01].neq_kg", "24000"), Trial("lots[L01].status", "reserve"),
    Trial("lots[L04].safe_to_move", "no"), Trial("lots[L05].year_made", "2020"),
    Trial("lots[L01].stabiliser_fraction", "0.6"), Trial("lots[L01].mass_sigma", "0.2"),
    Trial("lots[L09].destroy_by", "2026-06-30"),
    Trial("inflows[N1].lot_id", "N2", given=INFLOW), Trial("inflows[N1].storehouse_id", "A2", given=INFLOW),
    Trial("inflows[N1].nature_id", "mortar_120", given=INFLOW),
    Trial("inflows[N1].gross_mass_t", "60", given=INFLOW), Trial("inflows[N1].neq_kg", "8000", given=INFLOW),
    Trial("inflows[N1].status", "reserve", given=INFLOW),
    Trial("inflows[N1].safe_to_move", "no", "options", given=INFLOW),
    Trial("inflows[N1].year_made", "2015", given=OLD_MINES),
    Trial("inflows[N1].stabiliser_fraction", "0.3", given=INFLOW),
    Trial("inflows[N1].mass_sigma", "0.2", given=INFLOW),
    Trial("inflows[N1].arrives", "2027-09-01", given=INFLOW),
    Trial("inflows[N1].arrival_probability", "1", given=INFLOW),
    Trial("inflows[N1].destroy_by", "2026-12-31", given=INFLOW),
    Trial("measures[LIGHT].measure_id", "L-2", "measures", MEASURES),
    Trial("measures[LIGHT].kind", "surveillance", given=MEASURES),
    Trial("measures[GUARD].site_id", "C", given=MEASURES),
    Trial("measures[LIGHT].storehouse_id", "A3", given=MEASURES),
    Trial("measures[MOVE].to_storehouse_id", "A3", given=MEASURES),
    Trial("measures[RRPL].level", "2", given=MEASURES),
    Trial("measures[RRPL].cost_usd", "2000", given=MEASURES),
    Trial("measures[RRPL].yearly_cost_usd", "200", given=MEASURES),
    Trial("measures[RRPL].lead_time_days", "300", given=MEASURES),
    Trial("facilities[RANGE-A].facility_id", "R", "check"), Trial("facilities[KILN-B].site_id", "C"),
    Trial("facilities[KILN-B].name", "Other", "told"),
    Trial("facilities[RANGE-A].method_id", "contained_detonation"),
    Trial("facilities[RANGE-A].operator", "a company", "cautions"),
    Trial("facilities[RANGE-A].status", "possible", "rules"), Trial("facilities[KILN-B].mobile", "yes"),
    Trial("facilities[KILN-B].serves_sites", "B"), Trial("facilities[RANGE-A].open_months", "4-8"),
    Trial("facilities[RANGE-A].working_days_per_week", "3"),
    Trial("facilities[KILN-B].breakdown_mean_days", "90"), Trial("facilities[KILN-B].repair_mean_days", "10"),
    Trial("facilities[RANGE-A].weather_stops_per_year", "6"),
    Trial("facilities[RANGE-A].weather_stop_mean_days", "5"),
    Trial("facilities[RANGE-A].permit_t_per_year", "100"),
    Trial("facilities[RANGE-A].neq_limit_kg_per_day", "300"),
    Trial("facilities[PLANT-C].fixed_cost_usd_per_year", "50000"),
    Trial("facilities[PLANT-C].capital_cost_usd", "100000"),
    Trial("facilities[PLANT-C].lead_time_days", "200", given={"facilities[PLANT-C].capital_cost_usd": "0"}),
    Trial("facilities[RANGE-A].shifts_per_day", "2"),
    Trial("facilities[RANGE-A].neq_limit_kg_per_shot", "30", given=SHOTS),
    Trial("facilities[RANGE-A].shots_per_day", "4", given=SHOTS),
    Trial("facilities[KILN-B].breakdown_shape", "2"), Trial("facilities[KILN-B].repair_shape", "2"),
    Trial("facilities[RANGE-A].weather_months", "4-6"),
    Trial("facilities[PLANT-C].lead_time_sigma", "0.5", given={"facilities[PLANT-C].capital_cost_usd": "0"}),
    Trial("facilities[PLANT-C].learning_days", "100", given=LEARNS | {
        "facilities[PLANT-C].capital_cost_usd": "0"}),
    Trial("facilities[PLANT-C].learning_start_fraction", "0.6", given=LEARNS | {
        "facilities[PLANT-C].capital_cost_usd": "0"}),
    Trial("facilities[RANGE-A].objections_per_year", "3", given=RESISTED),
    Trial("facilities[RANGE-A].objection_capacity_fraction", "0.7", given=RESISTED),
    Trial("facilities[KILN-2].pool", "P", given=TWIN),
    Trial("facilities[KILN-B].move_days", "30", given=MOBILE),
    Trial("facilities[KILN-B].move_cost_usd", "4000", given=MOBILE),
    Trial("facilities[RANGE-A].workers", "9", "risk", CREW),
    Trial("facilities[RANGE-A].worker_risk_limit_per_year", "1e-9", "limits", CREW),
    Trial("facility_rates[KILN-B,small_arms].facility_id", "RANGE-A"),
    Trial("facility_rates[RANGE-A,mines].category", "small_arms", "check"),
    Trial("facility_rates[RANGE-A,artillery].throughput_t_per_day", "4"),
    Trial("facility_rates[RANGE-A,artillery].unit_cost_usd_per_t", "600"),
    Trial("facility_rates[RANGE-A,artillery].scrap_usd_per_t", "100"),
    Trial("facility_rates[RANGE-A,artillery].scrap_buyer_probability", "0.1", given=DOUBTFUL_SCRAP),
    Trial("routes[A,B].from_site_id", "C", given={"routes[B,C]": "remove"}),
    Trial("routes[A,B].to_site_id", "C", given={"routes[A,C]": "remove"}),
    Trial("routes[A,B].distance_km", "180"), Trial("routes[A,B].travel_days", "9"),
    Trial("routes[A,B].open_months", "10-11"), Trial("routes[A,B].vehicles_per_convoy", "3", given=CONVOYS),
    Trial("routes[A,B].neq_limit_kg_per_vehicle", "500"), Trial("routes[A,B].escort_usd_per_convoy", "500"),
    Trial("funds[HOST].fund_id", "TREASURY", "check"), Trial("funds[HOST].name", "Other", "told"),
    Trial("funds[HOST].holder", "donor", "rules"), Trial("funds[HOST].use", "capital"),
    Trial("funds[HOST].earmark_sites", "A"), Trial("funds[HOST].earmark_methods", "open_detonation"),
    Trial("funds[HOST].earmark_categories", "artillery"), Trial("funds[HOST].overhead_fraction", "0.5"),
    Trial("funds[HOST].expires", "2028-06-30"),
    Trial("funds[HOST].earmark_countries", "XX", given=TWO_COUNTRIES),
    Trial("funds[HOST].verification_usd_per_t", "50"),
    Trial("funds[MATCH].matches_funds", "DONOR", given=MATCHING),
    Trial("funds[MATCH].match_ratio", "0.4", given=MATCHING),
    Trial("funds[MATCH].match_cap_usd", "30000", given=MATCHING),
    Trial("funds[MATCH].match_countries", "YY", given=MATCHING),
    Trial("funding[HOST-2026].tranche_id", "H"), Trial("funding[HOST-2026].fund_id", "DONOR"),
    Trial("funding[HOST-2026].due", "2028-06-30"), Trial("funding[HOST-2026].amount_usd", "90000"),
    Trial("funding[HOST-2028].probability", "0.1"), Trial("funding[HOST-2026].mean_delay_days", "300"),
    Trial("funding[HOST-2027].currency", "GBP", given=EURO),
    Trial("funding[HOST-2027].amount", "70000", given=EURO),
    Trial("funding[HOST-2027].milestone_fund", "DONOR", given=MILESTONE),
    Trial("funding[HOST-2027].milestone_spent_fraction", "0.999", given=MILESTONE | {
        "funding[HOST-2027].milestone_fund": "DONOR"}),
    Trial("funding[HOST-2027].milestone_destroyed_t", "300"),
    Trial("exchange_rates[EUR,2026-11-01].currency", "GBP", given=EURO),
    Trial("exchange_rates[EUR,2026-11-01].valid_from", "2028-01-01", given=EURO),
    Trial("exchange_rates[EUR,2026-11-01].usd_per_unit", "0.7", given=EURO),
    Trial("exchange_rates[EUR,2026-11-01].sigma_per_year", "0.4", given=EURO),
    Trial("programme[L02,RANGE-A].lot_id", "L03", "announced", ANNOUNCED | {
        "programme[+L02,RANGE-A].tonnes": "40"}),
    Trial("programme[L12,RANGE-A].facility_id", "PLANT-C", "announced", row(
        "programme[+L12,RANGE-A]", tonnes="50", starts="2026-04-01", ends="2026-09-30")),
    Trial("programme[L02,RANGE-A].tonnes", "90", "announced", ANNOUNCED),
    Trial("programme[L02,RANGE-A].starts", "2026-07-01", "announced", ANNOUNCED),
    Trial("programme[L02,RANGE-A].ends", "2026-12-31", "announced", ANNOUNCED),
    Trial("sources[D-NEQ].source_id", "D-2", "check"),
    Trial("sources[D-NEQ].confidence", "read", "check", {"lots[L01].source": "D-NEQ"}),
    Trial("sources[A-EXAMPLE].known_at", "2025-06-30", "check", DATED),
)  # fmt: skip
"""At least one for each column of every table and each scalar that is not declared inert."""

_ROWS = {
    "sites": ("A", {}), "storehouses": ("A1", {}), "exposed_sites": ("A-road", {}), "lots": ("L01", {}),
    "facilities": ("RANGE-A", {}), "facility_rates": ("RANGE-A,mines", {}), "routes": ("A,B", {}),
    "funds": ("HOST", {}), "funding": ("HOST-2026", {}), "inflows": ("N1", INFLOW),
    "measures": ("LIGHT", MEASURES), "exchange_rates": ("GBP,2025-01-01", EURO),
    "programme": ("L02,RANGE-A", ANNOUNCED),
}  # fmt: skip

EVIDENCE = tuple(
    Trial(f"{table}[{name}].{column}", value, "check", given)
    for table, (name, given) in _ROWS.items()
    for column, value in (("source", "D-NEQ"), ("known_at", LATER))
)
"""Sources and dates of knowledge are in every table: both move what `demilsim check` says."""
