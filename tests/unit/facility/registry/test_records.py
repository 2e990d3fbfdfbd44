"""What the registry answers says what it means."""

from icestream.facility.registry.records import DataHold


def test_a_hold_holds_its_class_until_it_is_over() -> None:
    raw = DataHold(id=1, session=1, kind="raw", why="w", who="x", at=0.0, until=10.0)
    assert raw.holds("raw", 9.0)
    assert not raw.holds("raw", 10.0)
    assert not raw.holds("report", 9.0)
    whole = DataHold(id=1, session=1, kind="", why="w", who="x", at=0.0)
    assert whole.holds("report", 1e12)
    ended = DataHold(id=1, session=1, kind="", why="w", who="x", at=0.0, released=5.0)
    assert not ended.holds("report", 1.0)
