"""How far a copy is."""

import os
import time
from pathlib import Path

from icestream.facility.transfer.progress import WaitingFiles, progress
from microscope_copies import Copied, write_movie


def test_what_is_copied_what_is_left_and_why(tmp_path: Path) -> None:
    assert progress(tmp_path / "none.db") is None
    copied = Copied(tmp_path)
    movie = write_movie(copied.nas / "a.mrc")
    (copied.nas / "b.mrc").write_bytes(movie.read_bytes()[:2000])
    (copied.nas / "c").symlink_to("nowhere")
    copied.rounds(2)
    how = progress(copied.ledger)
    assert how is not None
    size = movie.stat().st_size
    assert (how.files, how.left_files, how.bytes, how.left_bytes) == (3, 2, size + 2000, 2000)
    assert how.rate > 0
    assert how.seconds_left == 2000 / how.rate
    assert {each.state for each in how.waiting} == {"settling", "failed"}
    assert (
        WaitingFiles("failed", "it is a link to nowhere, which is not there", 1, "c") in how.waiting
    )
    assert (how.outage, how.ended) == ("", False)
    copied.nas.rename(tmp_path / "away")
    copied.rounds(1)
    after = progress(copied.ledger)
    assert after is not None
    assert "is not there" in after.outage


def test_what_is_others_is_not_counted_as_copied(tmp_path: Path) -> None:
    copied = Copied(tmp_path, since=time.time() - 1000.0)
    write_movie(copied.nas / "a.mrc")
    old = write_movie(copied.nas / "old.mrc")
    os.utime(old, (1000.0, 1000.0))
    copied.rounds(2)
    assert copied.states() == {"a.mrc": "verified", "old.mrc": "older"}
    how = progress(copied.ledger)
    assert how is not None
    assert (how.files, how.left_files) == (1, 0)
