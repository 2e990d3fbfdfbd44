"""Messages and blocks are what the reference page says."""

import json

from icestream.server.live.ring import EventBatch, SentEvent
from icestream.server.live.topics import News
from icestream.server.live.wire import blocks, message, refusal

EVENT = SentEvent(8, "task.done", '{"seq": 8}')
ALERT = SentEvent(9, "alert.raised", '{"seq": 9}')


def test_a_message_has_topic_place_events_and_what_has_changed() -> None:
    said = message("session/x", News(seq=9, batch=EventBatch(9, (EVENT,)), counted='"steps": []'))
    assert json.loads(said) == {
        "topic": "session/x", "seq": 9, "events": [{"seq": 8}], "steps": [],
    }  # fmt: skip


def test_a_message_says_what_else_there_is() -> None:
    assert json.loads(message("t", News(seq=4, reset=True))) == {
        "topic": "t", "seq": 4, "reset": True,
    }  # fmt: skip
    assert json.loads(message("t", News(problem='a "disk"'))) == {
        "topic": "t", "error": 'a "disk"',
    }  # fmt: skip
    assert json.loads(refusal("what?")) == {"error": "what?"}
    assert json.loads(refusal("what?", "t")) == {"topic": "t", "error": "what?"}


def test_a_block_is_an_event_with_its_number() -> None:
    news = News(seq=9, batch=EventBatch(9, (EVENT, ALERT)))
    assert list(blocks(news)) == [
        'id: 8\nevent: task.done\ndata: {"seq": 8}\n\n',
        'id: 9\nevent: alert.raised\ndata: {"seq": 9}\n\n',
    ]
    assert [block[:5] for block in blocks(news, {"alert.raised"})] == ["id: 9"]
    late = News(seq=12, batch=EventBatch(12, (EVENT,)))
    assert list(blocks(late))[-1] == "id: 12\n: \n\n"  # others were left out
    assert list(blocks(late, {"alert.raised"})) == ["id: 12\n: \n\n"]


def test_a_block_says_what_else_there_is() -> None:
    assert list(blocks(News(seq=4, reset=True))) == ["id: 4\nevent: reset\ndata: {}\n\n"]
    (problem,) = blocks(News(problem="two\nlines"))
    assert problem == 'event: problem\ndata: {"message": "two\\nlines"}\n\n'
