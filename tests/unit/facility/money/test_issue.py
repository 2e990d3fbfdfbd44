"""Invoices are issued whole, once, in order, and never change."""

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, text, update
from sqlalchemy.exc import DatabaseError

from billing import JULY, ZONE, billing, book, local, opened, work
from icestream.facility.money.calendar import Period
from icestream.facility.money.document import draft_key
from icestream.facility.money.draft import drafts
from icestream.facility.money.invoices import find_invoice, invoices, verify
from icestream.facility.money.issue import account_of, credit, issue, money_of
from icestream.facility.money.kinds import MoneyRefusal
from icestream.facility.opened import Facility
from icestream.facility.registry import tables as t

MAY = Period(date(2026, 5, 1), date(2026, 5, 31), ZONE)


def numbers(facility: Facility) -> list[str]:
    with facility.registry.read() as connection:
        assert list(verify(connection)) == []
        return [each.number for each in invoices(connection)]


def test_from_bookings_to_an_invoice(lab: Facility) -> None:
    book(lab, "1", "2026-05-04T09:00", "2026-05-05T09:00")
    work(lab, "s1", "2026-05-04T10:00", "2026-05-05T11:00", "1")
    book(lab, "2", "2026-06-01T09:00", "2026-06-01T10:00")
    made = issue(lab, "lab", who="eve", period=MAY, now=JULY)
    assert (made.number, made.year, made.serial, made.state) == ("2026-0001", 2026, 1, "issued")
    (line,) = made.document["lines"]
    assert (line["what"], line["quantity"], line["amount"]) == ("Titan Krios", "25.00", "1507.50")
    assert (line["manner"], line["note"], line["reference"]) == ("used", "s1", "WP 3")
    assert made.document["payer"]["address"] == "University\nStreet 2\n1234 City"
    assert (made.document["by"], made.document["total"]) == ("eve", "1824.08")
    with pytest.raises(MoneyRefusal, match="nothing is due of lab; something is of nobody"):
        issue(lab, "lab", who="eve", period=MAY, now=JULY)
    assert issue(lab, "lab", who="eve", now=JULY).number == "2026-0002"
    assert numbers(lab) == ["2026-0001", "2026-0002"]


def test_numbers_begin_anew_each_year_and_never_go_back(lab: Facility) -> None:
    for number, day in enumerate(("2026-05-04", "2026-05-05", "2026-05-06"), 1):
        book(lab, str(number), f"{day}T09:00", f"{day}T10:00")
    first = Period(date(2026, 5, 4), date(2026, 5, 4), ZONE)
    issue(lab, "lab", who="eve", period=first, now=local("2026-12-31T23:30"))
    second = Period(date(2026, 5, 5), date(2026, 5, 5), ZONE)
    with pytest.raises(MoneyRefusal, match="2026-0001 was issued later than it is now, 2026-12"):
        issue(lab, "lab", who="eve", period=second, now=local("2026-12-31T23:00"))
    issue(lab, "lab", who="eve", period=second, now=local("2027-01-01T00:10"))
    issue(lab, "lab", who="eve", now=local("2027-01-02T00:00"))
    assert numbers(lab) == ["2026-0001", "2027-0001", "2027-0002"]


def test_what_was_looked_at_is_what_is_issued(small: Facility) -> None:
    book(small, "1", "2026-05-04T09:00", "2026-05-04T10:00")
    (draft,) = drafts(account_of(small, JULY), money_of(small), MAY)
    book(small, "2", "2026-05-05T09:00", "2026-05-05T10:00")
    with pytest.raises(MoneyRefusal, match="has changed since the draft"):
        issue(small, "lab", who="eve", period=MAY, key=draft_key(draft), now=JULY)
    assert numbers(small) == []
    (draft,) = drafts(account_of(small, JULY), money_of(small), MAY)
    issue(small, "lab", who="eve", period=MAY, key=draft_key(draft), now=JULY)


