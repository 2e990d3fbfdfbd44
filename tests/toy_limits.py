"""A toy fit of the CTF, so that sessions of toys have limits that people move.

The rings of exposure 0 are followed up to 6 Å, those of each after it 0.1 Å less far. That is about
what the pixels of `toy_picks.Film` allow, so the limit is never taken for a wider one.
"""

from typing import Any

from icestream.model import Ctf, Optics
from icestream.protocol import ItemProtocol, Parameters
from toy_picks import PIXEL
from toys import Number

COUNT = 40
CHAIN: tuple[Any, ...] = (
    ("src", "toy.count", {"count": COUNT, "close": False}, {}),
    ("film", "toy.film", {}, {"number": "src"}),
    ("ctf", "toy.fit", {}, {"number": "src"}),
    ("select", "exposures.select", {}, {"micrograph": "film", "ctf": "ctf"}),
    ("pick", "toy.find", {}, {"micrograph": "select.micrograph"}),
)
"""Of `COUNT` exposures the first 21 are accepted, at a limit of 8 Å."""


class Fit(ItemProtocol[Parameters]):
    """Fits rings that get shorter with the number."""

    name = "toy.fit"
    title = "Fit"

    def process(self, number: Number) -> Ctf:
        return Ctf(
            exposure=number.exposure,
            optics=Optics(pixel_size=PIXEL, voltage=300.0),
            defocus_u=10_000.0 + 500.0 * number.value,
            defocus_v=9_900.0 + 500.0 * number.value,
            angle=0.0,
            score=0.8,
            resolution=6.0 + 0.1 * number.value,
        )
