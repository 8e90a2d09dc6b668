"""The form of an IATI 2.03 activity, as far as we write one: children in order, and attributes that must be.

Written from the activity schema of version 2.03 (release of 2018-02-19), which is not shipped here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

MANY = 1_000_000
NARRATIVES = (("narrative", 0, MANY),)
_DAYS = (("period-start", 1, 1), ("period-end", 1, 1))


@dataclass(frozen=True)
class Form:
    """Children in their order, each with the least and the most there may be, and attributes that must be."""

    children: tuple[tuple[str, int, int], ...] = ()
    attributes: tuple[str, ...] = ()
    text: bool = False


FORMS: dict[str, Form] = {
    "iati-activities": Form((("iati-activity", 1, MANY),), ("version",)),
    "iati-activity": Form(
        (
            ("iati-identifier", 1, 1), ("reporting-org", 1, 1), ("title", 1, 1), ("description", 1, MANY),
            ("participating-org", 1, MANY), ("activity-status", 1, 1), ("activity-date", 1, MANY),
            ("recipient-country", 0, MANY), ("sector", 0, MANY), ("budget", 0, MANY),
            ("planned-disbursement", 0, MANY), ("result", 0, MANY),
        )
    ),
    "iati-identifier": Form(text=True),
    "narrative": Form(text=True),
    "reporting-org": Form((("narrative", 1, MANY),), ("ref", "type")),
    "title": Form((("narrative", 1, MANY),)),
    "description": Form((("narrative", 1, MANY),)),
    "participating-org": Form(NARRATIVES, ("role",)),
    "activity-status": Form(attributes=("code",)),
    "activity-date": Form(NARRATIVES, ("type", "iso-date")),
    "recipient-country": Form(NARRATIVES, ("code",)),
    "sector": Form(NARRATIVES, ("code",)),
    "budget": Form((*_DAYS, ("value", 1, 1))),
    "planned-disbursement": Form(
        (("period-start", 1, 1), ("period-end", 0, 1), ("value", 1, 1), ("provider-org", 0, 1))
    ),
    "period-start": Form(attributes=("iso-date",)),
    "period-end": Form(attributes=("iso-date",)),
    "value": Form(attributes=("value-date",), text=True),
    "provider-org": Form(NARRATIVES),
    "result": Form((("title", 1, 1), ("indicator", 1, MANY)), ("type",)),
    "indicator": Form((("title", 1, 1), ("baseline", 0, MANY), ("period", 0, MANY)), ("measure",)),
    "baseline": Form(attributes=("year",)),
    "period": Form((*_DAYS, ("target", 0, MANY))),
    "target": Form(),
}  # fmt: skip
"""By element; one that is not here is one that we do not write."""


def faults(element: Element) -> Iterator[str]:
    """Yield what is wrong with an element and all below it."""
    form = FORMS.get(element.tag)
    if form is None:
        yield f"{element.tag}: not written by us"
        return
    yield from (f"{element.tag}: no {name}" for name in form.attributes if not element.get(name))
    if form.text != bool((element.text or "").strip()):
        yield f"{element.tag}: expected {'a' if form.text else 'no'} text"
    names = [child.tag for child in element]
    order = [name for name, _, _ in form.children]
    if [name for name in order for _ in range(names.count(name))] != names:
        yield f"{element.tag}: expected {', '.join(order)} in this order (got {', '.join(names)})"
    for name, least, most in form.children:
        if not least <= names.count(name) <= most:
            yield f"{element.tag}: expected {least} to {most} of {name} (got {names.count(name)})"
    for child in element:
        yield from faults(child)
