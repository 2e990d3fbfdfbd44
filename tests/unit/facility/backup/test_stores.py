"""Stores in a backup."""

import sqlite3
from pathlib import Path

from icestream.facility.backup.stores import is_part_of_a_store, named_files, snapshot, stamp
from icestream.store.open import FILE
from report_session import SampleSession


def test_a_session_s_store_is_copied_whole(tmp_path: Path) -> None:
    sample = SampleSession(tmp_path / "s", start=1e9)
    sample.grow(2)
    before = stamp(sample.folder / FILE)
    made = snapshot(sample.folder, FILE, tmp_path / "held")
    assert made == tmp_path / "held" / FILE
    with sqlite3.connect(made) as copy:
        count = copy.execute("SELECT COUNT(*) FROM exposure").fetchone()[0]
    copy.close()
    assert count == 2
    named = set(named_files(made.parent))
    assert all((sample.folder / name).exists() for name in named)
    sample.grow(1)
    assert stamp(sample.folder / FILE) != before
    sample.store.close()
    assert is_part_of_a_store(f"{FILE}-wal")
    assert not is_part_of_a_store(FILE)


def test_a_store_in_postgresql_becomes_a_file(postgres: str, tmp_path: Path) -> None:
    sample = SampleSession(tmp_path / "s", start=1e9, url=postgres)
    sample.grow(2)
    made = snapshot(sample.folder, FILE, tmp_path / "held")
    with sqlite3.connect(made) as copy:
        assert copy.execute("SELECT COUNT(*) FROM exposure").fetchone()[0] == 2
    copy.close()
    assert [path.name for path in made.parent.iterdir()] == [FILE]
    sample.store.close()
