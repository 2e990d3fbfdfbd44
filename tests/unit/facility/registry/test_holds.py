"""Holds are kept until they end, or are released."""

import time

from icestream.facility.registry.holds import add_hold, holds, release
from icestream.facility.registry.open import FacilityRegistry
from icestream.facility.registry.sessions import keep_session


def test_holds_of_a_session_and_of_a_class(registry: FacilityRegistry) -> None:
    now = time.time()
    with registry.write() as connection:
        one = keep_session(connection, "k", name="n", place="/p", folder="/f", began=0.0, state="x")
        two = keep_session(connection, "l", name="m", place="/q", folder="/g", began=0.0, state="x")
        add_hold(connection, one, why="a paper", who="ada")
        add_hold(connection, one, kind="raw", why="a doubt", who="lea", until=now + 60.0)
        add_hold(connection, two, why="other", who="ada")
        whole, raw = holds(connection, one)
        assert (whole.kind, whole.why, whole.who, whole.until) == ("", "a paper", "ada", None)
        assert whole.holds("report", now)
        assert raw.holds("raw", now)
        assert not raw.holds("report", now)
        assert not raw.holds("raw", now + 61.0)
        assert len(holds(connection)) == 3
        assert release(connection, one, kind="raw", who="tom") == 1
        assert release(connection, one, kind="raw", who="tom") == 0
        assert [each.kind for each in holds(connection, one)] == [""]
        ended = holds(connection, one, released=True)[1]
        assert (ended.released_by, ended.holds("raw", now)) == ("tom", False)
        assert release(connection, one, who="tom") == 1
        assert holds(connection, one) == ()
