"""The registry as money sees it: whose time it is, and what of it was lost."""

from decimal import Decimal

from billing import JULY, book, local, work
from icestream.facility.money.issue import issue
from icestream.facility.money.kinds import DOWNTIME
from icestream.facility.money.parties import Books
from icestream.facility.money.read import read_books
from icestream.facility.opened import Facility
from icestream.facility.registry.microscopes import add_occasion
from icestream.facility.registry.people import keep_person, keep_project


def books(facility: Facility) -> Books:
    with facility.registry.read() as connection:
        return read_books(connection, DOWNTIME)


def test_who_pays_is_the_project_then_the_person(lab: Facility) -> None:
    with lab.registry.write() as connection:
        keep_person(connection, "boss", team="firm")
        keep_project(connection, "by-pi", pi="boss")
        keep_project(connection, "of-nobody")
    for number, project in enumerate(("CEM2", "", "by-pi", "of-nobody", "cem9")):
        book(lab, str(number), f"2026-05-0{number + 1}T09:00", f"2026-05-0{number + 1}T10:00",
             project)  # fmt: skip
    book(lab, "x", "2026-05-08T09:00", "2026-05-08T10:00", "", who="", name="Guest")
    found = [each.party for each in books(lab).bookings]
    assert [None if each.payer is None else each.payer.team for each in found] == [
        "lab", "lab", "firm", None, None, None,
    ]  # fmt: skip
    assert [each.missing for each in found][3:] == [
        "project of-nobody is of no team", "project cem9 is not known",
        "no project is named, and Guest is in no team",
    ]  # fmt: skip
    assert [each.confidential for each in found] == [True, *[False] * 5]
    assert found[0].payer is not None
    assert found[0].payer.address == "University\nStreet 2\n1234 City"


def test_bookings_that_are_none_and_time_that_was_lost(lab: Facility) -> None:
    book(lab, "1", "2026-05-04T09:00", "2026-05-04T12:00", kind="maintenance")
    book(lab, "2", "2026-05-05T09:00", "2026-05-05T12:00", kind="downtime", state="cancelled",
         cancelled=1.0)  # fmt: skip
    book(lab, "3", "2026-05-06T09:00", "2026-05-06T12:00", microscope="elsewhere")
    with lab.registry.write() as connection:
        at, until = local("2026-05-04T11:00"), local("2026-05-04T15:00")
        for kind, when in (
            ("failure", (at, until)), ("realignment", (at, until + 9)), ("failure", (until, None)),
        ):  # fmt: skip
            add_occasion(connection, "krios", kind, "x", who="eve", when=when)
    found = books(lab)
    assert found.bookings == ()
    assert found.downtime == {"krios": ((round(local("2026-05-04T09:00")), round(until)),)}
    assert found.titles == {"krios": "Titan Krios", "talos": "Talos"}


def test_sessions_and_what_was_billed(lab: Facility) -> None:
    book(lab, "1", "2026-05-04T09:00", "2026-05-04T12:00")
    work(lab, "s1", "2026-05-04T09:00", "2026-05-04T10:00", "1", exposures=7)
    work(lab, "s2", "2026-05-05T09:00", None, confidential=True)
    one, other = books(lab).sessions
    assert (one.booking, one.exposures, one.party.who) == (1, 7, "Ada")
    assert (other.ends, other.party.confidential) == (None, True)
    issue(lab, "lab", who="eve", now=JULY)
    (billed,) = books(lab).billed
    assert (billed.kind, billed.source, billed.microscope) == ("booking", 1, "krios")
    assert (billed.team, billed.share, billed.invoice) == ("lab", Decimal(100), "2026-0001")
    assert billed.spans == ((round(local("2026-05-04T09:00")), round(local("2026-05-04T12:00"))),)


def test_a_session_has_its_microscope_until_its_last_movie(lab: Facility) -> None:
    """And not until its process ends, which may be begun again a week later."""
    last = "2026-05-04T13:00"
    work(lab, "s1", "2026-05-04T09:00", "2026-05-11T09:00", taken=local(last))
    work(lab, "s2", "2026-05-05T09:00", "2026-05-05T10:00", taken=local("2026-05-05T11:00"))
    work(lab, "s3", "2026-05-06T09:00", "2026-05-06T10:00", taken=local(last))
    work(lab, "s4", "2026-05-07T09:00", None, taken=local("2026-05-07T10:00"))
    work(lab, "s5", "2026-05-08T09:00", "2026-05-08T10:00")
    found = [one.ends for one in books(lab).sessions]
    until = (last, "2026-05-05T10:00", "2026-05-06T09:00", None, "2026-05-08T10:00")
    assert found == [None if one is None else round(local(one)) for one in until]


def test_what_vanished_while_nobody_looked_counts_from_when_it_was_last_seen(
    lab: Facility,
) -> None:
    book(lab, "1", "2026-05-08T09:00", "2026-05-08T12:00", state="cancelled",
         cancelled=local("2026-05-07T09:00"), seen=local("2026-05-04T09:00"))  # fmt: skip
    (one,) = books(lab).bookings
    assert one.cancelled == round(local("2026-05-04T09:00"))
    assert one.noticed == round(local("2026-05-07T09:00"))
