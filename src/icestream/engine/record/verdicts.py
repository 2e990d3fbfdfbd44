"""Verdicts: whether an exposure goes on past a step, by its protocol and by people."""

import json
from dataclasses import dataclass

from sqlalchemy import Connection, select

from icestream.model import Rejected, from_document, type_name
from icestream.store import tables as t

__all__ = ["Judged", "judged", "verdict_of"]


_REJECTED = type_name(Rejected)


@dataclass(frozen=True, slots=True)
class Judged:
    """Whether an exposure passes, and what was said against it."""

    passed: bool = True
    reason: str = ""


def verdict_of(types: str, document: str) -> Judged:
    """What the result of a selection says, given by what it is and its document."""
    for port, kind in json.loads(types).items():
        if kind == _REJECTED:
            rejected = from_document(Rejected, json.loads(document)[port])
            return Judged(False, "; ".join(rejected.reasons))
    return Judged()


def judged(connection: Connection, step: int, exposure: int, otherwise: Judged) -> Judged:
    """The last word of people on an exposure at a step, where it differs from `otherwise`."""
    decision = t.decision.c
    chosen = (
        select(decision.accepted, decision.who, decision.why)
        .where(decision.exposure_id == exposure, decision.step_id == step)
        .order_by(decision.id.desc())
        .limit(1)
    )
    word = connection.execute(chosen).first()
    if word is None or bool(word.accepted) == otherwise.passed:
        return otherwise
    if word.accepted:
        return Judged(True, otherwise.reason)
    return Judged(False, word.why or f"rejected by {word.who}")
