"""Invoices on paper: whatever names people have, they are names and nothing else."""

import json
import re
import shutil
from importlib.resources import files
from pathlib import Path

import pytest

from billing import JULY, book
from icestream.facility.money.document import Document
from icestream.facility.money.issue import credit, issue
from icestream.facility.money.kinds import MoneyRefusal
from icestream.facility.money.paper import write_paper
from icestream.facility.money.shown import shown
from icestream.facility.opened import Facility
from icestream.facility.registry.people import keep_team

HOSTILE = '#panic("x") $ x^2 $ *b* _i_ `c` [ ] " \\ // /* @a <b> ~ --- 中文 é \u202e <script>'


@pytest.fixture
def document(small: Facility) -> Document:
    with small.registry.write() as connection:
        keep_team(connection, "lab", title=HOSTILE, address=f"{HOSTILE}\n= A\n- b", reference="#p")
    book(small, "1", "2026-05-04T09:00", "2026-05-05T09:00")
    made = issue(small, "lab", who="eve", now=JULY).document
    for line in made["lines"]:
        line["note"] = line["what"] = HOSTILE
    return made


def test_an_invoice_and_its_credit_note_are_pdfs(
    small: Facility, document: Document, tmp_path: Path
) -> None:
    write_paper(document, tmp_path / "new" / "invoice.pdf")
    note = credit(small, "2026-0001", who="eve", reason=HOSTILE, now=JULY).document
    write_paper(note, tmp_path / "new" / "credit.PDF")
    for name in ("invoice.pdf", "credit.PDF"):
        assert (tmp_path / "new" / name).read_bytes().startswith(b"%PDF-")
    assert sorted(p.name for p in (tmp_path / "new").iterdir()) == ["credit.PDF", "invoice.pdf"]
    write_paper(document, tmp_path / "page.png")
    assert (tmp_path / "page.png").read_bytes().startswith(b"\x89PNG")


def test_names_are_words_and_not_markup(document: Document, tmp_path: Path) -> None:
    """What typst has set as the payer's name is the name, letter by letter."""
    import typst

    told = {**shown({**document, "digest": ""}), "logo": ""}
    (tmp_path / "invoice.json").write_text(json.dumps(told))
    template = tmp_path / "invoice.typ"
    shutil.copy(str(files("icestream.facility.money") / "invoice.typ"), template)
    (found,) = json.loads(typst.query(str(template), "<payer>", root=str(tmp_path)))
    held = found.get("body", found.get("child", found))
    while "text" not in held:
        held = held.get("body", held.get("child"))
    assert held["text"] == HOSTILE


def test_a_long_one_has_several_pages(document: Document, tmp_path: Path) -> None:
    document["lines"] = [{**document["lines"][0], "number": n} for n in range(1, 90)]
    write_paper(document, tmp_path / "long.pdf")
    pages = re.findall(rb"/Type\s*/Page\b(?!s)", (tmp_path / "long.pdf").read_bytes())
    assert len(pages) > 4


def test_a_site_may_have_its_own_layout(document: Document, tmp_path: Path) -> None:
    layout = tmp_path / "own.typ"
    layout.write_text('#let it = json("invoice.json")\n#it.payer.name #it.sums.last().at(1)\n')
    write_paper(document, tmp_path / "own.pdf", layout)
    assert (tmp_path / "own.pdf").stat().st_size > 1000
    layout.write_text("#nothing-there")
    with pytest.raises(MoneyRefusal, match="the template .*own.typ cannot be set: unknown var"):
        write_paper(document, tmp_path / "own2.pdf", layout)
    assert not list(tmp_path.glob("*own2*"))
    with pytest.raises(MoneyRefusal, match="No such file"):
        write_paper(document, tmp_path / "x.pdf", tmp_path / "none.typ")


def test_a_picture_stands_at_the_head(document: Document, tmp_path: Path) -> None:
    picture = "PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHdpZHRoPSI5IiBoZWlnaHQ9IjkiLz4="
    document["logo"] = {"suffix": ".svg", "data": picture}
    write_paper(document, tmp_path / "logo.pdf")
    assert (tmp_path / "logo.pdf").read_bytes().startswith(b"%PDF-")
