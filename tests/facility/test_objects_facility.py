"""A facility whose microscope's movies land in a bucket, and whose backup is one."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from copied_facility import begun, do, known
from icestream.facility.backup.restoring import restore
from icestream.facility.backup.target import prepare
from icestream.facility.duties.all import duties_of
from icestream.facility.duties.duty import Outage
from icestream.facility.opened import Facility, open_facility
from icestream.facility.transfer.address import read_address
from icestream.facility.transfer.ledger import CopyLedger
from icestream.facility.transfer.session import begin_copy, ledger_of
from microscope_copies import write_movie
from object_server import SETTINGS, ObjectServer, object_server

SECTIONS = """
[transfer]
reserve = 0
every = "0.1 s"
clean_source = "after-verified-copy"
clean_after = 0

[transfer.sources]
krios1 = "s3://movies/krios1"

[backup.cloud]
to = "s3://results/icestream"
"""


@pytest.fixture
def server() -> Iterator[ObjectServer]:
    with object_server() as running:
        yield running


@pytest.fixture
def cloud(
    write_facility: Callable[[str], Path], server: ObjectServer, tmp_path: Path
) -> Iterator[Facility]:
    file = write_facility(SECTIONS)
    secret = tmp_path / "secret"
    secret.write_text("testing")
    settings = tmp_path / "settings.toml"
    more = SETTINGS.format(url=server.url, secret=secret)
    settings.write_text(settings.read_text() + more)
    with open_facility(file) as opened:
        yield opened


def test_movies_come_out_of_a_bucket_and_the_session_goes_into_one_and_back(
    cloud: Facility, server: ObjectServer, tmp_path: Path
) -> None:
    one = begun(cloud)
    folder, raw = Path(one.folder), Path(one.place) / "raw"
    begin_copy(cloud.file, "krios1", (folder, raw))
    movies = {f"krios1/sq {n}/{n}_fractions.mrc": write_movie(tmp_path / f"{n}.mrc", seed=n)
              for n in range(3)}  # fmt: skip
    server.put("movies", **{name: path.read_bytes() for name, path in movies.items()})
    server.put("movies", **{"krios1/../out.mrc": b"x", "krios1/a.mdoc": b"x"})
    assert "4 files copied" in do(cloud, "transfer")
    for name, path in movies.items():
        assert (raw / name.removeprefix("krios1/")).read_bytes() == path.read_bytes()
    ledger = CopyLedger(ledger_of(folder), readonly=True)
    states = {entry.name: entry.state for entry in ledger.every()}
    ledger.close()
    assert set(states.values()) <= {"verified", "cleaned"}
    assert not (tmp_path / "out.mrc").exists()
    prepare("cloud", read_address("s3://results/icestream"))
    assert do(cloud, "backup.cloud")
    names = server.names("results")
    assert "icestream/p-001/processing/align/a.mrc" in names
    assert "icestream/p-001/movies/sq 1/1_fractions.mrc" in names
    before = {name: server.client.head_object(Bucket="results", Key=name) for name in names}
    (folder / "align" / "b.mrc").write_text("new")
    do(cloud, "backup.cloud")
    for name, said in before.items():
        if "/movies/" in name or "/align/" in name:  # nothing is sent twice
            now = server.client.head_object(Bucket="results", Key=name)
            assert now["LastModified"] == said["LastModified"]
    place = tmp_path / "restored"
    done = restore(read_address("s3://results/icestream"), "p-001", place)
    assert (done.wrong, done.elsewhere) == ({}, {})
    assert (done.processing / "align" / "b.mrc").read_text() == "new"
    assert (done.raw / "sq 2/2_fractions.mrc").read_bytes() == movies[
        "krios1/sq 2/2_fractions.mrc"
    ].read_bytes()


def test_an_outage_is_told_and_caught_up_with(
    cloud: Facility, server: ObjectServer, tmp_path: Path
) -> None:
    one = begun(cloud)
    raw = Path(one.place) / "raw"
    begin_copy(cloud.file, "krios1", (Path(one.folder), raw))
    (duty,) = (each for each in duties_of(cloud.file) if each.name == "transfer")
    server.put("movies", **{"krios1/a.mrc": write_movie(tmp_path / "a.mrc").read_bytes()})
    server.stop()
    try:
        with pytest.raises(Outage, match=r"p-001.*s3://movies/krios1: it does not answer"):
            duty.act(cloud, threading.Event())
    finally:
        server.start()
    assert "1 files copied" in duty.act(cloud, threading.Event())
    assert (raw / "a.mrc").is_file()
    assert known(cloud).name == "p-001"
