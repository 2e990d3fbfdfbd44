"""RELION as it is installed, folders for tasks, and images of blobs whose places are known."""

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from icestream.formats import write_mrc
from icestream.model import Ctf, Micrograph, Optics, Particles, Picks, column
from icestream.protocol import Work

sys.path.insert(0, str(Path(__file__).parent))

from relion_specimen import BOX, PIXEL, particle, phantom

OPTICS = Optics(pixel_size=4.0, voltage=300.0)


@pytest.fixture
def needs() -> Callable[..., None]:
    """Skips where a program is not installed."""

    def look(*programs: str) -> None:
        for program in programs:
            if shutil.which(program) is None:
                pytest.skip(f"{program} is not installed (Debian: relion)")

    return look


@pytest.fixture
def work(tmp_path: Path) -> Callable[..., Work]:
    """Makes the folder of a task."""

    def make(name: str = "work", cores: int = 1, gpus: tuple[int, ...] = ()) -> Work:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        return Work(folder=folder, exposure="a", cores=cores, gpus=gpus)

    return make


@dataclass
class Field:
    """A micrograph of dark blobs, and where they are."""

    micrograph: Micrograph
    ctf: Ctf
    picks: Picks
    image: NDArray[np.float32]


@pytest.fixture
def field(tmp_path: Path) -> Field:
    """16 blobs of 120 Å in 400 x 480 pixels of 4 Å; the last lies at the edge."""
    rng = np.random.default_rng(1)
    y, x = (places.ravel() for places in np.mgrid[60:350:90, 70:430:100][:, :4, :4])
    y, x = y + rng.integers(-10, 10, 16), x + rng.integers(-10, 10, 16)
    x[-1] = 475
    points = np.zeros((400, 480), np.float32)
    points[y, x] = -1.0
    signal = gaussian_filter(points, 9.0)
    image = signal / signal.std() * 0.8 + rng.normal(0, 1, points.shape) + 20.0
    path = write_mrc(tmp_path / "a mic.mrc", image.astype(np.float32), OPTICS.pixel_size)
    micrograph = Micrograph(exposure="a", path=path, shape=image.shape, optics=OPTICS)
    ctf = Ctf(exposure="a", optics=OPTICS, defocus_u=15000.0, defocus_v=14000.0, angle=20.0)
    picks = Picks(
        exposure="a",
        x=column(x),
        y=column(y),
        score=column(np.linspace(1, 2, 16)),
        diameter=120.0,
        pixel_size=OPTICS.pixel_size,
    )
    return Field(micrograph, ctf, picks, image.astype(np.float32))


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Puts a stand-in for a program and version where the protocols look for it."""
    places: dict[str, str] = {}

    def write(name: str, version: str) -> Path:
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        stand_in = Path(__file__).with_name("stand_in.py")
        said = f"RELION version: {version}-commit-0123ab\\nPrecision: BASE=double, CUDA-ACC=single"
        path.write_text(
            # Asked for its version often, which Python would take its time for.
            f"#!/bin/sh\n[ \"$*\" = --version ] && {{ printf '{said}\\n'; exit 0; }}\n"
            f'exec "{sys.executable}" "{stand_in}" {name} {version} "$@"\n'
        )
        path.chmod(0o755)
        places[name] = str(path)
        monkeypatch.setenv("ICESTREAM_PROGRAM_PLACES", json.dumps(places))
        return path

    return write


@pytest.fixture(scope="session")
def specimen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The map of what `make_particles` projects."""
    return write_mrc(tmp_path_factory.mktemp("map") / "a map.mrc", phantom(), PIXEL, volume=True)


@dataclass
class Made:
    """Particles of some exposures, and from where each is seen."""

    items: list[Particles]
    angles: NDArray[np.float64]
    """``(n, 3)`` rot, tilt and psi, degrees, as RELION has them."""


@pytest.fixture(scope="session")
def make_particles(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Made]:
    """Projections of the specimen, seen through a CTF, with noise."""

    def make(exposures: int = 4, each: int = 30, noise: float = 1.0, views: int = 0) -> Made:
        tmp_path = tmp_path_factory.mktemp("particles")
        rng = np.random.default_rng(5)
        optics = Optics(pixel_size=PIXEL, voltage=300.0)
        angles, items = [], []
        for number in range(exposures):
            defocus = float(rng.uniform(12000, 20000))
            images = np.zeros((each, BOX, BOX), np.float32)
            for n in range(each):
                if views:
                    view = int(rng.integers(views))
                    rot, tilt = 360.0 * view / views, 30.0 + 100.0 * view / views
                else:
                    rot = rng.uniform(-180, 180)
                    tilt = np.degrees(np.arccos(rng.uniform(-1, 1)))
                psi = rng.uniform(-180, 180)
                angles.append((rot, tilt, psi))
                images[n] = particle((rot, tilt, psi), defocus) + noise * rng.normal(
                    size=(BOX, BOX)
                )
            images -= images[:, :4].mean()
            images /= images[:, :4].std()
            stack = write_mrc(tmp_path / f"cut {number}.mrcs", images, PIXEL)
            zeros = column(np.zeros(each))
            items.append(
                Particles(
                    exposure=f"shot {number}",
                    stack=stack,
                    box=BOX,
                    optics=optics,
                    micrograph=tmp_path / f"shot {number}.mrc",
                    micrograph_pixel_size=2.0,
                    x=column(rng.integers(50, 900, each)),
                    y=column(rng.integers(50, 900, each)),
                    score=zeros,
                    defocus_u=column(np.full(each, defocus)),
                    defocus_v=column(np.full(each, defocus)),
                    defocus_angle=zeros,
                    diameter=130.0,
                )
            )
        return Made(items, np.array(angles))

    return make
