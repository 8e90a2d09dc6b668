"""Drafts have the form of the activity schema of IATI 2.03, with every element that is ever written."""

from __future__ import annotations

from copy import deepcopy
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest

from demilsim.exchange.iati_write import draft_activity
from demilsim.reporting.policy_records import OPTIMISED
from demilsim.reporting.stored import Spread
from demilsim.scenario.scenario import Scenario
from iati_form import FORMS, faults
from worlds import fund, lot, site, storehouse, tranche, world


def results(destroyed_t: float = 120.5, difference: float = -0.25) -> Any:
    """Return what a draft takes from stored results."""
    measures = SimpleNamespace(destroyed_t=SimpleNamespace(mean=destroyed_t))
    averted = Spread(mean=difference, half_width=0.1, parameter_p5=None, parameter_p95=None)
    more = SimpleNamespace(mean=destroyed_t / 2.0)
    nothing = SimpleNamespace(difference=SimpleNamespace(expected_fatalities=averted, destroyed_t=more))
    return SimpleNamespace(
        shown=SimpleNamespace(name=OPTIMISED, measures=measures), policy=lambda name: nothing
    )


def full() -> Scenario:
    """Return a scenario of two countries in which a donor pays, as does the host."""
    return world(
        sites=[site("S1", country="KZ"), site("S2", country="UZ")],
        storehouses=[storehouse("H1", "S1"), storehouse("H2", "S2")],
        lots=[lot("L1", "H1"), lot("L2", "H2")],
        funds=[fund(), fund("D", holder="donor")],
        tranches=[tranche("T0"), tranche("T1", "D", amount_usd=1234.56), tranche("T2", "D")],
    )


def written(scenario: Scenario, stored: Any = None) -> ElementTree.Element:
    return ElementTree.fromstring(draft_activity(scenario, "15250", "XX-GOV-1", stored))


@pytest.mark.parametrize(
    ("scenario", "stored"),
    [(full(), results()), (full(), None), (world(), None), (world(funds=(), tranches=()), results())],
    ids=["all of it", "without results", "host alone", "without funds"],
)
def test_drafts_have_the_form_of_the_standard(scenario: Scenario, stored: Any) -> None:
    """Children come in order and number, and with the attributes that the schema wants."""
    assert list(faults(written(scenario, stored))) == []


def test_the_fullest_draft_has_every_element() -> None:
    """No rule is there for an element that nothing writes."""
    assert {element.tag for element in written(full(), results()).iter()} == set(FORMS)


@pytest.mark.parametrize("name", FORMS)
def test_what_breaks_the_form_is_seen(name: str) -> None:
    """Each attribute and child that must be there is missed, and each order that is another is seen."""
    draft = written(full(), results())
    form = FORMS[name]
    for attribute in form.attributes:
        broken = deepcopy(draft)
        next(broken.iter(name)).attrib.pop(attribute)
        assert list(faults(broken)) == [f"{name}: no {attribute}"]
    for child in (child for child, least, _ in form.children if least):
        broken = deepcopy(draft)
        parent = next(broken.iter(name))
        for element in parent.findall(child):
            parent.remove(element)
        assert any(fault.startswith(f"{name}: expected 1 to") for fault in faults(broken))
    if len(form.children) > 1:
        broken = deepcopy(draft)
        parent = next(broken.iter(name))
        parent[:] = reversed(parent[:])
        assert any("in this order" in fault for fault in faults(broken))
