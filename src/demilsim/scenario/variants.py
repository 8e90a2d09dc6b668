"""Named variants of a scenario: only what they change is written, the rest is that of what they extend."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from demilsim.errors import Problem, ScenarioError
from demilsim.scenario.column_types import is_identifier
from demilsim.scenario.overlay import laid_over
from demilsim.scenario.phrases import did_you_mean, got, plain
from demilsim.scenario.place import Place
from demilsim.scenario.source import BASE, ScenarioText, SetText, VariantText
from demilsim.scenario.text import Tree

VARIANTS = "variants"
"""Key of ``scenario.yaml``, and folder, that holds variants."""

MOST_ON_TOP = 50
"""Variants that may extend each other one after the other."""

_KEYS = ("extends", "set")


def variants_of(
    given: str | Tree, places: Mapping[str, Place], prefix: str, problems: list[Problem]
) -> list[VariantText]:
    """Return the variants of a mapping of names.

    Parameters
    ----------
    given
        What stands under ``variants:``.
    places
        Place of each dotted path of its file.
    prefix
        Path of the mapping in its file.
    problems
        What is wrong with them is added here.
    """
    if not isinstance(given, dict):
        problems.append(places[prefix].problem(prefix, f"expected names of variants {_found(given)}"))
        return []
    found = [variant_of(name, own, places, f"{prefix}.{name}", problems) for name, own in given.items()]
    return [variant for variant in found if variant]


def variant_of(
    name: str, given: str | Tree, places: Mapping[str, Place], prefix: str, problems: list[Problem]
) -> VariantText | None:
    """Return one variant with what it extends and sets; None if that cannot be read at all."""
    start = places.get(prefix) or min(places.values())
    here = replace(start, variant=name)

    def wrong(path: str, message: str) -> None:
        key = ".".join(part for part in (prefix, path) if part)
        problems.append(replace(places.get(key, here), variant=name).problem(plain(key), message))

    if not is_identifier(name) or name == BASE:
        wrong("", f"expected a name of Latin letters, digits and . _ -, at most 40, not {BASE} {got(name)}")
    if not isinstance(given, dict):
        wrong("", f"expected the keys {' and '.join(_KEYS)} {_found(given)}")
        return None
    for key in given:
        if key not in _KEYS:
            wrong(key, f"unknown key{did_you_mean(key, _KEYS) or '; the keys are ' + ' and '.join(_KEYS)}")
    extends, values = given.get("extends", BASE), given.get("set", {})
    if not isinstance(extends, str) or not extends.strip():
        wrong("extends", f"expected the name of a variant, or {BASE} {_found(extends)}")
        extends = BASE
    if not isinstance(values, dict) or not values:
        wrong("set", "expected paths and values, such as horizon_years: 20 (got none)")
        values = {}
    inside = f"{prefix}.set" if prefix else "set"
    sets = tuple(
        SetText(path, text, replace(places.get(f"{inside}.{path}", here), variant=name))
        for path, text in _flat(values, "")
    )
    return VariantText(name, extends.strip(), sets, here)


def _flat(tree: Tree, prefix: str) -> Iterator[tuple[str, str]]:
    """Yield path and text of each value: ``a: {b: 1}`` says the same as ``a.b: 1``."""
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _found(value: str | Tree) -> str:
    return "(got keys and values)" if isinstance(value, dict) else got(value)


def checked(text: ScenarioText, variants: Iterable[VariantText]) -> ScenarioText:
    """Return a scenario with its variants, after a look at each: names, what it extends, its paths."""
    known: dict[str, VariantText] = {}
    problems: list[Problem] = []
    for variant in variants:
        if variant.name in known:
            first = known[variant.name].place
            message = f"expected each variant once (got {variant.name} in {first.file}:{first.line} too)"
            problems.append(variant.place.problem(VARIANTS, message))
        known.setdefault(variant.name, variant)
    for variant in known.values():
        if variant.extends not in (BASE, *known):
            message = f"expected the name of a variant, or {BASE} {got(variant.extends, (BASE, *known))}"
            problems.append(variant.place.problem("extends", message))
        elif _chain(known, variant.name) is None:
            message = (
                f"expected variants that do not extend each other in a circle, at most {MOST_ON_TOP} on top "
                f"of each other {got(variant.extends)}"
            )
            problems.append(variant.place.problem("extends", message))
    cited = {
        part.strip()
        for variant in known.values()
        for one in variant.sets
        if one.path.rstrip().endswith(".source")
        for part in one.text.split(";")
    }
    settings = text.settings and replace(text.settings, cited=text.settings.cited | cited)
    whole = replace(text, settings=settings, variants=known, problems=(*text.problems, *problems))
    if problems:
        return whole
    # Variants that are not asked for now would otherwise keep their mistakes to themselves.
    return replace(whole, problems=tuple(dict.fromkeys((*whole.problems, *_wrong_variants(whole)))))


def _wrong_variants(text: ScenarioText) -> Iterator[Problem]:
    """Yield what is wrong with the values of each variant, laid over what it extends."""
    laid: dict[str, ScenarioText] = {BASE: text}
    for name in text.variants:
        for variant in _chain(text.variants, name) or ():
            if variant.name not in laid:
                below = laid[variant.extends]
                over = laid[variant.name] = laid_over(below, variant.sets)
                yield from over.problems[len(below.problems) :]


def chosen(text: ScenarioText, name: str) -> ScenarioText:
    """Return a scenario with one of its variants, and those that it extends, laid over it.

    Raises
    ------
    ScenarioError
        If there is no variant of that name.
    """
    if name in ("", BASE):
        return text
    if name not in text.variants:
        known = (BASE, *text.variants)
        there_are = f"the variants are {', '.join(text.variants)}" if text.variants else "there is none yet"
        hint = did_you_mean(name, known) or f"; {there_are}"
        raise ScenarioError([Problem(text.name, 0, "", f"unknown variant {plain(name)}{hint}")])
    for variant in _chain(text.variants, name) or ():
        text = laid_over(text, variant.sets)
    return text


def _chain(variants: Mapping[str, VariantText], name: str) -> tuple[VariantText, ...] | None:
    """Return a variant after those that it extends, the first first; None if they go in a circle."""
    chain: dict[str, VariantText] = {}
    while name in variants:
        if name in chain or len(chain) == MOST_ON_TOP:
            return None
        chain[name] = variants[name]
        name = variants[name].extends
    return tuple(reversed(chain.values()))
