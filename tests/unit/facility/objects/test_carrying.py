"""Bringing objects into a folder and files into a bucket."""

import os
import threading
from pathlib import Path
from typing import Any

import pytest

from icestream.facility.duties.duty import Outage
from icestream.facility.objects import carrying
from icestream.facility.objects.address import read_objects
from icestream.facility.objects.bucket import ObjectBucket
from icestream.facility.objects.carrying import carry_objects, fetch_objects
from icestream.facility.objects.opened import opened
from icestream.facility.transfer.address import Address, read_address
from icestream.facility.transfer.manner import Manner
from icestream.facility.transfer.rsync import Between, RsyncRun
from object_server import ObjectServer, objects

__all__ = ["objects"]

SIZE = 6_000_000


@pytest.fixture
def place(objects: ObjectServer) -> ObjectBucket:
    with opened(read_objects("s3://movies/k")) as bucket:
        return bucket


def fetch(bucket: ObjectBucket, folder: Path, **more: Any) -> RsyncRun:
    known = {each.name: (each, int(each.modified) * 10**9) for each in bucket.listing()}
    return fetch_objects(bucket, folder, known, **more)


def test_what_came_before_an_interruption_is_not_asked_for_again(
    place: ObjectBucket, objects: ObjectServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = os.urandom(SIZE)
    objects.put("movies", **{"k/a b/ü.mrc": content})
    stopped, starts = threading.Event(), []
    real = ObjectBucket.read

    def read(self: ObjectBucket, name: str, etag: str, start: int = 0) -> Any:
        starts.append(start)
        for data in real(self, name, etag, start):
            yield data
            if not start:
                stopped.set()  # whoever is killed leaves what a file has

    monkeypatch.setattr(ObjectBucket, "read", read)
    assert fetch(place, tmp_path, stopped=stopped, limit=20e6).done == {}
    (part,) = (tmp_path / carrying.PARTIAL).iterdir()
    came = part.stat().st_size
    assert 0 < came < SIZE
    assert not (tmp_path / "a b" / "ü.mrc").exists()
    assert list(fetch(place, tmp_path).done) == ["a b/ü.mrc"]
    assert starts == [0, came]
    assert (tmp_path / "a b" / "ü.mrc").read_bytes() == content
    assert not (tmp_path / carrying.PARTIAL).exists()


def test_a_connection_that_breaks_is_made_again_from_there(
    place: ObjectBucket, objects: ObjectServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = os.urandom(SIZE)
    objects.put("movies", **{"k/a": content})
    real = ObjectBucket.read

    def read(self: ObjectBucket, name: str, etag: str, start: int = 0) -> Any:
        for count, data in enumerate(real(self, name, etag, start)):
            if count == 2:
                raise Outage("it ended the connection")
            yield data

    monkeypatch.setattr(ObjectBucket, "read", read)
    assert list(fetch(place, tmp_path).done) == ["a"]
    assert (tmp_path / "a").read_bytes() == content


def test_what_was_broken_on_the_disk_is_not_taken(
    place: ObjectBucket, objects: ObjectServer, tmp_path: Path
) -> None:
    objects.put("movies", **{"k/a": b"x" * 1000})
    work = carrying._Work(place, tmp_path, Manner(), carrying.ByteLimit(0), threading.Event())
    (listed,) = place.listing()
    carrying._part_of(work, listed).write_bytes(b"y" * 500)  # half of it, and wrong
    assert "not what the bucket has" in fetch(place, tmp_path).failed["a"]
    assert not (tmp_path / "a").exists()
    assert list(fetch(place, tmp_path).done) == ["a"]
    assert (tmp_path / "a").read_bytes() == b"x" * 1000


def test_objects_that_were_put_in_parts_are_compared_part_by_part(
    place: ObjectBucket, objects: ObjectServer, tmp_path: Path
) -> None:
    upload = objects.client.create_multipart_upload(Bucket="movies", Key="k/a")["UploadId"]
    at = {"Bucket": "movies", "Key": "k/a", "UploadId": upload}
    parts = [b"a" * (5 << 20), b"b" * (5 << 20), b"c" * 7]
    made = [
        {
            "PartNumber": n,
            "ETag": objects.client.upload_part(**at, PartNumber=n, Body=part)["ETag"],
        }
        for n, part in enumerate(parts, 1)
    ]
    objects.client.complete_multipart_upload(**at, MultipartUpload={"Parts": made})
    assert fetch(place, tmp_path).failed == {}
    assert (tmp_path / "a").read_bytes() == b"".join(parts)
    between = Between(read_address("s3://movies/k"), Address(str(tmp_path)))
    assert carry_objects(between, ["a"], Manner(compares=True)).done == {"a": None}
    (tmp_path / "a").write_bytes(b"".join(parts)[:-1] + b"d")
    assert carry_objects(between, ["a"], Manner(compares=True)).done["a"]


@pytest.mark.parametrize("broken", [False, True])
def test_where_an_etag_is_no_md5_the_object_is_read_twice(
    broken: bool,
    place: ObjectBucket,
    objects: ObjectServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    objects.put("movies", **{"k/a": b"x" * 1000})
    real, reads = ObjectBucket.head, 0

    def head(self: ObjectBucket, name: str, **more: Any) -> Any:
        said = {key: value for key, value in (real(self, name, **more) or {}).items()
                if not key.startswith("Checksum")}  # fmt: skip
        return {**said, "ETag": "7" * 32, **kms}

    def read(self: ObjectBucket, name: str, etag: str, start: int = 0) -> Any:
        nonlocal reads
        reads += 1
        yield b"y" * 1000 if broken and reads == 1 else b"x" * 1000

    kms = {"ServerSideEncryption": "aws:kms"}
    monkeypatch.setattr(ObjectBucket, "head", head)
    monkeypatch.setattr(ObjectBucket, "read", read)
    found = place.look("a")
    assert found is not None
    ended = fetch_objects(place, tmp_path, {"a": (found[0], 0)})
    assert reads == 2
    assert ended.failed == ({"a": "what is here is not what the bucket has"} if broken else {})


def test_one_that_fails_keeps_no_other_up(
    place: ObjectBucket, objects: ObjectServer, tmp_path: Path
) -> None:
    objects.put("movies", **{f"k/{name}": b"x" for name in ("a", "b/c", "d")})
    known = {each.name: (each, 10**18) for each in place.listing()}
    objects.client.delete_object(Bucket="movies", Key="k/a")
    (tmp_path / "b").write_text("a file, where a folder has to be")
    told: list[str] = []
    ended = fetch_objects(place, tmp_path, known, told=lambda name, _: told.append(name))
    assert told == list(ended.done) == ["d"]
    assert ended.failed == {"a": "it went away meanwhile", "b/c": "File exists"}
    assert (tmp_path / "d").stat().st_mtime_ns == 10**18


def test_a_store_that_goes_away_is_an_outage(
    place: ObjectBucket, objects: ObjectServer, tmp_path: Path
) -> None:
    objects.put("movies", **{f"k/{number}": b"x" for number in range(20)})
    known = {each.name: (each, 0) for each in place.listing()}
    objects.stop()
    with pytest.raises(Outage, match="s3://movies/k: it does not answer"):
        fetch_objects(place, tmp_path, known)
    objects.start()
    assert len(fetch_objects(place, tmp_path, known).done) == 20


def test_a_full_disk_is_an_outage(
    place: ObjectBucket, objects: ObjectServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects.put("movies", **{"k/a": b"x"})

    def full(*_: object) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(carrying, "_receive", full)
    with pytest.raises(Outage, match=f"the disk of {tmp_path} is full"):
        fetch(place, tmp_path)


def test_files_go_into_a_bucket_once(objects: ObjectServer, tmp_path: Path) -> None:
    for name in ("small", "large"):
        (tmp_path / name).write_bytes(b"x" * (2_000_000 if name == "large" else 10))
    (tmp_path / os.fsdecode(b"\xff")).touch()
    names = [path.name for path in tmp_path.iterdir() if path.is_file()]
    names = [name for name in names if not name.endswith((".toml", ".secret"))]
    between = Between(Address(str(tmp_path)), read_address("s3://results/k"))
    first = carry_objects(between, names, Manner())
    assert sorted(first.done) == ["large", "small"]
    assert "is no text" in first.failed[os.fsdecode(b"\xff")]
    again = carry_objects(between, ["large"], Manner())
    assert again.done == {"large": None}
    assert carry_objects(between, ["large"], Manner(anew=True)).done == {
        "large": first.done["large"]
    }


def test_nothing_goes_between_two_buckets() -> None:
    places = read_address("s3://a1b/x"), read_address("s3://b1c/x")
    with pytest.raises(Outage, match="one must be a folder here"):
        carry_objects(Between(*places), ["a"], Manner())
