"""The model written out once more, lot by lot in plain Python, as an oracle for the array code."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from demilsim.scenario.register import Consequence, EventRate
from demilsim.scenario.scenario import Scenario

R_J_PER_MOL_K = 8.314462618
BASE = ("storage", "external", "security", "undetermined")


def arrhenius(temperature_c: float, activation_energy: float) -> float:
    """Return the rate relative to 25 °C."""
    inverse = 1.0 / (temperature_c + 273.15) - 1.0 / 298.15
    return math.exp(-activation_energy / R_J_PER_MOL_K * inverse)


def ageing_factor(stabiliser: float, rates: EventRate) -> float:
    """Return the geometric interpolation between the four action levels."""
    points = [
        (0.0, rates.ageing_factor_none),
        (rates.destroy_level_fraction, rates.ageing_factor_destroy),
        (rates.retest_level_fraction, rates.ageing_factor_retest),
        (1.0, rates.ageing_factor_full),
    ]
    for (x0, f0), (x1, f1) in pairwise(points):
        if stabiliser <= x1:
            return f0 * (f1 / f0) ** ((stabiliser - x0) / (x1 - x0))
    raise AssertionError(f"stabiliser fraction above 1: {stabiliser}")


def lethality(distance_m: float, neq_kg: float) -> float:
    """Return the chance of death indoors by the recollected curve of Gilbert, Lees and Scilly (1994)."""
    if neq_kg <= 0.0:
        return 0.0
    s = distance_m / neq_kg ** (1.0 / 3.0)
    if s < 3.0:
        return 1.0
    if s > 55.0:
        return 0.0
    x = math.log10(s)
    return min(1.0, 10.0 ** (1.827 - 3.433 * x - 0.853 * x**2 + 0.356 * x**3))


def division(scenario: Scenario, house: int) -> str:
    """Return the most hazardous division that a storehouse holds."""
    house_id = scenario.storehouses[house].storehouse_id
    held = [
        scenario.natures[x.nature_id].hazard_division for x in scenario.lots if x.storehouse_id == house_id
    ]
    return min((d.value for d in held), default="")


def chances(scenario: Scenario, house: int, distance_m: float, neq_kg: float) -> tuple[float, float]:
    """Return the chances of death indoors and in the open, by the rules of what a storehouse holds."""
    p = scenario.register.consequence
    if neq_kg <= 0.0:
        return 0.0, 0.0
    s = distance_m / neq_kg ** (1.0 / 3.0)
    if division(scenario, house) == "1.3":
        heat = min(1.0, max(0.0, 2.0 - s / p.k_fireball))
        return heat, heat
    blast = p.lethality_factor * lethality(distance_m, neq_kg)
    octaves = min(1.0, max(0.0, math.log2(s / 4.0)))
    open_air = min(1.0, blast * p.outdoor_lethality_factor**octaves)
    if division(scenario, house) == "1.2":
        reach = max(0.0, 1.0 - distance_m / p.fragment_distance_m)
        open_air = max(open_air, p.fragment_kill_share * reach * neq_kg / (neq_kg + p.fragment_neq_kg))
    return min(1.0, blast), open_air


def deaths(scenario: Scenario, house: int, neq_kg: float) -> tuple[float, float]:
    """Return the public and the workers killed if all who are usually there are caught."""
    at = scenario.storehouses[house]
    p = scenario.register.consequence
    public = workers = 0.0
    for place in scenario.exposed_sites:
        if place.site_id == at.site_id:
            distance = math.hypot(place.x_m - at.x_m, place.y_m - at.y_m)
            indoors, in_the_open = chances(scenario, house, distance, neq_kg)
            by_day = p.day_share * place.persons * place.day_fraction
            by_night = (1.0 - p.day_share) * place.persons * place.night_fraction
            if place.kind == "workers":
                out = p.outdoor_share_workers
                workers += (by_day + by_night) * ((1.0 - out) * indoors + out * in_the_open)
            else:
                out = p.outdoor_share_public
                public += by_day * ((1.0 - out) * indoors + out * in_the_open) + by_night * indoors
    return public, workers


def stack_deaths(scenario: Scenario, house: int, neq_kg: float) -> tuple[float, float]:
    """Return deaths of a prompt stack."""
    return deaths(scenario, house, min(neq_kg, scenario.register.consequence.stack_neq_kg))


def staying(scenario: Scenario) -> tuple[float, float]:
    """Return the expected share of public and workers still there after a fire of exponential length."""
    p = scenario.register.consequence
    return tuple(e / (e + p.cook_off_hours) for e in (p.evacuation_hours_public, p.evacuation_hours_workers))


def storehouse_deaths(scenario: Scenario, house: int, neq_kg: float) -> tuple[float, float]:
    """Return deaths of a whole storehouse: promptly, or late with most gone and responders near."""
    p = scenario.register.consequence
    public, workers = deaths(scenario, house, neq_kg)
    _, near = chances(scenario, house, p.responder_distance_m, neq_kg)
    responders = p.responders_per_event * p.responders_caught_share * near
    stay_public, stay_workers = staying(scenario)
    prompt = p.prompt_share
    return (
        prompt * public + (1.0 - prompt) * stay_public * public,
        prompt * workers + (1.0 - prompt) * (stay_workers * workers + responders),
    )


def propagated_share(scenario: Scenario) -> float:
    """Return the expected share of the public still there when a storehouse is set off by another."""
    p = scenario.register.consequence
    at_root = p.prompt_share + (1.0 - p.prompt_share) * staying(scenario)[0]
    return at_root * p.evacuation_hours_public / (p.evacuation_hours_public + p.chain_delay_hours)


def extent_shares(p: Consequence, cause: str) -> tuple[float, float]:
    """Return the shares of stack and storehouse events of a cause."""
    return float(getattr(p, f"stack_share_{cause}")), float(getattr(p, f"storehouse_share_{cause}"))


def event_deaths(scenario: Scenario, house: int, neq_kg: float, cause: str) -> float:
    """Return weighted deaths per event of a cause."""
    stack, whole = extent_shares(scenario.register.consequence, cause)
    public_weight = scenario.settings.harm_weights.fatalities_public
    workers_weight = scenario.settings.harm_weights.fatalities_workers
    total = 0.0
    for share, (public, workers) in (
        (stack, stack_deaths(scenario, house, neq_kg)),
        (whole, storehouse_deaths(scenario, house, neq_kg)),
    ):
        total += share * (public_weight * public + workers_weight * workers)
    return total


def base_rates(scenario: Scenario, house: int) -> dict[str, float]:
    """Return the rate of each base cause [1/yr]."""
    rates = scenario.register.event_rate
    at = scenario.storehouses[house]
    rrpl = next(site.rrpl for site in scenario.sites if site.site_id == at.site_id)
    process = float(getattr(rates, f"rrpl_factor_{rrpl}"))
    result = {cause: process * float(getattr(rates, f"{cause}_per_storehouse_year")) for cause in BASE}
    result["external"] *= float(getattr(rates, f"external_factor_{at.construction.value}"))
    return result


def total_harm(
    scenario: Scenario,
    remaining_t: Sequence[Sequence[float]],
    ageing_rate_per_t_year: Sequence[Sequence[float]],
    blast_kg: Sequence[float],
    factor: Sequence[Sequence[float]] | None = None,
) -> float:
    """Return the expected weighted deaths by loops over storehouses, knots and lots.

    `remaining_t` and the ageing rates are by knot and lot, `factor` by storehouse and period.
    """
    dates = scenario.period_dates
    total = 0.0
    for h, house in enumerate(scenario.storehouses):
        own = [i for i, lot in enumerate(scenario.lots) if lot.storehouse_id == house.storehouse_id]
        rate = []
        for k in range(len(dates)):
            neq = sum(remaining_t[k][i] / scenario.lots[i].gross_mass_t * blast_kg[i] for i in own)
            by_base = sum(
                r * event_deaths(scenario, h, neq, cause) for cause, r in base_rates(scenario, h).items()
            )
            ageing = sum(remaining_t[k][i] * ageing_rate_per_t_year[k][i] for i in own)
            rate.append(by_base + ageing * event_deaths(scenario, h, neq, "ageing"))
        for t in range(len(dates) - 1):
            years = (dates[t + 1] - dates[t]).days / 365.25
            f = 1.0 if factor is None else factor[h][t]
            total += f * years * (rate[t] + rate[t + 1]) / 2.0
        last = 1.0 if factor is None else factor[h][-1]
        total += last * scenario.settings.terminal_years * rate[-1]
    return total
