"""Replicate until named outputs are precise: half-widths of at most a share of their means.

The rule looks at growing numbers of replications: `LEAST` or what the user asks for, then a quarter more each
time. It stops at the first look at which, for every named output,

    h (1 + sqrt((k - 1) / (4 n))) <= share × |mean|

with the t half-width h and the kurtosis k of the n replications. The factor adds to h its own standard error:
a rule that stopped at h alone would stop when the spread happens to look small, and its intervals would
cover too seldom. It goes to 1 as n grows, as the conditions of Glynn and Whitt ask. Nor does it stop before
n is 25 g² for a skewness g, Cochran's rule for intervals that rest on the normal distribution, unless four
times the left side is still small enough: then nothing hangs on it. Counts of rare events are refused:
before the first event their spread is zero.

References
----------
Chow and Robbins 1965, doi:10.1214/aoms/1177700156. Glynn and Whitt 1992, doi:10.1214/aoap/1177005777.
Law, Simulation modeling and analysis, section 9.4.1. Cochran, Sampling techniques (1977), section 2.15.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from demilsim.errors import DemilsimError
from demilsim.experiments.ensemble import COUNTS, Ensemble, Progress, Response, replicate
from demilsim.experiments.statistics import t_quantile
from demilsim.plan import DisposalPlan, Floats
from demilsim.scenario.scenario import Scenario

LEAST = 100
"""Replications of the first look, at least: fewer say too little of a skewed output's spread."""

MOST = 4_000
"""Replications after which it stops anyway, unless the user gives another number."""

GROWTH = 1.25
"""Ratio of replications between looks: few looks to be unlucky at, and little overshoot."""

SKEWNESS_FACTOR = 25.0
"""Cochran's factor: replications per square of the skewness [1]."""

CLEARANCE = 4.0
"""How many times smaller than asked a half-width is if a skewed output need not be waited for [1]."""

DIFFERENCE = "difference."
"""What stands before an output's name if the paired difference is meant."""


@dataclass(frozen=True, slots=True)
class Target:
    """Precision that is asked of one output.

    Parameters
    ----------
    response
        The output, of every policy.
    share
        Largest half-width, as a share of the mean [1], > 0.
    difference
        Whether the paired differences are meant: optimised - X in a run, scenario - first in a comparison.
    """

    response: Response
    share: float
    difference: bool = False


@dataclass(frozen=True, slots=True)
class Precision:
    """What is asked: targets, replications of the first look, and the most."""

    targets: tuple[Target, ...]
    least: int = LEAST
    most: int = MOST

    def looks(self) -> Iterator[int]:
        """Yield the numbers of replications at which the rule looks, rising to `most`."""
        n = min(max(self.least, LEAST), self.most)
        while n < self.most:
            yield n
            n = math.ceil(GROWTH * n)
        yield self.most


@dataclass(frozen=True, slots=True)
class Output:
    """A named output's values: shape (replication,), and the share that is asked."""

    name: str
    response: Response
    share: float
    values: Floats


@dataclass(frozen=True, slots=True)
class Reached:
    """Precision of one named output.

    Parameters
    ----------
    name
        Policy or difference.
    response
        The output.
    asked
        Largest half-width, as a share of the mean [1].
    share
        Half-width as a share of the mean [1]; infinite if the mean is 0 and the half-width is not.
    settled
        Whether the rule may stop for it.
    """

    name: str
    response: Response
    asked: float
    share: float
    settled: bool

    @property
    def met(self) -> bool:
        """Whether the half-width is as small as was asked."""
        return self.share <= self.asked


@dataclass(frozen=True)
class PrecisionReached:
    """Where the rule stopped, and how precise every named output is."""

    replications: int
    most: int
    outputs: tuple[Reached, ...]

    @property
    def met(self) -> bool:
        """Whether every named output is as precise as was asked."""
        return all(output.met for output in self.outputs)

    @property
    def worst(self) -> Reached:
        """The output that is furthest from what was asked of it."""
        return max(self.outputs, key=lambda output: output.share / output.asked)


def parse_precision(texts: Sequence[str], least: int = LEAST, most: int | None = None) -> Precision:
    """Return what the user asks for.

    Parameters
    ----------
    texts
        Each a share (``5%``, of the expected fatalities of every policy and of every difference), or
        ``OUTPUT=SHARE`` or ``difference.OUTPUT=SHARE``; or several with commas between them.
    least, most
        Replications of the first look, at least `LEAST`, and the most; `MOST` by default.

    Raises
    ------
    DemilsimError
        If a text is neither, or names an output that counts rare events.
    """
    most = MOST if most is None else most
    if most < LEAST:
        raise DemilsimError(f"--max-replications: expected at least {LEAST} (got {most})")
    targets: dict[tuple[Response, bool], Target] = {}
    for text in (part.strip() for whole in texts for part in whole.split(",")):
        name, separator, share = text.rpartition("=")
        named = _named(name.strip()) if separator else _DEFAULT
        for response, difference in named:
            targets[response, difference] = Target(response, _share(share), difference)
    return Precision(tuple(targets.values()), least, most)


