"""Make a first 3D map of particles with RELION, from nothing but them."""

from collections.abc import Iterator, Sequence
from typing import Annotated

from annotated_types import Ge, Gt, Le

from icestream.model import Volume
from icestream.protocol import (
    Advanced,
    Figure,
    ItemProtocol,
    Program,
    Resources,
    Work,
)
from icestream.units import Angstrom, Pixel
from icestream_relion.classify_2d import last_run
from icestream_relion.elsewhere import INITIAL
from icestream_relion.items import RelionParticles
from icestream_relion.refine_parameters import RefineParameters
from icestream_relion.running import REFINE, Run, lay_out, run_refine
from icestream_relion.suite import AUTO_REFINE, BAYESIAN, gpus_lacking, version_of
from icestream_relion.volumes import Symmetry, make_volume, plot_volume, summarize_volume

__all__ = ["InitialModelWithRelion", "RelionInitialParameters"]

_VDAM = (4,)
"""The version from which maps are begun by VDAM, and before which by gradient descent."""


class RelionInitialParameters(RefineParameters):
    """What is known of the particle, and how long to look."""

    symmetry: Symmetry = "C1"
    """Point group (`--sym`), imposed; its axes lie as RELION has them."""

    iterations: Annotated[int, Ge(5), Le(2000)] = 200
    """Mini-batches (`--iter`); RELION 3.1 takes a fifth for the beginning, a fifth for the end and
    the rest between (`--sgd_ini_iter`, `--sgd_fin_iter`, `--sgd_inbetween_iter`)."""

    regularisation: Annotated[float, Gt(0), Le(100)] = 4.0
    """Weight of the data against the prior (`--tau2_fudge`, T); from RELION 4 on."""

    first_resolution: Annotated[Angstrom, Gt(0), Advanced] = 35.0
    """Detail at the beginning (`--sgd_ini_resol`, `--grad_ini_resol`)."""

    last_resolution: Annotated[Angstrom, Gt(0), Advanced] = 15.0
    """Detail at the end (`--sgd_fin_resol`, `--grad_fin_resol`)."""

    first_subset: Annotated[int, Ge(10), Advanced] = 100
    """Particles in a mini-batch at the beginning (`--sgd_ini_subset`, `--grad_ini_subset`)."""

    last_subset: Annotated[int, Ge(10), Advanced] = 500
    """Particles in a mini-batch at the end (`--sgd_fin_subset`, `--grad_fin_subset`)."""

    healpix_order: Annotated[int, Ge(0), Le(4), Advanced] = 1
    """Angular sampling (`--healpix_order`): 1 is 30°, 2 is 15°; halved by oversampling."""

    offset_range: Annotated[Pixel, Ge(1), Advanced] = 6
    """How far particles may lie from where they were (`--offset_range`)."""


class InitialModelWithRelion(ItemProtocol[RelionInitialParameters]):
    """Make a first 3D map of the particles of a table with RELION, by gradient descent."""

    name = "volume.relion_initial"
    title = "RELION initial model"
    elsewhere = INITIAL
    cites = (
        BAYESIAN,
        AUTO_REFINE,
        "Punjani et al. (2017) Nat. Methods 14, 290, doi:10.1038/nmeth.4169",
    )

    def programs(self) -> Sequence[Program]:
        """The one without MPI: gradients are not computed in several processes."""
        return (REFINE,)

    def need(self) -> Resources:
        """Threads and GPUs as asked."""
        return self.parameters.need()

    def lacking(self) -> Sequence[str]:
        """GPUs, where this RELION was not built for them."""
        return gpus_lacking(REFINE, self.parameters.gpus)

    def process(self, particles: RelionParticles, work: Work) -> Volume:
        wanted = self.parameters
        table = lay_out(particles, work)
        mask = wanted.mask_of(particles)
        run = Run(
            words=tuple(self.words(mask, version_of(REFINE, work))),
            on=tuple(wanted.always()),
            threads=wanted.threads,
            gpus=work.gpus,
            timeout=3600.0 * wanted.time,
        )
        last = last_run(run_refine(table, run, work))
        return Volume(**make_volume(last.parent, last.name, particles, wanted.symmetry, work))

    def words(self, mask: float, version: tuple[int, ...]) -> list[str]:
        """Arguments of a new run, for a version of RELION."""
        wanted = self.parameters
        said = ["--denovo_3dref", "--K", "1", "--sym", wanted.symmetry, "--pad", "1"]
        said += ["--healpix_order", str(wanted.healpix_order), "--offset_step", "2"]
        said += ["--offset_range", str(wanted.offset_range)]
        if version >= _VDAM:
            said += ["--grad", "--iter", str(wanted.iterations), "--grad_write_iter", "10"]
            said += ["--auto_sampling", "--tau2_fudge", f"{wanted.regularisation:g}"]
            prefix = "--grad"
        else:
            edge = max(1, wanted.iterations // 5)
            said += ["--sgd", "--sgd_write_iter", "10", "--skip_gridding"]
            said += ["--sgd_ini_iter", str(edge), "--sgd_fin_iter", str(edge)]
            said += ["--sgd_inbetween_iter", str(wanted.iterations - 2 * edge)]
            prefix = "--sgd"
        said += [f"{prefix}_ini_resol", f"{wanted.first_resolution:g}"]
        said += [f"{prefix}_fin_resol", f"{wanted.last_resolution:g}"]
        said += [f"{prefix}_ini_subset", str(wanted.first_subset)]
        said += [f"{prefix}_fin_subset", str(wanted.last_subset)]
        return [*said, *wanted.words(mask)]

    def methods(self) -> str:
        """How the map was begun."""
        wanted = self.parameters
        return (
            f"A first 3D map was made with RELION by {wanted.iterations} mini-batches of "
            f"stochastic gradient descent, with {wanted.symmetry} symmetry."
        )

    def summarize(self, items: Sequence[Volume]) -> str:
        return summarize_volume(items, "begun")

    def plot(self, items: Sequence[Volume]) -> Iterator[Figure]:
        yield from plot_volume(items)
