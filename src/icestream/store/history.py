"""What people, programs and the session itself decided, in order: who, when, what and why."""

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, select

from icestream.store import tables as t
from icestream.store.open import Store
from icestream.store.records import HistoryRecord, RequestRecord
from icestream.store.requests import requests

__all__ = ["asked", "decided_words", "history", "last_set"]

_CHANGES = ("step.revised", "request.answered")
_CHANGING = ("set", "adopt", "workflow", "branch", "adopt-branch", "undo")
"""Verbs of requests that revise steps: what they did is told by them."""
RUN_WITH = "the session was run with it"
"""Why a parameter changed that nobody asked for by a request."""
_EXPOSURES = 5
"""Exposures that are named."""


def history(store: Store) -> tuple[HistoryRecord, ...]:
    """All that was decided, the newest last.

    These are the requests, carried out or not, and the changes of parameters that nobody asked for
    by one: those that came with the workflow when the session was run again.
    """
    with store.read() as connection:
        steps = set(connection.execute(select(t.step.c.name)).scalars())
        changes = list(_changes(connection, steps))
    return tuple(sorted([*asked(store), *changes], key=lambda record: record.time))


def asked(store: Store) -> tuple[HistoryRecord, ...]:
    """What was asked of the session, by people, programs and its own monitors, the newest last."""
    with store.read() as connection:
        steps = set(connection.execute(select(t.step.c.name)).scalars())
        offered = select(t.alert.c.id, t.alert.c.offer).where(t.alert.c.offer.is_not(None))
        offers = {row.id: json.loads(row.offer) for row in connection.execute(offered)}
    return tuple(
        HistoryRecord(
            time=request.time,
            who=request.who,
            by_session=request.who in steps,
            verb=request.verb,
            document={**_offered(request, offers), **request.document},
            why=str(request.document.get("why") or ""),
            state=request.state,
            answer=request.answer,
        )
        for request in requests(store)
    )


def _offered(request: RequestRecord, offers: Mapping[int, Any]) -> Mapping[str, Any]:
    """What an alert offers that a request adopts."""
    return offers.get(request.document.get("alert", 0), {}) if request.verb == "adopt" else {}


def _changes(connection: Connection, steps: set[str]) -> Iterator[HistoryRecord]:
    """Changes of parameters that no request asked for; of what happened at once, the first step."""
    chosen = (
        select(t.event.c.time, t.event.c.kind, t.event.c.document, t.step.c.name)
        .outerjoin(t.step, t.step.c.id == t.event.c.step_id)
        .where(t.event.c.kind.in_(_CHANGES))
        .order_by(t.event.c.seq)
    )
    told: HistoryRecord | None = None
    at = 0.0
    before, runs = _first(connection), _runs(connection)
    for row in connection.execute(chosen):
        said = json.loads(row.document)
        if row.kind == "request.answered":
            if told is not None and said["verb"] in _CHANGING and said.get("who") == told.who:
                told = None  # the request tells of it
            continue
        old, new = before.get(row.name, {}), said["changed"]
        before[row.name] = new
        if row.time == at:
            continue  # it follows from the step before
        if told is not None:
            yield _with_person(told, runs)
        at, told = row.time, None
        changes = {name: new.get(name) for name in {**old, **new} if old.get(name) != new.get(name)}
        if changes:  # what holds for one run only is none
            told = HistoryRecord(
                time=row.time,
                who=said["who"],
                by_session=said["who"] in steps,
                verb="set",
                document={"step": row.name, "changes": changes},
                why="",
                state="done",
                answer=f"{row.name} is at revision {said['revision']}",
            )
    if told is not None:
        yield _with_person(told, runs)


def _with_person(record: HistoryRecord, runs: Iterable[tuple[float, str]]) -> HistoryRecord:
    """With whoever ran the session then, where the change came with that."""
    if record.who:
        return record
    who = next((person for started, person in runs if started <= record.time), "")
    return replace(record, who=who, why=RUN_WITH)


def _runs(connection: Connection) -> list[tuple[float, str]]:
    """When the session was run and by whom, the last first."""
    chosen = (
        select(t.event.c.time, t.event.c.document)
        .where(t.event.c.kind == "epoch.started")
        .order_by(t.event.c.seq.desc())
    )
    rows = connection.execute(chosen)
    return [(row.time, json.loads(row.document).get("who", "")) for row in rows]


