"""Where the machine keeps its state, and which folders are on a network."""

from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from icestream.store.places import is_network, state_folder


@pytest.fixture
def mounts(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Path | str, str]]:
    """What the machine has mounted, in order of mounting: fill it with (folder, type)."""
    listed: list[tuple[Path | str, str]] = [("/", "ext4")]

    def partitions(*, all: bool) -> list[SimpleNamespace]:  # noqa: A002 - psutil's own word
        assert all, "network file systems are listed only when all are asked for"
        return [SimpleNamespace(mountpoint=str(place), fstype=kind) for place, kind in listed]

    monkeypatch.setattr(psutil, "disk_partitions", partitions)
    return listed


def test_the_state_is_where_it_is_asked_for_or_where_the_desktop_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.delenv("ICESTREAM_STATE")
    assert state_folder() == tmp_path / "home" / ".local" / "state" / "icestream"
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))
    assert state_folder() == tmp_path / "xdg" / "icestream"
    monkeypatch.setenv("ICESTREAM_STATE", str(tmp_path / "ours"))
    assert state_folder() == tmp_path / "ours"


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "gpfs", "lustre", "beegfs", "fuse.sshfs"])
def test_the_innermost_mount_decides(
    tmp_path: Path, mounts: list[tuple[Path | str, str]], kind: str
) -> None:
    mounts += [(tmp_path / "net", kind), (tmp_path / "net" / "scratch", "xfs")]
    assert is_network(tmp_path / "net" / "grid" / "session")  # it need not exist yet
    assert not is_network(tmp_path / "net" / "scratch" / "session")
    assert not is_network(tmp_path / "session")


def test_a_name_that_only_begins_alike_is_another_folder(
    tmp_path: Path, mounts: list[tuple[Path | str, str]]
) -> None:
    mounts.append((tmp_path / "net", "nfs"))
    assert not is_network(tmp_path / "network" / "session")


def test_a_link_to_the_network_is_on_the_network(
    tmp_path: Path, mounts: list[tuple[Path | str, str]]
) -> None:
    (tmp_path / "net").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "net")
    mounts.append((tmp_path / "net", "nfs"))
    assert is_network(tmp_path / "link" / "session")


def test_of_two_mounts_at_one_place_the_later_covers_the_earlier(
    tmp_path: Path, mounts: list[tuple[Path | str, str]]
) -> None:
    """An automounter's own entry comes before the file system that it mounts there."""
    mounts += [(tmp_path / "net", "autofs"), (tmp_path / "net", "nfs4")]
    assert is_network(tmp_path / "net" / "session")
