"""What a sink says when it cannot deliver."""

from icestream.facility.sinks.sink import Received, SinkDown


def test_a_sink_may_say_how_long_it_wants_to_be_left_alone() -> None:
    assert SinkDown("busy").wait is None
    assert SinkDown("busy", wait=30.0).wait == 30.0
    assert Received({"movie:1": "7"}).refused == {}
