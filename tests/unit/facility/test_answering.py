"""A disk that does not answer is found by a thread of its own, and named."""

import threading
from pathlib import Path

import pytest

from icestream.facility.answering import Disks, Silent
from silent_disks import Hangs, hangs

__all__ = ["hangs"]


def test_a_disk_that_hangs_is_named_and_others_are_not(tmp_path: Path, hangs: Hangs) -> None:
    nas, local = tmp_path / "nas", tmp_path / "local"
    disks = Disks({nas: "krios1's movies", local: "the sessions"})
    disks.require(nas / "a", local / "b", None)
    hangs.at(nas)
    with pytest.raises(Silent, match=f"the disk of krios1's movies, {nas} has not answered for "):
        disks.require(local / "b", nas / "2026" / "a")
    assert len(disks.silent_roots()) == 1
    assert disks.silent(local) is None
    asking = [one for one in threading.enumerate() if one.name == f"disk {nas}"]
    assert len(asking) == 1  # however often it was asked for
    hangs.over()
    hangs.eventually(lambda: disks.silent(nas) is None)
    disks.require(nas)


def test_an_error_is_an_answer(tmp_path: Path) -> None:
    Disks({}).require(tmp_path / "gone" / "with it")


def test_the_narrowest_root_is_asked(tmp_path: Path, hangs: Hangs) -> None:
    disks = Disks({tmp_path: "all", tmp_path / "nas": "the NAS"})
    hangs.at(tmp_path / "nas")
    assert disks.silent(tmp_path / "other") is None
    assert disks.silent(tmp_path / "nas" / "x") is not None
