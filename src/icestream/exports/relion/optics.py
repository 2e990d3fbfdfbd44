"""Optics groups: which exposures share all that RELION asks of one, and what each is called.

RELION gives an optics group one pixel size, one voltage and one size of images, and joins the
groups of two STAR files that have the same name. A group here is therefore an exposure group as
far as its optics are the same, and its name says the session and the values themselves: whatever
is joined with whatever, only what is alike gets one row.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from icestream.exports.chain import Items
from icestream.formats.relion import optics_row
from icestream.model import Micrograph, Movie, Optics
from icestream.store.records import SessionRecord

__all__ = ["OpticsGroups", "Traits", "session_label"]

Rows = list[Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class Traits:
    """What the exposures of one optics group have in common; None where it is not known yet."""

    group: int
    """Exposure group."""
    movie: Optics
    """Of the micrograph, where there is no movie."""
    shape: tuple[int, int]
    """Of a frame, or else of the micrograph, pixels."""
    micrograph: Optics | None = None
    image: tuple[float, int] | None = None
    """Å per pixel and side, in pixels, of particle images."""

    def fits(self, other: "Traits") -> bool:
        """Whether nothing that is known here is otherwise there."""
        same = (self.group, self.movie, self.shape) == (other.group, other.movie, other.shape)
        return (
            same
            and self.micrograph in (None, other.micrograph)
            and self.image in (None, other.image)
        )

    def digest(self) -> str:
        """A few letters that differ where any value does."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:6]


def traits_of(items: Items) -> Traits | None:
    """What an exposure says of its optics; None before it was taken in."""
    taken = items.movie if items.movie is not None else items.micrograph
    if taken is None:
        return None
    particles = items.particles if items.particles is not None and len(items.particles) else None
    return Traits(
        group=_exposure_group(taken),
        movie=_rounded(taken.optics),
        shape=taken.shape,
        micrograph=None if items.micrograph is None else _rounded(items.micrograph.optics),
        image=None
        if particles is None
        else (_round(particles.optics.pixel_size), int(particles.box)),
    )


class OpticsGroups:
    """The optics groups of a session, numbered from 1 by exposure group and order of arrival.

    Parameters
    ----------
    exposures
        All of the session, in order of arrival.
    label
        What the names begin with: unique to the session.
    mtf
        Name of the file with the camera's modulation transfer function, if there is one.
    """

    def __init__(self, exposures: Iterable[Items], label: str, mtf: str = "") -> None:
        self._label, self._mtf = label, mtf
        seen = dict.fromkeys(
            traits for items in exposures if (traits := traits_of(items)) is not None
        )
        whole = [one for one in seen if not any(one.fits(o) for o in seen if o != one)]
        self._groups = sorted(whole, key=lambda one: one.group)
        self._numbers: dict[Traits, int] = {}

    def __len__(self) -> int:
        return len(self._groups)

    def number(self, items: Items) -> int:
        """The optics group of an exposure; LookupError for one that was not among them."""
        traits = traits_of(items)
        if traits is None:
            raise LookupError(f"{items.exposure.name} was not taken in, and has no optics")
        if traits not in self._numbers:
            fitting = (n for n, one in enumerate(self._groups, start=1) if traits.fits(one))
            number = next(fitting, None)
            if number is None:
                raise LookupError(f"no optics group for {items.exposure.name}: {traits}")
            self._numbers[traits] = number
        return self._numbers[traits]

    def known(self, items: Items) -> Items | None:
        """What of an exposure there is an optics group for; None for nothing.

        In a session that runs, more has come since the groups were made. It is for the next time.
        """
        uncut = replace(items, particles=None)
        unaligned = replace(uncut, micrograph=None, ctf=None, picks=None)
        for less in (items, uncut, unaligned):
            traits = traits_of(less)
            if traits is not None and any(traits.fits(one) for one in self._groups):
                return less
        return None

    def name(self, number: int) -> str:
        """Name of a group, the same in every export as long as its optics are."""
        traits = self._groups[number - 1]
        return f"{self._label}-g{traits.group}-{traits.digest()}"

    def of_movies(self) -> Rows:
        """Rows of the optics block of a table of movies."""
        return [self._row(n, one) for n, one in enumerate(self._groups, start=1)]

    def of_micrographs(self) -> Rows:
        """Rows for micrographs: groups without one are left out."""
        return [
            {**self._row(n, one), "rlnMicrographPixelSize": one.micrograph.pixel_size}
            for n, one in enumerate(self._groups, start=1)
            if one.micrograph is not None
        ]

    def of_particles(self) -> Rows:
        """Rows for particles: groups without one are left out."""
        return [
            {
                **self._row(n, one),
                "rlnImagePixelSize": one.image[0],
                "rlnImageSize": one.image[1],
                "rlnImageDimensionality": 2,
                "rlnCtfDataAreCtfPremultiplied": 0,
            }
            for n, one in enumerate(self._groups, start=1)
            if one.image is not None
        ]

    def _row(self, number: int, traits: Traits) -> dict[str, object]:
        optics = traits.micrograph or traits.movie
        pixel_size = traits.movie.pixel_size
        return optics_row(number, self.name(number), optics, pixel_size, self._mtf)


def session_label(session: SessionRecord) -> str:
    """Name and uid of a session: no two sessions have the same.

    RELION takes letters, digits and hyphens in the name of an optics group, and no others.
    """
    name = re.sub(r"[^A-Za-z0-9]+", "-", session.name).strip("-") or "session"
    # A session of before the uids is told apart by the time when it was made.
    return f"{name}-{session.uid[:8] or format(round(session.created * 1000), 'x')}"


def _exposure_group(taken: Movie | Micrograph) -> int:
    return taken.details.group if taken.details else 1


def _rounded(optics: Optics) -> Optics:
    return Optics(
        pixel_size=_round(optics.pixel_size),
        voltage=_round(optics.voltage),
        spherical_aberration=_round(optics.spherical_aberration),
        amplitude_contrast=_round(optics.amplitude_contrast),
    )


def _round(value: float) -> float:
    """Six digits, as many as STAR files have: metadata may differ in the last bit of a number."""
    return float(f"{value:.6g}")
