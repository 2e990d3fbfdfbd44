"""The watched folder: what is whole is taken, what is strange is refused, nothing is lost."""

import json
import os
import time
from pathlib import Path

import pytest

from icestream.facility.messages.folder import FolderFile, RequestFolder, write_answers
from icestream.facility.messages.kinds import MessagesSection


def _folder(path: Path, **more: object) -> RequestFolder:
    section = MessagesSection.model_validate({"folder": str(path), "settle": 0, **more})
    made = RequestFolder(section, path)
    made.make()
    return made


def _laid(folder: RequestFolder, name: str | bytes, content: bytes = b'{"id": "a"}') -> Path:
    path = folder.folder / os.fsdecode(name)
    path.write_bytes(content)
    return path


def _one(folder: RequestFolder) -> FolderFile:
    (found,) = folder.look()
    return found


def test_a_file_is_taken_when_it_is_not_changed_any_more(tmp_path: Path) -> None:
    folder = _folder(tmp_path, settle=0.3)
    path = _laid(folder, "a.json", b'{"id": "a",')
    assert list(folder.look()) == [], "it is too new"
    time.sleep(0.35)
    assert list(folder.look()) == [], "it is not whole, and may become so"
    with path.open("ab") as file:
        file.write(b' "action": "status"}')
    assert list(folder.look()) == []
    time.sleep(0.35)
    found = _one(folder)
    assert found.arrived is not None
    assert (found.arrived.identity, found.arrived.kind) == ("id:a", "request")
    assert found.arrived.who


def test_what_never_becomes_whole_is_refused(tmp_path: Path) -> None:
    folder = _folder(tmp_path, patience=0.2)
    _laid(folder, "half.json", b'{"id": ')
    assert list(folder.look()) == []
    time.sleep(0.25)
    found = _one(folder)
    assert found.arrived is None
    assert "no JSON" in found.problems[0]


@pytest.mark.parametrize(
    "name", [".hidden.json", "a.json.part", "a.json~", "notes.txt", "a.tmp", ".a.json.Xy12"]
)
def test_other_files_stay_where_they_are(tmp_path: Path, name: str) -> None:
    folder = _folder(tmp_path)
    _laid(folder, name)
    assert list(folder.look()) == []


def test_links_devices_and_large_files_are_refused_unread(tmp_path: Path) -> None:
    folder = _folder(tmp_path, largest=1024)
    (tmp_path / "link.json").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "pipe.json")
    _laid(folder, "large.json", b'{"id": "' + b"a" * 2000 + b'"}')
    (tmp_path / "folder.json").mkdir()
    said = {one.path.name: one.problems[0] for one in folder.look()}
    assert set(said) == {"link.json", "pipe.json", "large.json"}
    assert "it is a link" in said["link.json"]
    assert "no plain file" in said["pipe.json"]
    assert "1024" in said["large.json"]


@pytest.mark.parametrize(
    "name",
    [b"\xff\xfe.json", b"a\nb.json", b"-rf.json", b"x" * 250 + b".json", "wörk flöw.json".encode()],
)
def test_names_may_be_strange(tmp_path: Path, name: bytes) -> None:
    folder = _folder(tmp_path)
    path = _laid(folder, name)
    assert _one(folder).path == path
    place = folder.aside(path)
    folder.put(path, place)
    assert place.exists()
    assert list(folder.look()) == []
    answers = write_answers(place, [{"state": "done"}])
    assert answers.parent == place.parent
    assert json.loads(answers.read_text()) == {"version": 1, "answers": [{"state": "done"}]}


def test_nothing_that_was_moved_aside_is_overwritten(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    places = []
    for content in (b'{"id": "1"}', b'{"id": "2"}', b'{"id": "3"}'):
        path = _laid(folder, "a.json", content)
        place = folder.aside(path)
        folder.put(path, place)
        places.append(place.name)
    assert places == ["a.json", "a.2.json", "a.3.json"]
    assert (tmp_path / "taken" / "a.json").read_bytes() == b'{"id": "1"}'
    folder.put(tmp_path / "gone.json", tmp_path / "nowhere")


def test_a_workflow_file_is_the_same_by_its_name_and_content(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    workflow = b'{"name": "w", "steps": []}'
    _laid(folder, "a.json", workflow)
    _laid(folder, "b.json", workflow)
    found = [one.arrived for one in folder.look()]
    assert [one.kind for one in found if one] == ["workflow", "workflow"]
    assert len({one.identity for one in found if one}) == 2
    assert [one.headers["file"] for one in found if one] == ["a.json", "b.json"]


def test_the_clock_of_a_file_server_refuses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = _folder(tmp_path, settle=0.2)
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + 300.0)  # the server's is five minutes behind
    path = _laid(folder, "half.json", b'{"id": ')
    assert list(folder.look()) == []
    with path.open("ab") as file:
        file.write(b'"a"')
    time.sleep(0.25)
    assert list(folder.look()) == [], "it was written to"
    time.sleep(0.25)
    assert _one(folder).problems, "and is not any more"
