"""The ledger: all or nothing."""

import pytest

from icestream.facility.messages.documents import MessageAnswer
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


def test_a_transaction_is_all_or_nothing(ledger: MessageLedger) -> None:
    number = ledger.inbox.receive(_arrived()).id
    with pytest.raises(RuntimeError), ledger.transaction():
        ledger.inbox.move(number, "done")
        with ledger.transaction():
            ledger.inbox.answer(number, _answer())
        raise RuntimeError
    assert ledger.inbox.entry(number).state == "new"
    assert ledger.inbox.answers(number) == []


def test_it_knows_what_waits_and_since_when_it_is_there(ledger: MessageLedger) -> None:
    ledger.inbox.receive(_arrived())
    assert ledger.counts() == {"new": 1, "unsent": 0}
    assert ledger.begun > 1e9
