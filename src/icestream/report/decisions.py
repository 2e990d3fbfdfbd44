"""The log of decisions: who decided what, when and why, and what came of it."""

from collections.abc import Sequence
from typing import Any

from icestream.store.history import decided_words
from icestream.store.records import HistoryRecord

__all__ = ["KINDS", "decision_log", "decisions_of"]

KINDS = {
    "parameters": ("set", "adopt"),
    "exposures": ("accept", "reject", "picks"),
    "running": ("pause", "resume", "stop", "abort", "retry", "give-up"),
    "alerts": ("acknowledge", "mute", "rearm"),
    "branches": ("branch", "adopt-branch", "drop-branch", "workflow"),
}
"""Verbs by what they are about; all others are ``other``."""
_KIND = {verb: kind for kind, verbs in KINDS.items() for verb in verbs}
_OF_BRANCH = ("set", "adopt", "workflow", "picks", "undo")
"""Verbs of what is done to one branch: the one that is named, else the adopted one."""
_NAMING = ("branch", "adopt-branch", "drop-branch")
"""Verbs whose name is that of a branch."""
_MOST = 2000
"""Decisions in the page; the session keeps them all."""
_TOGETHER = 900.0
"""Seconds within which the same, decided again by the same person, is shown as one."""


def decision_log(history: Sequence[HistoryRecord]) -> dict[str, Any]:
    """All decisions for the page, the newest first; what belongs together in one group.

    Parameters
    ----------
    history
        The newest last.
    """
    groups: list[dict[str, Any]] = []
    last: HistoryRecord | None = None
    for record in reversed(history[-_MOST:]):
        kind = _KIND.get(record.verb, "other")
        if last is None or not _belongs(record, last):
            groups.append({"kind": kind, "verb": record.verb, "entries": []})
        groups[-1]["entries"].append(
            {
                "time": record.time,
                "who": record.who,
                "by_session": record.by_session,
                "what": decided_words(record),
                "why": record.why,
                "state": record.state,
                "effect": record.answer if record.state == "done" else "",
            }
        )
        last = record
    counts: dict[str, int] = {}
    for group in groups:
        counts[group["kind"]] = counts.get(group["kind"], 0) + len(group["entries"])
    return {"groups": groups, "counts": counts, "total": len(history)}


def decisions_of(
    history: Sequence[HistoryRecord], branch: str, adopted: str
) -> list[HistoryRecord]:
    """What was decided of a branch, and of the session as a whole: pauses and verdicts, say.

    Parameters
    ----------
    history
        In any order, which is kept.
    branch, adopted
        Names of the branch, and of the one that is meant where none is named.
    """
    return [record for record in history if _subject(record, adopted) in (branch, "")]


def _subject(record: HistoryRecord, adopted: str) -> str:
    """The branch that a decision is about; empty: the session as a whole."""
    if record.verb in _NAMING:
        return str(record.document.get("name") or "")
    if record.verb in _OF_BRANCH:
        return str(record.document.get("branch") or adopted)
    return ""


def _belongs(record: HistoryRecord, newer: HistoryRecord) -> bool:
    """Whether a decision is one of a run: of one person and of one verb, soon after each other."""
    same = (record.who, record.verb, record.state) == (newer.who, newer.verb, newer.state)
    return same and record.verb in ("accept", "reject") and newer.time - record.time <= _TOGETHER
