import re
import shutil
import subprocess

import numpy as np
import pytest

from icestream.processing.volume.rotations import axis_rotations, random_rotation, spiral_directions
from icestream.processing.volume.symmetry import asymmetric_unit, group_order, point_group

ORDERS = {"C1": 1, "C2": 2, "c7": 7, "D2": 4, "D7": 14, "T": 12, "O": 24, "I": 60}


@pytest.mark.parametrize(("name", "order"), ORDERS.items())
def test_a_group_is_closed_and_of_its_order(name: str, order: int) -> None:
    group = point_group(name)
    assert group_order(name) == len(group) == order
    assert np.allclose(group[0], np.eye(3))
    assert np.allclose(np.linalg.det(group), 1.0, atol=1e-5)
    products = np.einsum("aij,bjk->abik", group, group).reshape(-1, 1, 9)
    assert np.abs(products - group.reshape(1, -1, 9)).max(axis=2).min(axis=1).max() < 1e-4


@pytest.mark.parametrize(
    ("name", "fold", "axis"),
    [
        ("C5", 5, (0, 0, 1)),
        ("D3", 3, (0, 0, 1)),
        ("D3", 2, (1, 0, 0)),
        ("T", 3, (0, 0, 1)),
        ("O", 4, (0, 0, 1)),
        ("O", 4, (1, 0, 0)),
        ("O", 3, (1, 1, 1)),
        ("I", 2, (1, 0, 0)),
        ("I", 2, (0, 1, 0)),
        ("I", 3, (0, 0.356822, 0.934172)),
        ("I", 5, (0.525731, 0, 0.850651)),
    ],
)
def test_axes_lie_where_relion_has_them(name: str, fold: int, axis: tuple[float, ...]) -> None:
    wanted = axis_rotations(np.array(axis), 360.0 / fold)[0]
    assert np.abs(point_group(name) - wanted).max(axis=(1, 2)).min() < 1e-4


@pytest.mark.parametrize("name", ["C4", "D2", "D5", "T", "O", "I"])
def test_relion_prints_the_same_rotations(name: str) -> None:
    program = shutil.which("relion_refine")
    if program is None:
        pytest.skip("relion_refine is not installed")
    command = [program, "--sym", name, "--print_symmetry_ops"]
    text = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60).stdout
    blocks = re.findall(r"R\(\d+\)=\s*((?:[-+.\deE]+\s+){9})", text)
    theirs = np.array([[float(n) for n in block.split()] for block in blocks]).reshape(-1, 3, 3)
    group = point_group(name)
    assert len(theirs) == len(group)
    apart = np.abs(theirs[:, None] - group[None]).max(axis=(2, 3))
    assert apart.min(axis=1).max() < 1e-3


@pytest.mark.parametrize("name", ["", "C0", "D", "O2", "I3", "auto"])
def test_no_other_name_is_taken(name: str) -> None:
    with pytest.raises(ValueError, match="no point group is called"):
        point_group(name)


@pytest.mark.parametrize("name", ["C1", "C3", "D2", "T", "O", "I"])
def test_the_group_makes_all_directions_of_its_unit(name: str) -> None:
    group, directions = point_group(name), spiral_directions(5.0)
    kept = directions[asymmetric_unit(directions, group)]
    assert len(kept) == pytest.approx(len(directions) / len(group), rel=0.25)
    made = np.einsum("gij,nj->gni", group, kept).reshape(-1, 3)
    assert np.degrees(np.arccos((directions @ made.T).max(axis=1).clip(-1, 1))).max() < 8.0


@pytest.mark.parametrize("name", ["C1", "C8", "C99", "D2", "D8", "D50", "T", "O", "I"])
@pytest.mark.parametrize("spacing", [4.0, 12.0, 21.0, 30.0, 36.0, 90.0])
def test_no_direction_is_far_from_what_the_unit_makes(name: str, spacing: float) -> None:
    """However narrow the unit, and however far apart the directions."""
    group, random = point_group(name), np.random.default_rng(1)
    for _ in range(5):
        directions = spiral_directions(spacing) @ random_rotation(random)
        kept = directions[asymmetric_unit(directions, group)]
        made = np.einsum("gij,nj->gni", group, kept).reshape(-1, 3)
        away = np.degrees(np.arccos((directions @ made.T).max(axis=1).clip(-1, 1)))
        assert away.max() < 1.35 * spacing
        assert len(kept) < 10 + 2.5 * len(directions) / len(group)
