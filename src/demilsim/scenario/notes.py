"""What a reader should know of how a scenario was put together."""

from __future__ import annotations

from collections.abc import Iterator

from demilsim.scenario.layout import LAYOUT
from demilsim.scenario.place import Place
from demilsim.scenario.records import field_kinds
from demilsim.scenario.resolve import Resolved
from demilsim.scenario.schema import Sourced


def borrowed_sources(resolved: Resolved) -> Iterator[tuple[str, Place, str, str]]:
    """Find numbers laid over a row whose sources still speak for them: kind, place, column and message."""
    confidence = {source.source_id: source.confidence for source in resolved.scenario.sources}
    for layout in LAYOUT.values():
        rows = resolved.draft.rows_of(layout.name)
        for line, record in rows:
            if not isinstance(record, Sourced) or rows.place(line, "source").laid_over:
                continue
            better = [name for name in record.source if confidence[name] != "assumed"]
            for column in layout.columns if better else ():
                number = field_kinds(layout.record, column)[0] & {int, float}
                if number and rows.place(line, column).laid_over and column in record.model_fields_set:
                    message = (
                        f"expected a source for the number (got the row's {better[0]}, "
                        f"{confidence[better[0]]}, which does not speak for it); set the row's source too"
                    )
                    yield "borrowed_sources", rows.place(line, column), column, message
