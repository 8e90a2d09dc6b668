"""What measures other than destruction are worth: stored rows, and their table."""

from __future__ import annotations

from demilsim.experiments.measure_value import REPLICATIONS, MeasureValue, measure_values
from demilsim.experiments.statistics import Estimate
from demilsim.model.measures import measure_sites
from demilsim.plan import DisposalPlan
from demilsim.reporting.audience import public_regions
from demilsim.reporting.document import Document, estimate_document
from demilsim.reporting.grid import Column, Row, Table
from demilsim.reporting.measure_records import MeasureRow
from demilsim.reporting.records import StoredResults
from demilsim.reporting.wording import ABSENT, label, level_text, mean_of, sentence, with_half_width
from demilsim.scenario.scenario import Scenario

KINDS = {
    "rrpl": "risk-reduction process level",
    "guard": "guards",
    "lightning": "lightning protection",
    "surveillance": "surveillance test",
    "move": "move to another storehouse",
}
THOUSAND = 1e3
NOT_AFFORDABLE = "not affordable"


def measure_document(scenario: Scenario, name: str, plan: DisposalPlan, seed: int) -> Document | None:
    """Return the value of a plan's measures and of tests that it could take; None if there are none.

    Parameters
    ----------
    scenario, plan, seed
        As in `measure_values`.
    name
        The plan's policy.
    """
    values = measure_values(scenario, plan, seed=seed)
    if not values:
        return None
    sites = dict(zip((site.site_id for site in scenario.sites), public_regions(scenario), strict=True))
    regions = {
        m.measure_id: sites[site] for m, site in zip(scenario.measures, measure_sites(scenario), strict=True)
    }
    return {
        "policy": name,
        "replications": REPLICATIONS,
        "rows": [_row(value, regions[value.measure.measure_id]) for value in values],
    }


def _row(value: MeasureValue, region: str) -> Document:
    return {
        "measure_id": value.measure.measure_id,
        "kind": value.measure.kind,
        "region": region,
        "in_plan": value.in_plan,
        "affordable": value.affordable,
        "fatalities_averted": _spread(value.averted),
        "paid_usd": _spread(value.paid_usd),
        "spent_more_usd": _spread(value.spent_usd),
        "fatalities_averted_per_million_usd": _spread(value.per_million_usd),
    }


def _spread(estimate: Estimate | None) -> Document | None:
    return None if estimate is None else estimate_document(estimate)


def measures_table(results: StoredResults) -> Table:
    """Return what each measure averts, what is paid for it, and what it averts for a million dollars."""
    facts = results.measure_values
    columns = (
        Column("Measure", wide=True),
        Column("Region", wide=True),
        Column("Taken"),
        Column("Deaths averted", "± half width"),
        Column("Paid for it", "thousand USD"),
        Column("Paid more in all", "thousand USD"),
        Column("Deaths averted", "per million USD, ± half width"),
    )
    if facts is None:
        return Table("", columns, (), "No measures are stored.")
    caption = (
        f"Measures that the plan “{label(facts.policy)}” takes, and tests that it could take at the start: "
        f"simulated with and without each on the same {facts.replications} replications; ± is the half width "
        f"of the {level_text(results.level)} Monte Carlo interval. What a test condemns is destroyed "
        "at once, which costs money too; the last column counts the money for the measure alone"
    )
    ranked = sorted(facts.rows, key=_worth, reverse=True)
    return Table(caption, columns, tuple(_cells(row) for row in ranked))


def _worth(row: MeasureRow) -> float:
    per_million = row.fatalities_averted_per_million_usd
    return per_million.mean if per_million else float("-inf")


def _cells(row: MeasureRow) -> Row:
    kind = sentence(KINDS.get(row.kind, row.kind))
    return Row(
        (
            f"{kind} {row.measure_id}".strip(),
            row.region,
            "yes" if row.in_plan else "no",
            with_half_width(row.fatalities_averted) if row.affordable else NOT_AFFORDABLE,
            mean_of(row.paid_usd, THOUSAND) if row.affordable else ABSENT,
            mean_of(row.spent_more_usd, THOUSAND) if row.affordable else ABSENT,
            with_half_width(row.fatalities_averted_per_million_usd),
        ),
        row.in_plan,
    )
