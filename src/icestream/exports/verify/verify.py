"""Whether an export hands over the particles that the session has.

A sample is cut out again through the files alone, and compared with the session's own stack. An
axis that was turned, a contrast that was inverted, an origin that was moved, or a value of the
optics that was lost on the way shows here, and not after months in another program.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np

from icestream.exports.chain import find_chain
from icestream.exports.chosen import chosen_results
from icestream.exports.verify.cryosparc import is_cryosparc, read_cryosparc
from icestream.exports.verify.differences import differences
from icestream.exports.verify.explain import Stray, explain_images, explain_places
from icestream.exports.verify.handed import HandedList, HandedParticle
from icestream.exports.verify.lists import is_lists, read_lists
from icestream.exports.verify.own import Own, OwnParticle
from icestream.exports.verify.relion import is_relion, read_relion
from icestream.formats.image import read_image
from icestream.formats.mrc import read_stack
from icestream.model import Ctf, Image, Optics
from icestream.processing.fourier import fourier_crop
from icestream.processing.particles import cut_particles, flip_phases, normalize_particles
from icestream.processing.same_images import Likeness, compare_images
from icestream.protocol import Registry
from icestream.store.open import open_store

__all__ = ["CheckedList", "verify_export"]

Reader = Callable[[Path, int], Iterator[HandedList]]
_READERS: tuple[tuple[Callable[[Path], bool], Reader], ...] = (
    (is_relion, read_relion),
    (is_cryosparc, read_cryosparc),
    (is_lists, read_lists),
)
_IN_STACK = 0.99
"""Least correlation of an image in a stack with the session's own."""
_CUT_AGAIN = 0.85
"""The same of one that is cut out again: dust in the session's own was replaced."""
_MOVED = 0.5
"""Pixels that are seen as an offset."""
_STRAYS = 12
"""Particles that are looked for in their whole micrograph, which takes its time."""


@dataclass(slots=True)
class CheckedList:
    """What was found of the particles, or picks, of one table."""

    name: str
    total: int
    stacked: list[Likeness] = field(default_factory=list)
    """Of the images in the stacks."""
    cut: list[Likeness] = field(default_factory=list)
    """Of those that were cut out again at their coordinates."""
    checked: int = 0
    faults: list[str] = field(default_factory=list)

    def sentences(self) -> Iterator[str]:
        """What was found, one sentence each; the faults come last."""
        yield f"{self.name}: {self.checked} of {self.total} were compared with the session's own"
        for what, likenesses in (("images", self.stacked), ("cut out again", self.cut)):
            if likenesses:
                yield f"{self.name}, {what}: {_figures(likenesses)}"
        yield from (f"{self.name}: {fault}" for fault in self.faults)


def verify_export(
    session: Path,
    folder: Path,
    *,
    most: int = 50,
    branch: str | None = None,
    incomplete: bool = False,
) -> list[CheckedList]:
    """Compare a sample of the particles that the export in `folder` hands over with the session's.

    Parameters
    ----------
    session
        The session's folder.
    folder
        Of the export.
    most
        Particles, and picks, that are compared.
    branch, incomplete
        As they were given for the export.

    Raises
    ------
    LookupError
        If the folder is no export that can be read, or has no particles and no picks.
    FormatError
        If a file of it cannot be read.
    """
    read = next((reader for knows, reader in _READERS if knows(folder)), None)
    if read is None:
        raise LookupError(
            f"{folder} is no export with particles that is known: there is no "
            "default_pipeline.star, .csg file or list of coordinates; give the folder that "
            "`icestream export` wrote"
        )
    with closing(open_store(session, readonly=True)) as store:
        standing = chosen_results(store, branch, incomplete=incomplete).standing
        own = Own(store, find_chain(store, Registry(), standing))
        checked = [_check(listed, own) for listed in read(folder, most)]
    if not checked:
        raise LookupError(f"{folder} hands over neither particles nor picks: nothing to compare")
    return checked


def _check(listed: HandedList, own: Own) -> CheckedList:
    checked = CheckedList(listed.name, listed.total)
    differing: dict[str, None] = {}
    unknown: list[HandedParticle] = []
    strays: list[tuple[HandedParticle, OwnParticle]] = []
    images: list[tuple[Image, Image]] = []
    for handed in sorted(listed.sample, key=lambda one: str(one.micrograph)):
        if not own.has(handed, listed.of):
            unknown.append(handed)
            continue
        expected = own.expected(handed, listed.of)
        if expected is None:
            continue
        checked.checked += 1
        differing.update(dict.fromkeys(differences(handed.says, expected.values)))
        if handed.stack is not None:
            shown = handed.sign * read_stack(handed.stack, [handed.index])[0].astype(np.float32)
            likeness = _compare(expected.image, shown)
            checked.stacked.append(likeness)
            if not likeness.correlation > _IN_STACK:
                images.append((expected.image, shown))
        likeness = _cut_again(handed, expected)
        checked.cut.append(likeness)
        if not likeness.correlation > _CUT_AGAIN:
            strays.append((handed, expected))
    checked.faults += _faults(listed, checked, unknown, strays, images)
    checked.faults += [f"the files say: {words}" for words in list(differing)[:5]]
    return checked


