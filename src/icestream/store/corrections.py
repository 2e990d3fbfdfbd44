"""What people have corrected by hand: who, when, why, and how much."""

import json
from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import Connection, select

from icestream.model import PicksCorrection
from icestream.store import tables as t
from icestream.store.open import Store
from icestream.store.records import CorrectionRecord

__all__ = [
    "CORRECTED",
    "correction_of",
    "corrections",
    "corrections_by_number",
    "standing_corrections",
]

CORRECTED = "corrected"
"""Input by which a result that a person made names the one that it was made of."""


def correction_of(document: str) -> PicksCorrection:
    """A correction, from its document in the store."""
    content = json.loads(document)
    added, removed = (
        tuple((float(x), float(y)) for x, y in content[name]) for name in ("added", "removed")
    )
    return PicksCorrection(added=added, removed=removed)


def corrections(store: Store, *, exposure: str | None = None) -> tuple[CorrectionRecord, ...]:
    """All corrections in order, those that do not hold any more too; of one exposure, by name."""
    chosen = _CHOSEN
    if exposure is not None:
        chosen = chosen.where(
            t.subject.c.kind == "exposure", t.subject.c.family == "", t.subject.c.name == exposure
        )
    with store.read() as connection:
        return tuple(_record(row) for row in connection.execute(chosen))


def corrections_by_number(
    connection: Connection, numbers: Collection[int]
) -> dict[int, CorrectionRecord]:
    """The corrections with some numbers."""
    if not numbers:
        return {}
    rows = connection.execute(_CHOSEN.where(t.correction.c.id.in_(list(numbers))))
    return {row.id: _record(row) for row in rows}


def standing_corrections(records: Iterable[CorrectionRecord]) -> dict[str, CorrectionRecord]:
    """The last correction of an exposure at each step, where it was not taken back, by the step."""
    last = {record.step: record for record in records}
    return {step: record for step, record in last.items() if record.added or record.removed}


_CHOSEN = (
    select(t.correction, t.step.c.name.label("step"), t.subject.c.name.label("exposure"))
    .join(t.step, t.step.c.id == t.correction.c.step_id)
    .join(t.subject, t.subject.c.id == t.correction.c.subject_id)
    .order_by(t.correction.c.id)
)


def _record(row: Any) -> CorrectionRecord:
    content = correction_of(row.document)
    return CorrectionRecord(
        id=row.id,
        step=row.step,
        exposure=row.exposure,
        added=len(content.added),
        removed=len(content.removed),
        who=row.who,
        why=row.why,
        time=row.time,
    )
