"""Sessions that were put away."""

from pathlib import Path

from icestream.server.archive import archive, is_archived, unarchive


def test_a_session_stays_put_away_until_it_is_taken_out(tmp_path: Path) -> None:
    assert not is_archived(tmp_path)
    archive(tmp_path, "ann")
    archive(tmp_path, "bob")
    assert is_archived(tmp_path)
    assert '"who": "ann"' in (tmp_path / "archived.json").read_text()
    unarchive(tmp_path)
    unarchive(tmp_path)
    assert not is_archived(tmp_path)
