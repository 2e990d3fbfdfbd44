"""Commands: rows that wait in the store, and a bell that wakes whoever answers them."""

import contextlib
import json
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from icestream.engine.commands import VERBS, Doorbell, answer_of, send, wake
from icestream.store import tables as t
from icestream.store.open import NoStore, Store, open_store


@pytest.fixture
def store(tmp_path: Path, url: str | None) -> Iterator[Store]:
    with contextlib.closing(open_store(tmp_path / "session", url=url)) as made:
        yield made


def answer(store: Store, token: str, state: str, said: str) -> None:
    with store.write() as connection:
        connection.execute(
            update(t.command).where(t.command.c.token == token).values(state=state, answer=said)
        )


def test_a_command_waits_in_the_store_until_it_is_answered(store: Store) -> None:
    token = send(store.folder, "set", step="ctf", changes={"defocus_max": 3.0})
    with store.read() as connection:
        row = connection.execute(select(t.command)).one()
    assert (row.token, row.name, row.state) == (token, "set", "new")
    assert json.loads(row.arguments) == {"step": "ctf", "changes": {"defocus_max": 3.0}}
    assert row.who
    assert abs(row.time - time.time()) < 60
    assert answer_of(store.folder, token) == ("new", "")
    answer(store, token, "refused", "no step 'ctf'")
    assert answer_of(store.folder, token) == ("refused", "no step 'ctf'")


def test_every_command_has_a_token_of_its_own(store: Store) -> None:
    tokens = [send(store.folder, verb) for verb in VERBS]
    assert len(set(tokens)) == len(VERBS)
    answer(store, tokens[1], "done", "resumed")
    assert [answer_of(store.folder, token)[0] for token in tokens[:3]] == ["new", "done", "new"]


def test_who_asks_waits_for_the_answer_as_long_as_they_say(store: Store) -> None:
    token = send(store.folder, "pause")
    began = time.monotonic()
    assert answer_of(store.folder, token, timeout=0.05) == ("new", "")
    assert time.monotonic() - began >= 0.05
    soon = threading.Timer(0.05, answer, (store, token, "done", "the session: pause"))
    soon.start()
    assert answer_of(store.folder, token, timeout=20.0) == ("done", "the session: pause")
    soon.join()


def test_a_verb_that_is_none_names_those_that_are(store: Store) -> None:
    with pytest.raises(ValueError, match="no command 'explode'; there are pause, resume"):
        send(store.folder, "explode")
    with store.read() as connection:
        assert connection.execute(select(t.command)).all() == []


def test_a_token_that_nobody_was_given_is_named(store: Store) -> None:
    with pytest.raises(LookupError, match="no command 'abc' was sent to"):
        answer_of(store.folder, "abc")


@pytest.mark.parametrize("there", [False, True])
def test_commands_to_a_folder_without_a_session_make_none(tmp_path: Path, there: bool) -> None:
    folder = tmp_path / "empty"
    if there:
        folder.mkdir()
    with pytest.raises(NoStore):
        send(folder, "pause")
    assert (list(folder.iterdir()) if there else []) == []


def test_sending_waits_for_a_coordinator_that_is_writing(store: Store) -> None:
    """The coordinator commits while somebody asks: the command is written after it."""
    done = threading.Event()

    def ask() -> None:
        send(store.folder, "pause")
        done.set()

    asking = threading.Thread(target=ask)
    with store.write() as connection:
        row = {"token": "first", "time": 0.0, "name": "stop", "arguments": "{}", "who": ""}
        connection.execute(insert(t.command).values(state="new", **row))
        asking.start()
        if store.file is not None:  # PostgreSQL lets both write at once
            assert not done.wait(0.1)
    asking.join(20.0)
    assert done.is_set()
    with store.read() as connection:
        assert len(connection.execute(select(t.command)).all()) == 2


# -- the bell --------------------------------------------------------------------------------------


@pytest.fixture
def bell(tmp_path: Path) -> Iterator[Callable[[Path], "queue.SimpleQueue[str]"]]:
    """Hangs bells up; gives a queue that gets a word for every ring."""
    bells = []

    def hang(folder: Path) -> "queue.SimpleQueue[str]":
        rings: queue.SimpleQueue[str] = queue.SimpleQueue()
        bells.append(Doorbell(folder, lambda: rings.put("rung")))
        return rings

    yield hang
    for one in bells:
        one.close()


def test_a_command_rings_the_bell_after_it_is_written(
    store: Store, bell: Callable[[Path], "queue.SimpleQueue[str]"]
) -> None:
    rings = bell(store.folder)
    send(store.folder, "pause")
    assert rings.get(timeout=60.0) == "rung"
    with store.read() as connection:
        assert connection.execute(select(t.command.c.name)).scalars().all() == ["pause"]


def test_nobody_hears_where_no_bell_hangs(
    tmp_path: Path, bell: Callable[[Path], "queue.SimpleQueue[str]"]
) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    rings = bell(tmp_path / "one")
    assert not wake(tmp_path / "two")
    assert wake(tmp_path / "one")
    assert rings.get(timeout=60.0) == "rung"


def test_a_folder_is_one_place_by_whatever_path(
    tmp_path: Path, bell: Callable[[Path], "queue.SimpleQueue[str]"]
) -> None:
    (tmp_path / "session").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "session")
    rings = bell(tmp_path / "session")
    assert wake(tmp_path / "link")
    assert rings.get(timeout=60.0) == "rung"


def test_a_long_path_has_a_bell_too(
    tmp_path: Path, bell: Callable[[Path], "queue.SimpleQueue[str]"]
) -> None:
    """The name of a socket has a hundred bytes at most."""
    folder = tmp_path / ("long" * 50) / ("name" * 50)
    folder.mkdir(parents=True)
    rings = bell(folder)
    assert wake(folder)
    assert rings.get(timeout=60.0) == "rung"


def test_the_bell_of_a_coordinator_that_was_killed_is_replaced(
    tmp_path: Path, bell: Callable[[Path], "queue.SimpleQueue[str]"]
) -> None:
    gone = Doorbell(tmp_path, lambda: None)
    place: Any = gone._path
    gone.close()
    os.mkfifo(place)  # something is left where the bell was
    rings = bell(tmp_path)
    assert wake(tmp_path)
    assert rings.get(timeout=60.0) == "rung"


def test_a_bell_is_only_for_its_owner_and_is_taken_down(tmp_path: Path) -> None:
    hung = Doorbell(tmp_path, lambda: None)
    assert hung._path.stat().st_mode & 0o777 == 0o600
    hung.close()
    assert not hung._path.exists()
    assert not wake(tmp_path)
