"""People of a session: accounts that see it."""

import pytest

from icestream.server.people.accounts import UnknownAccount
from icestream.server.people.visitors import Visitors


def test_people_come_and_go(visitors: Visitors) -> None:
    for _ in range(2):
        visitors.members.add("aa", "vic", "ada")
    visitors.members.add("aa", "oli", "ada")
    assert visitors.members.of("aa") == ["oli", "vic"]
    assert visitors.members.sessions("vic") == {"aa"}
    assert visitors.members.remove("aa", "vic")
    assert not visitors.members.remove("aa", "vic")
    assert visitors.members.sessions("vic") == frozenset()


def test_who_has_no_account_cannot_be_one(visitors: Visitors) -> None:
    with pytest.raises(UnknownAccount, match="eve"):
        visitors.members.add("aa", "eve", "ada")
