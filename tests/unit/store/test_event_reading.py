"""Events are read by whoever is older or newer."""

import json

import pytest

from icestream.store.event_reading import UnknownEvent, read_event
from icestream.store.events import (
    SCHEMA,
    AlertRaised,
    EpochStarted,
    Event,
    ExposureFound,
    ExposureStateChanged,
    StepRevised,
    TaskDone,
    document_of,
)

SOME: tuple[Event, ...] = (
    ExposureFound(),
    TaskDone(result=7),
    TaskDone(result=None),
    ExposureStateChanged(state="rejected", reasons=["sel: 9 is not below 9"]),
    StepRevised(revision=2, who="ada", changed={"add": 1.5, "folder": None}),
    AlertRaised(alert=1, key="k", level="notice", message="µ", about="e1", offer={"step": "a"}),
)


@pytest.mark.parametrize("event", SOME, ids=lambda one: one.kind)
def test_an_event_comes_back_from_its_document(event: Event) -> None:
    assert read_event(event.kind, json.loads(document_of(event))) == event


def test_events_of_before_the_catalogue_are_read() -> None:
    """Their documents lack the fields that came with it."""
    assert read_event("epoch.started", {"epoch": 3}) == EpochStarted(epoch=3)
    assert read_event("alert.raised", {"alert": 3}) == AlertRaised(alert=3)


def test_what_a_newer_version_says_is_told_and_breaks_nothing() -> None:
    told = read_event("session.praised", {"by": "all"})
    assert isinstance(told, UnknownEvent)
    assert told.document == {"by": "all"}
    assert f"version {SCHEMA} of the catalogue has no session.praised" in told.why
    assert read_event("task.done", {"result": 7, "colour": "blue"}) == TaskDone(result=7)
    told = read_event("task.done", {"result": "seven"})
    assert isinstance(told, UnknownEvent)
    assert "result" in told.why
