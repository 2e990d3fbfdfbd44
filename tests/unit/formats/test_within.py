"""Files are read below some folders only: not by a link, by dots, nor by what a table names."""

import re
from pathlib import Path

import numpy as np
import pytest

import icestream.formats
from icestream.formats.errors import FormatError
from icestream.formats.imaged import read_particles
from icestream.formats.mrc import read_mrc, read_stack, write_mrc
from icestream.formats.picked import read_picks
from icestream.formats.star import Block, write_star
from icestream.formats.within import OutsideError, first_inside, inside, may_be_read, read_within
from icestream.threads import in_threads


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder that is read, and one beside it that is not; each has an image."""
    for name in ("root", "outside"):
        (tmp_path / name).mkdir()
        write_mrc(tmp_path / name / "image.mrcs", np.zeros((2, 8, 8), np.float32), 1.0)
    (tmp_path / "root" / "link.mrcs").symlink_to(tmp_path / "outside" / "image.mrcs")
    (tmp_path / "root" / "folder").symlink_to(tmp_path / "outside")
    return tmp_path / "root"


OUTSIDE = ("link.mrcs", "folder/image.mrcs", "../outside/image.mrcs", "folder/nothing.mrcs")


def test_where_nobody_has_said_it_every_file_is_read(root: Path) -> None:
    assert read_stack(root / "link.mrcs", slice(0, 1)).shape == (1, 8, 8)
    with read_within(None):
        assert may_be_read("/nowhere/at/all")


@pytest.mark.parametrize("name", OUTSIDE)
def test_what_leads_outside_is_refused_alike_whether_it_is_there(root: Path, name: str) -> None:
    with read_within([root]):
        assert not may_be_read(root / name)
        with pytest.raises(OutsideError, match="one outside of them") as caught:
            read_mrc(root / name)
        assert str(root.parent / "outside") not in str(caught.value).replace(str(root / name), "")
        assert first_inside([root / name]) is None
    assert may_be_read(root / name)  # afterwards


def test_files_inside_are_read_by_any_thread_of_the_caller(root: Path) -> None:
    with read_within([root]):
        assert read_mrc(root / "image.mrcs").shape == (2, 8, 8)
        assert inside(root / "nothing.mrc") == root / "nothing.mrc"
        assert in_threads(may_be_read, [root / "image.mrcs", root / "link.mrcs"], 2) == [
            True,
            False,
        ]


NUMBERS = ("CoordinateX", "CoordinateY", "DefocusU", "DefocusV", "DefocusAngle")
OPTICS = ("ImagePixelSize", "Voltage", "SphericalAberration", "AmplitudeContrast")


@pytest.mark.parametrize("stack", [*OUTSIDE, "{root}/../outside/image.mrcs"])
def test_a_table_names_no_stack_outside(root: Path, stack: str) -> None:
    stack = stack.format(root=root)
    numbers = {f"rln{name}": [1.0] for name in NUMBERS}
    optics = {f"rln{name}": [1.0] for name in OPTICS}
    table = root / "particles.star"
    write_star(
        table,
        [
            Block("optics", {"rlnOpticsGroup": [1], "rlnImageSize": [8], **optics}),
            Block(
                "particles",
                {
                    "rlnImageName": [f"000001@{stack}"],
                    "rlnMicrographName": ["m.mrc"],
                    "rlnOpticsGroup": [1],
                    **numbers,
                },
            ),
        ],
    )
    with read_within([root]), pytest.raises(FormatError, match="no such file in the project"):
        read_particles(table)


def test_a_list_names_no_list_outside(root: Path) -> None:
    outside = root.parent / "outside" / "m.star"
    write_star(outside, [Block("", {"rlnCoordinateX": [1.0], "rlnCoordinateY": [1.0]})])
    lists = root / "autopick.star"
    for name in ("../outside/m.star", "folder/m.star", str(outside)):
        columns = {"rlnMicrographName": ["m.mrc"], "rlnMicrographCoordinates": [name]}
        write_star(lists, [Block("", columns)])
        assert len(read_picks(lists)["m.mrc"]) == 1
        with read_within([root]), pytest.raises(FormatError, match="no such file"):
            read_picks(lists)
    group = root / "picks.csg"
    group.write_text("results:\n  location:\n    metafile: '>../outside/picks.cs'\n")
    with read_within([root]), pytest.raises(OutsideError):
        read_picks(group)


def test_no_reader_opens_a_file_without_asking() -> None:
    """Every file that is read in this package is opened by `inside`, or by `open_file`."""
    opens = re.compile(
        r"""\S+\.open\("rb"|np\.(?:load|memmap|fromfile)\(\s*\S+|\S+\.read_bytes\("""
    )
    for path in Path(icestream.formats.__file__).parent.glob("*.py"):
        for opened in opens.findall(path.read_text()):
            assert "inside(" in opened or opened.startswith("checked."), f"{path.name}: {opened}"
