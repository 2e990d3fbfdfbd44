"""Leave out the particles that look unlike the others, by Xmipp's statistics."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, Le
from numpy.typing import NDArray

from icestream.formats import read_stack, write_mrc
from icestream.model import Particles, SelectedParticles, column
from icestream.protocol import (
    Advanced,
    BadOutput,
    Command,
    ItemProtocol,
    Operational,
    Parameters,
    Program,
    Resources,
    Work,
    run_program,
)
from icestream.units import Second, Unit
from icestream_xmipp.elsewhere import SCREENING
from icestream_xmipp.metadata import read_block, read_column, write_block
from icestream_xmipp.suite import CITE, FAILURES, lacking_options, number, software, xmipp

__all__ = ["ScreenParticlesWithXmipp", "XmippScreening"]

_CITE = "Vargas et al. (2013) J. Struct. Biol. 183, 342, doi:10.1016/j.jsb.2013.07.015"
_PROGRAM = xmipp(
    "xmipp_image_sort_by_statistics", "--zcut", "--percent", "--addToInput", cites=(_CITE,)
)
_STACK, _LIST, _SORTED = "images.mrcs", "images.xmd", "sorted.xmd"
_LEAST = 10
"""Particles of which a mean and a spread mean something."""
_COLUMNS = ("x", "y", "score", "defocus_u", "defocus_v", "defocus_angle")


class XmippScreening(Parameters):
    """What is too far from the rest."""

    z_max: Annotated[float, Ge(0), Le(100)] = 3.0
    """Largest z-score, the worst of five (`--zcut`); 0: any."""

    percent: Annotated[float, Unit("%"), Ge(0), Le(50), Advanced] = 0.0
    """Part of the particles that is left out by each of the five scores (`--percent`); 0: none."""

    timeout: Annotated[Second, Ge(1), Operational, Advanced] = 600.0
    """Time after which the program is ended."""


class ScreenParticlesWithXmipp(ItemProtocol[XmippScreening]):
    """Leave out particles whose shape, noise or grey values are far from those beside them.

    The particles of one micrograph are compared with each other; fewer than 10 all stay.
    """

    name = "particles.xmipp_screen"
    title = "Xmipp screening of particles"
    cites = (_CITE, CITE)
    elsewhere = SCREENING
    resources = Resources(cores=1, memory=2 * 2**30)

    def programs(self) -> Sequence[Program]:
        """The one."""
        return (_PROGRAM,)

    def software(self) -> Mapping[str, str]:
        """What tells the program from one with other options."""
        return software(self.programs())

    def lacking(self) -> Sequence[str]:
        """That the program on this machine is of a release with other options."""
        return lacking_options(_PROGRAM, "Xmipp 3.25.06 has them")

    def process(self, particles: Particles, work: Work) -> SelectedParticles:
        kept = np.ones(len(particles), dtype=np.bool_)
        limits = self._limits()
        if len(particles) >= _LEAST and limits:
            kept = self._screen(particles, work)
        else:
            limits = ()
        values: dict[str, Any] = {
            one.name: getattr(particles, one.name) for one in fields(Particles)
        }
        if not kept.all():
            values |= {name: column(np.asarray(values[name])[kept]) for name in _COLUMNS}
            values["stack"] = work.path(f"{particles.exposure}.mrcs")
            images = read_stack(particles.stack, np.flatnonzero(kept))
            if not len(images):  # the format cannot hold none
                images = np.zeros((1, particles.box, particles.box), np.float32)
            write_mrc(values["stack"], images, particles.optics.pixel_size)
        return SelectedParticles(
            **values,
            found=len(particles),
            limits=limits,
            left_out=(int((~kept).sum()),) if limits else (),
        )

    def _limits(self) -> tuple[str, ...]:
        """What is asked for, as people read it; all of it in one, for nobody knows which it was."""
        wanted = self.parameters
        said = [f"z-score {wanted.z_max:g} at most"] if wanted.z_max > 0 else []
        said += [f"none of the worst {wanted.percent:g} %"] if wanted.percent > 0 else []
        return (" and ".join(said),) if said else ()

    def _screen(self, particles: Particles, work: Work) -> NDArray[np.bool_]:
        """Which of the particles the program keeps."""
        wanted = self.parameters
        link = work.path(_STACK)
        link.unlink(missing_ok=True)
        link.symlink_to(particles.stack.absolute())
        images = [f"{place:06d}@{_STACK}" for place in range(1, len(particles) + 1)]
        write_block(work.path(_LIST), ("enabled", "image"), [("1", image) for image in images])
        work.path(_SORTED).unlink(missing_ok=True)
        argv = (
            *(_PROGRAM.executable, "-i", _LIST, "-o", _SORTED),
            *(("--zcut", number(wanted.z_max)) if wanted.z_max > 0 else ()),
            *(("--percent", number(wanted.percent)) if wanted.percent > 0 else ()),
        )
        run_program(_PROGRAM, Command(argv, timeout=wanted.timeout), work, FAILURES)
        path = work.path(_SORTED)
        table = read_block(path)
        enabled, scores = (read_column(table, name, path) for name in ("enabled", "zScore"))
        places = {image: place for place, image in enumerate(images)}
        told = [places.get(image.lstrip("'\""), -1) for image in table.text("image")]
        if sorted(told) != list(range(len(images))) or np.any(scores < 0):
            raise BadOutput(
                f"{path.name} has {len(set(told) - {-1})} of {len(images)} images",
                code="half-output",
            )
        kept = np.zeros(len(images), dtype=np.bool_)
        kept[told] = enabled > 0
        return kept

    def methods(self) -> str:
        """Which particles were kept."""
        told = self._limits()
        return f"Particles were screened in Xmipp: {told[0]}." if told else ""

    def summarize(self, items: Sequence[SelectedParticles]) -> str:
        """Count what was kept, and where nothing was looked at."""
        if not items:
            return ""
        kept, found = sum(map(len, items)), sum(item.found for item in items)
        few = sum(not item.limits for item in items)
        rest = f"; {few} micrographs had too few to compare, and kept all" if few else ""
        return f"{kept} of {found} particles were kept{rest}"
