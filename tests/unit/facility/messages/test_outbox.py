"""What goes out: each thing once, in its order, until the broker has it."""

from icestream.facility.messages.ledger import MessageLedger
from icestream.facility.messages.outbox import OutgoingMessage


def test_what_goes_out_is_published_once_and_in_order(ledger: MessageLedger) -> None:
    messages = [OutgoingMessage(key=f"k{n}", queue="q", body="{}") for n in range(3)]
    ledger.outbox.publish(messages)
    ledger.outbox.publish(messages)
    waiting = ledger.outbox.unsent(1e12)
    assert [one.key for one in waiting] == ["k0", "k1", "k2"]
    ledger.outbox.sent([waiting[0].id])
    ledger.outbox.unpublished(waiting[1].id, 2e12, "not allowed")
    assert [one.key for one in ledger.outbox.unsent(1e12)] == ["k2"]
    assert ledger.outbox.unsent(3e12)[0].tried == 1
    assert ledger.counts()["unsent"] == 2
    ledger.outbox.forget(1e12)
    ledger.outbox.publish(messages[1:])
    assert ledger.counts()["unsent"] == 2