_DEFAULT = ((Response.EXPECTED_FATALITIES, False), (Response.EXPECTED_FATALITIES, True))
NAMEABLE = tuple(response for response in Response if response not in COUNTS)
"""Outputs by which the rule may stop."""


def _named(name: str) -> tuple[tuple[Response, bool], ...]:
    output = name.removeprefix(DIFFERENCE)
    if output in COUNTS:
        raise DemilsimError(
            f"--precision: {output} counts rare events, and before the first one its spread is zero; "
            "expected an output that is not counted, such as expected_fatalities"
        )
    if output not in NAMEABLE:
        raise DemilsimError(f"--precision: expected one of {', '.join(NAMEABLE)} (got {output!r})")
    return ((Response(output), name != output),)


def _share(text: str) -> float:
    try:
        share = float(text.removesuffix("%")) / (100.0 if text.endswith("%") else 1.0)
    except ValueError:
        share = math.nan
    if not 0.0 < share < 1.0:
        raise DemilsimError(f"--precision: expected a share such as 5% or 0.05 (got {text!r})")
    return share


def judge(output: Output) -> Reached:
    """Return how precise an output is, and whether the rule may stop for it."""
    values, n = output.values, output.values.size
    mean, spread = abs(float(np.mean(values))), float(np.std(values, ddof=1))
    half_width = t_quantile(n) * spread / n**0.5
    if half_width == 0.0:
        return Reached(output.name, output.response, output.share, 0.0, True)
    share = half_width / mean if mean > 0.0 else math.inf
    unit = (values - values.mean()) / np.std(values)
    skewness, kurtosis = float(np.mean(unit**3)), float(np.mean(unit**4))
    careful = share * (1.0 + (max(kurtosis - 1.0, 0.0) / (4.0 * n)) ** 0.5)
    trusted = n >= SKEWNESS_FACTOR * skewness**2 or CLEARANCE * careful <= output.share
    return Reached(output.name, output.response, output.share, share, trusted and careful <= output.share)


@dataclass(frozen=True)
class Case:
    """Plans to simulate on a scenario, by policy name."""

    scenario: Scenario
    plans: Mapping[str, DisposalPlan]


Outputs = Callable[[Sequence[Ensemble]], Sequence[Output]]


def replicate_until(
    cases: Sequence[Case],
    precision: Precision,
    outputs: Outputs,
    *,
    seed: int | None = None,
    jobs: int | None = None,
    tell: Callable[[str], None] = lambda _: None,
    progress: Progress | None = None,
) -> tuple[tuple[Ensemble, ...], PrecisionReached]:
    """Simulate on common random numbers until the outputs are precise, or as often as is allowed.

    Replications 0 to n - 1 are those of `replicate` with n replications, whatever the looks.

    Parameters
    ----------
    cases
        All get the same number of replications.
    precision
        What is asked.
    outputs
        Returns the named outputs of the cases' ensembles.
    seed, jobs, progress
        As in `replicate`.
    tell
        Told of each look.

    Raises
    ------
    DemilsimError
        If what is asked names no output of these cases.
    """
    whole: list[Ensemble] = []
    done = 0
    for n in precision.looks():
        parts = [
            replicate(c.scenario, c.plans, n - done, seed=seed, first=done, jobs=jobs, progress=progress)
            for c in cases
        ]
        whole = [a.followed_by(b) for a, b in zip(whole, parts, strict=True)] if whole else parts
        done = n
        named = outputs(whole)
        if not named:
            raise DemilsimError(
                "--precision: expected an output of what is simulated (there is no difference)"
            )
        reached = PrecisionReached(n, precision.most, tuple(judge(output) for output in named))
        tell(f"after {n} replications: {_told(reached.worst)}")
        if all(output.settled for output in reached.outputs):
            break
    return tuple(whole), reached


def missed(reached: PrecisionReached) -> str:
    """Return a line on how far the outputs are from what was asked, empty if they are precise enough."""
    if reached.met:
        return ""
    number = sum(not output.met for output in reached.outputs)
    return (
        f"precision not reached within {reached.most} replications for {number} of {len(reached.outputs)} "
        f"outputs; furthest off: {_told(reached.worst)}"
    )


def _told(output: Reached) -> str:
    share = f"{100.0 * output.share:.2g}%" if math.isfinite(output.share) else "any share"
    return (
        f"{output.response.value} of {output.name}: half-width {share} of its mean, "
        f"asked {100.0 * output.asked:g}%"
    )


def named_outputs(
    ensemble: Ensemble, precision: Precision, reference: str | None, prefix: str = ""
) -> list[Output]:
    """Return the named outputs of every policy, and of the differences from a reference policy.

    Parameters
    ----------
    ensemble
        Replications of all policies.
    precision
        What is asked.
    reference
        Differences are reference - X for every other policy X; None or an absent policy if there are none.
    prefix
        Put before the names.
    """
    found = []
    for target in precision.targets:
        for policy in ensemble.plans:
            values, name = ensemble.values(policy, target.response), policy
            if target.difference:
                if reference not in ensemble.plans or policy == reference:
                    continue
                assert reference is not None, "it is among the policies"
                values, name = ensemble.values(reference, target.response) - values, f"{reference} - {policy}"
            found.append(Output(f"{prefix}{name}", target.response, target.share, values))
    return found
