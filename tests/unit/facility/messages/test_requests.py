"""Requests carried out: each once, answered, and nothing lost by whoever is killed."""

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from icestream.facility.messages.intake import take_frames
from icestream.facility.messages.requests import pause_after
from icestream.starting.begin import NotStarted
from icestream.store import queries
from icestream.store import tables as t
from icestream.store.open import open_store
from message_room import MONITOR, Room, entered, frame, room, section, start

CHANGE = {"verb": "set", "step": "machine", "changes": {"memory_max": 60}}


def _asked(made: Room, *documents: Any, **headers: str) -> Room:
    take_frames(made.carrying, [frame(one, **headers) for one in documents])
    made.carrying.carry_out()
    return made


@pytest.fixture
def made(tmp_path: Path) -> Room:
    return room(tmp_path, section(tmp_path))


def test_a_session_begins_and_is_answered(made: Room) -> None:
    _asked(made, start(), correlation_id="c-1")
    assert made.states() == ["accepted", "began"]
    answer = made.out("icestream.answers")[1]
    assert (answer["request"], answer["session"], answer["version"]) == ("start-night", "night", 1)
    assert made.ledger.outbox.unsent(1e12)[0].headers["correlation-id"] == "c-1"
    with closing(open_store(made.folder / "sessions" / "night", readonly=True)) as store:
        assert queries.session(store).workflow == "watch"
    assert [one.name for one in made.ledger.following.followed()] == ["night"]


def test_what_is_delivered_twice_begins_once(made: Room) -> None:
    _asked(made, start())
    _asked(made, start(), redelivered="true")
    assert made.sessions.begun == ["night"]
    assert made.states() == ["accepted", "began"], "the broker's second delivery asks nothing"
    _asked(made, start())
    assert made.sessions.begun == ["night"]
    assert made.states() == ["accepted", "began", "began"], "who asks again is answered again"
    assert len({one["id"] for one in made.out("icestream.answers")}) == 2


def test_another_request_needs_another_id(made: Room) -> None:
    _asked(made, start(), start(session="other"))
    assert made.states() == ["refused", "accepted", "began"]
    assert "that of another request" in made.out("icestream.answers")[0]["problems"][0]


def test_one_name_is_one_session(made: Room) -> None:
    _asked(made, start(), start(id="second"))
    assert made.states() == ["accepted", "began", "refused"]
    assert "already" in made.out("icestream.answers")[2]["problems"][0]
    assert made.sessions.begun == ["night"]


def test_everything_that_is_wrong_with_a_session_is_said(made: Room) -> None:
    wrong = {
        "name": "w",
        "steps": [
            {"name": "a", "protocol": "no.such"},
            {"name": "b", "protocol": "ctf.estimate", "inputs": {"micrograph": "z.micrograph"}},
        ],
    }
    _asked(made, start("a", workflow=wrong), start("b", workflow="defualt"),
           start("c", parameters={"nothing": {"x": 1}}), start("d", microscope="none",
           workflow="default", movies=str(made.folder)))  # fmt: skip
    said = [one.get("problems", []) for one in made.out("icestream.answers")]
    assert len(said[0]) >= 2
    assert "did you mean default" in said[1][0]
    assert "parameters.nothing" in said[2][0]
    assert "no microscope 'none'" in said[3][0]
    assert made.sessions.begun == []
    assert len(made.out("icestream.dead")) == 4


