"""What came in: each thing once, in its state, with its answers."""

from pathlib import Path

import pytest

from icestream.facility.messages.documents import MessageAnswer, UnreadableRequest
from icestream.facility.messages.inbox import ArrivedMessage
from icestream.facility.messages.ledger import MessageLedger


def _arrived(name: str = "id:a", digest: str = "d") -> ArrivedMessage:
    return ArrivedMessage(
        identity=name, digest=digest, kind="request", source="queue q", body=b"{}",
        headers={"correlation-id": "c"}, reply_to="answers", who="lea",
    )  # fmt: skip


def _answer(state: str = "done") -> MessageAnswer:
    return MessageAnswer.model_validate(
        {"id": f"a:{state}", "request": "a", "state": state, "time": 1.0}
    )


def test_what_comes_twice_is_there_once(ledger: MessageLedger) -> None:
    first, second = ledger.inbox.receive(_arrived()), ledger.inbox.receive(_arrived())
    assert (first.again, second.again) == (False, True)
    assert first.id == second.id
    (entry,) = ledger.inbox.due(1e12)
    assert (entry.times, entry.who, entry.headers) == (2, "lea", {"correlation-id": "c"})
    with pytest.raises(UnreadableRequest, match="that of another request"):
        ledger.inbox.receive(_arrived(digest="other"))


def test_a_request_moves_through_its_states(ledger: MessageLedger) -> None:
    number = ledger.inbox.receive(_arrived()).id
    ledger.inbox.put_off(number, 100.0, "the disk is full")
    assert ledger.inbox.due(99.0) == []
    assert ledger.inbox.due(100.0)[0].tried == 1
    ledger.inbox.move(number, "accepted", session="s", folder="/s")
    assert [one.id for one in ledger.inbox.of_folder(Path("/s"))] == [number]
    ledger.inbox.move(number, "given up", reason="never")
    assert [one.reason for one in ledger.inbox.dead()] == ["never"]
    again = ledger.inbox.again(number)
    assert (again.state, again.tried, again.again) == ("accepted", 0, 1)
    with pytest.raises(LookupError, match="is accepted"):
        ledger.inbox.again(number)
    with pytest.raises(LookupError, match="no message 99"):
        ledger.inbox.again(99)


def test_a_file_that_could_not_be_moved_is_not_one_that_comes_again(ledger: MessageLedger) -> None:
    assert not ledger.inbox.receive(_arrived(), laid=b"/taken/a.json").again
    assert not ledger.inbox.receive(_arrived(), laid=b"/taken/a.json").again
    assert ledger.inbox.receive(_arrived(), laid=b"/taken/a.2.json").again
    number = ledger.inbox.due(1e12)[0].id
    assert ledger.inbox.laid(number) == [b"/taken/a.json", b"/taken/a.2.json"]
    assert ledger.inbox.unwritten() == []
    assert ledger.inbox.answer(number, _answer())
    assert not ledger.inbox.answer(number, _answer())
    assert {path for path, _, _ in ledger.inbox.unwritten()} == set(ledger.inbox.laid(number))
    ledger.inbox.written(b"/taken/a.json", 1)
    assert [path for path, _, _ in ledger.inbox.unwritten()] == [b"/taken/a.2.json"]


def test_old_files_are_not_looked_through_again_and_again(ledger: MessageLedger) -> None:
    received = ledger.inbox.receive(_arrived(), laid=b"/a.json")
    answer = MessageAnswer(id="1", request="a", state="done", time=1.0)
    ledger.inbox.answer(received.id, answer)
    assert ledger.inbox.unwritten() == [(b"/a.json", received.id, 1)]
    ledger.inbox.written(b"/a.json", 1)
    assert ledger.inbox.unwritten() == []
    asked: list[str] = []
    ledger._file._connection.set_trace_callback(asked.append)
    assert ledger.inbox.unwritten() == []
    assert not any("JOIN" in one for one in asked)
    ledger.inbox.answer(received.id, answer.model_copy(update={"id": "2"}))
    assert ledger.inbox.unwritten() == [(b"/a.json", received.id, 2)]
