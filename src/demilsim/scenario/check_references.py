"""Ids: each given once, each reference to one that exists, each source used."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from demilsim.errors import Problem
from demilsim.scenario.draft import Draft, Rows
from demilsim.scenario.lookalikes import folded
from demilsim.scenario.phrases import choice, got
from demilsim.scenario.schema import Record
from demilsim.scenario.source import SET_SOURCE


def _tables(draft: Draft) -> tuple[Rows[Record], ...]:
    return (*draft.sourced, draft.sources)


def _unknown(rows: Rows[Record], column: str, known: Collection[str], where: str) -> Iterator[Problem]:
    """Find values of a column, one or several in a cell, that are not known."""
    # An id in letters that only look Latin is a problem of its own; so are not all that name it.
    looks_like = {folded(name) for name in known if not name.isascii()}
    for line, record in rows:
        value = getattr(record, column)
        for name in value if isinstance(value, tuple) else (value,) if value is not None else ():
            if name not in known and name not in looks_like and not _laid_over(rows, line, column, name):
                yield rows.at(line, column, f"expected {where} {got(name, known)}{choice(name, known)}")


def _laid_over(rows: Rows[Record], line: int, column: str, name: str) -> bool:
    """Return whether a name is the source that a row has which a variant or the command line added."""
    return column == "source" and name == SET_SOURCE.source_id and rows.place(line, column).laid_over


def in_table(rows: Rows[Record], column: str, target: Rows[Record]) -> Iterator[Problem]:
    """Find values of a column, one or several in a cell, that are no id of another table.

    A table without rows or without readable ids is a problem of its own, not repeated for each reference.
    """
    if target.knows:
        yield from _unknown(rows, column, target.known, f"a {target.id_column} of {_file(target)}")


def _file(rows: Rows[Record]) -> str:
    return rows.file.replace("\\", "/").rpartition("/")[2]


def rows_where_needed(draft: Draft) -> Iterator[Problem]:
    """Find tables without rows that others lean on: one problem for each, whatever names them."""
    settings = draft.settings.record
    scrap = settings.scrap_fund if settings else None
    plants = [name for _, name in draft.facilities.ids]
    rated = [facility for _, (facility, _) in draft.facility_rates.named]
    planned = [facility for _, (_, facility) in draft.programme.named]
    funds = [name for _, name in draft.funds.ids if name != scrap]
    paid = [tranche.fund_id for tranche in draft.tranches.records]
    leaning: tuple[tuple[Rows[Record], str, list[str], str], ...] = (
        (draft.facilities, "facility_rates names", rated, ""),
        (draft.facilities, "programme names", planned, ""),
        (
            draft.facility_rates,
            "facilities has",
            plants,
            "; add one for each category of each facility",
        ),
        (draft.funds, "funding names", paid, ""),
        (draft.funds, "scrap_fund names", [scrap] if scrap else [], ""),
        (draft.tranches, "funds has", funds, "; add payments, or take out the funds into which none is made"),
    )
    told: set[str] = set()
    for rows, how, names, todo in leaning:
        different = [name for name in dict.fromkeys(names) if name]
        if rows.empty and different and rows.file not in told:
            told.add(rows.file)
            more = f" and {len(different) - 1} more" if len(different) > 1 else ""
            message = f"expected at least one row, since {how} {different[0]}{more} (got none){todo}"
            yield rows.at(rows.header_line, "", message)


def unique_ids(draft: Draft) -> Iterator[Problem]:
    """Find ids that are given to two rows of a table."""
    for rows in _tables(draft):
        first: dict[str, int] = {}
        for line, name in rows.ids:
            if name in first:
                where = rows.there(first[name])
                message = f"expected each {rows.id_column} once (got {name!r} {where} too)"
                message += "; give one of them another, or take it out"
                yield rows.at(line, rows.id_column, message)
            elif name:
                first[name] = line
    for line, name in draft.sources.ids:
        if name == SET_SOURCE.source_id:
            message = f"expected another id than {name!r}, which stands for values laid over the scenario"
            yield draft.sources.at(line, "source_id", message)


def known_sites(draft: Draft) -> Iterator[Problem]:
    """Find references to sites that do not exist."""
    for rows in (draft.storehouses, draft.exposed_sites, draft.facilities):
        yield from in_table(rows, "site_id", draft.sites)
    yield from in_table(draft.facilities, "serves_sites", draft.sites)
    yield from in_table(draft.routes, "from_site_id", draft.sites)
    yield from in_table(draft.routes, "to_site_id", draft.sites)
    yield from in_table(draft.funds, "earmark_sites", draft.sites)


def known_lots(draft: Draft) -> Iterator[Problem]:
    """Find lots in storehouses that do not exist, or of a nature that the register does not have."""
    for rows in (draft.lots, draft.inflows):
        yield from in_table(rows, "storehouse_id", draft.storehouses)
        yield from _unknown(rows, "nature_id", draft.register.natures, "a nature of the register")


def known_facilities(draft: Draft) -> Iterator[Problem]:
    """Find methods, facilities and categories that do not exist."""
    methods = draft.register.methods
    categories = {nature.category for nature in draft.register.natures.values()}
    yield from _unknown(draft.facilities, "method_id", methods, "a method of the register")
    yield from in_table(draft.facility_rates, "facility_id", draft.facilities)
    yield from _unknown(draft.facility_rates, "category", categories, "a category of the register")
    yield from _unknown(draft.funds, "earmark_methods", methods, "a method of the register")
    yield from _unknown(draft.funds, "earmark_categories", categories, "a category of the register")


def known_funds(draft: Draft) -> Iterator[Problem]:
    """Find tranches into, milestones of and matching of funds that do not exist; scrap into such a one."""
    yield from in_table(draft.tranches, "fund_id", draft.funds)
    yield from in_table(draft.funds, "matches_funds", draft.funds)
    yield from in_table(draft.tranches, "milestone_fund", draft.funds)
    settings = draft.settings.record
    scrap = settings.scrap_fund if settings and draft.funds.knows else None
    if scrap and scrap not in draft.funds.known:
        message = f"expected a fund_id of funds.csv {got(scrap, draft.funds.known)}"
        yield draft.settings.at("scrap_fund", message)


def known_countries(draft: Draft) -> Iterator[Problem]:
    """Find earmarks for countries in which there is no site."""
    settings = draft.settings.record
    if settings and draft.sites.complete:
        known = {site.country or settings.country for site in draft.sites.records}
        yield from _unknown(draft.funds, "earmark_countries", known, "the country of a site")


def known_sources(draft: Draft) -> Iterator[Problem]:
    """Find sources that ``sources.csv`` does not have."""
    for rows in draft.sourced:
        yield from in_table(rows, "source", draft.sources)
    known = draft.sources.known
    if draft.sources.knows:
        for key, own in draft.settings.essentials.parameters.items():
            for name in own.source:
                path = f"parameters.{key}.source"
                laid_over = draft.settings.place(path).laid_over
                if name not in known and not (laid_over and name == SET_SOURCE.source_id):
                    message = f"expected a source_id of sources.csv {got(name, known)}"
                    yield draft.settings.at(path, message)


def used_sources(draft: Draft) -> Iterator[Problem]:
    """Find sources that nothing cites."""
    used = set(draft.settings.cited)
    for rows in draft.sourced:
        for record in rows.records:
            used.update(record.source)
    for line, name in draft.sources.ids:
        if name not in used:
            yield draft.sources.at(line, "source_id", f"unused source {name!r}; cite it or take it out")
