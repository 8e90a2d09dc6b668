"""Ask whether a second kiln still averts deaths if it comes late and breaks down often.

Runs ``kiln_lead_time.yaml``, or goes on where it was stopped, and draws its figure: expected deaths that
ordering the kiln at the start averts, against not ordering it, on the same replications. Money that the kiln
takes is missing elsewhere; where a curve is below zero, ordering it costs more deaths than it averts.

    python experiments/kiln_lead_time.py --out DIR [--replications N] [--jobs N]
"""

from __future__ import annotations

from running import swept

from demilsim.experiments.sweep_result import SweepResult
from demilsim.plan import Floats
from demilsim.reporting.curves import curve, curve_figure

AVERTED = "Expected deaths averted by ordering the kiln over the horizon, and 95% Monte Carlo interval"
LEAD_TIME, BREAKDOWN = "facilities[KILN2].lead_time_days", "facilities[KILN2].breakdown_mean_days"


def averted(values: Floats) -> Floats:
    return values[:, 0, 0] - values[:, 1, 0]


def figure(result: SweepResult) -> str:
    curves = [
        curve(result, f"breaks every {days} d", LEAD_TIME, {BREAKDOWN: days}, averted)
        for days in dict.fromkeys(row[1] for row in result.experiment.rows)
    ]
    synthetic = result.experiment.base.settings.synthetic
    return curve_figure(
        "What a second kiln is worth", AVERTED, "Lead time of the kiln [d]", curves, synthetic
    )


if __name__ == "__main__":
    swept("kiln_lead_time", figure)
