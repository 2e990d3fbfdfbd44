"""How far a copy is."""

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
