"""Numbers and names as the report writes them."""

from __future__ import annotations

import math

from demilsim.reporting.policy_records import PolicyResult
from demilsim.reporting.stored import Spread

POLICY_LABELS = {
    "do_nothing": "do nothing",
    "host_only": "host only",
    "oldest_first": "oldest first",
    "most_neq_first": "most NEQ first",
    "highest_risk_first": "highest risk first",
    "risk_per_day_first": "risk per day first",
    "cheapest_first": "cheapest first",
    "optimised": "optimised",
}

POLICY_MEANINGS = {
    "do_nothing": "nothing is destroyed; for context",
    "host_only": "the host's own money and present capacity; what a donor's money is held against",
    "oldest_first": "a rule: the oldest lots first",
    "most_neq_first": "a rule: the lots with most net explosive quantity (NEQ) first",
    "highest_risk_first": "a rule: lots in the storehouses with most expected harm first",
    "risk_per_day_first": "a rule: most harm averted per facility-day first, ranked anew each period",
    "cheapest_first": "a rule: the lots that cost least per tonne first",
    "optimised": "the plan that this report is about",
}

TIMES = "\N{MULTIPLICATION SIGN}"
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
MINUS = "\N{MINUS SIGN}"
ABSENT = "\N{EN DASH}"
USD_PER_MILLION = 1e6
HUNDREDTH = 0.01
DIGITS = 3
"""Significant digits of a number that stands without an interval."""

MOST_DECIMALS = 9
"""Decimals beyond which a rate is shown as zero would be."""


def label(name: str) -> str:
    """Return a policy's name in words."""
    return POLICY_LABELS.get(name, name.replace("_", " "))


def the_plan(policy: PolicyResult) -> str:
    """Return how a sentence speaks of a policy, e.g. ``the optimised plan``."""
    return {
        "optimised": "the optimised plan",
        "host_only": "the host's own money alone",
        "do_nothing": "doing nothing",
    }.get(policy.name, f"the rule “{label(policy.name)}”")


def decimals_of(scale: float, digits: int = DIGITS) -> int:
    """Return how many decimals show `digits` significant digits of a number as large as `scale`."""
    if scale == 0:
        return 0
    return min(max(digits - 1 - math.floor(math.log10(abs(scale))), 0), MOST_DECIMALS)


def fixed(number: float, decimals: int) -> str:
    """Return a number with thousands separators, a true minus sign, and no minus before zero."""
    text = f"{number:,.{decimals}f}"
    return text.lstrip("-") if float(text.replace(",", "")) == 0 else text.replace("-", MINUS)


def figure(number: float | None, digits: int = DIGITS) -> str:
    """Return a number with `digits` significant digits at most; whole from 100 up, a dash if absent."""
    if number is None:
        return ABSENT
    decimals = decimals_of(number, digits)
    # 0.0996 has three digits as 0.0996 but 0.1 is enough where rounding carries over
    return fixed(number, decimals_of(round(number, decimals), digits))


def figure_or_below(number: float | None, least: float, digits: int = DIGITS) -> str:
    """Return a number as `figure` does; of one nearer to zero than `least`, that it is below it."""
    if number is None or number == 0.0 or abs(number) >= least:
        return figure(number, digits)
    return f"below {figure(least, 2)}"


def interval_decimals(half_width: float | None, mean: float) -> int:
    """Return the decimals for a mean: two digits of its half width, else `DIGITS` of its own."""
    return decimals_of(half_width, 2) if half_width else decimals_of(mean)


def with_half_width(spread: Spread | None, scale: float = 1.0) -> str:
    """Return ``mean ± half width`` to two digits of the half width, in units of `scale`."""
    if spread is None:
        return ABSENT
    mean = spread.mean / scale
    if spread.half_width is None:
        return figure(mean)
    half_width = spread.half_width / scale
    decimals = interval_decimals(half_width, mean)
    return f"{fixed(mean, decimals)} ± {fixed(half_width, decimals)}"


