"""Logging in as an attacker would: guessing, flooding, spying on names, locking others out."""

import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from icestream.login import Identity, LoginUnavailable, NotProven, Role
from icestream.server.people.accounts import NotAdmitted
from icestream.server.people.brake import TooMany
from icestream.server.people.visitors import Visitors, WrongPassword
from people_of_tests import GOOD


def fails(visitors: Visitors, name: str, address: str = "10.0.0.9", password: str = "no") -> str:
    try:
        visitors.log_in(name, password, address=address, agent="")
    except (WrongPassword, TooMany, NotAdmitted) as error:
        return type(error).__name__
    return "in"


def test_the_right_password_opens_and_is_written_down(visitors: Visitors) -> None:
    account, cookie = visitors.log_in("Ada", GOOD, address="10.0.0.9", agent="Browser")
    assert account.name == "ada"
    found = visitors.logins.find(cookie)
    assert found is not None
    (entry,) = visitors.audit.entries()
    assert (entry.who, entry.what, entry.outcome) == ("ada", "login", "done")
    assert entry.address == "10.0.0.9"


def test_a_password_typed_in_the_place_of_the_name_is_not_logged(visitors: Visitors) -> None:
    fails(visitors, GOOD.replace(" ", "-"))
    fails(visitors, "ada", password=GOOD + "x")
    said = "".join(f"{entry}" for entry in visitors.audit.entries())
    assert "correct" not in said
    assert "(no account)" in said


@pytest.mark.usefixtures("clock_stands")
def test_guessing_one_name_from_one_place_is_slowed_down(visitors: Visitors) -> None:
    said = [fails(visitors, "ada") for _ in range(7)]
    assert said == ["WrongPassword"] * 5 + ["TooMany"] * 2
    # Even the right password has to wait, or the answer would tell it.
    assert fails(visitors, "ada", password=GOOD) == "TooMany"
    assert fails(visitors, "vic", password=GOOD) == "in"


@pytest.mark.usefixtures("clock_stands")
def test_guessing_at_the_same_moment_is_no_way_around(visitors: Visitors) -> None:
    with ThreadPoolExecutor(12) as pool:
        said = list(pool.map(lambda _: fails(visitors, "ada"), range(24)))
    assert said.count("WrongPassword") <= 5


@pytest.mark.usefixtures("clock_stands")
def test_guessing_many_names_from_one_place_is_slowed_down(visitors: Visitors) -> None:
    said = [fails(visitors, f"name{number}") for number in range(32)]
    assert said[-1] == "TooMany"
    assert said.count("WrongPassword") == 30


@pytest.mark.usefixtures("clock_stands")
def test_guessing_one_name_from_many_places_is_slowed_down(visitors: Visitors) -> None:
    said = [fails(visitors, "ada", f"10.0.1.{number}") for number in range(22)]
    assert said[-1] == "TooMany"
    assert said.count("WrongPassword") == 20


@pytest.mark.usefixtures("clock_stands")
def test_others_cannot_lock_out_who_is_logged_in(visitors: Visitors) -> None:
    visitors.log_in("ada", GOOD, address="10.0.0.9", agent="")
    for number in range(25):
        fails(visitors, "ada", f"10.0.1.{number}")
    assert fails(visitors, "ada", "10.0.2.1", GOOD) == "TooMany"
    assert fails(visitors, "ada", "10.0.0.9", GOOD) == "in"


@pytest.mark.usefixtures("clock_stands")
def test_logging_in_to_an_own_account_does_not_wipe_out_guesses(visitors: Visitors) -> None:
    said = []
    for number in range(40):
        said.append(fails(visitors, f"name{number}"))
        fails(visitors, "vic", password=GOOD)
    assert "TooMany" in said


def test_names_are_not_told_by_time(visitors: Visitors) -> None:
    def seconds(name: str) -> float:
        times = []
        for number in range(7):
            start = time.perf_counter()
            assert fails(visitors, name, f"10.9.{len(name)}.{number}") == "WrongPassword"
            times.append(time.perf_counter() - start)
        return statistics.median(times)

    known, unknown = seconds("ada"), seconds("nobodyofthatname")
    assert 0.4 < unknown / known < 2.5


class Directory:
    """Somebody else's names and passwords; counts how often it is asked."""

    source = "ldap"

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.away = False
        self.groups: dict[str, tuple[str, ...]] = {}
        """Of those who are there still, by their subjects."""

    def again(self, subject: str) -> Identity | None:
        self.asked.append(subject)
        if self.away:
            raise LoginUnavailable("the directory is away")
        groups = self.groups.get(subject)
        if groups is None:
            return None
        role = Role.STAFF if "staff" in groups else None
        name = subject.removeprefix("uid=")
        return Identity(name, "Lea", "ldap", subject, role, Role.VIEWER, groups)

    def check(self, name: str, password: str) -> Identity | None:
        self.asked.append(name)
        if self.away:
            raise LoginUnavailable("the directory is away")
        return Identity(name, "Lea", "ldap", f"uid={name}") if password == GOOD else None


