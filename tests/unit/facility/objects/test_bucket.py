"""A place in a bucket."""

import threading
from pathlib import Path
from typing import Any

import pytest

from icestream.facility.duties.duty import Outage
from icestream.facility.objects import bucket as module
from icestream.facility.objects.address import read_objects
from icestream.facility.objects.bucket import ObjectBucket, store_of
from icestream.facility.objects.opened import opened
from icestream.facility.objects.troubles import ObjectTrouble
from icestream.facility.transfer.digest import Interrupted
from icestream.settings.objects import ObjectStore
from object_server import ObjectServer, objects

__all__ = ["objects"]


@pytest.fixture
def place(objects: ObjectServer) -> ObjectBucket:
    with opened(read_objects("s3://movies/k")) as bucket:
        return bucket


def test_settings_of_a_bucket_come_before_those_of_all() -> None:
    stores = {"*": ObjectStore(region="all"), "movies": ObjectStore(region="own")}
    assert store_of("movies", stores).region == "own"
    assert store_of("results", stores).region == "all"
    assert store_of("results", {}) == ObjectStore()


def test_a_listing_in_parts_side_by_side_is_that_of_one_after_another(
    place: ObjectBucket, objects: ObjectServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"{number:02d}/{letter} ü" for number in range(15) for letter in "aB"]
    objects.put("movies", **{f"k/{name}": b"x" for name in names}, k2=b"", j=b"")
    asked: list[dict[str, Any]] = []
    client = place._client
    real = client.list_objects_v2
    monkeypatch.setattr(
        client, "list_objects_v2", lambda **said: real(**said, MaxKeys=3) | _noted(asked, said)
    )
    whole = [each.name for each in place.listing()]
    assert whole == sorted(names, key=str.encode)
    monkeypatch.setattr(module, "_SPLIT", 8)
    asked.clear()
    # What came and went meanwhile is seen, wherever it is.
    objects.put("movies", **{"k/!": b"x", "k/07/zz": b"x", "k/zz": b"x"})
    objects.client.delete_object(Bucket="movies", Key="k/05/a ü")
    now = [each.name for each in place.listing(whole)]
    assert now == sorted({*names, "!", "07/zz", "zz"} - {"05/a ü"}, key=str.encode)
    assert sum("StartAfter" in said for said in asked) >= module.AT_ONCE - 1


def _noted(asked: list[dict[str, Any]], said: dict[str, Any]) -> dict[str, Any]:
    asked.append(dict(said))
    return {}


def test_listing_ends_when_told(place: ObjectBucket) -> None:
    stopped = threading.Event()
    stopped.set()
    with pytest.raises(Interrupted):
        place.listing(stopped=stopped)


def test_an_object_is_put_whole_with_its_time(place: ObjectBucket, tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x" * 1000)
    md5 = place.put(path, "b/a")
    found = place.look("b/a")
    assert found is not None
    looked, times = found
    assert (looked.size, looked.etag, times) == (1000, md5, path.stat().st_mtime_ns)
    assert b"".join(place.read("b/a", looked.etag, 990)) == b"x" * 10
    with pytest.raises(ObjectTrouble, match="changed while"):
        list(place.read("b/a", "0" * 32))
    place.copy("b/a", "c")
    place.remove("b/a")
    assert place.look("b/a") is None
    assert place.look("c") is not None


def test_a_large_file_is_put_in_parts(
    place: ObjectBucket, objects: ObjectServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PART", 5 << 20)
    path = tmp_path / "a"
    path.write_bytes(bytes(range(256)) * 45_000)
    md5 = place.put(path, "a")
    found = place.look("a")
    assert found is not None
    assert found[0].etag.endswith("-3")
    assert found[1] == path.stat().st_mtime_ns
    assert place.first_part("a") == 5 << 20
    assert b"".join(place.read("a", found[0].etag)) == path.read_bytes()
    assert len(md5) == 32
    stopped = threading.Event()
    stopped.set()
    with pytest.raises(Interrupted):
        place.put(path, "b", stopped)
    assert place.look("b") is None
    assert not objects.client.list_multipart_uploads(Bucket="movies").get("Uploads")


def test_an_empty_file_is_an_object(place: ObjectBucket, tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    place.put(tmp_path / "a", "a")
    found = place.look("a")
    assert found is not None
    assert found[0].size == 0


def test_without_the_library_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "boto3", None)
    with pytest.raises(Outage, match=r"pip install 'icestream\[objects\]'"):
        ObjectBucket(read_objects("s3://movies/k"), ObjectStore())
