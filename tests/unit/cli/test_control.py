"""`icestream pause`, `resume`, `stop`, `abort`."""

import contextlib
import json
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, update

import old_session
from icestream.cli import app, control
from icestream.cli.control import ask, run_again
from icestream.cli.terminal import called
from icestream.engine.graph.workflow import Step, Workflow
from icestream.engine.machine.lock import hold
from icestream.engine.machine.naming import name_here
from icestream.engine.requests import commands
from icestream.engine.requests.doorbell import Doorbell
from icestream.engine.requests.models import Pause, read_request
from icestream.store import tables as t
from icestream.store.migrate import OlderStore
from icestream.store.open import NoStore, open_store
from report_session import SampleSession


@pytest.fixture
def session(tmp_path: Path) -> Path:
    """A session that no process runs."""
    sample = SampleSession(tmp_path / "session", start=1.7e9)
    sample.store.close()
    return sample.folder


@pytest.fixture
def answering(session: Path) -> Iterator[Callable[[str, str], None]]:
    """Let a process run the session that gives each request the same answer."""
    around = contextlib.ExitStack()

    def start(state: str, answer: str) -> None:
        def rung() -> None:
            store = open_store(session)
            with store.write() as connection:
                connection.execute(update(t.request).values(state=state, answer=answer))
            store.close()

        around.enter_context(hold(session))
        around.enter_context(contextlib.closing(Doorbell(name_here("", session), rung)))

    with around:
        yield start


def _asked(session: Path) -> list[tuple[str, dict[str, object]]]:
    store = open_store(session, readonly=True)
    with store.read() as connection:
        rows = connection.execute(select(t.request.c.verb, t.request.c.document)).all()
    store.close()
    return [
        (verb, {name: value for name, value in json.loads(text).items() if value})
        for verb, text in rows
    ]


