"""Ask what late tranches cost in averted deaths, and how much more money would make up for them.

Runs ``budget_and_delay.yaml``, or goes on where it was stopped, and draws its figure: expected deaths that
the best simple rule averts, on the same replications as doing nothing, against how late donors' tranches come
on average. A row is one combination of money and delay; the planner knows both.

    python experiments/budget_and_delay.py --out DIR [--replications N] [--jobs N]
"""

from __future__ import annotations

from running import swept

from demilsim.experiments.sweep_result import SweepResult
from demilsim.plan import Floats
from demilsim.reporting.curves import curve, curve_figure

AVERTED = "Expected deaths averted against doing nothing over the horizon, and 95% Monte Carlo interval"


def averted(values: Floats) -> Floats:
    return values[:, 0, 0] - values[:, 1, 0]


def figure(result: SweepResult) -> str:
    curves = [
        curve(result, f"{share} of donors' money", "delay_days", {"donors_money": share}, averted)
        for share in dict.fromkeys(row[0] for row in result.experiment.rows)
    ]
    synthetic = result.experiment.base.settings.synthetic
    return curve_figure(
        "What late tranches cost", AVERTED, "Mean delay of donors' tranches [d]", curves, synthetic
    )


if __name__ == "__main__":
    swept("budget_and_delay", figure)
