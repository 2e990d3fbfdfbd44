"""What routes show results with."""

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from icestream.server.catalogue import Entry
from icestream.server.context import Server
from icestream.server.drawing import Gallery, answer_picture, file_mark, shelf_of
from icestream.server.errors import Refused
from icestream.server.remembered import Remembered
from report_session import SampleSession


def test_files_below_the_session_and_the_roots_may_be_read(
    server: Server, sample: SampleSession, tmp_path: Path
) -> None:
    entry = Entry(id="a", folder=sample.folder, uid="a")
    gallery = Gallery(entry, sample.store, shelf_of(server), server.roots, Remembered())
    inside, beside, outside = (
        sample.folder / "a.png",
        sample.folder.parent / "b.png",
        tmp_path / "c.png",
    )
    for path in (inside, beside, outside):
        path.write_bytes(b"picture")
    assert gallery.readable(inside) == inside.resolve()
    assert gallery.readable(beside) == beside.resolve()
    with pytest.raises(Refused, match="outside of the session") as caught:
        gallery.readable(outside)
    assert caught.value.status == 403
    with pytest.raises(FileNotFoundError, match="the file is gone"):
        gallery.readable(sample.folder / "gone.png")
    before = file_mark(inside)
    inside.write_bytes(b"another picture")
    assert file_mark(inside) != before


def test_titles_and_types(server: Server, sample: SampleSession) -> None:
    shelf = shelf_of(server)
    assert shelf is shelf_of(server)
    titles = shelf.step_titles(sample.store)
    assert titles["classify"] == "Streaming 2D classification"
    assert "icestream.model:Ctf" in shelf.known(sample.store)


def test_the_key_is_the_tag(server: Server, sample: SampleSession) -> None:
    entry = Entry(id="a", folder=sample.folder, uid="a")
    gallery = Gallery(entry, sample.store, shelf_of(server), server.roots, Remembered())
    first = answer_picture(gallery, None, ("a", 1), ".png", lambda: b"png")
    again = answer_picture(gallery, first.headers["etag"], ("a", 1), ".png", bytes)
    other = answer_picture(gallery, first.headers["etag"], ("a", 2), ".png", bytes)
    assert (first.status_code, again.status_code, other.status_code) == (200, 304, 200)
    assert first.headers["cache-control"].startswith("private")
    assert first.headers["content-type"] == "image/png"


def test_worked_out_once_while_nothing_happens(server: Server, sample: SampleSession) -> None:
    entry = Entry(id="a", folder=sample.folder, uid="a")
    gallery = Gallery(entry, sample.store, shelf_of(server), server.roots, Remembered())
    made: list[int] = []

    def make() -> int:
        made.append(1)
        return len(made)

    assert gallery.once(("a", 1), make) == gallery.once(("a", 1), make) == 1
    assert gallery.once(("a", 2), make) == 2


def test_an_answer_is_written_once_for_all_tabs(server: Server, sample: SampleSession) -> None:
    entry = Entry(id="a", folder=sample.folder, uid="a")
    gallery = Gallery(entry, sample.store, shelf_of(server), server.roots, Remembered())
    made: list[int] = []

    def make() -> dict[str, float]:
        made.append(1)
        return {"made": len(made), "unknown": float("nan")}

    first, again = gallery.answer(("a",), make), gallery.answer(("a",), make)
    assert first.body == again.body == b'{"made":1,"unknown":null}'
    assert first.media_type == "application/json"
    sample.grow(1)
    later = [gallery.answer(("b", tick), make, tick=tick).body for tick in (1, 1, 2)]
    assert later[0] == later[1] != later[2]


def test_that_there_is_nothing_yet_is_an_answer(server: Server, sample: SampleSession) -> None:
    entry = Entry(id="a", folder=sample.folder, uid="a")
    gallery = Gallery(entry, sample.store, shelf_of(server), server.roots, Remembered())
    asked: list[int] = []

    def make() -> int:
        asked.append(1)
        raise Refused(404, "there is no map", "one is made of classes")

    answers = [gallery.answer(("a",), make) for _ in range(3)]
    assert asked == [1]
    assert {answer.status_code for answer in answers} == {404}
    said = {"message": "there is no map", "advice": "one is made of classes", "problems": None}
    assert json.loads(bytes(answers[0].body)) == said


@pytest.mark.parametrize("nothing", [Refused(403, "there is no map"), LookupError("no map")])
def test_that_it_cannot_be_said_is_found_out_once(
    server: Server, sample: SampleSession, nothing: Exception
) -> None:
    entry = Entry(id="a", folder=sample.folder, uid="a")
    gallery = Gallery(entry, sample.store, shelf_of(server), server.roots, Remembered())
    asked: list[int] = []

    def make() -> int:
        asked.append(1)
        raise nothing

    for _ in range(3):
        with pytest.raises(type(nothing), match="no map"):
            gallery.answer(("a",), make)
    assert asked == [1]


def test_a_defect_is_not_remembered(server: Server, sample: SampleSession) -> None:
    entry = Entry(id="a", folder=sample.folder, uid="a")
    gallery = Gallery(entry, sample.store, shelf_of(server), server.roots, Remembered())
    nothing: dict[str, int] = {}
    with pytest.raises(KeyError) as caught:
        gallery.answer(("a",), lambda: nothing["a"])
    assert len(caught.traceback) > 1, "where it happened is told in the log"
    nothing["a"] = 1
    assert gallery.answer(("a",), lambda: nothing["a"]).body == b"1"


def test_who_wants_all_that_has_happened_gets_it(server: Server, sample: SampleSession) -> None:
    entry = Entry(id="a", folder=sample.folder, uid="a")
    kept, made = Remembered(), []

    def make() -> int:
        made.append(1)
        time.sleep(0.1)
        return len(made)

    gallery = Gallery(entry, sample.store, shelf_of(server), server.roots, kept)
    hurried = replace(gallery, now=True)
    bodies = []
    for one in (gallery, gallery, hurried, hurried, gallery):
        sample.grow(1)
        bodies.append(one.answer(("a",), make).body)
    assert bodies == [b"1", b"1", b"2", b"3", b"3"]
