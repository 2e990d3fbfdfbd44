"""The ring keeps the newest events without a gap, and gives them out by place."""

import json

from icestream.server.live.ring import EventBatch, Ring, SentEvent, sent
from icestream.store.records import EventRecord


def event(seq: int, kind: str = "task.done") -> SentEvent:
    record = EventRecord(
        seq=seq,
        time=1.0,
        kind=kind,
        step="ctf",
        exposure="e1",
        subject="e1",
        document={"result": 3},
    )
    return sent(record)


def seqs(batch: EventBatch) -> list[int]:
    return [one.seq for one in batch.events]


def test_an_event_is_sent_as_its_record() -> None:
    said = json.loads(event(7).text)
    assert said == {
        "seq": 7, "time": 1.0, "kind": "task.done", "step": "ctf", "exposure": "e1",
        "subject": "e1", "document": {"result": 3},
    }  # fmt: skip


def test_everybody_goes_on_from_their_own_place() -> None:
    ring = Ring(10)
    assert seqs(ring.after(10, 5)) == []
    ring.add(event(seq) for seq in range(11, 18))
    assert seqs(ring.after(10, 100)) == [11, 12, 13, 14, 15, 16, 17]
    assert seqs(ring.after(15, 100)) == [16, 17]
    assert ring.after(17, 100).seq == 17
    assert ring.after(19, 100).seq == 19  # whoever read the store itself is ahead


def test_what_does_not_fit_follows() -> None:
    ring = Ring(0)
    ring.add(event(seq) for seq in range(1, 8))
    first = ring.after(0, 3)
    assert (seqs(first), first.seq) == ([1, 2, 3], 3)
    assert seqs(ring.after(first.seq, 10)) == [4, 5, 6, 7]


def test_a_batch_is_made_once_for_all_who_have_the_same_place() -> None:
    ring = Ring(0)
    ring.add([event(1)])
    assert ring.after(0, 10) is ring.after(0, 10)
    ring.add([event(2)])
    assert seqs(ring.after(0, 10)) == [1, 2]


def test_the_oldest_go_and_it_says_where_it_begins() -> None:
    ring = Ring(0, most=10)
    for seq in range(1, 101):
        ring.add([event(seq)])
        assert ring.last == seq
        kept = ring.after(ring.start, 1000)
        assert seqs(kept) == list(range(ring.start + 1, seq + 1))
        assert len(kept.events) <= 20
    assert ring.start >= 80


def test_alerts_are_picked_out_and_the_place_is_that_of_all() -> None:
    ring = Ring(0)
    ring.add([event(1), event(2, "alert.raised"), event(3)])
    alerts = ring.after(0, 10).alerts
    assert (seqs(alerts), alerts.seq) == ([2], 3)
    assert json.loads(alerts.text)[0]["kind"] == "alert.raised"
