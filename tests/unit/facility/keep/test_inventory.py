"""Every byte of a place is counted once, as du counts it."""

import os
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from icestream.facility.keep import inventory
from icestream.facility.keep.inventory import FOLDERS, LINKS, kept_inventory, take_inventory
from icestream.facility.keep.known import OTHER, RECORDS
from kept_session import KeptPlace


def du(folder: Path) -> int:
    said = subprocess.run(
        ["du", "-s", "--block-size=1", str(folder)], check=True, capture_output=True, text=True
    )
    return int(said.stdout.split()[0])


def test_the_sums_are_those_of_du(kept: KeptPlace, tmp_path: Path) -> None:
    os.link(kept.place / "raw/a.tiff", kept.place / "handover/a.tiff")
    (kept.place / "raw/b.tiff").symlink_to(tmp_path / "nowhere")
    kept.write("raw/large", "x" * 300_000)
    taken = take_inventory(kept.layout)
    shutil.rmtree(kept.folder / ".facility" / "x", ignore_errors=True)
    (kept.folder / ".facility" / "inventory.json").unlink()
    assert taken.total.disk == du(kept.place)


def test_each_file_is_of_its_class(kept: KeptPlace) -> None:
    taken = take_inventory(kept.layout)
    files = {kind: one.files for kind, one in taken.tallies.items()}
    assert files["raw"] == 3
    assert (files["micrographs"], files["particles"]) == (1, 1)
    assert files["report"] == 1
    assert files["handover"] == 1
    assert files[OTHER] == 2
    assert files["project"] >= 3  # a picture, a spectrum, the store
    assert files[RECORDS] >= 1
    assert set(taken.unknown) == {"raw/mine.txt", "processing/mine.txt"}
    assert taken.tallies[FOLDERS].disk >= 0
    assert LINKS not in taken.tallies
    assert taken.tallies["raw"].bytes == len("movie a") + len("movie b") + len("metadata")


def test_what_it_came_to_is_kept(kept: KeptPlace) -> None:
    assert kept_inventory(kept.folder) is None
    taken = take_inventory(kept.layout)
    assert kept_inventory(kept.folder) == taken
    (kept.folder / ".facility" / "inventory.json").write_text("{")
    assert kept_inventory(kept.folder) is None


def test_a_session_whose_store_cannot_be_read_has_files_that_nobody_knows(
    kept: KeptPlace,
) -> None:
    for path in kept.folder.glob("icestream.db*"):
        path.unlink()
    taken = take_inventory(kept.layout)
    assert "holds no icestream session" in taken.problem
    assert "micrographs" not in taken.tallies
    assert taken.tallies[OTHER].files >= 5
    assert taken.tallies["raw"].files == 3  # the ledger of the copy knows them


def test_a_folder_of_another_disk_is_named_and_not_counted(
    kept: KeptPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    status = os.lstat(kept.place)
    told = {name: getattr(status, name) for name in dir(status) if name.startswith("st_")}
    elsewhere = SimpleNamespace(**told | {"st_dev": status.st_dev + 1})
    monkeypatch.setattr(
        inventory.os, "lstat", lambda path: elsewhere if path == kept.place else status
    )
    taken = take_inventory(kept.layout)
    assert set(taken.elsewhere) == {"raw", "processing", "handover"}
    assert set(taken.tallies) == {FOLDERS}