def test_what_was_credited_can_be_billed_again(lab: Facility) -> None:
    book(lab, "1", "2026-05-04T09:00", "2026-05-04T19:00")
    book(lab, "2", "2026-05-05T09:00", "2026-05-05T10:00")
    issue(lab, "lab", who="eve", now=JULY)
    with pytest.raises(MoneyRefusal, match="say why"):
        credit(lab, "2026-0001", who="eve", reason=" ")
    note = credit(lab, "2026-0001", who="eve", reason="the stage was broken", lines=[1], now=JULY)
    assert (note.number, note.kind) == ("C2026-0001", "credit")
    assert note.document["total"] == "-729.63"
    with lab.registry.read() as connection:
        of = find_invoice(connection, "2026-0001")
    assert (of.state, of.credited, of.open) == ("credited in part", (1,), (2,))
    with pytest.raises(MoneyRefusal, match="line 1 of 2026-0001 cannot"):
        credit(lab, "2026-0001", who="eve", reason="x", lines=[1], now=JULY)
    with pytest.raises(MoneyRefusal, match="C2026-0001 is a credit note"):
        credit(lab, "C2026-0001", who="eve", reason="x", now=JULY)
    book(lab, "1", "2026-05-04T09:00", "2026-05-04T11:00")
    again = issue(lab, "lab", who="eve", now=JULY)
    assert [line["amount"] for line in again.document["lines"]] == ["120.60"]
    credit(lab, "2026-0001", who="eve", reason="all", now=JULY)
    credit(lab, "2026-0002", who="eve", reason="all", now=JULY)
    with lab.registry.read() as connection:
        everything = list(invoices(connection))
    assert sum(Decimal(each.document["total"]) for each in everything) == 0
    assert numbers(lab) == ["2026-0001", "C2026-0001", "2026-0002", "C2026-0002", "C2026-0003"]
    assert len(issue(lab, "lab", who="eve", now=JULY).document["lines"]) == 2


def test_a_project_may_have_its_own_invoice(tmp_path: Path) -> None:
    facility = billing(tmp_path, per="project", number="{year}/{number}")
    for number, project in enumerate(("cem1", "cem2"), 1):
        book(facility, str(number), f"2026-05-0{number}T09:00", f"2026-05-0{number}T10:00", project)
    with pytest.raises(MoneyRefusal, match=r"due of lab; something is of lab \(project cem1\), la"):
        issue(facility, "lab", who="eve", now=JULY)
    made = issue(facility, "lab", who="eve", project="cem2", now=JULY)
    assert (made.number, made.document["project"]) == ("2026/1", "cem2")
    facility.registry.close()


REFUSED = (
    (update(t.invoice).values(total="1.00"), "never changed"),
    (delete(t.invoice_line), "never removed"),
    (delete(t.invoice), "never removed"),
    (update(t.invoice_line).values(amount="1.00"), "never changed"),
    (update(t.billed).values(ends=1), "only credited"),
    (delete(t.billed), "only credited"),
    (insert(t.invoice).values(kind="invoice", year=2026, serial=3, number="x", issued=1, team="x",
                              currency="EUR", net="0", tax="0", total="0", lines=0, document="{}",
                              digest=""), "no gap"),
    (insert(t.invoice_line).values(invoice_id=1, number=9, kind="item", source_id=9, amount="0",
                                   share="0"), "no more lines"),
    (insert(t.billed).values(kind="session", source_id=9, microscope_id=1, line_id=1,
                             begins=round(local("2026-05-04T09:30")),
                             ends=round(local("2026-05-04T12:00"))), "billed already"),
    (insert(t.billed).values(kind="booking", source_id=1, microscope_id=2, line_id=1,
                             begins=round(local("2026-05-04T09:00")),
                             ends=round(local("2026-05-04T12:00"))), "(?i)unique"),
)  # fmt: skip


def test_the_database_itself_refuses_what_is_not_to_be(lab: Facility) -> None:
    book(lab, "1", "2026-05-04T09:00", "2026-05-04T10:00")
    issue(lab, "lab", who="eve", now=JULY)
    for statement, said in REFUSED:
        with pytest.raises(DatabaseError, match=said), lab.registry.write() as connection:
            connection.execute(statement)
    if lab.registry.file is None:
        for table in ("invoice", "billed"):
            with (
                pytest.raises(DatabaseError, match="never removed"),
                lab.registry.write() as connection,
            ):
                connection.execute(text(f"TRUNCATE {table} CASCADE"))
    assert numbers(lab) == ["2026-0001"]
    with lab.registry.write() as connection:  # at another time, and all is well
        connection.execute(
            insert(t.billed).values(kind="session", source_id=9, microscope_id=1, line_id=1,
                                    begins=round(local("2026-05-04T10:00")),
                                    ends=round(local("2026-05-04T12:00")))
        )  # fmt: skip


