"""What `demilsim check` warns of, as results keep it and as each audience may be told: never which row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from demilsim.model.cautions import KINDS, Caution
from demilsim.reporting.document import Document
from demilsim.reporting.stored import Stored, Text


class CautionFacts(Stored):
    """How many warnings of a kind there are."""

    kind: Text
    count: int


def caution_document(cautions: Sequence[Caution]) -> list[Document]:
    """Return what ``summary.json`` says: by kind, without what storehouses hold and who lives there."""
    kinds = [one.kind for one in cautions]
    return [{"kind": kind, "count": kinds.count(kind)} for kind in KINDS if kind in kinds]


def caution_sentences(cautions: Sequence[Caution], audience: str) -> tuple[str, ...]:
    """Return what an audience may be told of warnings that are not stored yet, as `caution_notes` does."""
    facts = [CautionFacts.model_validate(one) for one in caution_document(cautions)]
    return tuple(caution_notes(facts, audience))


def caution_notes(facts: Sequence[CautionFacts], audience: str) -> Iterator[str]:
    """Yield what an audience may be told: the public how many there are, others of which kinds."""
    total = sum(one.count for one in facts)
    if not total:
        return
    said = f"The inputs raise {total} warning{'s' if total > 1 else ''} of demilsim check"
    if audience == "public":
        yield f"{said}: of what looks like a slip, or stands too near to people."
        return
    kinds = "; ".join(f"{KINDS.get(one.kind, one.kind)} ({one.count})" for one in facts)
    yield f"{said}: {kinds}. It tells which."
