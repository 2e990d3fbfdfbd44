"""Every byte is accounted for, of what is in places and of what is in none."""

import shutil
import subprocess
import time

from icestream.facility.keep.account import account, age_words, unclaimed
from icestream.facility.keep.inventory import Inventory
from icestream.facility.opened import Facility
from kept_session import KeptPlace


def test_the_sums_are_what_the_disk_says(keeping: Facility) -> None:
    one, two = KeptPlace(keeping, "p-1"), KeptPlace(keeping, "q-2")
    stray = keeping.sessions / "stray" / "deep"
    stray.mkdir(parents=True)
    (stray / "file").write_text("x" * 50_000)
    shutil.copytree(one.place, keeping.sessions / "copy")
    account(keeping)  # writes down what it found in each place
    found = account(keeping, fresh=True)
    said = subprocess.run(
        ["du", "-s", "--block-size=1", str(keeping.sessions)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert found.total.disk == int(said.stdout.split()[0])
    assert found.unclaimed is not None
    assert found.unclaimed.names == ("copy", "stray")
    assert {each.session.name for each in found.sessions} == {"p-1", "q-2"}
    assert found.disk > found.free > 0
    assert two.place.is_dir()


def test_what_is_known_is_not_looked_at_again(kept: KeptPlace) -> None:
    first = account(kept.facility, project="p")
    kept.write("raw/new", "x")
    assert account(kept.facility, project="p").sessions == first.sessions
    (fresh,) = account(kept.facility, session="p-1", fresh=True).sessions
    assert fresh.here is not None
    assert first.sessions[0].here is not None
    assert fresh.here.tallies["other"].files == first.sessions[0].here.tallies["other"].files + 1
    assert account(kept.facility, microscope="glacios").sessions == ()


def test_copies_and_the_source_are_told(kept: KeptPlace) -> None:
    kept.back_up("raw/a.tiff", "raw/Sq 1/b.tiff")
    kept.spoil("raw/a.tiff")
    (one,) = account(kept.facility, microscope="krios1").sessions
    assert one.source["verified"].files == 3
    (backup,) = one.backups
    assert (backup.backup, backup.files, backup.verified, backup.wrong) == ("usb", 2, 1, 1)


def test_a_place_that_is_gone_is_said(kept: KeptPlace) -> None:
    shutil.rmtree(kept.place)
    (one,) = account(kept.facility).sessions
    assert one.here is None
    assert "No such file or directory" in one.problem


def test_a_place_deep_below_is_not_counted_twice(kept: KeptPlace) -> None:
    found = unclaimed(kept.facility.sessions, [kept.place / "raw"])
    assert set(found.names) == {"p-1/processing", "p-1/handover"}


def test_ages_are_words() -> None:
    now = time.time()
    assert age_words(None) == "never looked at"
    assert [age_words(Inventory(at=now - ago, seconds=0.1), now) for ago in (5, 600, 90_000)] == [
        "now",
        "10 min ago",
        "25 h ago",
    ]
