"""Terms of money that are in order; those that are not are in a table of broken scenarios."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from broken_terms import EUR, FUNDS, FX, IN_EURO, MATCH, RATES, rates
from changes import MONEY, YAML, append, extra, swap, write
from demilsim.scenario.loader import load_scenario
from demilsim.scenario.starter import write_starter


def test_terms_in_order_are_read(tmp_path: Path) -> None:
    """Matching without a tranche, euro, milestones, scrap, an emergency account: all at once, as given."""
    folder = write_starter("pilot", tmp_path)
    for change in (
        IN_EURO,
        write(FX, rates(EUR)),
        extra(MONEY, 6, milestone_fund="DONOR", milestone_spent_fraction="0.5", milestone_destroyed_t="100"),
        append(FUNDS, "MATCH,Matching,donor,any,,,,0.1,,A-EXAMPLE"),
        extra(FUNDS, 4, **MATCH, match_cap_usd="1000", match_countries="XX;YY", verification_usd_per_t="20"),
        append(FUNDS, "CLEAN,Emergency,donor,emergency,,,,0,,A-EXAMPLE,,,,,"),
        append(MONEY, "CLEAN-1,CLEAN,2026-01-01,50000,1,0,A-EXAMPLE,,,,,"),
        extra(RATES, 2, scrap_usd_per_t="80", scrap_buyer_probability="0.5"),
        swap(YAML, "seed: 1", "seed: 1\nscrap_fund: HOST"),
    ):
        change(folder)
    scenario = load_scenario(folder)
    assert scenario.tranches[3].currency == "EUR"
    assert scenario.tranches[3].amount_usd is None
    assert scenario.tranches[4].milestone_destroyed_t == 100.0
    assert scenario.funds[2].match_countries == ("XX", "YY")
    assert scenario.funds[3].use == "emergency"
    assert scenario.exchange_rates[0].valid_from == dt.date(2025, 1, 1)
    assert scenario.facility_rates[0].scrap_usd_per_t == 80.0