def _first(connection: Connection) -> dict[str, Any]:
    """Parameters that were set of the first revision of each step."""
    chosen = (
        select(t.step.c.name, t.revision.c.changed)
        .join(t.revision, t.revision.c.step_id == t.step.c.id)
        .where(t.revision.c.number == 1)
    )
    return {row.name: json.loads(row.changed) for row in connection.execute(chosen)}


def decided_words(record: HistoryRecord) -> str:
    """What was decided, in words: ``set ctf defocus_max=3``, ``reject 2 exposures: a, b``."""
    document = record.document
    words = _WORDS.get(record.verb, _plain)(document)
    state = {"new": " (waits to be carried out)", "refused": f" (refused: {record.answer})"}
    if record.verb == "undo" and record.state == "done":
        # Which revisions steps are at now, after the last colon, is of no use to people.
        words = record.answer.removeprefix("undone: ")
        words = words.rpartition(": ")[0] or words
    return f"{record.verb} {words}".strip() + state.get(record.state, "")


def last_set(records: Iterable[HistoryRecord]) -> dict[str, HistoryRecord]:
    """The last change of the parameters of each step that was carried out, by its name."""
    return {
        str(record.document["step"]): record
        for record in records
        if record.state == "done" and record.document.get("changes") and "step" in record.document
    }


def _branch(document: Mapping[str, Any]) -> str:
    """A branch that is tried: its name, what was changed for it, and for how many exposures."""
    parts = [_parameters({"step": s, "changes": c}) for s, c in document.get("changes", {}).items()]
    names = document.get("exposures")
    many = "all exposures" if not names else f"{len(names)} exposure{'s'[: len(names) > 1]}"
    parts += [many]
    return f"{document.get('name', '')}: {', '.join(parts)}"


def _nothing(document: Mapping[str, Any]) -> str:  # noqa: ARG001 - one signature for all verbs
    return ""


def _plain(document: Mapping[str, Any]) -> str:
    """Of the whole session, of a step, or of something that has a name or a number."""
    if "alert" in document:
        offered = f": {_parameters(document)}" if document.get("changes") else ""
        return f"alert {document['alert']}{offered}"
    named = document.get("step") or document.get("name") or "the session"
    return f"{named} and what depends on it" if document.get("downstream") else str(named)


def _exposures(document: Mapping[str, Any]) -> str:
    names = list(document.get("exposures", ()))
    if len(names) == 1:
        return str(names[0])
    more = f" and {len(names) - _EXPOSURES} more" if len(names) > _EXPOSURES else ""
    return f"{len(names)} exposures: {', '.join(names[:_EXPOSURES])}{more}"


def _picks(document: Mapping[str, Any]) -> str:
    """Picks that were corrected by hand: of which exposure, and how many."""
    where = f" at {document['step']}" if "step" in document else ""
    if document.get("undo"):
        said = "as they were found"
    elif "only" in document:
        said = f"{len(document['only'])} places in all"
    else:
        counts = {"added": document.get("add", ()), "removed": document.get("remove", ())}
        said = ", ".join(f"{len(places)} {what}" for what, places in counts.items() if places)
    return f"of {document.get('exposure', '')}{where}: {said}"


def _parameters(document: Mapping[str, Any]) -> str:
    changes = document.get("changes", {})
    values = " ".join(f"{name}={_value(value)}" for name, value in changes.items())
    return f"{document.get('step', '')} {values}".strip()


def _value(value: Any) -> str:
    if value is None or value == []:
        return "none"  # as it is set
    if isinstance(value, str):
        return value.rpartition("/")[2] or value  # of a file its name is enough
    return json.dumps(value, ensure_ascii=False)


def _kind(document: Mapping[str, Any]) -> str:
    """A kind of alerts, by the number of one or by its key; until when it is muted."""
    which = document.get("key") or f"alert {document.get('alert')}"
    if "until" not in document:
        return str(which)
    until = time.strftime("%Y-%m-%d %H:%M", time.localtime(document["until"]))
    return f"{which} until {until}"


def _order(document: Mapping[str, Any]) -> str:
    return str(document.get("order", ""))


_WORDS = {
    "branch": _branch,
    "undo": _nothing,
    "accept": _exposures,
    "reject": _exposures,
    "set": _parameters,
    "mute": _kind,
    "rearm": _kind,
    "order": _order,
    "picks": _picks,
}
