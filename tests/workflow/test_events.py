"""Whatever changes in a session is said by an event of the catalogue, and every kind occurs."""

import json
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import old_session
from icestream.engine.messages import Compacted
from icestream.engine.record.observations import compacted
from icestream.engine.record.workflows import session_workflow
from icestream.engine.requests.models import (
    Accept,
    Acknowledge,
    Adopt,
    AdoptBranch,
    ChangeWorkflow,
    CreateBranch,
    DropBranch,
    Mute,
    Pause,
    Rearm,
    Reject,
    Resume,
    Undo,
)
from icestream.engine.requests.send import answer_of, send
from icestream.store import queries
from icestream.store.event_reading import UnknownEvent, read_event
from icestream.store.events import (
    EVENTS,
    SCHEMA,
    SegmentWritten,
    document_of,
)
from icestream.store.open import Store
from post_target import channels
from toy_record import desks
from toy_session import Session, wait_for


def replay(store: Store) -> dict[str, Any]:
    """What the events alone say of a session; each must be one of the catalogue, as it is."""
    known: dict[str, Any] = {"exposures": {}, "steps": {}, "alerts": {}, "waiting": {}}
    kinds: Counter[str] = Counter()
    after = 0
    while page := queries.events(store, after=after, limit=100):
        for one in page:
            event = read_event(one.kind, one.document)
            assert not isinstance(event, UnknownEvent), event
            assert json.loads(document_of(event)) == one.document, "a field is not in the catalogue"
            assert bool(one.step) == bool(event.step) or one.kind.startswith("alert."), one
            assert bool(one.exposure) <= bool(event.exposure), one
            kinds[one.kind] += 1
            _fold(known, one.kind, one, event)
        after = page[-1].seq
    return known | {"kinds": kinds}


def _fold(known: dict[str, Any], kind: str, one: Any, event: Any) -> None:
    match kind:
        case "exposure.found":
            known["exposures"][one.exposure] = ("going", ())
        case "exposure.state":
            known["exposures"][one.exposure] = (event.state, tuple(event.reasons))
        case "step.state" if not event.branch:
            known["steps"][one.step] = (event.state, event.reason)
        case "session.state":
            known["session"] = (event.state, event.reason)
        case "source.waiting" if not event.branch:
            known["waiting"][one.step] = event.waiting
        case "alert.raised" | "alert.updated":
            known["alerts"][event.alert] = (event.level, event.message, event.offer)
        case "alert.cleared":
            known["alerts"].pop(event.alert)


def agrees(store: Store, known: dict[str, Any]) -> bool:
    """Who knows only the events knows what the store says."""
    assert known["exposures"] == {
        one.name: (one.state, one.reasons) for one in queries.exposures(store)
    }
    for one in queries.steps(store):
        assert known["steps"].get(one.name, ("waiting", "")) == (one.state, one.reason), one.name
        assert known["waiting"].get(one.name, 0) == one.waiting
    session = queries.session(store)
    assert known["session"] == (session.state, session.reason)
    assert known["alerts"] == {
        one.id: (one.level, one.message, one.offer) for one in queries.alerts(store)
    }
    return True


STEPS: tuple[Any, ...] = (
    ("src", "toy.count", {"folder": "numbers"}, {}),
    ("a", "toy.add", {"fail": "item"}, {"number": "src"}),
    ("sel", "toy.select", {"below": 9}, {"number": "a"}),
    ("hold", "toy.hold", {"enough": 2}, {"number": "sel"}),
    ("b", "toy.add", {"add": 2}, {"number": "hold"}),
    ("total", "toy.total", {"full": 2}, {"number": "sel"}),
    ("twice", "toy.double", {}, {"total": "total"}),
    ("watch", "toy.watch", {"below": 5}, {"number": "a"}),
    ("teach", "toy.teach", {"step": "b", "enough": 2, "add": 7}, {"number": "a"}),
    (
        "tune",
        "toy.teach",
        {"step": "b", "enough": 4, "add": 20, "automatic": True},
        {"number": "a"},
    ),
)


