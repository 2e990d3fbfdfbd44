"""A session is itself wherever its folder is, and a copy of it is another on this machine."""

import subprocess
from pathlib import Path

from icestream.engine.requests.models import Pause
from icestream.engine.requests.send import answer_of, send
from icestream.store import queries, sqlite
from icestream.store.open import FILE
from toy_session import Session, wait_for

OPEN = ("src", "toy.count", {"count": 2, "close": False}, {})
ALL = ("src", "toy.count", {"count": 2}, {})


def test_a_moved_session_keeps_its_uid_and_says_where_it_was(session: Session) -> None:
    session.run(ALL, ("a", "toy.add", {}, {"number": "src"}))
    before = queries.session(session.store())
    session.close()
    there = session.folder.with_name("there")
    session.folder.rename(there)
    moved = Session(there, session.url)
    moved.run(ALL, ("a", "toy.add", {}, {"number": "src"}))
    assert queries.session(moved.store()).uid == before.uid != ""
    assert [Path(one.folder).name for one in queries.epochs(moved.store())] == ["session", "there"]
    moved.close()


def test_a_copy_and_its_original_leave_each_other_alone(working: Session, tmp_path: Path) -> None:
    """They have one uid; each ends its own programs only, and hears its own requests."""
    seconds = 3607.25
    steps = OPEN, ("say", "toy.echo", {"seconds": seconds}, {"number": "src"})
    original = working.start(*steps)
    wait_for(lambda: len(_processes(f"sleep {seconds}")) == 2)
    programs = set(_processes(f"sleep {seconds}"))
    copy = Session(tmp_path / "copy", workers=True)
    copy.folder.mkdir()
    sqlite.copy(working.folder / FILE, copy.folder / FILE)
    copied = copy.start(*steps)  # and what ran then is put right, as after a crash
    assert answered(copy, Pause()) == "the session: pause"
    assert programs <= set(_processes(f"sleep {seconds}"))
    uid = queries.session(working.store()).uid
    assert queries.session(copy.store()).uid == uid
    assert queries.session(copy.store()).state == "paused"
    assert queries.session(working.store()).state == "running"
    assert answered(working, Pause(step="say")) == "say: pause"
    assert [queries.step(one.store(), "say").state for one in (working, copy)] == [
        "paused",
        "running",
    ]
    copied.stop(drain=False)
    assert programs <= set(_processes(f"sleep {seconds}"))
    original.stop(drain=False)
    copy.close()


def answered(session: Session, request: Pause) -> str:
    token = send(session.folder, request)
    state, answer = answer_of(session.folder, token, timeout=60.0)
    assert state == "done", answer
    return answer


def _processes(word: str) -> list[int]:
    """Numbers of the processes whose command line is `word`."""
    listed = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True)
    lines = [line.split(None, 1) for line in listed.stdout.splitlines()]
    return [int(line[0]) for line in lines if line[1:] == [word]]
