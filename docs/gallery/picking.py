"""Draws the figure of the gallery's page on picking: `python docs/gallery/picking.py OUT.png`."""

import os
import sys
import tempfile
from pathlib import Path

import numpy as np
import PIL.Image
import style
from matplotlib import pyplot as plt
from numpy.typing import NDArray

from icestream.formats import read_mrc, read_stack, write_mrc
from icestream.model import Alert, Ctf, Micrograph, Optics, Picks
from icestream.processing.fourier import lowpass
from icestream.protocol import Batch, Window, Work
from icestream.protocols.classify_particles import ClassifyParticles
from icestream.protocols.extract_particles import ExtractParticles
from icestream.protocols.monitor_picking import MonitorPicking, PickingLessons
from icestream.protocols.pick_unattended import PickUnattended, PickUnattendedParameters

PIXEL = 1.5
OPTICS = Optics(pixel_size=PIXEL, voltage=300.0)
DEFOCUS = {
    "03.13.02": (22617.0, 21381.0),
    "05.35.20": (24879.0, 24636.0),
    "05.53.51": (19537.0, 19172.0),
    "07.10.35": (18385.0, 18085.0),
}
"""Å, as fitted; the angles matter little at such astigmatism."""
SHOWN = "07.10.35"


def shared() -> Path:
    """Folder of the test data; ends the script where it is missing."""
    given = os.environ.get("ICESTREAM_TEST_DATA")
    root = Path(given) if given else Path(__file__).parents[3] / "shared" / "data"
    if not (root / "micrographs" / "apoferritin_empiar10146").is_dir():
        print(f"no micrographs in {root} (set ICESTREAM_TEST_DATA)")
        raise SystemExit(77)
    return root / "micrographs"


def micrographs(folder: Path, into: Path) -> dict[str, tuple[Micrograph, Ctf]]:
    """The real averages as MRC files."""
    found = {}
    for name, (u, v) in DEFOCUS.items():
        with PIL.Image.open(folder / f"May08_{name}.average.png") as picture:
            image = np.asarray(picture, dtype=np.float32)
        path = into / f"{name.replace('.', '_')}.mrc"
        write_mrc(path, image, PIXEL)
        shape = (image.shape[0], image.shape[1])
        ctf = Ctf(exposure=path.stem, optics=OPTICS, defocus_u=u, defocus_v=v, angle=0.0)
        found[name] = (Micrograph(exposure=path.stem, path=path, shape=shape, optics=OPTICS), ctf)
    return found


def learn(
    items: dict[str, tuple[Micrograph, Ctf]], first: dict[str, Picks], work: Work
) -> tuple[PickUnattendedParameters, NDArray[np.float32], float]:
    """What the monitor makes of the classes of what was picked; their averages and pixel."""
    particles = tuple(ExtractParticles().process(*items[name], first[name], work) for name in items)
    step = ClassifyParticles()
    classes = step.snapshot(step.start(Batch(particles), work), work)
    lessons = MonitorPicking(PickingLessons(first=100)).inspect(Window((classes,)))
    offer = next(one.offer for one in lessons if isinstance(one, Alert))
    assert offer is not None
    wanted = PickUnattendedParameters.model_validate(offer.changes)
    used = [number - 1 for number in wanted.template_classes]
    return wanted, read_stack(classes.averages)[used], classes.pixel_size


def show(axes: plt.Axes, image: NDArray[np.float32], picks: Picks, diameter: float) -> None:
    """A micrograph, smoothed for the eye, with circles of the particle's size."""
    smooth = lowpass(image, picks.pixel_size, 12.0 * picks.pixel_size)
    middle = float(np.median(smooth))
    spread = 3 * float(np.quantile(smooth, 0.84) - middle)
    limits = (middle - spread, middle + spread)
    style.picture(axes, smooth, limits=limits)
    for x, y in zip(picks.x, picks.y, strict=True):
        axes.add_patch(
            plt.Circle(
                (x, y), diameter / 2 / picks.pixel_size, fill=False, color=style.SECOND, lw=0.8
            )
        )
    axes.set_xlim(0, image.shape[1])
    axes.set_ylim(image.shape[0], 0)


def main(out: str) -> None:
    folder = shared()
    with tempfile.TemporaryDirectory() as scratch:
        work = Work(folder=Path(scratch), seed=1)
        items = micrographs(folder / "apoferritin_empiar10146", Path(scratch))
        first = {name: PickUnattended().process(*items[name]) for name in items}
        wanted, averages, coarse = learn(items, first, work)
        after = PickUnattended(wanted).process(*items[SHOWN])
        image = read_mrc(items[SHOWN][0].path)
        carbon = read_mrc(folder / "carbon_edge.mrc").astype(np.float32)
        # About 4 Å: the file does not say; the small particles are then some 100 Å wide.
        path = Path(scratch) / "carbon.mrc"
        write_mrc(path, carbon, 4.0)
        shape = (carbon.shape[0], carbon.shape[1])
        optics = Optics(pixel_size=4.0, voltage=300.0)
        dirty = Micrograph(exposure="carbon", path=path, shape=shape, optics=optics)
        beside = PickUnattended(PickUnattendedParameters(diameter=100)).process(dirty, None)
    human = np.loadtxt(
        folder / "apoferritin_empiar10146" / f"May08_{SHOWN}.picks.csv", delimiter=",", skiprows=1
    )
    figure = style.begin(4.9)
    above, below = figure.subfigures(2, 1, height_ratios=(1, 0.3))
    left, right = above.subplots(1, 2)
    show(left, image, after, after.diameter)
    left.plot(human[:, 0], human[:, 1], "+", color=style.PEOPLE, ms=4)
    style.scale_bar(left, 200 / PIXEL, "200 Å")
    style.title(left, "a", f"picked with the classes ({len(after)}); crosses: people")
    show(right, carbon, beside, beside.diameter)
    style.scale_bar(right, 1000 / 4.0, "0.1 µm")
    style.title(right, "b", f"none in the carbon ({len(beside)} beside it)")
    grid = below.subplots(1, 7)
    for place, each in enumerate(grid):
        each.set_axis_off()
        if place < len(averages):
            style.picture(each, averages[place], coarse, 0 if place else 100, cut=(0, 100))
    below.suptitle(
        r"$\bf{c}$  "
        f"templates, from {sum(map(len, first.values()))} first picks; "
        f"diameter found: {wanted.measured_diameter:.0f} Å",
        x=0.006,
        ha="left",
        fontsize=8,
    )
    style.save(figure, out)


if __name__ == "__main__":
    main(sys.argv[1])
