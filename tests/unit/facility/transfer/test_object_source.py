"""Movies in a bucket."""

import threading
from pathlib import Path

import pytest

from icestream.facility.duties.duty import Outage
from icestream.facility.transfer.address import read_address
from icestream.facility.transfer.object_source import ObjectSource
from object_server import ObjectServer, objects

__all__ = ["objects"]


def source(exclude: tuple[str, ...] = (), every: float = 5.0) -> ObjectSource:
    address = read_address("s3://movies/krios1/")
    assert address.objects is not None
    return ObjectSource(address, address.objects, exclude, every)


def test_what_is_new_or_another_is_found(objects: ObjectServer) -> None:
    objects.put("movies", **{"krios1/a/1.mrc": b"x", "krios1/b.tmp": b"x", "krios2/1.mrc": b"x"})
    found = source(("*.tmp",))
    assert (found.find(1000.0), found.as_of(1000.0)) == (["a/1.mrc"], 1000.0)
    objects.put("movies", **{"krios1/a/2.mrc": b"x"})
    assert (found.find(1001.0), found.as_of(1001.0)) == ([], 1000.0)
    assert found.find(2000.0) == ["a/2.mrc"]
    before = found.look("a/1.mrc")
    objects.put("movies", **{"krios1/a/1.mrc": b"y"})  # within the second, and of the same size
    assert found.find(3000.0) == ["a/1.mrc"]
    after = found.look("a/1.mrc")
    assert before is not None
    assert after is not None
    assert (before.size, after.size) == (1, 1)
    assert before.modified != after.modified
    assert found.look("a/3.mrc") is None
    assert found.path("a/1.mrc") is None


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("krios1/../x.mrc", "would lead elsewhere"),
        ("krios1/a/./x.mrc", "would lead elsewhere"),
        ("krios1//x.mrc", "two in a row"),
        ("krios1/a/", "two in a row"),
        (f"krios1/{'n' * 256}.mrc", "longer than 255"),
        ("krios1/a", "as a file it cannot be"),
    ],
)
def test_names_that_cannot_be_those_of_files_are_told(
    objects: ObjectServer, key: str, why: str
) -> None:
    objects.put("movies", **{key: b"x", "krios1/a/good ü.mrc": b"x"})
    found = source()
    assert found.find(0.0) == ["a/good ü.mrc"]
    assert why in found.problems[key.removeprefix("krios1/")]
    objects.client.delete_object(Bucket="movies", Key=key)
    found.find(1000.0)
    assert found.problems == {}


def test_marks_of_folders_and_hidden_objects_are_passed_over(objects: ObjectServer) -> None:
    objects.put("movies", **{"krios1/": b"", "krios1/a/": b"", "krios1/.x": b"", "krios1/a/b": b""})
    found = source()
    assert (found.find(0.0), found.problems) == (["a/b"], {})


def test_objects_of_an_archive_are_named(objects: ObjectServer, tmp_path: Path) -> None:
    objects.client.put_object(
        Bucket="movies", Key="krios1/a.mrc", Body=b"x", StorageClass="GLACIER"
    )
    found = source()
    found.find(0.0)
    looked = found.look("a.mrc")
    assert looked is not None
    assert "archive" in looked.problem
    ended = found.bring(
        tmp_path, ["a.mrc"], limit=0.0, told=lambda *_: None, stopped=threading.Event()
    )
    assert "archive" in ended.failed["a.mrc"]


def test_only_what_was_compared_is_removed(objects: ObjectServer, tmp_path: Path) -> None:
    objects.put("movies", **{f"krios1/{name}": b"x" for name in ("same", "other", "late")})
    found = source()
    found.find(0.0)
    for name, content in (("same", "x"), ("other", "y"), ("late", "x")):
        (tmp_path / name).write_text(content)
    said = found.digest_is(tmp_path, ["same", "other", "late", "none"], None)
    assert (said["same"], said["late"]) == ("", "")
    assert "something else" in said["other"]
    assert said["none"]
    objects.put("movies", **{"krios1/late": b"z"})
    removed = found.remove(tmp_path, ["same", "other", "late"])
    assert removed["same"] == ""
    assert "changed" in removed["late"]
    assert objects.names("movies") == ["krios1/late", "krios1/other"]


def test_a_store_that_is_away_is_an_outage_and_then_caught_up_with(objects: ObjectServer) -> None:
    objects.put("movies", **{"krios1/a.mrc": b"x"})
    found = source()
    assert found.find(0.0) == ["a.mrc"]
    objects.put("movies", **{"krios1/b.mrc": b"x"})
    objects.stop()
    with pytest.raises(Outage, match="does not answer"):
        found.find(1000.0)
    objects.start()
    assert found.find(1001.0) == ["b.mrc"]
