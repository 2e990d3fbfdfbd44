"""What comes in, from the folder and from the broker."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from icestream.facility.messages.folder import RequestFolder
from icestream.facility.messages.intake import (
    arrived_of_frame,
    queues_read,
    take_files,
    take_frames,
    write_out_answers,
)
from message_room import Room, frame, room, section

STATUS = {"id": "s1", "action": "status", "session": "nobody"}


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Room]:
    made = room(tmp_path, section(tmp_path, zocalo={"steps": "icestream"}))
    yield made
    made.ledger.close()


@pytest.fixture
def folder(made: Room) -> RequestFolder:
    assert made.section.folder is not None
    folder = RequestFolder(made.section, made.section.folder)
    folder.make()
    return folder


def _lay(folder: RequestFolder, name: str, document: Any) -> None:
    text = document if isinstance(document, str) else json.dumps(document)
    (folder.folder / name).write_text(text)


def _work(made: Room, folder: RequestFolder) -> None:
    take_files(made.carrying, folder)
    made.carrying.carry_out()
    write_out_answers(made.carrying)


def _answers(folder: RequestFolder, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((folder.folder / name).read_text())["answers"]
    return found


def test_a_file_is_answered_beside_it_and_on_the_queue(made: Room, folder: RequestFolder) -> None:
    _lay(folder, "ask.json", STATUS)
    _work(made, folder)
    (answer,) = _answers(folder, "taken/ask.answers.json")
    assert (answer["state"], answer["request"]) == ("refused", "s1")
    assert "none called 'nobody'" in answer["problems"][0]
    assert made.out("icestream.answers") == [answer]
    assert sorted(one.name for one in folder.folder.iterdir()) == ["refused", "taken"]


def test_a_file_that_comes_again_is_answered_again(made: Room, folder: RequestFolder) -> None:
    for _ in range(2):
        _lay(folder, "ask.json", STATUS)
        _work(made, folder)
    assert _answers(folder, "taken/ask.2.answers.json") == _answers(
        folder, "taken/ask.answers.json"
    )
    assert len(made.out("icestream.answers")) == 2
    assert len({one["id"] for one in made.out("icestream.answers")}) == 1


def test_what_is_no_request_is_moved_aside_with_the_reason(
    tmp_path: Path, folder: RequestFolder
) -> None:
    made = room(tmp_path, section(tmp_path, patience=0.001))
    folder = RequestFolder(made.section, folder.folder)
    _lay(folder, "poem.json", "roses are red")
    _lay(folder, "other.json", STATUS | {"session": "b"})
    _work(made, folder)
    _lay(folder, "again.json", STATUS | {"session": "c"})
    _work(made, folder)
    assert (folder.folder / "refused" / "poem.json").read_text() == "roses are red"
    assert "no JSON" in _answers(folder, "refused/poem.answers.json")[0]["problems"][0]
    assert "another request" in _answers(folder, "refused/again.answers.json")[0]["problems"][0]


def test_killed_before_a_file_was_moved_it_is_moved_then(
    made: Room, folder: RequestFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def killed(*_: object) -> None:
        raise Killed

    _lay(folder, "ask.json", STATUS)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", killed)
        with pytest.raises(Killed):
            take_files(made.carrying, folder)
    next_one = made.killed()
    _work(next_one, folder)
    assert sorted(one.name for one in (folder.folder / "taken").iterdir()) == [
        "ask.answers.json", "ask.json",
    ]  # fmt: skip
    assert len(next_one.out("icestream.answers")) == 1, "it was not asked again"
    next_one.ledger.close()


def test_messages_are_told_apart_by_their_queues(made: Room) -> None:
    assert queues_read(made.section) == ["icestream.requests", "processing_recipe", "icestream"]
    step = {"payload": {}, "recipe": {"1": {}}, "recipe-pointer": 1, "environment": {"ID": "e"}}
    for document, queue, headers, kind, identity, reply in (
        (STATUS, "icestream.requests", {}, "request", "id:s1", "icestream.answers"),
        (STATUS, "icestream.requests", {"reply_to": "/queue/me"}, "request", "id:s1", "me"),
        ({}, "icestream.requests", {}, "request", "content:", "icestream.answers"),
        ({"parameters": {"guid": "g"}}, "processing_recipe", {}, "zocalo", "zocalo:g", ""),
        (step, "icestream", {}, "step", "zocalo:e:", ""),
        (step, "processing_recipe", {"workflows_recipe": "True"}, "step", "zocalo:e:", ""),
    ):
        found = arrived_of_frame(frame(document, queue, **headers), made.section)
        assert (found.kind, found.reply_to) == (kind, reply)
        assert found.identity.startswith(identity)


def test_what_is_too_large_is_cut_and_refused(tmp_path: Path) -> None:
    made = room(tmp_path, section(tmp_path, largest=1024))
    take_frames(made.carrying, [frame(b'{"id": "' + b"a" * 5000 + b'"}')])
    assert len(made.ledger.inbox.due(1e12)[0].body) == 1025
    made.carrying.carry_out()
    assert made.states() == ["refused"]
    made.ledger.close()


def test_another_request_under_an_id_is_refused_once(made: Room) -> None:
    other = frame({**STATUS, "session": "x"})
    take_frames(made.carrying, [frame(STATUS), other, other])
    assert made.states() == ["refused"]


def test_answers_wait_while_the_folder_is_away(made: Room, folder: RequestFolder) -> None:
    _lay(folder, "ask.json", STATUS)
    take_files(made.carrying, folder)
    away = folder.folder.with_name("away")
    folder.folder.rename(away)
    made.carrying.carry_out()
    write_out_answers(made.carrying)
    away.rename(folder.folder)
    write_out_answers(made.carrying)
    assert _answers(folder, "taken/ask.answers.json")[0]["state"] == "refused"
