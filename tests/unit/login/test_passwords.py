"""Passwords: argon2, what may be one, and no difference between a wrong and an unknown name."""

import statistics
import time

import pytest

from icestream.login.passwords import LONGEST, Passwords, WeakPassword

GOOD = "correct horse battery stable"


@pytest.fixture(scope="module")
def passwords() -> Passwords:
    return Passwords()


def test_what_is_kept_is_argon2id_and_another_each_time(passwords: Passwords) -> None:
    one, two = passwords.keep(GOOD), passwords.keep(GOOD)
    assert one.startswith("$argon2id$v=19$m=47104,t=2,p=1$")
    assert one != two
    assert passwords.fits(one, GOOD)
    assert passwords.fits(two, GOOD)


@pytest.mark.parametrize("other", [GOOD.upper(), GOOD + " ", GOOD[:-1], "", "x" * (LONGEST + 1)])
def test_nothing_else_fits(passwords: Passwords, other: str) -> None:
    assert not passwords.fits(passwords.keep(GOOD), other)


@pytest.mark.parametrize(
    ("password", "about", "words"),
    [
        ("short", (), "at least 12"),
        ("x" * (LONGEST + 1), (), "256 at most"),
        ("passwordpassword", (), "too weak"),
        ("123456789012", (), "too weak"),
        ("icestreamicestream", (), "too weak"),
        ("ada.lovelace.1", ("ada.lovelace", "Ada Lovelace"), "too weak"),
    ],
)
def test_what_is_easily_guessed_is_refused(
    passwords: Passwords, password: str, about: tuple[str, ...], words: str
) -> None:
    with pytest.raises(WeakPassword, match=words) as caught:
        passwords.keep(password, about)
    assert password not in str(caught.value)


@pytest.mark.parametrize(
    "password", ["ünïcödé für immer und ewig 雪", " leading and trailing  x ", GOOD * 6]
)
def test_any_letters_and_any_length_up_to_a_limit_may_be_one(
    passwords: Passwords, password: str
) -> None:
    assert passwords.fits(passwords.keep(password), password)


def test_a_name_that_nobody_has_takes_as_long_as_one_that_somebody_has(
    passwords: Passwords,
) -> None:
    kept = passwords.keep(GOOD)

    def seconds(of: str | None) -> float:
        times = []
        for _ in range(7):
            start = time.perf_counter()
            passwords.fits(of, "wrong password here")
            times.append(time.perf_counter() - start)
        return statistics.median(times)

    known, unknown = seconds(kept), seconds(None)
    # Without the work in vain it would be a thousandth; a busy machine makes one slower by half.
    assert 0.4 < unknown / known < 2.5


def test_an_older_way_of_keeping_is_told() -> None:
    weak = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$" + "A" * 43
    assert Passwords().outdated(weak)
    assert not Passwords().outdated(Passwords().keep(GOOD))
