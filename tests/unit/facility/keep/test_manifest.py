"""A manifest is written whole, for nobody to change, and read again as it was."""

from pathlib import Path

from icestream.facility.keep.manifest import (
    ManifestHead,
    ManifestLine,
    read_head,
    read_lines,
    write_manifest,
)


def test_a_manifest_is_read_as_it_was_written(tmp_path: Path) -> None:
    head = ManifestHead(
        removal=7, session="p-1", key="k", place="/p", kind="raw", rule="r", who="ada", at=0.0
    )
    odd = "raw/new\nline \udcff ü"
    line = ManifestLine(
        path=odd, size=1, modified=2, mode=0o640, uid=1, gid=2, inode=3, links=1, digest="d",
        copies=("usb",),
    )  # fmt: skip
    path = tmp_path / "manifest.jsonl"
    write_manifest(path, head, [line])
    found = read_head(path)
    assert (found.removal, found.when) == (7, "1970-01-01T00:00:00Z")
    assert list(read_lines(path)) == [line]
    assert path.stat().st_mode & 0o777 == 0o440
    (tmp_path / "x").write_text("1")
    assert not line.is_of((tmp_path / "x").stat())
