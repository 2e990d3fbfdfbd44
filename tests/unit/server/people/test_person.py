"""Which sessions a person sees."""

from icestream.login import Role
from icestream.server.people.person import Person


def test_people_see_theirs_staff_all_and_limits_hold_for_both() -> None:
    assert Person(name="vic", sessions=frozenset({"a"})).sees("a")
    assert not Person(name="oli", role=Role.OPERATOR).sees("a")
    assert Person(name="sam", role=Role.STAFF).sees("a")
    limited = Person(name="sam", role=Role.STAFF, only=frozenset({"b"}))
    assert limited.sees("b")
    assert not limited.sees("a")
    assert not Person(name="vic", only=frozenset({"a"})).sees("a")


def test_confidential_sessions_are_for_their_people_and_administrators() -> None:
    hidden = frozenset({"a", "/s/a"})
    assert not Person(name="sam", role=Role.STAFF, hidden=hidden).sees("a")
    assert not Person(name="sam", role=Role.STAFF, hidden=hidden).sees("folder-1", "/s/a")
    assert Person(name="sam", role=Role.STAFF, hidden=hidden).sees("folder-2", "/s/b")
    assert Person(name="ada", role=Role.ADMIN, hidden=hidden).sees("folder-1", "/s/a")
    assert Person(name="lea", hidden=hidden, sessions=frozenset({"a"})).sees("a")
    assert not Person(name="sam", role=Role.STAFF, hidden=None).sees("b")