def _faults(
    listed: HandedList,
    checked: CheckedList,
    unknown: Sequence[HandedParticle],
    strays: Sequence[tuple[HandedParticle, OwnParticle]],
    images: Sequence[tuple[Image, Image]],
) -> Iterator[str]:
    if not checked.checked and not unknown:
        yield "there are none"
    if unknown:
        first = unknown[0]
        yield (
            f"{len(unknown)} of {len(listed.sample)} are not in the session, such as number "
            f"{first.number + 1} of {first.micrograph.name}; if the session has changed since, "
            "export again"
        )
    if images:
        why = explain_images(*zip(*images, strict=True))
        yield f"{len(images)} of {checked.checked} images are not the session's own: {why}"
    if strays:
        why = explain_places(_stray(*one) for one in strays[:: -(-len(strays) // _STRAYS)])
        yield f"{len(strays)} of {checked.checked} are not where the files say: {why}"


def _cut_again(handed: HandedParticle, expected: OwnParticle) -> Likeness:
    """Cut a particle out of its micrograph by what the files say, and compare it."""
    says = handed.says
    scale = says.get("image pixel size", 1.0) / says.get("micrograph pixel size", 1.0)
    scale = scale if "image pixel size" in says else expected.scale
    box = handed.box or len(expected.image)
    cut = cut_particles(
        _field(handed, expected),
        np.array([handed.x]),
        np.array([handed.y]),
        max(8, 2 * round(box * scale / 2)),
    )
    if not len(cut.kept):
        return Likeness(0.0, (np.nan, np.nan), 0.0)
    return _compare(
        expected.image, _sign(handed, expected) * fourier_crop(cut.images[0], (box, box))
    )


def _compare(expected: Image, shown: Image) -> Likeness:
    """Compare two particles, whose background is brought to one grey scale."""
    if expected.shape != shown.shape:
        return Likeness(0.0, (np.nan, np.nan), 0.0)
    radius = 0.42 * len(expected)
    return compare_images(*normalize_particles(np.stack([expected, shown]), radius))


def _sign(handed: HandedParticle, expected: OwnParticle) -> int:
    """Contrast of the expected image in the micrograph, as the files say."""
    return -1 if handed.dark and expected.bright else 1


def _stray(handed: HandedParticle, expected: OwnParticle) -> Stray:
    """The particle in its micrograph, whose pixels are made as large as those of its image."""
    field_, scale = _field(handed, expected), expected.scale
    x, y = float(np.trunc(handed.x)), float(np.trunc(handed.y))
    if scale != 1.0:
        rows, columns = field_.shape
        height, width = (2 * round(side / scale / 2) for side in (rows, columns))
        field_ = fourier_crop(field_, (height, width))
        x, y = x * width / columns, y * height / rows
    sign = _sign(handed, expected)
    return Stray(x=x, y=y, scale=scale, field=field_, image=expected.image, sign=sign)


def _field(handed: HandedParticle, expected: OwnParticle) -> Image:
    """The micrograph that the files name; with phases flipped by the CTF that they say."""
    path = expected.micrograph if handed.elsewhere else handed.micrograph
    if not expected.flipped:
        return _image(path)
    says = handed.says
    optics = Optics(
        pixel_size=says["micrograph pixel size"],
        voltage=says["voltage"],
        spherical_aberration=says["spherical aberration"],
        amplitude_contrast=says["amplitude contrast"],
    )
    ctf = Ctf(
        exposure=handed.micrograph.stem,
        optics=optics,
        defocus_u=says["defocus u"],
        defocus_v=says["defocus v"],
        angle=says["defocus angle"],
        phase_shift=says["phase shift"],
    )
    return flip_phases(_image(path), optics, ctf)


@lru_cache(maxsize=2)
def _image(path: Path) -> Image:
    return read_image(path)


def _figures(likenesses: Sequence[Likeness]) -> str:
    """Correlation, offset and contrast of the middle one, and of the worst."""
    correlation = np.array([one.correlation for one in likenesses])
    offsets = np.array([np.hypot(*one.offset) for one in likenesses])
    contrast = np.median([one.contrast for one in likenesses])
    moved = "" if np.isnan(offsets).all() else f", offset {np.nanmedian(offsets):.2f} pixels"
    return (
        f"correlation {np.median(correlation):.3f} (least {correlation.min():.3f}){moved}, "
        f"contrast {contrast:+.2f}"
    )