def test_what_cannot_be_done_now_is_tried_again_and_then_given_up(
    made: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("icestream.facility.messages.requests.pause_after", lambda _: 0.0)
    made.sessions.troubles.extend([OSError(28, "No space left on device")] * 2)
    _asked(made, start("first"))
    assert made.states() == ["accepted"]
    made.carrying.carry_out()
    made.carrying.carry_out()
    assert made.states() == ["accepted", "began"]
    made.sessions.troubles.extend([NotStarted("the session did not begin: no")] * 8)
    _asked(made, start("second"))
    for _ in range(10):
        made.carrying.carry_out()
    (dead,) = made.ledger.inbox.dead()
    assert dead.tried == 8
    assert made.states()[-1] == "given up"
    (letter,) = made.out("icestream.dead")
    assert (letter["state"], letter["message"]) == ("given up", dead.id)
    assert "did not begin" in letter["reason"]
    made.ledger.inbox.again(dead.id)
    made.carrying.carry_out()
    assert made.states()[-1] == "began"
    assert made.ledger.inbox.dead() == []


def test_pauses_grow_to_ten_minutes() -> None:
    pauses = [pause_after(tries) for tries in range(12)]
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (5.0, 600.0)
    assert 600 < sum(pauses[:7]) < 700, "ten minutes, as the facility file says of eight tries"


def test_killed_between_the_beginning_and_the_ledger_it_begins_once(made: Room) -> None:
    class Killed(BaseException):
        pass

    keep = made.ledger.following.follow

    def killed(_: object) -> None:
        raise Killed

    take_frames(made.carrying, [frame(start())])
    made.ledger.following.follow = killed  # type: ignore[method-assign,assignment]
    with pytest.raises(Killed):
        made.carrying.carry_out()
    made.ledger.following.follow = keep  # type: ignore[method-assign]
    next_one = made.killed()
    assert next_one.states() == ["accepted"]
    next_one.carrying.carry_out()
    assert next_one.states() == ["accepted", "began"]
    assert made.sessions.begun == ["night"], "the session was there, and was not begun again"


def test_killed_before_the_beginning_it_begins_then(made: Room) -> None:
    class Killed(BaseException):
        pass

    take_frames(made.carrying, [frame(start())])
    made.sessions.troubles.append(Killed())  # type: ignore[arg-type]
    with pytest.raises(Killed):
        made.carrying.carry_out()
    next_one = made.killed()
    next_one.carrying.carry_out()
    assert next_one.states() == ["accepted", "began"]
    assert made.sessions.begun == ["night", "night"]


def test_a_session_is_asked_and_answers(made: Room) -> None:
    _asked(made, start())
    ask = {"id": "a", "action": "ask", "session": "night", "request": CHANGE}
    stop = {"id": "b", "action": "ask", "session": "night", "request": {"verb": "stop"}}
    none = {"id": "c", "action": "ask", "session": "night", "request": {"verb": "stpo"}}
    status = {"id": "d", "action": "status", "session": "night"}
    away = {"id": "e", "action": "status", "session": "nihgt"}
    _asked(made, ask, stop, none, status, away)
    answers = {one["id"].removeprefix("id:"): one for one in made.out("icestream.answers")[2:]}
    assert set(answers) == {"a:accepted", "a:done", "b:refused", "c:refused", "d:done", "e:refused"}
    assert "no process runs this session" in answers["b:refused"]["problems"][0]
    assert "did you mean stop" in answers["c:refused"]["problems"][0]
    assert answers["d:done"]["status"]["workflow"] == "watch"
    assert "none called 'nihgt'" in answers["e:refused"]["problems"][0]


def test_a_request_is_asked_of_the_session_once(made: Room) -> None:
    _asked(made, start())
    take_frames(made.carrying, [frame({
        "id": "a", "action": "ask", "session": "night",
        "request": CHANGE})])  # fmt: skip

    class Killed(BaseException):
        pass

    def killed(*_: object, **__: object) -> None:
        raise Killed

    keep, made.ledger.inbox.move = made.ledger.inbox.move, killed  # type: ignore[method-assign,assignment]
    with pytest.raises(Killed):
        made.carrying.carry_out()
    made.ledger.inbox.move = keep  # type: ignore[method-assign]
    next_one = made.killed()
    next_one.carrying.carry_out()
    assert next_one.states()[-1] == "done"
    with closing(open_store(made.folder / "sessions" / "night", readonly=True)) as store:
        assert len(queries.revisions(store, "machine")) == 2


def test_folders_outside_are_refused(tmp_path: Path) -> None:
    inside = tmp_path / "data"
    (inside / "a").mkdir(parents=True)
    (inside / "link").symlink_to("/etc")
    sessions = entered(tmp_path / "sessions", within=(inside,))
    made = room(tmp_path, section(tmp_path), sessions)
    for number, movies in enumerate(["/etc", str(inside / "link"), f"{inside}/../x"]):
        _asked(made, start(f"s{number}", workflow="default", movies=movies))
    assert made.states() == ["refused"] * 3
    assert all("is in none of" in one["problems"][0] for one in made.out("icestream.answers"))
    _asked(made, start("good", workflow="default", movies=str(inside / "a"),
                       acquisition={"pixel_size": 1.0}))  # fmt: skip
    assert made.states()[-1] == "began"


def test_movies_of_zocalo_come_to_one_session(tmp_path: Path) -> None:
    made = room(tmp_path, section(tmp_path, zocalo={}))
    raw = tmp_path / "raw"
    raw.mkdir()

    def movie(name: str, **more: Any) -> dict[str, Any]:
        parameters = {"dcid": 3, "movie": f"{raw}/GridSquare_1/Data/{name}_fractions.tiff", **more}
        return {"recipes": ["em-spa-preprocess"], "parameters": parameters}

    documents = [movie("a"), movie("b"), movie("a"), movie("c", movie="/else/c_fractions.tiff")]
    take_frames(made.carrying, [frame(one, "processing_recipe", reply_to="/queue/me")
                                for one in documents])  # fmt: skip
    made.carrying.carry_out()
    assert made.sessions.begun == ["em-spa-preprocess-3"]
    assert made.states("me") == ["accepted", "began", "done", "refused"]
    assert "is not among" in made.out("me")[-1]["problems"][0]
    assert made.out("icestream.answers") == []


def test_a_step_of_a_recipe_begins_a_session_and_goes_on(tmp_path: Path) -> None:
    made = room(tmp_path, section(tmp_path, zocalo={"steps": "icestream"}))
    asked = {key: value for key, value in start().items() if key not in ("id", "action")}
    recipe = {
        "1": {"queue": "icestream", "parameters": asked, "output": {"began": 2}},
        "2": {"queue": "next"},
    }
    step = {"payload": {}, "recipe": recipe, "recipe-pointer": 1, "environment": {"ID": "e"}}
    take_frames(made.carrying, [frame(step, "icestream", workflows_recipe="True")])
    made.carrying.carry_out()
    (on,) = made.out("next")
    assert (on["recipe-pointer"], on["payload"]["session"]) == (2, "night")


def test_answers_to_all_say_nothing_of_confidential_sessions(tmp_path: Path) -> None:
    sessions = entered(tmp_path / "sessions", secret=lambda folder, project: project == "X1")
    made = room(tmp_path, section(tmp_path), sessions)
    _asked(made, start("drug", project="X1"))
    _asked(made, start("mine", project="X1"), reply_to="/queue/me")
    assert made.states() == ["accepted", "began"]
    shown = made.out("icestream.answers")
    assert all(one.keys() == {"version", "id", "request", "state", "time"} for one in shown)
    assert made.out("me")[1]["session"] == "mine"
    _asked(made, start("drug", id="wrong", project="X1"))
    (letter,) = made.out("icestream.dead")
    assert (letter["body"], letter["reason"]) == ("", "")


def test_over_the_broker_no_more_is_said_of_a_confidential_session_than_that_it_runs(
    tmp_path: Path,
) -> None:
    sessions = entered(tmp_path / "sessions", secret=lambda folder, project: bool(folder))
    made = room(tmp_path, section(tmp_path), sessions)
    _asked(made, start())
    _asked(made, {"id": "q", "action": "status", "session": "night"}, reply_to="/queue/me")
    assert made.out("me")[0]["status"].keys() == {"id", "state", "running"}


def test_further_movies_wait_for_the_session_that_is_about_to_begin(tmp_path: Path) -> None:
    made = room(tmp_path, section(tmp_path, zocalo={}))
    (tmp_path / "raw").mkdir()
    made.sessions.troubles.append(OSError(28, "full"))
    documents = [
        {
            "recipes": ["em-spa-preprocess"],
            "parameters": {"dcid": 3, "movie": f"{tmp_path}/raw/{name}.tiff"},
        }
        for name in "ab"
    ]
    take_frames(made.carrying, [frame(one, "processing_recipe") for one in documents])
    made.carrying.carry_out()
    assert [one.state for one in made.ledger.inbox.newest(2)] == ["new", "accepted"]
    made.carrying.carry_out(1e12)
    assert [one.state for one in made.ledger.inbox.newest(2)] == ["done", "done"]
    assert made.sessions.begun == ["em-spa-preprocess-3"] * 2


def test_a_workflow_file_begins_a_session_of_its_name(made: Room) -> None:
    import json

    from icestream.facility.messages.inbox import ArrivedMessage

    body = json.dumps(MONITOR).encode()
    made.ledger.inbox.receive(ArrivedMessage(
        identity="workflow:1", digest="1", kind="workflow", source="folder", body=body,
        headers={"file": "Night 7é.json"}))  # fmt: skip
    made.carrying.carry_out()
    assert made.sessions.begun == ["Night-7-"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"recipe-pointer": 1},
        {"payload": {}, "recipe": {}, "recipe-pointer": 1, "recipe-path": 3},
        b'{"id": "\\ud800", "action": "status", "session": "night"}',
        b'{"id": "a\\u0000", "action": "status", "session": "night"}',
        b'{"id": "a", "action": "status", "session": "night", "x": 1e999}',
    ],
)
def test_what_nobody_can_read_is_refused_and_keeps_nobody_up(made: Room, wrong: Any) -> None:
    """With a letter that is none, or as the step of a recipe that it is not."""
    _asked(made, wrong, wrong, start(), workflows_recipe="True")
    made.carrying.carry_out()
    assert made.sessions.begun == ["night"]
    counts = made.ledger.counts()
    assert (counts["refused"], counts["done"]) == (1, 1)