def test_who_knows_only_the_events_knows_the_session(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    told = channels(staff={"kind": "log", "path": str(tmp_path / "alerts")})
    background = session.start(*STEPS, channels=told)
    ask = _asking(session)
    wait_for(lambda: _alert(session, "source.failed"))  # there is nothing to look into yet
    old_session.put(tmp_path, 1, 2, closed=False)
    (tmp_path / "numbers" / "e7").write_text("half")
    wait_for(lambda: queries.step(session.store(), "src").waiting == 1)
    wait_for(lambda: len(session.values("b")) == 2)
    wait_for(lambda: agrees(session.store(), replay(session.store())))
    old_session.put(tmp_path, 3, 4, 7, 8, closed=False)
    large = wait_for(lambda: _alert(session, "toy.large"))
    wait_for(lambda: queries.exposure(session.store(), "e8").state == "rejected")
    wait_for(lambda: queries.exposure(session.store(), "e3").state == "failed")
    wait_for(lambda: queries.step(session.store(), "b").revision == 2)  # the session itself
    ask(Acknowledge(alert=large.id))
    ask(Mute(alert=large.id, until=time.time() + 3600))
    ask(Rearm(key="toy.large"))
    ask(Adopt(alert=wait_for(lambda: _alert(session, "toy.better")).id))
    ask(Accept(exposures=("e8",), why="large, and good"))
    ask(Reject(exposures=("e1",), why="ice"))
    ask(Pause())
    ask(Resume())
    ask(Pause(step="nowhere"), "refused")
    ask(CreateBranch(name="other", changes={"a": {"add": 5}}, exposures=("e1", "e2")))
    ask(AdoptBranch(name="other"))
    ask(AdoptBranch(name="main"))
    ask(DropBranch(name="other"))
    workflow = session_workflow(session.store()).to_document()
    kept = [step for step in workflow["steps"] if step["name"] != "twice"]
    ask(ChangeWorkflow(workflow=json.loads(json.dumps({**workflow, "steps": kept}, default=str))))
    ask(ChangeWorkflow(workflow=json.loads(json.dumps(workflow, default=str))))
    ask(Undo())  # it is left out again
    ask(Undo())  # it never was
    # That of the branch that was adopted meanwhile is over; this one changes with the next number.
    wait_for(lambda: _alert(session, "toy.large"))
    old_session.put(tmp_path, 11)
    assert background.join().state == "done"
    known = replay(session.store())
    agrees(session.store(), known)
    # Segments are made of many particles, a message is given up after a day, and none of these toys
    # finds picks (test_corrections).
    for kind in EVENTS.keys() - {"segment.written", "alert.unsent", "picks.corrected"}:
        assert known["kinds"][kind], f"no {kind} was written"
    assert queries.session(session.store()).events == SCHEMA
    assert known["kinds"]["epoch.started"] == known["kinds"]["epoch.left"] == 1
    again = session.run(*STEPS)  # and it goes on as the events say
    assert again.state == "done"
    agrees(session.store(), replay(session.store()))


def test_the_events_of_an_old_session_are_read(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old_session.restore(session.folder, session.url)
    old_session.put(tmp_path, 1, 2, 3, 4, 5, 8)
    monkeypatch.chdir(tmp_path)
    session.run(*old_session.STEPS)
    for one in queries.events(session.store()):
        assert not isinstance(read_event(one.kind, one.document), UnknownEvent), one
    assert queries.session(session.store()).events == SCHEMA


def test_segments_of_particles_are_said(tmp_path: Path) -> None:
    making = desks(tmp_path)
    made = next(making)(("src", "toy.count", {}, {}))
    compacted(made.record, Compacted(1, 1, "extract/particles_00000001.parquet", 10, (1,)))
    (said,) = queries.events(made.store, kinds=["segment.written"])
    assert read_event(said.kind, said.document) == SegmentWritten(
        path="extract/particles_00000001.parquet", rows=10
    )
    assert said.step == "src"
    next(making, None)


def _alert(session: Session, key: str) -> Any:
    return next((one for one in queries.alerts(session.store()) if one.key == key), None)


def _asking(session: Session) -> Callable[..., None]:
    def ask(request: Any, verdict: str = "done") -> None:
        token = send(session.folder, request)
        assert answer_of(session.folder, token, timeout=60.0)[0] == verdict

    return ask
