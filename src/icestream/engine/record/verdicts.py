"""Verdicts: whether an exposure goes on past a step, by its protocol and by people."""

import json
from dataclasses import dataclass

from sqlalchemy import Connection, select

from icestream.store import tables as t

__all__ = ["Judged", "judged", "verdict_of"]


@dataclass(frozen=True, slots=True)
class Judged:
    """Whether an exposure passes, and what was said against it."""

    passed: bool = True
    reason: str = ""


def verdict_of(document: str) -> Judged:
    """What the result of a selection says; results of other steps pass."""
    verdict = json.loads(document).get("verdict") if document.startswith('{"verdict"') else None
    if verdict is None:
        return Judged()
    return Judged(bool(verdict["accepted"]), "; ".join(verdict["reasons"]))


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
