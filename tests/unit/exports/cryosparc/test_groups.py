"""Files of groups."""

from pathlib import Path

from icestream.exports.cryosparc.groups import ItemGroup, write_group


def test_a_group(tmp_path: Path) -> None:
    group = ItemGroup(name="maps", kind="volume", title="All maps", slots={"map_half_A": "blob"})
    write_group(tmp_path, group, 3)
    lines = (tmp_path / "maps.csg").read_text().splitlines()
    assert lines[1:] == [
        "group:",
        "  description: All maps",
        "  name: maps",
        "  title: All maps",
        "  type: volume",
        "results:",
        "  map_half_A:",
        "    metafile: '>maps.cs'",
        "    num_items: 3",
        "    type: volume.blob",
        "version: v4.4.1",
    ]
