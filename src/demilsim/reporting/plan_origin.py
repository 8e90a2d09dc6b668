"""Which scenario a plan in a file was made for, as its folder tells, and what is said where it is another."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from demilsim.reporting.earlier import LISTS
from demilsim.reporting.sheet import HASH_CHARACTERS
from demilsim.reporting.stored import plain
from demilsim.scenario.scenario import Scenario

UNKNOWN = (
    "The plan is from a file and followed as it is: nothing in it is made anew for this scenario, whatever "
    "it was made for."
)


@dataclass(frozen=True, slots=True)
class MadeFor:
    """The scenario that a plan was made for: its name and the hash of its content."""

    name: str
    sha256: str


def made_for(path: Path) -> MadeFor | None:
    """Return what a plan was made for; None where its folder does not tell, or it was changed since."""
    try:
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None
    for name in LISTS:
        try:
            document = json.loads((path.parent / name).read_bytes())
            if document["files"][path.name] == sha256:
                scenario = document["scenario"]
                return MadeFor(str(scenario["name"]), str(scenario["sha256"]))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return None


def followed_as_it_is(path: Path, scenario: Scenario) -> str:
    """Return a sentence for a plan that was not made for a scenario as it is; empty for one that was.

    Parameters
    ----------
    path
        The plan's file.
    scenario
        In which it is followed.
    """
    origin = made_for(path)
    if origin is None:
        return UNKNOWN
    if origin.sha256 == scenario.sha256:
        return ""
    asked_as = plain(scenario.command_name)
    was, now = _content(plain(origin.name), origin.sha256), _content(asked_as, scenario.sha256)
    return (
        f"The plan was made for {was} and is followed as it is in {now}: nothing in it is made anew for what "
        f"differs, be it money that is late or less. “demilsim plan {asked_as}” makes one for it."
    )


def _content(name: str, sha256: str) -> str:
    return f"{name} (content {plain(sha256)[:HASH_CHARACTERS]})"
