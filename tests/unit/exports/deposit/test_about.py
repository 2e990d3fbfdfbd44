"""What people say of a session."""

from pathlib import Path

import pytest

from deposited import WHOLE
from icestream.exports.deposit.about import ABOUT, About, AboutError, read_about


def test_nothing_is_said_where_there_is_no_file(tmp_path: Path) -> None:
    assert read_about(tmp_path) == About()
    with pytest.raises(FileNotFoundError):
        read_about(tmp_path, tmp_path / "about.toml")


def test_the_file_of_the_session_or_another(tmp_path: Path) -> None:
    (tmp_path / ABOUT).write_text(WHOLE)
    about = read_about(tmp_path)
    assert about.authors[1].last == "O'Neill"
    assert about.authors[0].corresponding
    (tmp_path / "other.json").write_text('{"title": "Another title of it"}')
    assert read_about(tmp_path, tmp_path / "other.json").title == "Another title of it"


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / ABOUT).write_text(
        'titel = "x"\nrelease = "NOW"\n[[authors]]\nfirst = "Ada"\nlast = "L"\norcid = "1"\n'
    )
    with pytest.raises(AboutError) as told:
        read_about(tmp_path)
    said = str(told.value)
    assert str(tmp_path / ABOUT) in said
    assert "titel" in said
    assert "(it is 'NOW')" in said
    assert "authors.0.orcid" in said


@pytest.mark.parametrize("name", ["a.toml", "a.json"])
def test_what_is_neither_toml_nor_json(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("title = = 3 {")
    with pytest.raises(AboutError, match=name):
        read_about(tmp_path, tmp_path / name)


@pytest.mark.parametrize("name", ["a.toml", "a.json"])
def test_what_is_no_text(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes('title = "Ångström of old"'.encode("latin-1"))
    with pytest.raises(AboutError, match="no text in UTF-8"):
        read_about(tmp_path, tmp_path / name)
