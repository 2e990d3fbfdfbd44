"""Findings: in pieces and in order, and only the last moves the cursor or closes the source."""

from typing import Any

import pytest

from icestream.engine.coordinator import findings as module
from icestream.engine.coordinator.findings import Findings
from icestream.engine.messages import Discovered, Rung, StopAsked
from icestream.engine.record.discoveries import KEEP
from icestream.protocol import Discovery, Refusal


def found(items: int, state: Any, **said: Any) -> Discovered:
    return Discovered(1, Discovery(list(range(items)), state=state, **said))  # type: ignore[arg-type]


def pieces(findings: Findings) -> list[Discovery]:
    taken = []
    while findings:
        (piece,) = findings.next()
        taken.append(piece.found)
    return taken


@pytest.mark.parametrize(
    ("items", "sizes"), [(0, [0]), (1, [1]), (3, [3]), (4, [3, 1]), (7, [3, 3, 1]), (6, [3, 3])]
)
def test_a_discovery_is_cut(monkeypatch: pytest.MonkeyPatch, items: int, sizes: list[int]) -> None:
    """If an earlier piece moved the cursor, a crash would lose those after it."""
    monkeypatch.setattr(module, "_PIECE", 3)
    findings = Findings()
    refused = [Refusal("x", "is bad", "x")]  # type: ignore[arg-type]
    assert findings.keep([found(items, "end", closed=True, refused=refused, waiting=4)]) == []
    taken = pieces(findings)
    assert [len(piece.items) for piece in taken] == sizes
    assert [item for piece in taken for item in piece.items] == list(range(items))
    assert [piece.closed for piece in taken] == [False] * (len(sizes) - 1) + [True]
    assert [piece.state for piece in taken] == [KEEP] * (len(sizes) - 1) + ["end"]
    assert [len(piece.refused) for piece in taken] == [0] * (len(sizes) - 1) + [1]
    assert {piece.waiting for piece in taken} == {4}


def test_other_messages_pass_and_order_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PIECE", 3)
    findings = Findings()
    bell, stop = Rung(), StopAsked(True)
    assert findings.keep([found(4, "a"), bell, found(1, "b"), stop]) == [bell, stop]
    assert findings.keep([found(2, "c")]) == []
    assert [piece.state for piece in pieces(findings)] == [KEEP, "a", "b", "c"]
    assert findings.next() == []
