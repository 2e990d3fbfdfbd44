"""Removing at the source what a verified copy holds."""

from pathlib import Path

import pytest

from icestream.facility.transfer.copying import Rules
from microscope_copies import Copied, write_movie

HOUR = 3600.0


@pytest.fixture
def copied(tmp_path: Path) -> Copied:
    made = Copied(tmp_path, Rules(settle=5.0, clean_after=HOUR))
    for name in ("a.mrc", "b.mrc", "c.mrc", "d.mrc"):
        write_movie(made.nas / "disc" / name)
    made.rounds()
    return made


def test_nothing_is_removed_by_default(tmp_path: Path) -> None:
    copied = Copied(tmp_path)
    write_movie(copied.nas / "a.mrc")
    copied.rounds()
    copied.rounds(3, step=1000 * HOUR)
    assert (copied.nas / "a.mrc").exists()


def test_only_what_is_old_unchanged_and_right_is_removed(copied: Copied) -> None:
    assert copied.rounds(1).cleaned == 0
    write_movie(copied.nas / "disc" / "a.mrc", seed=9)
    (copied.raw / "disc" / "b.mrc").write_bytes(b"rotten")
    (copied.raw / "disc" / "c.mrc").unlink()
    copied.copying.ledger.put(1, due=copied.now + 100 * HOUR)
    assert copied.rounds(1, step=2 * HOUR).cleaned == 1
    assert sorted(path.name for path in (copied.nas / "disc").iterdir()) == [
        "a.mrc", "b.mrc", "c.mrc",
    ]  # fmt: skip
    assert "holds something else than it did" in copied.why("disc/b.mrc")
    assert "cannot be read" in copied.why("disc/c.mrc")
    assert copied.states()["disc/d.mrc"] == "cleaned"


def test_what_was_kept_is_tried_again(copied: Copied) -> None:
    copy = copied.raw / "disc" / "b.mrc"
    whole = copy.read_bytes()
    copy.write_bytes(b"rotten")
    copied.rounds(1, step=2 * HOUR)
    copy.write_bytes(whole)
    copied.rounds(1, step=2 * HOUR)
    assert set(copied.states().values()) == {"cleaned"}
    assert not list((copied.nas / "disc").iterdir())


def test_a_new_file_of_a_removed_name_does_not_replace_the_copy(copied: Copied) -> None:
    copied.rounds(1, step=2 * HOUR)
    before = (copied.raw / "disc" / "a.mrc").read_bytes()
    write_movie(copied.nas / "disc" / "a.mrc", seed=9)
    copied.again()
    copied.rounds(3)
    assert "another file of that name is in the copy" in copied.why("disc/a.mrc")
    assert (copied.raw / "disc" / "a.mrc").read_bytes() == before
