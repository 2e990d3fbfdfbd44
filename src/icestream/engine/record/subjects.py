"""Subjects: exposures, groups and batches get their numbers here."""

from collections.abc import Iterable

from sqlalchemy import Connection, func, insert, select

from icestream.model import SubjectId, SubjectKind
from icestream.store import tables as t
from icestream.store.writing import Writes

__all__ = ["batch_subject", "named_subjects"]


def named_subjects(
    connection: Connection, writes: Writes, kind: SubjectKind, family: str, names: Iterable[str]
) -> tuple[dict[str, SubjectId], list[SubjectId]]:
    """Numbers of subjects by their names; those that are new are inserted, and listed."""
    wanted = list(dict.fromkeys(names))
    of_family = (t.subject.c.kind == kind, t.subject.c.family == family)
    chosen = select(t.subject.c.name, t.subject.c.id).where(*of_family)
    numbers = {
        name: SubjectId(subject)
        for name, subject in connection.execute(chosen.where(t.subject.c.name.in_(wanted)))
    }
    missing = [name for name in wanted if name not in numbers]
    if not missing:
        return numbers, []
    last = connection.execute(select(func.max(t.subject.c.number)).where(*of_family)).scalar() or 0
    made = [SubjectId(writes.numbers.next("subject")) for _ in missing]
    rows = [
        {
            "id": subject,
            "kind": kind,
            "family": family,
            "number": last + later,
            "name": name,
        }
        for later, (subject, name) in enumerate(zip(made, missing, strict=True), start=1)
    ]
    connection.execute(insert(t.subject), rows)
    return numbers | dict(zip(missing, made, strict=True)), made


def batch_subject(connection: Connection, writes: Writes, family: str, number: int) -> SubjectId:
    """The subject of a batch, by the step and revision that make it, and by its number."""
    subject = SubjectId(writes.numbers.next("subject"))
    row = {
        "id": subject,
        "kind": "batch",
        "family": family,
        "number": number,
        "name": f"batch_{number:05d}",
    }
    connection.execute(insert(t.subject), [row])
    return subject
