"""Ids: each given once, each reference to one that exists, each source used."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from demilsim.errors import Problem
from demilsim.scenario.draft import Draft, Rows
from demilsim.scenario.phrases import choice, got
from demilsim.scenario.schema import Record
from demilsim.scenario.source import SET_SOURCE


def _tables(draft: Draft) -> tuple[Rows[Record], ...]:
    return (*draft.sourced, draft.sources)


def _unknown(rows: Rows[Record], column: str, known: Collection[str], where: str) -> Iterator[Problem]:
    """Find values of a column, one or several in a cell, that are not known."""
    for line, record in rows:
        value = getattr(record, column)
        for name in value if isinstance(value, tuple) else (value,):
            if name not in known and not _laid_over(rows, line, column, name):
                yield rows.at(line, column, f"expected {where} {got(name, known)}{choice(name, known)}")


def _laid_over(rows: Rows[Record], line: int, column: str, name: str) -> bool:
    """Return whether a name is the source that a row has which a variant or the command line added."""
    return column == "source" and name == SET_SOURCE.source_id and rows.place(line, column).laid_over


def _in_table(rows: Rows[Record], column: str, target: Rows[Record]) -> Iterator[Problem]:
    # A table without readable ids is a problem of its own; do not repeat it for each reference to it.
    if target.ids or target.complete:
        file = target.file.replace("\\", "/").rpartition("/")[2]
        yield from _unknown(rows, column, target.known, f"a {target.id_column} of {file}")


def unique_ids(draft: Draft) -> Iterator[Problem]:
    """Find ids that are given to two rows of a table."""
    for rows in _tables(draft):
        first: dict[str, int] = {}
        for line, name in rows.ids:
            if name in first:
                message = f"expected each {rows.id_column} once (got {name!r} on line {first[name]} too)"
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
        yield from _in_table(rows, "site_id", draft.sites)
    yield from _in_table(draft.facilities, "serves_sites", draft.sites)
    yield from _in_table(draft.routes, "from_site_id", draft.sites)
    yield from _in_table(draft.routes, "to_site_id", draft.sites)
    yield from _in_table(draft.funds, "earmark_sites", draft.sites)


def known_lots(draft: Draft) -> Iterator[Problem]:
    """Find lots in storehouses that do not exist, or of a nature that the register does not have."""
    for rows in (draft.lots, draft.inflows):
        yield from _in_table(rows, "storehouse_id", draft.storehouses)
        yield from _unknown(rows, "nature_id", draft.register.natures, "a nature of the register")


def known_facilities(draft: Draft) -> Iterator[Problem]:
    """Find methods, facilities and categories that do not exist."""
    methods = draft.register.methods
    categories = {nature.category for nature in draft.register.natures.values()}
    yield from _unknown(draft.facilities, "method_id", methods, "a method of the register")
    yield from _in_table(draft.facility_rates, "facility_id", draft.facilities)
    yield from _unknown(draft.facility_rates, "category", categories, "a category of the register")
    yield from _unknown(draft.funds, "earmark_methods", methods, "a method of the register")
    yield from _unknown(draft.funds, "earmark_categories", categories, "a category of the register")


def known_funds(draft: Draft) -> Iterator[Problem]:
    """Find tranches into, milestones of and matching of funds that do not exist; scrap into such a one."""
    yield from _in_table(draft.tranches, "fund_id", draft.funds)
    yield from _in_table(draft.funds, "matches_funds", draft.funds)
    given = [(line, t) for line, t in draft.tranches if t.milestone_fund]
    for line, tranche in given if draft.funds.ids or draft.funds.complete else ():
        if tranche.milestone_fund not in draft.funds.known:
            message = f"expected a fund_id of funds.csv {got(str(tranche.milestone_fund), draft.funds.known)}"
            yield draft.tranches.at(line, "milestone_fund", message)
    settings = draft.settings.record
    if settings and settings.scrap_fund and settings.scrap_fund not in draft.funds.known:
        message = f"expected a fund_id of funds.csv {got(settings.scrap_fund, draft.funds.known)}"
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
        yield from _in_table(rows, "source", draft.sources)
    known = draft.sources.known
    if draft.sources.ids or draft.sources.complete:
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
