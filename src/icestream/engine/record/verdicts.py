"""Verdicts: whether an exposure goes on past a step, by its protocol and by people."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select

from icestream.model import Rejected, StepId, SubjectId, from_document, type_name
from icestream.store import tables as t

__all__ = ["Decided", "Judged", "judged", "verdict_of", "weighed", "words_on"]


_REJECTED = type_name(Rejected)


@dataclass(frozen=True, slots=True)
class Judged:
    """Whether an exposure passes, and what was said against it."""

    passed: bool = True
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Decided:
    """What a person has said of a subject."""

    accepted: bool
    who: str
    why: str


_WORDS = (
    select(t.decision.c.subject_id, t.decision.c.accepted, t.decision.c.who, t.decision.c.why)
    .where(
        t.decision.c.step_id == bindparam("step"),
        t.decision.c.subject_id.in_(bindparam("subjects", expanding=True)),
    )
    .order_by(t.decision.c.id)
)


def verdict_of(types: str, document: str) -> Judged:
    """What the result of a selection says, given by what it is and its document."""
    for port, kind in json.loads(types).items():
        if kind == _REJECTED:
            rejected = from_document(Rejected, json.loads(document)[port])
            return Judged(False, "; ".join(rejected.reasons))
    return Judged()


def words_on(
    connection: Connection, step: StepId, subjects: Iterable[SubjectId]
) -> dict[SubjectId, Decided]:
    """The last word of people on each subject at a step, where somebody has judged it."""
    asked = {"step": step, "subjects": list(subjects)}
    return {
        SubjectId(subject): Decided(bool(accepted), who, why)
        for subject, accepted, who, why in connection.execute(_WORDS, asked)
    }


def weighed(word: Decided | None, otherwise: Judged) -> Judged:
    """The word of people on a subject, where there is one and it differs from `otherwise`."""
    if word is None or word.accepted == otherwise.passed:
        return otherwise
    if word.accepted:
        return Judged(True, otherwise.reason)
    return Judged(False, word.why or f"rejected by {word.who}")


def judged(connection: Connection, step: StepId, subject: SubjectId, otherwise: Judged) -> Judged:
    """The last word of people on a subject at a step, where it differs from `otherwise`."""
    return weighed(words_on(connection, step, [subject]).get(subject), otherwise)
