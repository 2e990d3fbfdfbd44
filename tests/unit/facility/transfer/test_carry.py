"""Bringing files to another place and back, whatever brings them."""

from pathlib import Path

import pytest

from icestream.facility.duties.duty import Outage
from icestream.facility.transfer.address import Address, read_address
from icestream.facility.transfer.carry import carry, compared, is_reached
from icestream.facility.transfer.manner import Manner
from icestream.facility.transfer.rsync import Between
from object_server import ObjectServer, objects

__all__ = ["objects"]


@pytest.fixture(params=["rsync", "objects"])
def there(request: pytest.FixtureRequest, tmp_path: Path) -> Address:
    """A place that files are brought to."""
    if request.param == "rsync":
        (tmp_path / "there").mkdir()
        return Address(str(tmp_path / "there"))
    request.getfixturevalue("objects")
    return read_address("s3://results/there")


def test_files_go_there_and_come_back(there: Address, tmp_path: Path) -> None:
    """The same is said of both ways, whichever carries."""
    here, back = Address(str(tmp_path / "here")), Address(str(tmp_path / "back"))
    for place in (here, back):
        assert place.folder is not None
        place.folder.mkdir()
    file = tmp_path / "here" / "a b" / "ü.mrc"
    file.parent.mkdir()
    file.write_bytes(b"x" * 2_000_000)
    told: list[str] = []
    went = carry(Between(here, there), ["a b/ü.mrc"], told=lambda name, _: told.append(name))
    assert (told, list(went.done), went.failed) == (["a b/ü.mrc"], ["a b/ü.mrc"], {})
    assert went.done["a b/ü.mrc"]
    assert carry(Between(here, there), ["a b/ü.mrc"]).done == {"a b/ü.mrc": None}
    came = carry(Between(there, back), ["a b/ü.mrc"], Manner(resumes=True))
    copy = tmp_path / "back" / "a b" / "ü.mrc"
    assert came.done == went.done
    assert copy.read_bytes() == file.read_bytes()
    assert copy.stat().st_mtime_ns == file.stat().st_mtime_ns
    compares = Manner(compares=True)
    assert carry(Between(here, there), ["a b/ü.mrc"], compares).done == {"a b/ü.mrc": None}
    file.write_bytes(b"y" * 2_000_000)
    assert carry(Between(here, there), ["a b/ü.mrc"], compares).done["a b/ü.mrc"]


def test_what_is_replaced_is_kept_aside(there: Address, tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    for content, aside in (("old", ""), ("new!", "../former/1")):
        (here / "a").write_text(content)
        carry(Between(Address(str(here)), there.below("part")), ["a"], Manner(aside=aside))
    (tmp_path / "back").mkdir()
    between = Between(there, Address(str(tmp_path / "back")))
    assert carry(between, ["part/a", "former/1/a"]).failed == {}
    kept = [(tmp_path / "back" / name).read_text() for name in ("part/a", "former/1/a")]
    assert kept == ["new!", "old"]


def test_a_place_is_asked_whether_it_answers(objects: ObjectServer, tmp_path: Path) -> None:
    is_reached(read_address("s3://results/x"))
    is_reached(Address(str(tmp_path)))
    with pytest.raises(Outage, match="s3://nowhere/x: there is no bucket"):
        is_reached(read_address("s3://nowhere/x"))
    with pytest.raises(Outage):
        is_reached(Address(str(tmp_path / "none")))


def test_copies_are_compared_at_both_ends(tmp_path: Path) -> None:
    for side in ("here", "there"):
        (tmp_path / side).mkdir()
        (tmp_path / side / "same").write_text("a")
        (tmp_path / side / "other").write_text(side[:4])
    (tmp_path / "here" / "gone").write_text("x")
    between = Between(Address(str(tmp_path / "here")), Address(str(tmp_path / "there")))
    said = compared(between, ["same", "other", "gone"])
    assert said["same"] == ""
    assert said["other"] == "the copy holds something else"
    assert said["gone"]
    assert compared(between, []) == {}