def with_interval(spread: Spread | None, scale: float = 1.0, most: float = math.inf) -> str:
    """Return ``mean (low to high)`` of what cannot be below zero, in units of `scale`.

    Parameters
    ----------
    spread
        Mean and interval; the interval's own ends where it is not as wide to either side.
    scale
        Unit in which it is shown.
    most
        What it cannot be above, in its own unit.
    """
    if spread is None:
        return ABSENT
    if not spread.half_width:
        return with_half_width(spread, scale)
    decimals = interval_decimals(spread.half_width / scale, spread.mean / scale)
    if spread.mean not in (0.0, most):
        # Three numbers stand side by side: none needs more digits than one that stands alone.
        decimals = min(decimals, decimals_of(spread.mean / scale))
    low = spread.mean - spread.half_width if spread.low is None else spread.low
    high = spread.mean + spread.half_width if spread.high is None else spread.high

    def shown(value: float) -> str:
        # An end that is a limit is told as such, not as 0.00.
        return f"{value / scale:g}" if value in (0.0, most) else fixed(value / scale, decimals)

    return f"{shown(spread.mean)} ({shown(max(low, 0.0))} to {shown(min(high, most))})"


def share_interval(share: Spread | None) -> str:
    """Return a chance or a share in percent with its interval, without the unit: ``5.0 (2.2 to 11)``."""
    return with_interval(share, HUNDREDTH, most=1.0)


def share_said(share: Spread | None) -> str:
    """Return a chance or a share with its interval for a sentence: ``5.0% (2.2 to 11%)``."""
    mean, bracket, ends = share_interval(share).partition(" (")
    return f"{mean}% ({ends[:-1]}%)" if bracket else ABSENT if share is None else f"{mean}%"


def decimals_shown(spread: Spread, scale: float = 1.0) -> int:
    """Return the decimals that a mean's half width supports, in units of `scale`."""
    half_width = None if spread.half_width is None else spread.half_width / scale
    return interval_decimals(half_width, spread.mean / scale)


def mean_of(spread: Spread | None, scale: float = 1.0) -> str:
    """Return the mean alone, to the decimals that its half width supports."""
    return ABSENT if spread is None else fixed(spread.mean / scale, decimals_shown(spread, scale))


def parameter_range(spread: Spread | None) -> str:
    """Return the 5-95% spread from parameters that are not known."""
    if spread is None or spread.parameter_p5 is None or spread.parameter_p95 is None:
        return ABSENT
    return f"{figure(spread.parameter_p5)} to {figure(spread.parameter_p95)}"


def percent(share: float | None, digits: int = 2) -> str:
    """Return a share as a percentage."""
    return ABSENT if share is None else f"{figure(100 * share, digits)}%"


def level_text(level: float) -> str:
    """Return a confidence level, e.g. ``95%``."""
    return f"{100 * level:g}%"


def parameter(value: float) -> str:
    """Return a number of the model with up to six significant digits, powers of ten written out."""
    text = f"{value:,.6g}".replace("-", MINUS)
    mantissa, _, exponent = text.partition("e")
    if not exponent:
        return text
    power = exponent.replace("+", "").replace(MINUS, "-")
    return f"{mantissa} {TIMES} 10{str(int(power)).translate(SUPERSCRIPTS)}"


def million(amount_usd: float) -> str:
    """Return an amount [USD] in millions, without the unit."""
    return figure(amount_usd / USD_PER_MILLION)


def years_text(number: float) -> str:
    """Return a number of years with its unit."""
    return "1 year" if number == 1 else f"{number:g} years"


def shortened(text: str, longest: int) -> str:
    """Return a text cut to `longest` characters, with an ellipsis where it was cut."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def sentence(text: str) -> str:
    """Return a text with its first letter in upper case."""
    return text[:1].upper() + text[1:]


def spelled_out(number: float) -> str:
    """Return a number as an option of a command takes it, so that it is read back to the last bit."""
    return repr(float(number)).removesuffix(".0")
