"""How much more a replication tells if hazards are integrated on common numbers than if events are counted.

Covers: model P with 500 lots, the difference in consequence (NEQ lost to incidents) between oldest first and
two other orders of processing, one nearly as good and one much worse. Counting with independent seeds for the
two is compared with hazards integrated along the path with common numbers; with chance only, and with a level
of all hazards that is uncertain by a lognormal factor of mean 1 (sigma 0.5), one for each replication.

A difference that grows with the level varies with it, however well each replication is known: the better two
policies can be told apart, the smaller the ratio. `ratio_controlled` takes out what the level explains, whose
mean is known (a control variate).

    python benchmarks/information.py --json [--replications N]
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.yardsticks import plain_engine
from benchmarks.yardsticks.plain import at_level, plain
from benchmarks.yardsticks.plain_engine import Engine

from demilsim.plan import Floats
from demilsim.simulation.streams import Purpose, Streams, entity_keys

LOTS = 500
BASE = "oldest_first"
OTHERS = ("risk_first", "newest_first")
SIGMA = 0.5
SEEDS = (1, 2)
"""Of the first policy, and of the second where seeds are independent."""
LEVEL = entity_keys(["level"])


def level(streams: Streams, sigma: float) -> float:
    """Return the factor on all hazards in one replication [1]."""
    from scipy.special import ndtri

    return float(np.exp(sigma * ndtri(streams.uniform(Purpose.LOT_FACTOR, LEVEL)[0, 0]) - 0.5 * sigma**2))


def consequence(engine: Engine, streams: Streams, sigma: float) -> tuple[float, float, float]:
    """Return the NEQ lost in one replication, counted and integrated [kg], and the level of hazards [1]."""
    factor = level(streams, sigma) if sigma else 1.0
    if sigma:
        model = at_level(engine.model, factor)
        engine = replace(plain_engine.prepare(model, engine.compiled), queues=engine.queues)
    found = plain_engine.replication(engine, streams)
    return found.lost_kg, found.expected_lost_kg, factor


def without_level(difference: Floats, factor: Floats) -> Floats:
    """Return differences less what the level explains: a control variate, whose mean is 1."""
    off = factor - 1.0
    return difference - off * (off @ difference) / (off @ off)


def compare(policy: str, replications: int, sigma: float) -> dict[str, float]:
    """Return variances of the difference of two policies, and their ratio."""
    first, second = (plain_engine.prepare(plain(LOTS, name)) for name in (BASE, policy))

    def sample(engine: Engine, seed: int) -> Floats:
        return np.array([consequence(engine, Streams(seed, n), sigma) for n in range(replications)])

    one, other, apart = sample(first, SEEDS[0]), sample(second, SEEDS[0]), sample(second, SEEDS[1])
    difference = one[:, 1] - other[:, 1]
    counted, integrated = np.var(one[:, 0] - apart[:, 0], ddof=1), np.var(difference, ddof=1)
    result = {
        "counted_independent_kg2": float(counted),
        "integrated_common_kg2": float(integrated),
        "ratio": float(counted / integrated),
        "mean_counted_kg": float(np.mean(one[:, 0] - apart[:, 0])),
        "standard_error_counted_kg": float(np.sqrt(counted / replications)),
        "mean_integrated_kg": float(np.mean(difference)),
    }
    if sigma:
        controlled = without_level(difference, one[:, 2])
        result["mean_integrated_controlled_kg"] = float(np.mean(controlled))
        result["ratio_controlled"] = float(counted / np.var(controlled, ddof=1))
    return result


def main() -> None:
    """Print the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print JSON on one line and nothing else")
    parser.add_argument("--replications", type=int, default=20_000)
    options = parser.parse_args()
    result = {"replications": options.replications} | {
        f"{BASE} - {policy}": {
            name: compare(policy, options.replications, sigma)
            for name, sigma in (("chance_only", 0.0), ("level_lognormal", SIGMA))
        }
        for policy in OTHERS
    }
    print(json.dumps(result, indent=None if options.json else 2))


if __name__ == "__main__":
    main()
