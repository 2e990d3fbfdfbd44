"""Parameters that runs of `relion_refine` have in common."""

from typing import Annotated

from annotated_types import Ge, Gt, Le

from icestream.protocol import Advanced, Operational, Parameters, Resources
from icestream.units import Angstrom, Unit, Usual
from icestream_relion.items import RelionParticles

__all__ = ["ROOM", "RefineParameters"]

ROOM = 1.1
"""Diameter of the mask around a particle, in diameters of the particle."""


class RefineParameters(Parameters):
    """What all of them are told."""

    diameter: Annotated[Angstrom, Gt(10), Usual(30.0, 3000.0)] | None = None
    """Diameter of the mask around each particle (`--particle_diameter`); that of the picks and a
    tenth when empty."""

    use_ctf: Annotated[bool, Advanced] = True
    """Correct for the CTF (`--ctf`)."""

    intact_first_peak: Annotated[bool, Advanced] = False
    """Leave frequencies up to the first peak of the CTF as they are
    (`--ctf_intact_first_peak`)."""

    zero_mask: Annotated[bool, Advanced] = True
    """Blank what is outside of the mask, instead of filling it with noise (`--zero_mask`)."""

    seed: Annotated[int, Ge(0), Advanced] = 1
    """Of its random numbers (`--random_seed`)."""

    threads: Annotated[int, Ge(1), Le(128), Operational, Advanced] = 1
    """Threads of each process (`--j`): as many as the machine has to spare."""

    gpus: Annotated[int, Ge(0), Le(16), Operational] = 0
    """GPUs (`--gpu`); 0 computes on the CPU."""

    memory: Annotated[float, Unit("GiB"), Gt(0), Operational, Advanced] = 4.0
    """Memory that is set aside for it: much more for large boxes."""

    pool: Annotated[int, Ge(1), Operational, Advanced] = 3
    """Images that a thread takes at a time (`--pool`)."""

    preread: Annotated[bool, Operational, Advanced] = False
    """Read all images into memory first (`--preread_images`)."""

    time: Annotated[float, Unit("h"), Gt(0), Operational, Advanced] = 72.0
    """Time after which the program is ended."""

    def need(self, working: int = 1) -> Resources:
        """What it takes with so many processes that compute."""
        memory = round(self.memory * 2**30)
        return Resources(cores=working * self.threads, memory=memory, gpus=self.gpus)

    def mask_of(self, particles: RelionParticles) -> float:
        """Diameter of the mask, Å, which the particles' box has to hold."""
        widest = (particles.box - 4) * particles.pixel_size
        wanted = self.diameter or (ROOM * particles.diameter if particles.diameter else widest)
        return min(wanted, widest)

    def words(self, mask: float) -> list[str]:
        """Arguments of a new run."""
        said = ["--particle_diameter", f"{mask:.1f}", "--oversampling", "1"]
        said += ["--norm", "--scale", "--flatten_solvent", "--random_seed", str(self.seed)]
        if self.use_ctf:
            said.append("--ctf")
            said += ["--ctf_intact_first_peak"] if self.intact_first_peak else []
        return [*said, *(["--zero_mask"] if self.zero_mask else []), *self.always()]

    def always(self) -> list[str]:
        """Arguments of a new run, and of one that goes on."""
        said = ["--pool", str(self.pool), "--dont_combine_weights_via_disc"]
        return [*said, *(["--preread_images"] if self.preread else [])]
