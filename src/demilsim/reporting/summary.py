"""``summary.json``: the headline numbers of an ensemble, and what the report needs beside them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from demilsim.experiments.ensemble import Ensemble
from demilsim.experiments.intervals import ensemble_intervals
from demilsim.experiments.precision import PrecisionReached
from demilsim.experiments.rare_events import explosion_chances, is_exact
from demilsim.experiments.statistics import LEVEL
from demilsim.experiments.time_use import plan_in_detail
from demilsim.experiments.uncertainty_result import Uncertainty
from demilsim.planning.coordinate import Programme
from demilsim.planning.expected import ExpectedWork
from demilsim.planning.premises import premises_of
from demilsim.planning.rules import nominal_coefficients
from demilsim.reporting.accounts import (
    commissioning_rows,
    facility_rows,
    fund_rows,
    money_outside,
    region_rows,
    time_use_rows,
)
from demilsim.reporting.document import Document, finite
from demilsim.reporting.later_years import later_document
from demilsim.reporting.lots_left import left_document
from demilsim.reporting.measure_views import measure_document
from demilsim.reporting.mobile_plant import Planned, mobile_plant_document
from demilsim.reporting.over_time import over_time_document
from demilsim.reporting.policy_measures import differences, host_difference, policy_measures
from demilsim.reporting.policy_records import DO_NOTHING, OPTIMISED
from demilsim.reporting.scenario_facts import assumption_rows, scenario_facts
from demilsim.reporting.schedule import schedule_document
from demilsim.reporting.site_risk import chance_measures, risk_document
from demilsim.reporting.stock_balance import balance_measures
from demilsim.reporting.uncertainty import uncertainty_document


def summary_document(
    ensemble: Ensemble,
    seed: int,
    work: ExpectedWork,
    programme: Programme | None,
    notes: Iterable[str],
    uncertainty: Uncertainty | None = None,
    precision: PrecisionReached | None = None,
    mobile: Planned | None = None,
) -> Document:
    """Return the content of ``summary.json``.

    Parameters
    ----------
    ensemble
        Fresh replications of every policy.
    seed
        Root seed.
    work
        When the work of the shown plan, the last one, is expected.
    programme
        Where the optimised plan came from; None if nothing was optimised.
    notes
        What the reader must know.
    uncertainty
        The same policies under draws of what is not known, if any.
    precision
        How precise the named outputs are, if the number of replications was chosen by that.
    mobile
        Where mobile plant stands, by policy, if any uses some that has to move.
    """
    policies = list(ensemble.plans)
    intervals = ensemble_intervals(ensemble, OPTIMISED)
    known = is_exact(ensemble.scenario)
    chances = explosion_chances(ensemble.scenario, ensemble.plans, seed=seed) if known else None
    shown = policies[-1]
    detail = plan_in_detail(ensemble.scenario, ensemble.plans[shown], seed=seed)
    nothing = ensemble.plans.get(DO_NOTHING) if shown != DO_NOTHING else None
    left_alone = plan_in_detail(ensemble.scenario, nothing, seed=seed).stock_harm if nothing else None
    known_now = programme.coefficients if programme else nominal_coefficients(ensemble.scenario)
    return {
        "scenario": scenario_facts(ensemble.scenario),
        "values_set": list(ensemble.scenario.values_set),
        "seed": seed,
        "replications": len(ensemble.results[policies[0]]),
        "level": LEVEL,
        "precision": precision_document(precision) if precision else None,
        "plan": _plan_facts(ensemble, programme) if programme else None,
        "policies": {
            name: policy_measures(ensemble, name, uncertainty, intervals)
            | chance_measures(chances, name)
            | balance_measures(ensemble, name)
            for name in policies
        },
        "differences": differences(ensemble, intervals),
        "host_only_minus_do_nothing": host_difference(ensemble),
        "later_years": later_document(ensemble),
        "regions": {name: region_rows(ensemble, name) for name in policies},
        "destroyed_by_facility": {name: facility_rows(ensemble, name) for name in policies},
        "spend_by_fund": {name: fund_rows(ensemble, name) for name in policies},
        "money_outside_funds": {name: money_outside(ensemble, name) for name in policies},
        "time_use": {shown: time_use_rows(ensemble.scenario, detail.time_use)},
        "over_time": over_time_document(ensemble, shown, detail.stock_harm, left_alone),
        "schedule": schedule_document(ensemble, shown, detail, work),
        "measure_values": measure_document(
            ensemble.scenario, policies[-1], ensemble.plans[policies[-1]], seed
        ),
        "mobile_plant": mobile_plant_document(ensemble.scenario, mobile or {}),
        "commissionings": {name: commissioning_rows(ensemble, plan) for name, plan in ensemble.plans.items()},
        "left": left_document(premises_of(ensemble.scenario, known_now), ensemble.plans[shown], work),
        "risk": risk_document(ensemble, chances),
        "uncertainty": uncertainty_document(uncertainty, ensemble.scenario) if uncertainty else None,
        "assumptions": assumption_rows(ensemble.scenario),
        "notes": list(notes),
    }


def precision_document(precision: PrecisionReached) -> Document:
    """Return the precision that was asked of each named output, and what was reached."""
    return {
        "met": precision.met,
        "max_replications": precision.most,
        "outputs": [
            {
                "output": output.name,
                "response": output.response.value,
                "asked": output.asked,
                "reached": finite(output.share),
                "met": output.met,
            }
            for output in precision.outputs
        ],
    }


def _plan_facts(ensemble: Ensemble, programme: Programme) -> Document:
    """Return what the plan is: harm as planned, all of it in the planner's own model, and as simulated."""
    result = programme.result
    simulated = float(np.mean(ensemble.objective(OPTIMISED)))
    nothing = float(np.mean(ensemble.objective(DO_NOTHING)))
    found = {
        "simulated_harm": simulated,
        "simulated_do_nothing": nothing,
        "simulated_averted": nothing - simulated,
        "lines_averted": sum(line.harm_averted for line in programme.plan.lines),
    }
    if result is None:
        return {"source": programme.plan.source, "money": "expected", "status": None, **found}
    planned = result.planned_harm if programme.plan.source == result.source else result.start_harm
    return {
        "source": programme.plan.source,
        "money": "expected" if result.on_expected is None else "likely",
        "status": result.status.value,
        "incumbent": finite(result.incumbent),
        "best_bound": finite(result.best_bound),
        "gap_remaining": finite(result.gap_remaining),
        "gap_averted": finite(result.gap_averted),
        "solver": result.solver,
        "planned_harm": finite(planned),
        "planned_do_nothing": finite(result.do_nothing_harm),
        "planned_averted": finite(result.do_nothing_harm - planned),
        **found,
    }
