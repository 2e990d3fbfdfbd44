"""Every fault that an export may have is found, and named."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from icestream.exports.relion import export_relion
from icestream.exports.verify import verify_export
from icestream.formats import read_mrc, read_star, write_star
from icestream.formats.mrc import write_mrc

Fault = Callable[[Path], None]
PARTICLES = "Extract/job005/particles.star"
ROWS, COLUMNS = 320, 420


@pytest.fixture(scope="module")
def exported(session: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export_relion(session, tmp_path_factory.mktemp("relion") / "project").project


@pytest.fixture
def project(exported: Path, tmp_path: Path) -> Path:
    """A copy, to be spoilt."""
    return shutil.copytree(exported, tmp_path / "project", symlinks=True)


def faults(session: Path, folder: Path) -> list[str]:
    return [fault for checked in verify_export(session, folder) for fault in checked.faults]


def columns(
    path: Path, change: Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]], block: str
) -> None:
    """Change columns of numbers in a table."""
    blocks = read_star(path)
    table = blocks[block]
    numbers = {
        label: table.floats(label)
        for label in ("rlnCoordinateX", "rlnCoordinateY", "rlnDefocusU", "rlnDefocusAngle")
        if label in table
    }
    table.columns.update(change(numbers))
    write_star(path, blocks)


def of_particles(change: Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]]) -> Fault:
    return lambda project: columns(project / PARTICLES, change, "particles")


def images(pattern: str, change: Callable[[np.ndarray], np.ndarray]) -> Fault:
    def spoil(project: Path) -> None:
        for path in project.glob(pattern):
            write_mrc(path, np.ascontiguousarray(change(read_mrc(path))))

    return spoil


def other_pixel_size(project: Path) -> None:
    path = project / "CtfFind/job003/micrographs_ctf.star"
    blocks = read_star(path)
    blocks["optics"].columns["rlnMicrographPixelSize"] = ["1.8"]
    write_star(path, blocks)


def mirrored_picks(project: Path) -> None:
    for path in (project / "AutoPick/job004/Movies").glob("*.star"):
        columns(path, lambda at: {"rlnCoordinateX": COLUMNS - 1 - at["rlnCoordinateX"]}, "")


STACKS, MICROGRAPHS = "Extract/job005/Movies/*.mrcs", "MotionCorr/job002/Movies/*.mrc"
FAULTS: dict[str, tuple[Fault, str]] = {
    "y from the other end": (
        of_particles(lambda at: {"rlnCoordinateY": ROWS - 1 - at["rlnCoordinateY"]}),
        "36 of 36 are not where the files say: the coordinates are mirrored along y",
    ),
    "x and y exchanged": (
        of_particles(
            lambda at: {
                "rlnCoordinateX": at["rlnCoordinateY"],
                "rlnCoordinateY": at["rlnCoordinateX"],
            }
        ),
        "the coordinates are exchanged in x and y",
    ),
    "origin moved": (
        of_particles(lambda at: {"rlnCoordinateX": at["rlnCoordinateX"] + 12.0}),
        "they lie -12 (x) and +0 (y) pixels farther",
    ),
    "one pixel": (
        of_particles(lambda at: {"rlnCoordinateY": at["rlnCoordinateY"] + 1.0}),
        "are not where the files say",
    ),
    "stacks inverted": (images(STACKS, lambda image: -image), "36 of 36 images are not the "
                        "session's own: the contrast is inverted"),
    "stacks mirrored": (
        images(STACKS, lambda image: np.roll(image[:, ::-1], 1, axis=1)),
        "images are not the session's own: they are mirrored along y",
    ),
    "stacks in another order": (images(STACKS, lambda image: image[::-1]), "they are others"),
    "micrographs mirrored": (
        images(MICROGRAPHS, lambda image: image[::-1]),
        "particles: 36 of 36 are not where the files say: the micrographs are mirrored along y",
    ),
    "micrographs inverted": (
        images(MICROGRAPHS, lambda image: -image),
        "are not where the files say: the contrast is inverted",
    ),
    "astigmatism mirrored": (
        of_particles(lambda at: {"rlnDefocusAngle": -at["rlnDefocusAngle"]}),
        "the files say: defocus angle -31°, and not 31°",
    ),
    "pixel size": (other_pixel_size, "micrograph pixel size 1.8 Å, and not 1.5 Å"),
    "picks mirrored": (mirrored_picks, "picks: 40 of 40 are not where the files say: the "
                       "coordinates are mirrored along x"),
}  # fmt: skip


def test_what_is_written_is_what_the_session_has(session: Path, exported: Path) -> None:
    particles, picks = verify_export(session, exported)
    assert (particles.checked, particles.total) == (36, 36)
    assert (picks.checked, picks.total) == (40, 40)
    assert not particles.faults
    assert not picks.faults
    assert min(one.correlation for one in particles.stacked) > 0.9999
    assert min(one.correlation for one in particles.cut) > 0.99
    assert all(np.hypot(*one.offset) < 0.1 for one in particles.cut)
    assert all(0.9 < one.contrast < 1.1 for one in particles.cut)
    said = list(particles.sentences())
    assert said[0] == "particles: 36 of 36 were compared with the session's own"
    assert said[1].endswith("offset 0.00 pixels, contrast +1.00")


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found(session: Path, project: Path, name: str) -> None:
    spoil, expected = FAULTS[name]
    spoil(project)
    found = [
        f"{checked.name}: {fault}"
        for checked in verify_export(session, project)
        for fault in checked.faults
    ]
    assert any(expected in fault for fault in found), found


def test_a_sample_is_taken(session: Path, exported: Path) -> None:
    particles, picks = verify_export(session, exported, most=5)
    assert particles.checked == picks.checked == 5
    assert len({str(one) for one in particles.cut}) == 5


def test_particles_that_the_session_does_not_have_are_told(session: Path, project: Path) -> None:
    path = project / PARTICLES
    blocks = read_star(path)
    names = blocks["particles"].columns["rlnMicrographName"]
    names[0] = names[0].replace("FoilHole", "Other")
    write_star(path, blocks)
    assert any("1 of 36 are not in the session" in fault for fault in faults(session, project))


def test_a_folder_of_something_else(session: Path, tmp_path: Path) -> None:
    with pytest.raises(LookupError, match="is no export with particles that is known"):
        verify_export(session, tmp_path)
