"""Files of a session, and none outside of it."""

from pathlib import Path

import pytest

from icestream.report.views.folder import inside, list_folder


@pytest.fixture
def session(tmp_path: Path) -> Path:
    folder = tmp_path / "session"
    (folder / "align" / "logs").mkdir(parents=True)
    (folder / "align" / "a.mrc").write_bytes(bytes(100))
    (folder / "align" / "logs" / "a.log").write_bytes(bytes(20))
    (folder / "store.json").write_bytes(b"{}")
    (tmp_path / "secret").write_text("secret")
    (folder / "out").symlink_to(tmp_path / "secret")
    (folder / "up").symlink_to(tmp_path)
    (folder / "in").symlink_to(folder / "align")
    return folder


def test_folders_come_first_with_all_that_is_below(session: Path) -> None:
    found = list_folder(session)
    assert [(one.name, one.kind, one.bytes, one.files) for one in found.entries] == [
        ("align", "folder", 120, 2),
        ("in", "folder", 120, 2),
        ("out", "link", 0, 0),
        ("store.json", "file", 2, 1),
        ("up", "link", 0, 0),
    ]
    below = list_folder(session, "align")
    assert (below.path, [one.path for one in below.entries]) == (
        "align",
        ["align/logs", "align/a.mrc"],
    )


@pytest.mark.parametrize(
    "path", ["../secret", "/etc/passwd", "out", "up/secret", "align/../../secret", ".."]
)
def test_nothing_leads_out(session: Path, path: str) -> None:
    with pytest.raises(PermissionError):
        inside(session, path)


def test_what_is_inside_is_found(session: Path) -> None:
    assert inside(session, "in/a.mrc") == session.resolve() / "align" / "a.mrc"
    assert inside(session, "") == session.resolve()
    with pytest.raises(FileNotFoundError):
        inside(session, "align/b.mrc")
    with pytest.raises(NotADirectoryError):
        list_folder(session, "align/a.mrc")


@pytest.mark.parametrize("path", ["a" * 5000, "a\0b", "\ud800", "loop/a"])
def test_what_can_be_no_path(session: Path, path: str) -> None:
    (session / "loop").symlink_to(session / "loop")
    with pytest.raises(FileNotFoundError, match="cannot be the path"):
        inside(session, path)
