"""Deaths of the years after the horizon: the plan counts them, totals over the horizon do not."""

from __future__ import annotations

from demilsim.experiments.ensemble import Ensemble
from demilsim.experiments.statistics import estimate, paired
from demilsim.reporting.document import estimate_document
from demilsim.reporting.policy_records import DO_NOTHING, HOST_ONLY, OPTIMISED
from demilsim.reporting.records import LaterYears
from demilsim.reporting.wording import fixed, interval_decimals, level_text, with_half_width, years_text
from demilsim.scenario.schema import HarmWeights


def later_document(ensemble: Ensemble) -> dict[str, object] | None:
    """Return `LaterYears` as stored; None where no plan was optimised, or it counts no further years."""
    settings, plans = ensemble.scenario.settings, ensemble.plans
    baseline = next((name for name in (HOST_ONLY, DO_NOTHING) if name in plans), None)
    if OPTIMISED not in plans or baseline is None or not settings.terminal_years:
        return None
    own = ensemble.objective(OPTIMISED)
    others = {name: ensemble.objective(name) for name in plans if name != OPTIMISED}
    against = {
        name: {
            "deaths": estimate_document(estimate(values)),
            "averted": estimate_document(paired(values, own)),
        }
        for name, values in others.items()
    }
    return {
        "years": settings.terminal_years,
        "baseline": baseline,
        "weighted": settings.harm_weights != HarmWeights(),
        "averted": against[baseline]["averted"],
        "against": against,
    }


def later_sentence(later: LaterYears | None, level: float) -> str:
    """Return the sentence that counts the later years too, as the plan does; empty without them."""
    if later is None:
        return ""
    averted, against = later.averted, "the host's own money alone"
    if later.baseline == DO_NOTHING:
        against = "doing nothing"
    decimals = interval_decimals(averted.half_width, averted.mean)
    effect = "averts" if averted.mean >= 0.0 else "causes"
    text = (
        f"Counting {years_text(later.years)} after the horizon too, at the rates left then, as the plan "
        f"does, it {effect} {fixed(abs(averted.mean), decimals)} deaths "
        f"{'as weighted by the scenario ' if later.weighted else ''}against {against}"
    )
    if averted.half_width is None:
        return f"{text}."
    unsure = abs(averted.mean) <= averted.half_width
    return (
        f"{text} (± {fixed(averted.half_width, decimals)}, the half width of the {level_text(level)} Monte "
        f"Carlo interval{', which includes zero' if unsure else ''})."
    )


def later_against(later: LaterYears | None, policy: str) -> str:
    """Return what the plan averts against a policy with the later years too, as a clause; empty without."""
    known = later.against.get(policy) if later else None
    if later is None or known is None:
        return ""
    averted = known.averted
    size = with_half_width(averted.model_copy(update={"mean": abs(averted.mean)}))
    return (
        f"with those {years_text(later.years)} too it {'averts' if averted.mean >= 0.0 else 'causes'} {size}"
    )