def test_a_document_that_was_changed_behind_its_back_is_found(small: Facility) -> None:
    book(small, "1", "2026-05-04T09:00", "2026-05-04T10:00")
    issue(small, "lab", who="eve", now=JULY)
    with small.registry.write() as connection:
        connection.execute(text("DROP TRIGGER invoice_changed"))
        connection.execute(
            text("UPDATE invoice SET document = replace(document, '60.30', '60.31')")
        )
    with small.registry.read() as connection:
        assert len(list(verify(connection))) == 2
        with pytest.raises(MoneyRefusal, match="was changed in the database"):
            find_invoice(connection, "2026-0001")
    with pytest.raises(MoneyRefusal, match="was changed in the database"):
        credit(small, "2026-0001", who="eve", reason="x")


def test_two_people_issue_at_once(lab: Facility, url: str | None, tmp_path: Path) -> None:
    days = [f"2026-05-{day:02}" for day in range(4, 12)]
    for number, day in enumerate(days):
        book(lab, str(number), f"{day}T09:00", f"{day}T10:00", "cem1" if number % 2 else "f1")
    said: list[str] = []
    together = threading.Barrier(4)

    def act(team: str) -> None:
        own = opened(tmp_path, url)
        together.wait()
        try:
            said.append(issue(own, team, who=team, now=JULY).number)
        except MoneyRefusal as refusal:
            said.append(str(refusal).partition(";")[0])
        own.registry.close()

    threads = [
        threading.Thread(target=act, args=(team,)) for team in ("lab", "firm", "lab", "firm")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == [
        "2026-0001", "2026-0002", "nothing is due of firm", "nothing is due of lab",
    ]  # fmt: skip
    assert sorted(numbers(lab)) == ["2026-0001", "2026-0002"]


KILLED = """
import sys
sys.path[:0] = [{tests!r}]
from pathlib import Path
from billing import JULY, opened
from icestream.facility.money.issue import credit, issue
facility = opened(Path({folder!r}))
for second in range({begins}, {begins} + 1000):
    made = issue(facility, "lab", who="x", now=JULY + second)
    print(made.number, flush=True)
    made = credit(facility, made.number, who="x", reason="y", now=JULY + second)
    print(made.number, flush=True)
"""


@pytest.mark.slow
def test_killed_at_any_moment_it_is_issued_or_not(small: Facility, tmp_path: Path) -> None:
    for day in range(4, 20):
        book(small, str(day), f"2026-05-{day:02}T09:00", f"2026-05-{day:02}T10:00")
    known = 0
    for turn in range(3):
        begins = 1000 * turn
        code = KILLED.format(
            tests=str(Path(__file__).parents[3]), folder=str(tmp_path), begins=begins
        )
        child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        with child:
            assert child.stdout is not None
            told = [child.stdout.readline().strip() for _ in range(3 + turn)]
            time.sleep(0.004 * turn)
            os.kill(child.pid, signal.SIGKILL)
            told += child.stdout.read().split()
        there = numbers(small)
        assert set(told) <= set(there)
        assert known + len(told) <= len(there) <= known + len(told) + 1
        with small.registry.read() as connection:
            last = list(invoices(connection))[-1]
        if last.kind == "invoice":  # the next process begins with an invoice
            assert len(last.document["lines"]) == 16
            credit(small, last.number, who="x", reason="y", now=JULY + begins + 999)
        known = len(numbers(small))
    assert known >= 12


def test_a_line_that_is_named_twice_is_credited_once(small: Facility) -> None:
    book(small, "1", "2026-05-04T09:00", "2026-05-04T12:00")
    issue(small, "lab", who="eve", now=JULY)
    note = credit(small, "2026-0001", who="eve", reason="x", lines=[1, 1], now=JULY)
    assert [line["corrects"] for line in note.document["lines"]] == [1]
    assert numbers(small) == ["2026-0001", "C2026-0001"]
