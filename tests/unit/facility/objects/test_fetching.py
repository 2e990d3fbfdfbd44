"""Bringing what lands in a bucket beside a session that runs."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from icestream.facility.objects import fetching as module
from icestream.facility.objects.fetching import Fetch, Fetching
from icestream.facility.transfer.address import read_address
from icestream.facility.transfer.object_source import ObjectSource
from microscope_copies import write_movie
from object_server import ObjectServer, objects

__all__ = ["objects"]


def wait_for(what: Callable[[], object]) -> None:
    until = time.monotonic() + 120.0
    while not what():
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.02)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody rest."""
    for name in ("_BUSY", "_IDLE", "_LONGEST"):
        monkeypatch.setattr(module, name, 0.02)
    real = ObjectSource.__init__

    def often(self: ObjectSource, address: object, place: object, exclude: object = (), *_) -> None:  # type: ignore[no-untyped-def]
        real(self, address, place, exclude, 0.0)  # type: ignore[arg-type]

    monkeypatch.setattr(ObjectSource, "__init__", often)
    monkeypatch.setattr("icestream.facility.transfer.object_source._REST", 0.0)


@contextmanager
def fetching(folder: Path, said: list[str], caught_up: Callable[[], None]) -> Iterator[Path]:
    session, movies = folder / "s", folder / "s-movies"
    session.mkdir(exist_ok=True)
    fetch = Fetch(session=session, origin=read_address("s3://movies/k"), folder=movies, patience=0)
    one = Fetching(fetch, said.append, caught_up)
    one.start()
    try:
        yield movies
    finally:
        one.stop()


def test_what_lands_is_brought_and_the_end_is_told_once(
    objects: ObjectServer, tmp_path: Path
) -> None:
    objects.put("movies", **{"k/a.mrc": write_movie(tmp_path / "a.mrc").read_bytes()})
    told, said = threading.Semaphore(0), list[str]()
    with fetching(tmp_path, said, told.release) as movies:
        assert told.acquire(timeout=60)
        assert (movies / "a.mrc").is_file()
        assert (movies / "a.mrc").stat().st_mode & 0o777 == 0o644
        objects.put("movies", **{"k/b/b.mdoc": b"x"})
        wait_for((movies / "b" / "b.mdoc").is_file)
    assert not told.acquire(blocking=False)
    assert said == []


def test_an_outage_is_said_once_and_so_is_its_end(objects: ObjectServer, tmp_path: Path) -> None:
    told, said = threading.Event(), list[str]()
    objects.stop()
    try:
        with fetching(tmp_path, said, told.set) as movies:
            wait_for(lambda: said)
            assert not told.is_set()
            objects.start()
            objects.put("movies", **{"k/a.mdoc": b"x"})
            wait_for((movies / "a.mdoc").is_file)
            wait_for(told.is_set)
    finally:
        if not objects.is_up:
            objects.start()
    first, second = said
    assert "s3://movies/k: it does not answer" in first
    assert second == "s3://movies/k is there again"


def test_one_that_cannot_be_had_does_not_keep_a_session_from_its_end(
    objects: ObjectServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("icestream.facility.transfer.copying._AGAIN", 0.0)
    objects.put("movies", **{"k/a.mdoc": b"x"})
    objects.client.put_object(Bucket="movies", Key="k/b.mrc", Body=b"x", StorageClass="GLACIER")
    told = threading.Event()
    with fetching(tmp_path, [], told.set) as movies:
        wait_for(told.is_set)
        assert (movies / "a.mdoc").is_file()
