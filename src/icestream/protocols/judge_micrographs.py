"""Say at a glance what a micrograph is worth."""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from icestream.formats import read_image
from icestream.model import MICROGRAPH_CLASSES, Ctf, Micrograph, MicrographQuality
from icestream.processing.micrograph_quality import Circumstances, judge_micrograph, look_at
from icestream.protocol import Figure, ItemFailed, ItemProtocol, Parameters, Resources, Work


class JudgeMicrographs(ItemProtocol[Parameters]):
    """Tell great micrographs from decent ones, contamination, crystals, empty holes and bare ice.

    From how far the Thon rings of a micrograph go, its ice ring and its drift, and from how it
    looks at 7.5 Å per pixel. Where these do not suffice it is unclear, and so is what a missing or
    wrong gain reference may have made.
    """

    name = "micrographs.judge"
    title = "Quality of micrographs"
    version = 3
    resources = Resources(memory=512 * 2**20)

    def methods(self) -> str:
        """By what micrographs were judged."""
        return "Micrographs were judged by their Thon rings, their texture and what they show."

    def process(self, micrograph: Micrograph, ctf: Ctf | None, work: Work) -> MicrographQuality:
        try:
            look = look_at(read_image(micrograph.path), micrograph.optics.pixel_size)
        except ValueError as error:
            raise ItemFailed(f"{micrograph.path.name}: {error}", code="cannot-judge") from error
        judgement = judge_micrograph(look, _circumstances(micrograph, ctf))
        return MicrographQuality(
            exposure=micrograph.exposure,
            label=judgement.label,
            score=judgement.score,
            reason=judgement.reason,
            texture=look.texture,
            patches=look.patches,
            objects=look.objects,
            skew=look.skew,
            covered=look.covered,
            stripes=look.stripes,
        )

    def summarize(self, items: Sequence[MicrographQuality]) -> str:
        """How many of each class."""
        if not items:
            return ""
        counts = Counter(item.label for item in items)
        parts = [
            f"{counts[label]} {_words(label)}" for label in MICROGRAPH_CLASSES if counts[label]
        ]
        return f"Of {len(items)} micrographs " + ", ".join(parts)

    def plot(self, items: Sequence[MicrographQuality]) -> Iterator[Figure]:
        """Scores in the order of the exposures, and how often each occurs."""
        scores = [item.score for item in items]
        yield Figure("Quality of micrographs", "series", scores, "score")
        yield Figure("Quality of micrographs", "histogram", scores, "score")


def _circumstances(micrograph: Micrograph, ctf: Ctf | None) -> Circumstances:
    drift = None
    motion = micrograph.motion
    if motion is not None and motion.known and len(motion.shifts) >= 4:
        shifts = np.asarray(motion.shifts, dtype=np.float64)
        half = len(shifts) // 2
        moved = float(np.hypot(*(shifts[-1] - shifts[half])))
        drift = moved * motion.pixel_size / (len(shifts) - 1 - half)
    return Circumstances(
        resolution=None if ctf is None else ctf.resolution,
        ice_ring=None if ctf is None else ctf.ice_ring,
        drift=drift,
        thickness=None if ctf is None else ctf.thickness,
        thickness_least=None if ctf is None else ctf.thickness_least,
        pixel_size=micrograph.optics.pixel_size,
        gain=micrograph.movie is None or micrograph.gain is not None,
    )


def _words(label: str) -> str:
    return label.replace("_", " ")
