"""What people are told, and whose names are not."""

from datetime import date
from pathlib import Path

import pytest

from billing import JULY, ZONE, book, work
from icestream.facility.money.calendar import Period
from icestream.facility.money.document import Document
from icestream.facility.money.draft import drafts
from icestream.facility.money.issue import account_of, issue, money_of
from icestream.facility.money.kinds import MoneyRefusal
from icestream.facility.money.telling import (
    document_of_draft,
    draft_table,
    proposal_table,
    unbilled_table,
    write_documents,
)
from icestream.facility.opened import Facility

MAY = Period(date(2026, 5, 1), date(2026, 5, 31), ZONE)


def test_what_somebody_has_to_do_comes_first(small: Facility) -> None:
    book(small, "1", "2026-05-01T09:00", "2026-05-01T12:00", state="cancelled", cancelled=1.0)
    work(small, "s1", "2026-05-02T09:00", None, project="cem2", microscope="talos")
    book(small, "2", "2026-05-03T09:00", "2026-05-03T12:00", "cem9")
    book(small, "3", "2026-06-03T09:00", "2026-06-03T12:00", "cem9")
    found = account_of(small, JULY)
    rows = unbilled_table(found, ZONE, MAY).rows
    assert [(row[0], row[2], row[3]) for row in rows] == [
        ("to do", "2026-05-03 09:00", "3.00"),
        ("waits", "2026-05-02 09:00", "1443.00"),
        ("not billed", "2026-05-01 09:00", "3.00"),
    ]
    assert rows[0][7] == "project cem9 is not known"
    assert rows[1][4:7] == ("cem2", "Ada", "s1")
    assert len(unbilled_table(found, ZONE).rows) == 4


def test_names_of_confidential_projects_are_for_staff(small: Facility) -> None:
    work(small, "secret-1", "2026-05-02T09:00", None, project="cem2")
    book(small, "1", "2026-05-04T09:00", "2026-05-04T12:00", "cem2", state="cancelled",
         cancelled=1.0)  # fmt: skip
    rows = unbilled_table(account_of(small, JULY), ZONE, public=True).rows
    said = " ".join(str(cell) for row in rows for cell in row)
    assert not any(name in said for name in ("cem2", "Ada", "secret-1", "lab"))
    assert rows[0][7] == "(why is said to staff)"
    assert "h before it began" in str(rows[1][7])


def test_drafts_and_what_is_to_be_credited(small: Facility) -> None:
    book(small, "1", "2026-05-04T09:00", "2026-05-04T12:00")
    made = drafts(account_of(small, JULY), money_of(small), MAY)
    (row,) = draft_table(small, made).rows
    assert [*map(str, row[:7])] == ["lab", "", "1", "180.90", "37.99", "218.89", "EUR"]
    issue(small, "lab", who="eve", key=str(row[7]), period=MAY, now=JULY)
    book(small, "1", "2026-05-04T09:00", "2026-05-04T11:00")
    (row,) = proposal_table(account_of(small, JULY)).rows
    assert row[:3] == ("2026-0001", 1, "lab")


def documents(small: Facility) -> list[Document]:
    book(small, "1", "2026-05-04T09:00", "2026-05-04T12:00")
    book(small, "2", "2026-05-05T09:00", "2026-05-05T12:00", "f1")
    made = drafts(account_of(small, JULY), money_of(small), MAY)
    return [document_of_draft(small, each, MAY) for each in made]


def test_they_are_written_as_the_name_says(small: Facility, tmp_path: Path) -> None:
    held = documents(small)
    folder = tmp_path / "out"
    written = write_documents(held, folder)
    assert [path.name for path in written] == ["draft-firm.pdf", "draft-lab.pdf"]
    assert all(path.read_bytes().startswith(b"%PDF-") for path in written)
    (table,) = write_documents(held, folder / "all.csv")
    assert table.read_text().count("\n") == 3
    (book_,) = write_documents(held, folder / "all.XLSX")
    assert book_.read_bytes().startswith(b"PK")


@pytest.mark.parametrize(
    ("name", "said"),
    [("x.pdf", "is one file, for 2 documents"), ("x.doc", "write .pdf, .png, .csv, .xlsx")],
)
def test_what_cannot_be_written(small: Facility, tmp_path: Path, name: str, said: str) -> None:
    held = documents(small)
    with pytest.raises(MoneyRefusal, match=said):
        write_documents(held, tmp_path / name)
    with pytest.raises(MoneyRefusal, match="nothing to write"):
        write_documents([], tmp_path / name)
    same = [{**each, "number": number} for each, number in zip(held, ("a/1", "a:1"), strict=True)]
    with pytest.raises(MoneyRefusal, match="would be one file"):
        write_documents(same, tmp_path / "folder")


def test_a_confidential_session_is_not_named_in_what_is_said_of_others(small: Facility) -> None:
    book(small, "1", "2026-05-04T09:00", "2026-05-04T12:00", "f1")
    work(small, "hushed-1", "2026-05-04T10:00", "2026-05-04T11:00", project="cem2")
    book(small, "2", "2026-05-05T09:00", "2026-05-05T12:00")
    work(small, "hushed-2", "2026-05-05T08:00", "2026-05-05T10:00", "2", confidential=True)
    book(small, "3", "2026-05-06T09:00", "2026-05-06T12:00", "f1")
    work(small, "hushed-3", "2026-05-06T10:00", None, project="cem2")
    rows = unbilled_table(account_of(small, JULY), ZONE, public=True).rows
    said = "\n".join(str(row) for row in rows)
    assert "hushed" not in said
    assert "had that time" in said
    assert "which is not over" in said


def test_proposals_for_others_name_no_confidential_team(small: Facility) -> None:
    book(small, "1", "2026-05-04T09:00", "2026-05-04T12:00", "cem2")
    book(small, "2", "2026-05-05T09:00", "2026-05-05T12:00", "f1")
    issue(small, "lab", who="eve", period=MAY, now=JULY)
    issue(small, "firm", who="eve", period=MAY, now=JULY)
    for number in ("1", "2"):
        day, project = (f"2026-05-0{3 + int(number)}", ("cem2", "f1")[int(number) - 1])
        book(small, number, f"{day}T09:00", f"{day}T11:00", project)
    found = account_of(small, JULY)
    assert {row[2] for row in proposal_table(found).rows} == {"lab", "firm"}
    hidden, shown = sorted(proposal_table(found, public=True).rows)
    assert (hidden[2], hidden[3]) == ("(confidential)", "(why is said to staff)")
    assert shown[2] == "firm"
