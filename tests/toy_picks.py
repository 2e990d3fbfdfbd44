"""Toy protocols that find picks and cut them, for tests of what people correct by hand.

A micrograph of any exposure is 400 x 200 pixels of 2 Å. `Find` finds three particles in it,
at (100, 50), (200, 50) and (300, 50) pixels, 40 Å wide; `Cut` says how many there are, and its
value is the sum of all x.
"""

from pathlib import Path
from typing import Any

import numpy as np

from icestream.formats.image import write_picture
from icestream.formats.mrc import write_mrc
from icestream.model import Ctf, Micrograph, Optics, Picks, column
from icestream.processing.grey import draw_thumbnail
from icestream.protocol import ItemProtocol, Parameters, Work
from toys import Number

SHAPE = (200, 400)
"""(height, width) of a micrograph, pixels."""
PIXEL = 2.0
"""Å"""
FOUND = ((100.0, 50.0), (200.0, 50.0), (300.0, 50.0))
"""x and y of what is found, pixels of 2 Å."""

CHAIN: tuple[Any, ...] = (
    ("src", "toy.count", {"count": 3}, {}),
    ("film", "toy.film", {}, {"number": "src"}),
    ("pick", "toy.find", {}, {"micrograph": "film"}),
    ("cut", "toy.cut", {}, {"picks": "pick"}),
    ("other", "toy.add", {"add": 1}, {"number": "src"}),
    ("after", "toy.add", {"add": 1000}, {"number": "cut"}),
)
"""A session of three exposures; `other` has nothing to do with picks."""


class Filming(Parameters):
    """How large the pixels are."""

    pixel_size: float = PIXEL
    """Å"""


class Film(ItemProtocol[Filming]):
    """Makes a micrograph of a number."""

    name = "toy.film"
    title = "Film"

    def process(self, number: Number, work: Work) -> Micrograph:
        pixel_size = self.parameters.pixel_size
        shape = tuple(round(side * PIXEL / pixel_size) for side in SHAPE)
        path = work.path(f"{number.exposure}.mrc")
        thumbnail = work.path(f"{number.exposure}.png")
        y, x = np.mgrid[: shape[0], : shape[1]] * (pixel_size / PIXEL)
        image = np.random.default_rng(0).normal(0, 0.3, shape)
        for px, py in FOUND:
            image -= np.hypot(y - py, x - px) < 10
        write_mrc(path, image.astype(np.float32), pixel_size)
        write_picture(thumbnail, draw_thumbnail(image.astype(np.float32), pixel_size, 256))
        return Micrograph(
            exposure=number.exposure,
            path=path,
            shape=(shape[0], shape[1]),
            optics=Optics(pixel_size=pixel_size, voltage=300.0),
            thumbnail=thumbnail,
        )


class Focus(ItemProtocol[Parameters]):
    """Says that the defocus is 1 µm everywhere."""

    name = "toy.focus"
    title = "Focus"

    def process(self, micrograph: Micrograph) -> Ctf:
        return Ctf(
            exposure=micrograph.exposure,
            optics=micrograph.optics,
            defocus_u=1e4,
            defocus_v=1e4,
            angle=0.0,
        )


class Finding(Parameters):
    """What to look for."""

    diameter: float = 40.0
    """Å"""
    shift: float = 0.0
    """How far to the right of where they are the particles are found, Å."""
    more: bool = False
    """Find one more, at (50, 150) pixels of 2 Å."""
    log: Path | None = None
    """Append a line for every run to this file."""


class Find(ItemProtocol[Finding]):
    """Finds particles."""

    name = "toy.find"
    title = "Find"

    def process(self, micrograph: Micrograph, work: Work) -> Picks:
        wanted, pixel_size = self.parameters, micrograph.optics.pixel_size
        note(wanted.log, f"find {micrograph.exposure}")
        places = np.array([*FOUND, (50.0, 150.0)] if wanted.more else FOUND) * PIXEL
        places[:, 0] += wanted.shift
        return Picks(
            exposure=micrograph.exposure,
            x=column(places[:, 0] / pixel_size),
            y=column(places[:, 1] / pixel_size),
            score=column(np.arange(len(places), 0, -1)),
            diameter=wanted.diameter,
            pixel_size=pixel_size,
        )


class Cutting(Parameters):
    """How to cut."""

    log: Path | None = None
    """Append a line for every run to this file."""


class Cut(ItemProtocol[Cutting]):
    """Adds up where particles are, pixels."""

    name = "toy.cut"
    title = "Cut"

    def process(self, picks: Picks, work: Work) -> Number:
        note(self.parameters.log, f"cut {picks.exposure} {len(picks)}")
        return Number(exposure=picks.exposure, value=float(np.sum(picks.x)))


def note(log: Path | None, line: str) -> None:
    """Append a line to a log."""
    if log is not None:
        with log.open("a") as file:
            file.write(f"{line}\n")
