"""The parts of a session that are backed up."""

from pathlib import Path

import pytest

from icestream.facility.backup.parts import Parts, What
from icestream.facility.backup.tree import FoundFile


@pytest.mark.parametrize(
    ("name", "skipped"),
    [
        ("align/a.mrc", False),
        ("icestream.db", False),
        ("icestream.db-wal", True),
        (".scratch/x", True),
        ("coordinator.lock", True),
        ("store.json", True),
        (".facility", False),
        (".facility/sink-ispyb.db", False),
        (".facility/sink-ispyb.db-shm", True),
        (".facility/backup-usb.db", True),
        ("movies/x.tmp", True),
    ],
)
def test_what_is_left_out(tmp_path: Path, name: str, skipped: bool) -> None:
    parts = Parts(What(session="s", processing=tmp_path), ("processing", "movies"), ("*.tmp",))
    assert parts.skips(name) is skipped
    assert parts.of("movies") is None


def test_what_waits_is_what_is_not_held(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).touch()
    part = Parts(What(session="s", processing=tmp_path), ("processing",), ()).of("processing")
    assert part is not None
    part.look(lambda name, _: name == "processing/a")
    assert list(part.waiting) == ["b"]
    part.done("b")
    assert not part.waiting
    assert part.keeps(FoundFile("align/a", 1, 1))
    assert not part.keeps(FoundFile("report/index.html", 1, 1))


def test_movies_of_others_are_left_out_of_a_folder_that_all_share(tmp_path: Path) -> None:
    for name in ("lea_1/a.mrc", "tom_1/a.mrc", "b.mrc"):
        (tmp_path / "nas" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "nas" / name).touch()
    what = What(session="s", processing=tmp_path, movies=tmp_path / "nas", within="lea*")
    movies = Parts(what, ("movies",), ()).of("movies")
    assert movies is not None
    movies.look(lambda *_: False)
    assert list(movies.waiting) == ["lea_1/a.mrc"]