def test_a_session_that_was_stopped_takes_no_more_movies_of_zocalo(tmp_path: Path) -> None:
    made = room(tmp_path, section(tmp_path, zocalo={}))
    (tmp_path / "raw").mkdir()

    def ask(name: str) -> None:
        parameters = {"dcid": 3, "movie": f"{tmp_path}/raw/{name}_fractions.tiff"}
        asked = {"recipes": ["em-spa-preprocess"], "parameters": parameters}
        take_frames(made.carrying, [frame(asked, "processing_recipe", reply_to="/queue/me")])
        made.carrying.carry_out()

    ask("a")
    folder = made.folder / "sessions" / "em-spa-preprocess-3"
    with closing(open_store(folder)) as store, store.write() as connection:
        connection.execute(t.session.update().values(state="stopped", reason="by lea"))
    ask("b")
    assert made.states("me")[-1] == "refused"
    assert "em-spa-preprocess-3 has ended: let it go on" in made.out("me")[-1]["problems"][0]


def test_a_request_that_names_a_confidential_session_is_not_repeated_to_all(
    tmp_path: Path,
) -> None:
    sessions = entered(tmp_path / "sessions", secret=lambda folder, _: folder.endswith("night"))
    made = _asked(room(tmp_path, section(tmp_path), sessions), start())
    wrong = {"id": "c", "action": "ask", "session": "night", "request": {"verb": "stpo"}}
    _asked(made, wrong)
    (dead,) = made.out("icestream.dead")
    assert (dead["body"], dead["reason"]) == ("", "")
    assert "problems" not in made.out("icestream.answers")[-1]
