"""Putting a session back into a bucket."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from icestream.facility.backup.restoring import restore
from icestream.facility.objects import putting as module
from icestream.facility.objects.putting import PuttingBack, put_back_of, remember_put_back
from icestream.facility.transfer.address import BadAddress, read_address
from object_server import ObjectServer, objects

__all__ = ["objects"]

PLACE = read_address("s3://results/lab")


def wait_for(what: Callable[[], object]) -> None:
    until = time.monotonic() + 120.0
    while not what():
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.05)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_EVERY", 0.05)
    monkeypatch.setattr(module, "_LONGEST", 0.05)


@pytest.fixture
def session(tmp_path: Path) -> Path:
    folder = tmp_path / "one" / "lea"
    (folder / "align").mkdir(parents=True)
    (folder / "align" / "a.mrc").write_bytes(b"a")
    return folder


def test_results_appear_and_the_last_ones_at_the_end(
    session: Path, objects: ObjectServer, tmp_path: Path
) -> None:
    said: list[str] = []
    putting = PuttingBack(session, PLACE, said.append)
    putting.start()
    wait_for(lambda: "lab/lea/processing/align/a.mrc" in objects.names("results"))
    (session / "align" / "ü b.mrc").write_bytes(b"b")
    assert putting.finish(60.0)
    assert "lab/lea/processing/align/ü b.mrc" in objects.names("results")
    assert said == []
    done = restore(PLACE, "lea", tmp_path / "back")
    assert done.wrong == {}
    assert (done.processing / "align" / "ü b.mrc").read_bytes() == b"b"


def test_it_goes_on_with_what_is_there(session: Path, objects: ObjectServer) -> None:
    for _ in range(2):
        putting = PuttingBack(session, PLACE, print)
        putting.start()
        assert putting.finish(60.0)
        stored = objects.client.head_object(Bucket="results", Key="lab/lea/processing/align/a.mrc")[
            "LastModified"
        ]
        before = locals().get("before", stored)
        assert stored == before
    assert not [name for name in objects.names("results") if "/former/" in name]


def test_another_session_of_that_name_is_not_written_over(
    session: Path, objects: ObjectServer, tmp_path: Path
) -> None:
    first = PuttingBack(session, PLACE, print)
    first.start()
    assert first.finish(60.0)
    other = tmp_path / "two" / "lea"
    (other / "align").mkdir(parents=True)
    (other / "align" / "a.mrc").write_bytes(b"another")
    said: list[str] = []
    second = PuttingBack(other, PLACE, said.append)
    second.start()
    assert not second.finish(60.0)
    assert "has a session lea already" in said[0]
    stored = objects.client.get_object(Bucket="results", Key="lab/lea/processing/align/a.mrc")
    assert stored["Body"].read() == b"a"


def test_an_outage_is_said_and_caught_up_with(session: Path, objects: ObjectServer) -> None:
    said: list[str] = []
    objects.stop()
    try:
        putting = PuttingBack(session, PLACE, said.append)
        putting.start()
        wait_for(lambda: said)
    finally:
        objects.start()
    assert putting.finish(60.0)
    assert "results are not put back: s3://results/lab: it does not answer" in said[0]
    assert said[1:] == ["results are put back to s3://results/lab again"]


def test_where_it_goes_is_remembered(session: Path) -> None:
    assert put_back_of(session, None) is None
    place = put_back_of(session, "s3://results/lab/")
    assert place == PLACE
    remember_put_back(session, place)
    assert put_back_of(session, None) == PLACE
    assert put_back_of(session, "none") is None
    remember_put_back(session, None)
    assert put_back_of(session, None) is None
    with pytest.raises(BadAddress, match="is no place in a bucket"):
        put_back_of(session, "/data/x")
    with pytest.raises(BadAddress, match="is no name of a bucket"):
        put_back_of(session, "s3://")
