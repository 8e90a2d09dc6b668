"""Commands that look at a scenario: is it whole, and where does each of its values come from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from demilsim.cli_options import Json, ScenarioPath, Set
from demilsim.cli_steps import overrides_of, print_json

if TYPE_CHECKING:
    from demilsim.scenario.origins import Origin
    from demilsim.scenario.place import Place
    from demilsim.scenario.resolve import Resolved

SHOWN_OF_A_KIND = 3
"""Warnings of one kind that are printed; --json has all."""

SHOWN_AS_UNDERSTOOD = 10


def check(scenario: ScenarioPath, set_: Set = [], json: Json = False) -> None:  # noqa: B006
    """Validate a scenario: every problem at once, or a summary."""
    from demilsim.model.cautions import caution_lines, cautions
    from demilsim.scenario.summary import summary

    resolved = _resolved(scenario, set_)
    found = cautions(resolved)
    if json:
        from demilsim.reporting.scenario_facts import scenario_facts

        print_json(
            {
                "ok": True,
                "scenario": scenario_facts(resolved.scenario),
                "understood": _understood(resolved),
                "warnings": [
                    {"kind": one.kind, **_at(one.place, one.path), "message": one.message} for one in found
                ],
            }
        )
        return
    warned = caution_lines(found, SHOWN_OF_A_KIND, "--json lists them")
    for line in (*summary(resolved.scenario), *_understood_lines(resolved), *warned):
        typer.echo(line)


def show(
    scenario: ScenarioPath,
    resolved: Annotated[bool, typer.Option("--resolved", help="Every value and where it came from.")] = False,
    only: Annotated[str, typer.Option(help="With --resolved: paths that begin so, as lots[L01].")] = "",
    set_: Set = [],  # noqa: B006
    json: Json = False,
) -> None:
    """Show a scenario, and with --resolved where values come from.

    Without --resolved: its variants and its hash.
    """
    from demilsim.scenario.origins import origins

    if only and not resolved:
        raise typer.BadParameter("--only: expected only with --resolved")
    found = _resolved(scenario, set_)
    values = [one for one in origins(found) if one.path.startswith(only)] if resolved else []
    if only and not values:
        raise typer.BadParameter(f"--only: expected the beginning of a path (got {only!r})")
    variants = found.text.variants
    if json:
        print_json(
            {
                "scenario": {"name": found.scenario.settings.name, "sha256": found.scenario.sha256},
                "variants": [{"name": v.name, "extends": v.extends} for v in variants.values()],
                "values": [_origin(one) for one in values],
            }
        )
        return
    for one in values:
        typer.echo(_origin_line(one))
    for variant in variants.values():
        typer.echo(f"variant {variant.name} extends {variant.extends}")
    typer.echo(f"sha256 {found.scenario.sha256}")


def _resolved(path: Path, pairs: list[str]) -> Resolved:
    from demilsim.scenario.loader import load_resolved

    return load_resolved(path, overrides_of(pairs))


def _understood(resolved: Resolved) -> list[dict[str, Any]]:
    return [
        {**_at(place, one.path), "written": one.text, "value": one.value}
        for place, one in resolved.understood
    ]


def _understood_lines(resolved: Resolved) -> Iterator[str]:
    for place, one in resolved.understood[:SHOWN_AS_UNDERSTOOD]:
        yield f"understood: {place.problem(one.path, f'{one.text} as {one.value}')}"
    if len(resolved.understood) > SHOWN_AS_UNDERSTOOD:
        yield f"understood: {len(resolved.understood) - SHOWN_AS_UNDERSTOOD} more; --json lists them"


def _at(place: Place, path: str) -> dict[str, Any]:
    return {"file": place.file, "line": place.line, "cell": place.cell or None, "path": place.path or path}


def _origin(one: Origin) -> dict[str, Any]:
    place = one.place
    return {
        "path": one.path,
        "value": one.value,
        "unit": one.unit or None,
        "written": one.written or None,
        "from": one.given.value,
        "variant": (place.variant or None) if place else None,
        "file": place.file if place else None,
        "line": place.line if place else None,
        "cell": (place.cell or None) if place else None,
    }


def _origin_line(one: Origin) -> str:
    unit = f" {one.unit}" if one.unit not in ("", "1") and one.value else ""
    written = f", written {one.written!r}" if one.written else ""
    where = f"{one.place.variant and f'variant {one.place.variant}, '}{one.place}" if one.place else one.given
    return f"{one.path} = {one.value or '(nothing)'}{unit}  [{where}{written}]"


INPUTS = (check, show)
"""In the order of the help."""
