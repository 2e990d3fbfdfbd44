"""Sessions that messages begin, in processes of their own."""

import json
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from icestream.engine.machine.lock import holder
from icestream.facility.messages.documents import AskSession, StartSession, UnreadableRequest
from icestream.facility.messages.sessions import (
    OwnSessions,
    ask_session,
    asked_answer,
    has_begun,
    status_of,
    workflow_of_request,
)
from icestream.protocol import Registry
from icestream.settings import load
from icestream.store.open import open_store
from icestream.store.requests import requests

WAITS = {"name": "waits", "steps": [{"name": "import", "protocol": "movies.import"}]}


def _asked(**more: Any) -> StartSession:
    return StartSession.model_validate({"id": "a", "session": "night", "workflow": WAITS, **more})


@pytest.mark.slow
def test_a_session_begins_is_asked_and_ends(tmp_path: Path) -> None:
    movies = tmp_path / "movies"
    movies.mkdir()
    sessions = OwnSessions(tmp_path / "sessions", load().settings)
    planned = sessions.plan(_asked(movies=str(movies)))
    sessions.begin(planned)
    assert has_begun(planned.folder)
    assert holder(planned.folder)
    sessions.begin(planned)  # after a kill: it goes on as it is
    said = json.loads((planned.folder / "logs" / "request.json").read_text())
    assert said["id"] == "a"
    assert status_of(planned.folder, "night", time.time())["running"]
    asked = AskSession(id="b", session="night", request={"verb": "stop", "why": "full"})
    for _ in range(2):
        ask_session(planned.folder, asked, "lea (queue q)", "message:b")
    for _ in range(600):
        if asked_answer(planned.folder, "message:b")[0] != "new" and not holder(planned.folder):
            break
        time.sleep(0.1)
    with closing(open_store(planned.folder, readonly=True)) as store:
        (request,) = requests(store)
    assert (request.who, request.state) == ("lea (queue q)", "done")
    with pytest.raises(UnreadableRequest, match="there is one called 'night' already"):
        sessions.plan(_asked(movies=str(movies)))
    assert sessions.folder_of("night") == planned.folder
    assert sessions.folder_of("../night") is None


def test_what_is_said_of_movies_goes_to_the_step_that_brings_them(tmp_path: Path) -> None:
    made = workflow_of_request(
        _asked(
            movies=str(tmp_path), acquisition={"pixel_size": 0.9}, idle_timeout=60,
            parameters={"import": {"voltage": 200}},
        ),
        tmp_path / "s", Registry(), load().settings,
    )  # fmt: skip
    assert dict(made.step("import").parameters) == {
        "pattern": str(tmp_path), "pixel_size": 0.9, "voltage": 200, "watch": True,
        "idle_timeout": 60.0,
    }  # fmt: skip


def test_workflows_of_the_site_go_before_those_that_are_shipped(tmp_path: Path) -> None:
    (tmp_path / "default.json").write_text(json.dumps(WAITS))
    arguments = (tmp_path / "s", Registry(), load().settings, tmp_path)
    asked = _asked(workflow="default", movies=str(tmp_path))
    assert workflow_of_request(asked, *arguments).name == "waits"
    with pytest.raises(UnreadableRequest, match="is a path"):
        workflow_of_request(_asked(workflow="../default"), *arguments)


def test_odd_values_are_refused_unless_they_are_meant(tmp_path: Path) -> None:
    odd = {"movies": str(tmp_path), "acquisition": {"pixel_size": 0.01}}
    arguments = (tmp_path / "s", Registry(), load().settings)
    with pytest.raises(UnreadableRequest, match="unusual"):
        workflow_of_request(_asked(**odd), *arguments)
    workflow_of_request(_asked(**odd, as_given=True), *arguments)


def test_where_there_is_no_session_that_is_said(tmp_path: Path) -> None:
    assert not has_begun(tmp_path)
    with pytest.raises(UnreadableRequest):
        status_of(tmp_path, "s", 0.0)
    with pytest.raises(UnreadableRequest, match="pause cannot be asked like this"):
        ask_session(
            tmp_path, AskSession(id="b", session="s", request={"verb": "pause", "x": 1}), "w", "t"
        )
