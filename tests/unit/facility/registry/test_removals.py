"""Removals and notices are written down."""

import pytest

from icestream.facility.registry.open import FacilityRegistry
from icestream.facility.registry.removals import (
    UnknownRemoval,
    add_removal,
    change_removal,
    keep_notice,
    notices,
    removal,
    removals,
)
from icestream.facility.registry.sessions import keep_session


def test_removals_are_numbered_and_change(registry: FacilityRegistry) -> None:
    with registry.write() as connection:
        one = keep_session(connection, "k", name="n", place="/p", folder="/f", began=0.0, state="x")
        told = {"rule": "r", "who": "ada", "at": 1.0, "until": 2.0}
        first = add_removal(connection, one, "raw", **told, files=3, bytes=5 * 10**12)
        second = add_removal(connection, one, "report", **told)
        assert second > first
        found = removal(connection, first)
        assert (found.session, found.kind, found.state, found.bytes) == (
            one, "raw", "moving", 5 * 10**12,
        )  # fmt: skip
        change_removal(connection, first, state="removed", said="one is left")
        assert removal(connection, first).said == "one is left"
        assert [each.id for each in removals(connection, states=("removed",))] == [first]
        assert [each.id for each in removals(connection, session=one)] == [first, second]
        assert removals(connection, session=one + 1) == ()
        with pytest.raises(UnknownRemoval, match="there is no removal 99"):
            removal(connection, 99)


def test_a_notice_is_of_the_newest_time(registry: FacilityRegistry) -> None:
    with registry.write() as connection:
        one = keep_session(connection, "k", name="n", place="/p", folder="/f", began=0.0, state="x")
        keep_notice(connection, one, "raw", 7.0, due=100.0, told=1.0, whom="a")
        keep_notice(connection, one, "raw", 7.0, due=200.0, told=2.0, whom="b")
        (found,) = notices(connection, one)
        assert (found.kind, found.before, found.due, found.whom) == ("raw", 7.0, 200.0, "b")
