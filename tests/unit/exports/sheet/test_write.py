"""The template is set with whatever a session holds."""

from pathlib import Path

import pytest

from icestream.exports.sheet import export_sheet, methods_text
from icestream.store import tables as t
from report_session import SampleSession


@pytest.fixture
def session(tmp_path: Path) -> SampleSession:
    return SampleSession(tmp_path / "session", start=1.7e9)


def test_a_whole_session_is_a_pdf(session: SampleSession, tmp_path: Path) -> None:
    session.grow(30)
    session.classify()
    session.reconstruct()
    export_sheet(session.folder, tmp_path / "new" / "sheet.pdf")
    written = (tmp_path / "new" / "sheet.pdf").read_bytes()
    assert written.startswith(b"%PDF-")
    assert written.count(b"/Subtype/Image") + written.count(b"/Subtype /Image") >= 4
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["sheet.pdf"]


def test_the_methods_alone_with_their_sources(session: SampleSession) -> None:
    assert methods_text(session.folder).endswith("\n")
    session.grow(6)
    said, _, cited = methods_text(session.folder).partition("\n\nSources\n")
    assert "of 6 micrographs were kept" in said
    assert "\n" not in said.strip()
    assert cited.splitlines() == list(dict.fromkeys(cited.splitlines()))
    assert any("doi" in source for source in cited.splitlines())


def test_an_empty_session_is_a_pdf_too(session: SampleSession, tmp_path: Path) -> None:
    export_sheet(session.folder, tmp_path / "sheet.pdf")
    assert (tmp_path / "sheet.pdf").read_bytes().startswith(b"%PDF-")


def test_names_are_words_and_not_markup(session: SampleSession, tmp_path: Path) -> None:
    session.grow(3)
    hostile = '#panic("x") $ [ " \\ */ @nothing <label> \u4e2d\u6587'
    with session.store.write() as connection:
        connection.execute(t.session.update().values(name=hostile))
    export_sheet(session.folder, tmp_path / "sheet.pdf")
    assert (tmp_path / "sheet.pdf").read_bytes().startswith(b"%PDF-")


def test_an_older_sheet_is_replaced_only_by_a_whole_one(
    session: SampleSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "sheet.pdf"
    out.write_bytes(b"older")

    def fail(template: Path, unfinished: Path) -> None:
        unfinished.write_bytes(b"%PDF-half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("icestream.exports.sheet.write._compile", fail)
    with pytest.raises(OSError, match="No space left"):
        export_sheet(session.folder, out)
    assert out.read_bytes() == b"older"
    assert [path.name for path in tmp_path.glob("*.pdf*")] == ["sheet.pdf"]
