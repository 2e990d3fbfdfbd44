"""Movies in a folder of another machine."""

from pathlib import Path

from icestream.facility.transfer.address import read_address
from icestream.facility.transfer.remote_source import RemoteSource
from icestream.facility.transfer.sources import source_of
from rsync_server import rsync_daemon


def test_another_machine_is_listed_now_and_then(tmp_path: Path) -> None:
    folder = tmp_path / "m"
    folder.mkdir()
    (folder / "a.mrc").write_text("x")
    text = f"[m]\npath = {folder}\nread only = yes\nuse chroot = no\n"
    with rsync_daemon(tmp_path / "conf", text) as port:
        source = source_of(read_address(f"rsync://127.0.0.1:{port}/m"), [], 30.0)
        assert isinstance(source, RemoteSource)
        assert source.find(1000.0) == ["a.mrc"]
        (folder / "b.mrc").write_text("x")
        assert (source.find(1010.0), source.as_of(1010.0)) == ([], 1000.0)
        assert (source.find(1031.0), source.as_of(1031.0)) == (["b.mrc"], 1031.0)
        looked = source.look("b.mrc")
        assert looked is not None
        assert (looked.size, looked.changed, source.path("b.mrc")) == (1, -1, None)
        assert source.look("c.mrc") is None
        (tmp_path / "b.mrc").write_text("y")
        (tmp_path / "a.mrc").write_text("x")
        said = source.digest_is(tmp_path, ["a.mrc", "b.mrc", "c.mrc"], None)
        assert said["a.mrc"] == ""
        assert "something else" in said["b.mrc"]
        assert said["c.mrc"]
        # It may only be read.
        assert source.remove(tmp_path, ["a.mrc"])["a.mrc"]
        assert (folder / "a.mrc").exists()
