"""People of the tests, and what they say."""

import functools

import pytest

from icestream.login import Role
from icestream.login.passwords import Passwords
from icestream.server.people.brake import Brake, Bucket
from icestream.server.people.visitors import Visitors

GOOD = "correct horse battery stable"
"""The password of each."""
PEOPLE = {
    "ada": Role.ADMIN,
    "sam": Role.STAFF,
    "oli": Role.OPERATOR,
    "vic": Role.VIEWER,
}


@functools.cache
def kept() -> str:
    """What is kept of the password, made once: that it is slow is its purpose."""
    return Passwords().keep(GOOD)


def add_people(visitors: Visitors) -> None:
    """Give each of them an account."""
    for name, role in PEOPLE.items():
        visitors.accounts.add(name, role)
    with visitors.database.write() as connection:
        connection.execute("UPDATE account SET password = ?", (kept(),))


@pytest.fixture
def clock_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no time pass for the brakes: a slow machine would make its guesses slowly enough."""
    for kind in (Brake, Bucket):
        monkeypatch.setitem(kind.__init__.__kwdefaults__, "clock", lambda: 1000.0)
