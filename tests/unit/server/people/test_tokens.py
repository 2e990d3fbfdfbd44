"""Tokens: what each may, until when, and that no token may more than its owner."""

import time

import pytest

from icestream.login import Role
from icestream.server.people.tokens import BadScope, UnknownToken, role_of, sessions_of
from icestream.server.people.visitors import Visitors


def test_a_token_is_found_until_it_is_revoked(visitors: Visitors) -> None:
    made, secret = visitors.tokens.make(
        "oli", Role.OPERATOR, title="script", scopes=["viewer", "session/aa"], days=1
    )
    assert secret.startswith("icestream_")
    found = visitors.tokens.find(secret)
    assert found is not None
    assert (found.account, found.scopes) == ("oli", ("viewer", "session/aa"))
    assert visitors.tokens.of("oli")[0].used is not None
    with pytest.raises(UnknownToken):
        visitors.tokens.revoke(made.number, "vic")  # not theirs
    visitors.tokens.revoke(made.number, "oli")
    assert visitors.tokens.find(secret) is None
    written = b"".join(file.read_bytes() for file in visitors.database.file.parent.iterdir())
    assert secret.encode() not in written


def test_a_token_expires(visitors: Visitors) -> None:
    _, secret = visitors.tokens.make(
        "oli", Role.OPERATOR, title="t", scopes=["viewer"], days=0.2 / 86400
    )
    time.sleep(0.25)
    assert visitors.tokens.find(secret) is None


@pytest.mark.parametrize(
    "scopes",
    [
        [],
        ["root"],
        ["viewer", "operator"],
        ["viewer", "metrics"],
        ["session/aa"],
        ["admin"],
        ["metrics"],
    ],
)
def test_odd_scopes_and_those_beyond_ones_role_are_refused(
    visitors: Visitors, scopes: list[str]
) -> None:
    with pytest.raises(BadScope):
        visitors.tokens.make("oli", Role.OPERATOR, title="t", scopes=scopes, days=1)
    assert visitors.tokens.of("oli") == []


def test_a_token_may_what_both_its_scope_and_its_owner_now_may() -> None:
    assert role_of(["viewer"], Role.ADMIN) is Role.VIEWER
    assert role_of(["staff"], Role.VIEWER) is Role.VIEWER
    assert role_of(["metrics"], Role.ADMIN) is Role.VIEWER
    assert sessions_of(["viewer"]) is None
    assert sessions_of(["viewer", "session/a", "session/b"]) == {"a", "b"}
