"""A toy map of the particle, from the second micrograph on."""

import os
from dataclasses import dataclass
from pathlib import Path

from particle import volume

from icestream.model import Micrograph, Volume
from icestream.protocol import Batch, BatchProtocol, Parameters, Work


@dataclass(slots=True)
class Seen:
    """Micrographs so far."""

    count: int = 0


class KnowVolume(BatchProtocol[Parameters, Seen]):
    """Makes no map of one micrograph, and the true one of two."""

    name = "toy.volume"
    title = "Toy volume"

    def batch_size(self) -> int:
        return 1

    def start(self, first: Batch[Micrograph], work: Work) -> Seen:
        return Seen(len(first))

    def update(self, state: Seen, new: Batch[Micrograph], work: Work) -> Seen:
        return Seen(state.count + len(new))

    def snapshot(self, state: Seen, work: Work) -> Volume:
        if state.count < 2:
            return Volume(particles=0, iteration=1, note="too few particles")
        return volume(work.folder, Path(os.environ["TOY_MODEL"]))
