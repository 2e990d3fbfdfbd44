"""A folder is of one session and of one kind of export."""

import errno
import fcntl
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from icestream.exports.claim import MARKER, claim_folder
from icestream.store import queries
from icestream.store.records import SessionRecord
from report_session import SampleSession


@pytest.fixture
def record(tmp_path: Path) -> SessionRecord:
    sample = SampleSession(tmp_path / "session", start=1.7e9)
    found = queries.session(sample.store)
    sample.store.close()
    return replace(found, uid="abc")


def claim(out: Path, session: SessionRecord, kind: str, join: str) -> None:
    with claim_folder(out, session, kind, join):
        assert (out / MARKER).is_file()


def test_a_folder_stays_what_it_is(tmp_path: Path, record: SessionRecord) -> None:
    out = tmp_path / "out"
    claim(out, record, "RELION project", "join them")
    claim(out, record, "RELION project", "join them")
    with pytest.raises(FileExistsError, match="is a RELION project, and no folder of groups; name"):
        claim(out, record, "folder of groups", "join them")
    other = replace(record, uid="def", name="second")
    with pytest.raises(FileExistsError, match="and this is second; name .* and join them"):
        claim(out, other, "RELION project", "join them")


def test_a_marker_of_before_kinds_is_that_of_a_relion_project(
    tmp_path: Path, record: SessionRecord
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ".icestream-export").write_text('{"session": "s", "uid": "abc"}')
    claim(tmp_path / "out", record, "RELION project", "")
    (tmp_path / "out" / ".icestream-export").write_text('{"session": "s", "uid": "abc"}')
    with pytest.raises(FileExistsError, match="is a RELION project"):
        claim(tmp_path / "out", record, "folder of groups", "")


def test_somebody_elses_folder(tmp_path: Path, record: SessionRecord) -> None:
    (tmp_path / "letter.txt").touch()
    with pytest.raises(FileExistsError, match="not empty"):
        claim(tmp_path, record, "RELION project", "")


def test_one_export_is_written_at_a_time(tmp_path: Path, record: SessionRecord) -> None:
    """Of this process and of others; whoever dies lets go."""
    out = tmp_path / "out"
    asks = "import fcntl, sys; fcntl.flock(open(sys.argv[1]), fcntl.LOCK_EX | fcntl.LOCK_NB)"
    with claim_folder(out, record, "RELION project", ""):
        with pytest.raises(FileExistsError, match="another export is being written into .*: wait"):
            claim(out, record, "RELION project", "")
        words = [sys.executable, "-c", asks, str(out / MARKER)]
        other = subprocess.run(words, capture_output=True, check=False)
        assert b"BlockingIOError" in other.stderr
    claim(out, record, "RELION project", "")
    assert '"abc"' in (out / MARKER).read_text()


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS])
def test_where_a_file_system_knows_no_locks_nobody_is_seen(
    tmp_path: Path, record: SessionRecord, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, "no locks here")

    monkeypatch.setattr(fcntl, "flock", refuse)
    claim(tmp_path / "out", record, "RELION project", "")
    assert '"abc"' in (tmp_path / "out" / MARKER).read_text()
