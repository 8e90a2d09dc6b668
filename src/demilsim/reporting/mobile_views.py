"""What the report says about mobile plant: where it stands and when it moves, as planned."""

from __future__ import annotations

import datetime as dt

from demilsim.planning.draft import LEAD_PERIODS
from demilsim.planning.stays import Basis
from demilsim.reporting.disclosure import Audience
from demilsim.reporting.grid import Column, Row, Table, plain_rows
from demilsim.reporting.mobile_plant import NOT_REACHED
from demilsim.reporting.mobile_records import StoredStay
from demilsim.reporting.records import StoredResults
from demilsim.reporting.wording import ABSENT, figure, fixed, label, sentence

DECIDED = (
    "Decided moves are the optimiser's own: they belong to its plan. Plant leaves when the work planned at a "
    "site is done, at the working days that can be expected."
)
IMPLIED = (
    "Implied moves are those of any other plan, which says nothing of moves: they follow from the order of "
    "its lines, if days and money come as can be expected."
)
SIMULATED = (
    f"The simulation does not follow these moves to the day. Lines may begin up to {LEAD_PERIODS} periods "
    "before they are planned, but where moves are decided not in an earlier stay than their own. A stop, a "
    "closed site or late money holds plant up or calls a move off. Plant leaves a site when all is done "
    "there that became due before work elsewhere, and goes where work has been due for longest; of several "
    "such sites to that of the next line in priority. What moves take in the simulation is under “Where "
    "working days go”."
)
NOT_PUBLIC = "Sites and dates of moves are not public."
"""Said to the public in place of the table of stays."""


def mobile_reading(results: StoredResults, audience: Audience) -> tuple[str, ...]:
    """Return the sentences that say what the moves are; none without mobile plant."""
    if results.mobile is None:
        return ()
    bases = {row.basis for rows in results.mobile.policies.values() for row in rows}
    said = [DECIDED] if Basis.DECIDED in bases else []
    said += [IMPLIED] if Basis.IMPLIED in bases else []
    return (*said, SIMULATED, *([NOT_PUBLIC] if audience == "public" else ()))


def mobile_sums(results: StoredResults) -> Table:
    """Return the moves of each policy's plan in all, by facility: nothing of sites and dates."""
    policies = results.mobile.policies if results.mobile else {}
    shown = [(policy.name, row) for policy in results.policies for row in policies.get(policy.name, ())]
    columns = (
        Column("Policy", wide=True),
        Column("Mobile plant", wide=True),
        Column("Moves"),
        Column("The moves are", wide=True),
        Column("On the move", "d"),
        Column("Cost of moves", f"USD, {results.scenario.price_year}"),
        Column("Destroyed", "t"),
        Column("Not reached", "t"),
    )
    rows = tuple(
        Row(
            (
                sentence(label(name)), row.name, str(row.moves), row.basis, fixed(row.move_days, 0),
                fixed(row.move_cost_usd, 0), fixed(row.tonnes, 0), fixed(row.not_reached_t, 0),
            ),
            name == results.shown.name,
        )
        for name, row in shown
    )  # fmt: skip
    return Table("Moves of mobile plant by policy, as planned", columns, rows, "No mobile plant has to move.")


def stays_table(results: StoredResults) -> Table:
    """Return where the mobile plant of the shown plan stands, stay by stay, and what it does there."""
    price_year = results.scenario.price_year
    columns = (
        Column("Mobile plant", wide=True),
        Column("Comes from", wide=True),
        Column("Leaves there"),
        Column("On the move", "d"),
        Column("Cost of move", f"USD, {price_year}"),
        Column("Stands at", wide=True),
        Column("From"),
        Column("Until"),
        Column("Periods", "of plan.csv"),
        Column("Destroyed there", "t"),
    )
    sums = results.mobile.policies.get(results.shown.name, ()) if results.mobile else ()
    names = {row.facility_id: row.name for row in sums}
    rows = plain_rows(
        _stay_cells(stay, names.get(stay.facility_id, stay.facility_id))
        for stay in results.stays
        if stay.policy == results.shown.name and stay.basis != NOT_REACHED
    )
    caption = f"Where mobile plant stands and when it moves as planned, {label(results.shown.name)}"
    return Table(caption, columns, rows, "This plan uses no mobile plant that has to move.")


def _stay_cells(stay: StoredStay, name: str) -> tuple[str, ...]:
    """Return a stay; what belongs to a move is absent in the first one of a facility."""
    return (
        name,
        stay.from_site_id or ABSENT,
        _date(stay.leaves),
        ABSENT if stay.move_days is None else figure(stay.move_days),
        ABSENT if stay.move_cost_usd is None else fixed(stay.move_cost_usd, 0),
        stay.site_id,
        _date(stay.stands_from),
        _date(stay.stands_until),
        f"{stay.first_period} to {stay.last_period}",
        figure(stay.tonnes),
    )


def _date(date: dt.date | None) -> str:
    return ABSENT if date is None else date.isoformat()
