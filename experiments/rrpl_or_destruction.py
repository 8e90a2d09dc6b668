"""Ask how many deaths a better risk-reduction process level averts, and how many destruction does.

Runs ``rrpl_or_destruction.yaml``, or goes on where it was stopped, and draws its figure: expected deaths
against donors' money under the best simple rule, a curve for each set of levels. The leftmost point, without
donors, is the host's own programme. What raising levels costs is not counted: the figure tells what it may
cost, the money by which one has to go right on a curve of lower levels to come down to one of higher levels.

    python experiments/rrpl_or_destruction.py --out DIR [--replications N] [--jobs N]
"""

from __future__ import annotations

from running import swept

from demilsim.experiments.sweep_result import SweepResult
from demilsim.plan import Floats
from demilsim.reporting.curves import Curve, curve, curve_figure

DEATHS = "Expected deaths over the horizon under the best simple rule, and 95% Monte Carlo interval"
WORST, OTHER = "worst_sites_rrpl", "other_sites_rrpl"
LEVELS = {
    "as they are": {WORST: "0", OTHER: "1"},
    "worst sites to 1": {WORST: "1", OTHER: "1"},
    "worst sites to 2": {WORST: "2", OTHER: "1"},
    "all sites to 2": {WORST: "2", OTHER: "2"},
}


def host_deaths(values: Floats) -> Floats:
    return values[:, 1, 0]


def rule_deaths(values: Floats) -> Floats:
    return values[:, 2, 0]


def with_host(result: SweepResult, label: str, held: dict[str, str]) -> Curve:
    """Return the curve of the rule, with the host alone as its first point."""
    rule = curve(result, label, "donors_money", held, rule_deaths)
    host = curve(result, label, "donors_money", held, host_deaths)
    return Curve(label, ((0.0, host.points[0][1]), *rule.points))


def figure(result: SweepResult) -> str:
    curves = [with_host(result, label, held) for label, held in LEVELS.items()]
    synthetic = result.experiment.base.settings.synthetic
    title = "Better storage or faster destruction"
    return curve_figure(title, DEATHS, "Donors' money, times what is promised", curves, synthetic)


if __name__ == "__main__":
    swept("rrpl_or_destruction", figure)
