"""The catalogue of events: complete, explained, and read by whoever is older or newer."""

import ast
from dataclasses import fields
from pathlib import Path
from typing import Any

import icestream
from icestream.store import events
from icestream.store.events import (
    EVENTS,
    SCHEMA,
    Event,
)

SOURCE = Path(icestream.__file__).parent


def test_every_class_of_event_is_in_the_catalogue_under_its_own_kind() -> None:
    assert sorted(one.__name__ for one in EVENTS.values()) == sorted(
        name
        for name, one in vars(events).items()
        if isinstance(one, type) and issubclass(one, Event) and one is not Event
    )
    assert {kind: one.kind for kind, one in EVENTS.items()} == {kind: kind for kind in EVENTS}
    assert all(0 <= one.since <= SCHEMA for one in EVENTS.values())


def test_no_event_is_written_past_the_catalogue() -> None:
    """Only `Writes.event` inserts events, and only values of the catalogue are given to it."""
    calls, inserts = 0, []
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            if _dotted(node.func).endswith("writes.event"):
                calls += 1
                assert node.args, path
                assert not isinstance(node.args[0], ast.Constant | ast.JoinedStr), path
                given = node.args[0]
                if isinstance(given, ast.Call):
                    assert hasattr(events, _dotted(given.func)), f"{path}: {ast.unparse(given)}"
            if any(_dotted(one) in ("t.event", "event") for one in node.args) and _dotted(
                node.func
            ) in ("insert", "writes.insert", "self.insert"):
                inserts.append(path)
    assert calls > 20
    assert inserts == []
    assert "t.event" in (SOURCE / "store" / "writing.py").read_text()


def _dotted(node: Any) -> str:
    """A name as it is written: ``cascade.writes.event``."""
    return ast.unparse(node) if isinstance(node, ast.Name | ast.Attribute) else ""


def test_every_field_is_plain() -> None:
    """JSON has no other types; tuples come back as lists."""
    for kind, one in EVENTS.items():
        for field in fields(one):
            assert field.name not in ("kind", "since", "step", "exposure"), kind
