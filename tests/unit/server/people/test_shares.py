"""Shared links: one session, until they expire or are revoked."""

import time

import pytest

from icestream.server.people.shares import UnknownShare
from icestream.server.people.visitors import Visitors


def test_a_link_opens_its_session_until_it_is_revoked(visitors: Visitors) -> None:
    made, secret = visitors.shares.make("aa", who="oli", title="for Rosalind", days=1)
    found = visitors.shares.find(secret, opening=True)
    assert found is not None
    assert found.session == "aa"
    assert visitors.shares.of("aa")[0].opened == 1
    with pytest.raises(UnknownShare):
        visitors.shares.revoke("bb", made.number)  # a link of another session
    visitors.shares.revoke("aa", made.number)
    assert visitors.shares.find(secret) is None
    written = b"".join(file.read_bytes() for file in visitors.database.file.parent.iterdir())
    assert secret.encode() not in written


def test_a_link_expires(visitors: Visitors) -> None:
    _, secret = visitors.shares.make("aa", who="oli", title="t", days=0.2 / 86400)
    assert visitors.shares.find(secret) is not None
    time.sleep(0.25)
    assert visitors.shares.find(secret) is None
