"""Requests: rows that wait in the store, and a bell that wakes whoever answers them."""

import contextlib
import json
import queue
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text, update

from icestream.engine.machine.naming import name_here
from icestream.engine.requests.doorbell import Doorbell
from icestream.engine.requests.models import Pause, SetParameters
from icestream.engine.requests.send import answer_of, send
from icestream.store import tables as t
from icestream.store.migrate import OtherSchema
from icestream.store.open import NoStore, Store, open_store
from toy_record import begin


@pytest.fixture
def store(tmp_path: Path, url: str | None) -> Iterator[Store]:
    with contextlib.closing(open_store(tmp_path / "session", url=url)) as made:
        begin(made)
        yield made


def answer(store: Store, token: str, state: str, said: str) -> None:
    with store.write() as connection:
        connection.execute(
            update(t.request).where(t.request.c.token == token).values(state=state, answer=said)
        )


def test_a_request_waits_in_the_store_until_it_is_answered(store: Store) -> None:
    token = send(store.folder, SetParameters(step="ctf", changes={"defocus_max": 3.0}))
    with store.read() as connection:
        row = connection.execute(select(t.request)).one()
    assert (row.token, row.verb, row.state) == (token, "set", "new")
    assert json.loads(row.document) == {"step": "ctf", "changes": {"defocus_max": 3.0}}
    assert row.who
    assert abs(row.time - time.time()) < 60
    assert answer_of(store.folder, token) == ("new", "")
    answer(store, token, "refused", "no step 'ctf'")
    assert answer_of(store.folder, token) == ("refused", "no step 'ctf'")


def test_every_request_has_a_token_of_its_own(store: Store) -> None:
    tokens = [send(store.folder, Pause()) for _ in range(5)]
    assert len(set(tokens)) == 5
    answer(store, tokens[1], "done", "resumed")
    assert [answer_of(store.folder, token)[0] for token in tokens[:3]] == ["new", "done", "new"]


def test_who_asks_waits_for_the_answer_as_long_as_they_say(store: Store) -> None:
    token = send(store.folder, Pause())
    began = time.monotonic()
    assert answer_of(store.folder, token, timeout=0.05) == ("new", "")
    assert time.monotonic() - began >= 0.05
    soon = threading.Timer(0.05, answer, (store, token, "done", "the session: pause"))
    soon.start()
    assert answer_of(store.folder, token, timeout=20.0) == ("done", "the session: pause")
    soon.join()


def test_a_token_that_nobody_was_given_is_named(store: Store) -> None:
    with pytest.raises(LookupError, match="no request 'abc' was sent to"):
        answer_of(store.folder, "abc")


@pytest.mark.parametrize("there", [False, True])
def test_requests_to_a_folder_without_a_session_make_none(tmp_path: Path, there: bool) -> None:
    folder = tmp_path / "empty"
    if there:
        folder.mkdir()
    with pytest.raises(NoStore):
        send(folder, Pause())
    assert (list(folder.iterdir()) if there else []) == []


@pytest.mark.parametrize(("version", "whose"), [("0002", "an earlier"), ("9999", "a newer")])
def test_a_store_of_another_version_is_refused_and_left_as_it_is(
    store: Store, version: str, whose: str
) -> None:
    """Who asks must not migrate it under the coordinator that runs the session."""
    with store.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": version})
    with pytest.raises(OtherSchema, match=f"has schema {version}, .* run by {whose} version"):
        send(store.folder, Pause())
    with store.read() as connection:
        assert (
            connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == version
        )
        assert connection.execute(select(t.request)).all() == []


def test_sending_waits_for_a_coordinator_that_is_writing(store: Store) -> None:
    """The coordinator commits while somebody asks: the request is written after it."""
    done = threading.Event()

    def ask() -> None:
        send(store.folder, Pause())
        done.set()

    asking = threading.Thread(target=ask)
    with store.write() as connection:
        row = {"token": "first", "time": 0.0, "verb": "stop", "document": "{}", "who": ""}
        connection.execute(insert(t.request).values(state="new", **row))
        asking.start()
        if store.file is not None:  # PostgreSQL lets both write at once
            assert not done.wait(0.1)
    asking.join(20.0)
    assert done.is_set()
    with store.read() as connection:
        assert len(connection.execute(select(t.request)).all()) == 2


# -- the bell --------------------------------------------------------------------------------------


@pytest.fixture
def bell() -> Iterator[Callable[[Path], "queue.SimpleQueue[str]"]]:
    """Hangs bells up; gives a queue that gets a word for every ring."""
    bells = []

    def hang(folder: Path) -> "queue.SimpleQueue[str]":
        rings: queue.SimpleQueue[str] = queue.SimpleQueue()
        bells.append(Doorbell(name_here("", folder), lambda: rings.put("rung")))
        return rings

    yield hang
    for one in bells:
        one.close()


def test_a_request_rings_the_bell_after_it_is_written(
    store: Store, bell: Callable[[Path], "queue.SimpleQueue[str]"]
) -> None:
    rings = bell(store.folder)
    send(store.folder, Pause())
    assert rings.get(timeout=60.0) == "rung"
    with store.read() as connection:
        assert connection.execute(select(t.request.c.verb)).scalars().all() == ["pause"]