@pytest.fixture
def directory(visitors: Visitors) -> Directory:
    made = Directory()
    visitors._directories.append(made)
    return made


def test_passwords_of_local_accounts_are_not_sent_to_a_directory(
    visitors: Visitors, directory: Directory
) -> None:
    fails(visitors, "ada")
    assert directory.asked == []
    visitors.accounts.add("lea", visitors.accounts.get("vic").role, source="ldap")
    assert fails(visitors, "lea", password=GOOD) == "in"
    assert directory.asked == ["lea"]


def test_whom_the_directory_knows_and_nobody_added_stays_out(
    visitors: Visitors, directory: Directory
) -> None:
    assert fails(visitors, "max", password=GOOD) == "NotAdmitted"


def test_a_directory_that_is_away_locks_nobody_out(
    visitors: Visitors, directory: Directory
) -> None:
    visitors.accounts.add("lea", visitors.accounts.get("vic").role, source="ldap")
    directory.away = True
    for _ in range(10):
        with pytest.raises(LoginUnavailable):
            visitors.log_in("lea", GOOD, address="10.0.0.9", agent="")
    directory.away = False
    assert fails(visitors, "lea", password=GOOD) == "in"
    assert fails(visitors, "ada", password=GOOD) == "in"


def test_who_was_not_sent_away_cannot_come_back(visitors: Visitors) -> None:
    with pytest.raises(NotProven, match="not begun"):
        visitors.come_back("http://x/?code=a&state=b", "", "http://x/", address="", agent="")
    with pytest.raises(LoginUnavailable, match="no provider"):
        visitors.send_away("http://x/")


def test_who_left_a_group_is_no_more_of_its_projects_though_still_logged_in(
    visitors: Visitors, directory: Directory
) -> None:
    welcomed: list[tuple[str, tuple[str, ...]]] = []
    visitors._welcome = lambda one: welcomed.append((one.name, one.groups))
    with visitors.database.write() as connection:
        connection.execute(
            "INSERT INTO account (name, full_name, role, source, subject, created, by_groups)"
            " VALUES ('lea', 'Lea', 'staff', 'ldap', 'uid=lea', 0, 1)"
        )
    visitors.accounts.add("never", Role.VIEWER, source="ldap")
    cookie = visitors.logins.open("lea", address="10.0.0.9", agent="")
    visitors.logins.open("ada", address="10.0.0.9", agent="")
    directory.groups = {"uid=lea": ("staff", "proj-a")}
    visitors.ask_again()
    assert visitors.accounts.get("lea").role is Role.STAFF
    directory.groups = {"uid=lea": ("proj-b",)}
    visitors.ask_again()
    lea = visitors.accounts.get("lea")
    assert (lea.role, lea.seen) == (Role.VIEWER, None)
    directory.away = True
    with pytest.raises(LoginUnavailable):
        visitors.ask_again()
    assert visitors.logins.find(cookie) is not None
    directory.away, directory.groups = False, {}
    visitors.ask_again()
    assert visitors.logins.find(cookie) is None
    assert welcomed == [("lea", ("staff", "proj-a")), ("lea", ("proj-b",)), ("lea", ())]
    assert set(directory.asked) == {"uid=lea"}, "nobody else came by it, or ever"
    (entry,) = [one for one in visitors.audit.entries() if one.what == "logged out"]
    assert (entry.who, entry.outcome) == ("lea", "ldap does not have them any more")
    visitors.ask_again()
    assert len(welcomed) == 3, "who is not in is not asked about"


def test_whom_none_of_their_groups_lets_in_any_more_is_logged_out(
    visitors: Visitors, directory: Directory
) -> None:
    with visitors.database.write() as connection:
        connection.execute(
            "INSERT INTO account (name, full_name, role, source, subject, created, by_groups)"
            " VALUES ('lea', 'Lea', 'staff', 'ldap', 'uid=lea', 0, 1)"
        )
    cookie = visitors.logins.open("lea", address="10.0.0.9", agent="")
    directory.again = lambda subject: Identity("lea", "Lea", "ldap", subject)  # type: ignore[method-assign]
    visitors.ask_again()
    assert visitors.logins.find(cookie) is None
    (entry,) = [one for one in visitors.audit.entries() if one.what == "logged out"]
    assert "is in no group of ldap that is let in" in entry.outcome
