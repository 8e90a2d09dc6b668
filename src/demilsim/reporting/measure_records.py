"""What a results folder says about measures other than destruction, as frozen records."""

from __future__ import annotations

from demilsim.reporting.stored import Measure, Stored, Text


class MeasureRow(Stored):
    """What one measure averts over the horizon [persons], what it costs [USD], and the ratio of both."""

    measure_id: Text
    kind: Text
    region: Text
    in_plan: bool
    affordable: bool
    fatalities_averted: Measure = None
    paid_usd: Measure = None
    spent_more_usd: Measure = None
    fatalities_averted_per_million_usd: Measure = None


class MeasureFacts(Stored):
    """The measures of a policy, and the tests that it could take."""

    policy: Text
    replications: int
    rows: tuple[MeasureRow, ...]