@pytest.mark.parametrize("verb", ["pause", "resume", "stop", "abort"])
def test_each_reaches_the_session(
    session: Path,
    verb: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(control, "_PATIENCE", 0.0)
    command = getattr(control, verb)
    with hold(session):
        assert command(session) == 1  # nobody answers
        assert command(session, "ctf", downstream=True) == 1
    assert _asked(session) == [
        (verb, {}),
        (verb, {"step": "ctf", "downstream": True}),
    ]


def test_what_failed_is_tried_again_now_or_in_the_next_run(
    session: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert control.retry(session) == 0
    assert "nothing has failed" in capsys.readouterr().out
    assert _asked(session) == []
    with contextlib.closing(open_store(session)) as store, store.write() as connection:
        connection.execute(update(t.counter).values(failed=2))
    assert control.retry(session, "ctf") == 0
    said = capsys.readouterr().out
    assert "it will be done when the session is run again" in said
    assert f"--session {session}" in said
    assert control.retry(session, "cft") == 1
    assert "no step 'cft' in this session" in capsys.readouterr().out
    monkeypatch.setattr(control, "_PATIENCE", 0.0)
    with hold(session):
        assert control.retry(session) == 1  # nobody answers
    assert _asked(session) == [("retry", {"step": "ctf"}), ("retry", {})]


def test_a_source_is_given_up_now_or_in_the_next_run(
    session: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert control.give_up(session, why="dead") == 0
    assert "it will be done when the session is run again" in capsys.readouterr().out
    assert _asked(session) == [("give-up", {"why": "dead"})]


def test_which_exposures_go_first_is_asked_for(session: Path) -> None:
    assert control.order(session, "both", why="a backlog") == 0
    assert _asked(session) == [("order", {"order": "both", "why": "a backlog"})]


@pytest.mark.parametrize("verb", ["pause", "resume"])
def test_a_step_is_held_or_let_go_in_the_next_run(
    session: Path, verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert getattr(control, verb)(session, "ctf") == 0
    assert _asked(session) == [(verb, {"step": "ctf"})]
    said = capsys.readouterr().out
    assert "no process runs this session now" in said
    assert f"--session {session}" in said


@pytest.mark.parametrize("running", [True, False])
@pytest.mark.parametrize(
    ("verb", "arguments", "said"),
    [
        ("pause", {"step": "cft"}, "no step 'cft' in this session; it has import"),
        ("stop", {"step": "cft"}, "no step 'cft'"),
        ("reject", {"exposures": ["nobody"], "why": ""}, "no exposure 'nobody'"),
        ("acknowledge", {"alert": 99}, "no alert 99 in this session"),
        ("rearm", {"key": "no.such"}, "no alert was called 'no.such'"),
    ],
)
def test_what_the_session_does_not_have_is_refused_at_once(
    session: Path,
    capsys: pytest.CaptureFixture[str],
    running: bool,
    verb: str,
    arguments: dict[str, object],
    said: str,
) -> None:
    with hold(session) if running else contextlib.nullcontext():
        assert ask(session, read_request(arguments, verb=verb)) == 1
    assert _asked(session) == []
    assert said in capsys.readouterr().out


@pytest.mark.parametrize("step", [None, "ctf"])
@pytest.mark.parametrize("verb", ["stop", "abort"])
def test_a_session_that_nobody_runs_is_not_ended_later(
    session: Path, verb: str, step: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    """Left in the store, the request would end the session as soon as it goes on."""
    assert getattr(control, verb)(session, step) == 0
    assert _asked(session) == []
    assert "nothing to end" in capsys.readouterr().out


def test_a_session_that_nobody_runs_is_not_paused_later(
    session: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert control.pause(session) == 0
    assert _asked(session) == []
    assert "nothing to pause" in capsys.readouterr().out


def test_the_answer_is_printed(
    session: Path,
    answering: Callable[[str, str], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    answering("done", "the session is paused")
    assert ask(session, Pause()) == 0
    assert capsys.readouterr().out == "the session is paused\n"


def test_a_refusal_is_told_by_the_status_too(
    session: Path,
    answering: Callable[[str, str], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    answering("refused", "it is done")
    assert ask(session, Pause(step="ctf")) == 1
    assert "it is done" in capsys.readouterr().out


def test_a_session_that_does_not_answer(
    session: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(control, "_PATIENCE", 0.05)
    with hold(session):
        assert ask(session, Pause()) == 1
    assert "has not answered" in capsys.readouterr().out


def test_a_folder_without_a_session(tmp_path: Path) -> None:
    with pytest.raises(NoStore):
        control.pause(tmp_path)


def test_a_session_of_another_version_is_told_in_one_sentence(tmp_path: Path) -> None:
    old_session.restore(tmp_path / "session")
    with pytest.raises(OlderStore, match="was run by an earlier version") as refused:
        control.resume(tmp_path / "session", "share")
    assert app._foreseen(refused.value)


def test_how_to_make_a_session_go_on(session: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The very words; a session without files is run by its workflow."""
    files = Workflow(
        name="one",
        steps=(Step(name="import", protocol="movies.import", parameters={"pattern": "/a/**/*.b"}),),
    )
    monkeypatch.setattr(commands, "session_workflow", lambda store: files)
    assert shlex.split(run_again(session)) == [
        *(called(), "process", "/a/**/*.b", "--out", str(session))
    ]
    watching = {"pattern": "/a", "watch": True, "idle_timeout": 60.0}
    watched = Workflow(
        name="one", steps=(Step(name="import", protocol="movies.import", parameters=watching),)
    )
    monkeypatch.setattr(commands, "session_workflow", lambda store: watched)
    monkeypatch.chdir(session.parent)
    assert shlex.split(run_again(Path(session.name))) == [
        *(called(), "process", "/a", "--out", str(session), "--watch", "--idle-timeout", "60")
    ]
    monkeypatch.setattr(commands, "session_workflow", lambda store: Workflow(name="no", steps=()))
    assert run_again(session).endswith(f"--session {session}")
