"""The best of several plans by simulation: replications go where the choice is in doubt.

Plans are compared on common random numbers, so what counts is the spread of their difference from the
leader, not their own. Plan i loses to the leader by d_i, with standard deviation s_i of the paired
difference. On n_i common replications the risk of a wrong order falls with n_i d_i² / s_i²; the least of
these is largest, for a given total, where

    n_i / n_j = (s_i / d_i)² / (s_j / d_j)²   and   n_leader = max n_i,

the ratios of Chen et al. with differences in the place of means; the leader is simulated wherever it is
compared. Numbers are in turn estimated and used, stage by stage.

References
----------
Chen, Lin, Yücesan and Chick 2000, doi:10.1023/A:1008349927281. Glynn and Juneja 2004 (rates),
doi:10.1109/WSC.2004.1371364. Fu, Hu, Chen and Xiong 2007 (common random numbers), doi:10.1287/ijoc.1050.0164.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from demilsim.plan import DisposalPlan, Floats, Ints

STAGES = 3
"""Stages in which a budget is spent after every plan has had its first replications."""

FIRST_SHARE, LEAST_FIRST = 4, 8
"""First replications of a plan: the budget per plan over this, but at least so many if it allows them."""

CHUNK = 4
"""Replications are asked for in multiples of this: few distinct numbers of them, few calls."""

LEAST_DIFFERENCE = 1e-6
"""Least difference of plans, as a share of its spread: nothing at all would ask for everything [1]."""

ROUNDING = 1e-9
"""Part of a chunk that is not asked for [1]."""

Evaluate = Callable[[dict[str, DisposalPlan], int, int], Mapping[str, Floats]]
"""Objective of plans by name on replications `first` to `first + count - 1`, each of shape (count,)."""


def shares(difference: Floats, deviation: Floats, leader: int) -> Floats:
    """Return the shares of a budget that make the doubt about every plan equal.

    Parameters
    ----------
    difference
        By how much each plan is worse than the leader, any unit, shape (plan,); that of the leader is not
        read.
    deviation
        Standard deviation of the paired difference, same unit, shape (plan,).
    leader
        Index of the leader.

    Returns
    -------
    ndarray
        Shares, summing to 1, shape (plan,). A plan whose difference never varies gets none; if no difference
        does, all get the same.
    """
    others = np.arange(difference.size) != leader
    weight = np.zeros(difference.size)
    varies = others & (deviation > 0.0)
    least = LEAST_DIFFERENCE * deviation[varies]
    weight[varies] = (deviation[varies] / np.maximum(np.abs(difference[varies]), least)) ** 2
    weight[leader] = weight.max()
    total = weight.sum()
    return weight / total if total > 0.0 else np.full(weight.size, 1.0 / weight.size)


@dataclass(frozen=True, slots=True)
class Compared:
    """How a plan did against the chosen one on the replications that chose.

    Parameters
    ----------
    name
        Of the plan.
    replications
        Common replications.
    difference
        Mean of plan - chosen, >= 0 [weighted persons]. The plan was chosen on it, so it flatters the choice.
    standard_error
        Of the difference [weighted persons]; infinite for a single replication.
    """

    name: str
    replications: int
    difference: float
    standard_error: float


@dataclass
class Contest:
    """Plans that compete, and what has been simulated of them; no replication is simulated twice.

    Parameters
    ----------
    evaluate
        Simulates.
    first
        Number of the first replication; all plans use the same ones from there on.
    per_plan
        Replications that each plan brings into the budget, >= 2.
    """

    evaluate: Evaluate
    first: int
    per_plan: int
    _plans: dict[str, DisposalPlan] = field(default_factory=dict)
    _values: dict[str, Floats] = field(default_factory=dict)
    _budget: int = 0

    @property
    def values(self) -> Mapping[str, Floats]:
        """Objective of each plan on its replications, from the first on, shape (replication,)."""
        return dict(self._values)

    def enter(self, plans: Mapping[str, DisposalPlan]) -> None:
        """Let further plans compete; one that orders what another one does is left out."""
        known = {plan.sha256() for plan in self._plans.values()}
        for name, plan in plans.items():
            if plan.sha256() not in known:
                known.add(plan.sha256())
                self._plans[name] = plan
                self._values[name] = np.empty(0)
                self._budget += self.per_plan

    def choose(self) -> str:
        """Spend the budget and return the name of the plan that nobody beats on common replications."""
        begin = min(self.per_plan, max(LEAST_FIRST, self.per_plan // FIRST_SHARE))
        self._extend({name: max(begin, values.size) for name, values in self._values.items()})
        for stage in range(STAGES):
            left = self._budget - self._spent
            if left <= 0 or len(self._plans) < 2:
                break
            self._extend(self._targets(self._spent + max(left // (STAGES - stage), 1)))
        return self._leader(self._plans)

    def best_of(self, names: Collection[str]) -> str:
        """Return the plan among some that none of them beats; the first where all do what others do."""
        return self._leader([name for name in names if name in self._plans]) or next(iter(names))

    def table(self) -> tuple[Compared, ...]:
        """Return how each plan did against the one that is best, in order of entry."""
        leader, rows = self._leader(self._plans), []
        for name in self._plans:
            paired = self._paired(name, leader)
            error = float(np.std(paired, ddof=1)) / paired.size**0.5 if paired.size > 1 else float("inf")
            rows.append(Compared(name, paired.size, float(np.mean(paired)), error))
        return tuple(rows)

    @property
    def _spent(self) -> int:
        return sum(values.size for values in self._values.values())

    def _targets(self, total: int) -> dict[str, int]:
        """Return how many replications each plan should have come to, about `total` in all."""
        names = list(self._plans)
        leader = names.index(self._leader(names))
        difference, deviation, have = np.zeros(len(names)), np.zeros(len(names)), self._have
        for i, name in enumerate(names):
            paired = self._paired(name, names[leader])
            deviation[i] = float(np.std(paired, ddof=1)) if paired.size > 1 else 0.0
            # What is less than its own error is no difference yet.
            difference[i] = max(abs(float(np.mean(paired))), deviation[i] / max(paired.size, 1) ** 0.5)
        wanted = spread(shares(difference, deviation, leader), have, total)
        wanted[leader] = wanted.max()
        return dict(zip(names, wanted.tolist(), strict=True))

    @property
    def _have(self) -> Ints:
        return np.array([values.size for values in self._values.values()], dtype=np.int64)

    def _leader(self, names: Collection[str]) -> str:
        """Return the plan among some to which none is better; "" of none.

        Each pair is compared on other replications, so that plans may beat one another in a circle. Those are
        simulated until they have the same ones, on which they cannot.
        """
        while True:
            path = self._path(names)
            sizes = {self._values[name].size for name in path}
            leader = path[-1] if path else ""
            if len(sizes) < 2 or all(np.mean(self._paired(name, leader)) >= 0.0 for name in path):
                return leader
            have = {name: values.size for name, values in self._values.items()}
            self._extend(have | dict.fromkeys(path, max(sizes)))

    def _path(self, names: Collection[str]) -> list[str]:
        """Return the most simulated plan among some, the one that beats it most, and so on to the last."""
        path = [max(names, key=lambda name: self._values[name].size)] if names else []
        while path:
            gain = {n: float(np.mean(self._paired(n, path[-1]))) for n in names if n not in path}
            best = min(gain, key=lambda name: gain[name], default=path[-1])
            if best == path[-1] or gain[best] >= 0.0:
                break
            path.append(best)
        return path

    def _paired(self, name: str, other: str) -> Floats:
        """Return the difference name - other on the replications that both have."""
        n = min(self._values[name].size, self._values[other].size)
        return self._values[name][:n] - self._values[other][:n]

    def _extend(self, targets: Mapping[str, int]) -> None:
        """Simulate until each plan has as many replications as it should; plans share calls if they can."""
        edges = sorted({v.size for v in self._values.values()} | set(targets.values()))
        for begin, end in pairwise(edges):
            due = {
                n: p for n, p in self._plans.items() if self._values[n].size == begin and targets[n] >= end
            }
            if due:
                found = self.evaluate(due, self.first + begin, end - begin)
                for name in due:
                    self._values[name] = np.concatenate([self._values[name], found[name]])


def spread(share: Floats, have: Ints, total: int) -> Ints:
    """Return numbers of replications in given shares, none below what there is, about `total` in all.

    Parameters
    ----------
    share
        Shares of the total, shape (plan,).
    have
        Replications that there are, shape (plan,).
    total
        In all, >= the sum of `have`. What plans have in excess of their share is taken from the others in
        proportion; increments are rounded up to multiples of `CHUNK`.
    """
    free = np.ones(share.size, dtype=bool)
    wanted = have.astype(float)
    while free.any() and share[free].sum() > 0.0:
        level = (total - have[~free].sum()) * share[free] / share[free].sum()
        short = level < have[free]
        wanted[free] = np.maximum(level, have[free])
        if not short.any():
            break
        free[np.flatnonzero(free)[short]] = False
    more = np.ceil((wanted - have) / CHUNK - ROUNDING).astype(np.int64) * CHUNK
    return np.asarray(have + np.maximum(more, 0), dtype=np.int64)
