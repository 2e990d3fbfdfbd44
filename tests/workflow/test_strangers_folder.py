"""A command that is given in a folder runs nothing that lies in it."""

import textwrap
from pathlib import Path

import pytest

from toy_session import Session


def test_workers_import_nothing_from_where_the_session_was_started(
    working: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody stands in a session's folder from elsewhere, and processes it."""
    sentinel = tmp_path / "sentinel"
    working.folder.mkdir()
    code = f"""
        from pathlib import Path

        Path({str(sentinel)!r}).touch()
        raise ImportError("this should not have been found")
    """
    for name in ("ctypes", "icestream", "numpy", "select", "signal", "json"):
        (working.folder / f"{name}.py").write_text(textwrap.dedent(code))
    monkeypatch.chdir(working.folder)
    assert working.run(
        ("src", "toy.count", {"count": 3}, {}), ("add", "toy.add", {}, {"number": "src"})
    ).complete
    assert not sentinel.exists()
