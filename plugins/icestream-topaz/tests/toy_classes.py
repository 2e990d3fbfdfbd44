"""A toy classification that knows where the particles are: 30 in each micrograph, in class 1."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from icestream.formats import write_mrc
from icestream.formats.parquet import write_columns
from icestream.model import Classes, Micrograph, column
from icestream.protocol import Batch, BatchProtocol, Parameters, Work

COUNT = 30


@dataclass(slots=True)
class Seen:
    """Exposures so far."""

    names: list[str] = field(default_factory=list)
    snapshots: int = 0


class KnowClasses(BatchProtocol[Parameters, Seen]):
    """Says where the particles of each micrograph are."""

    name = "toy.classes"
    title = "Toy classes"

    def batch_size(self) -> int:
        return 2

    def start(self, first: Batch[Micrograph], work: Work) -> Seen:
        return self.update(Seen(), first, work)

    def update(self, state: Seen, new: Batch[Micrograph], work: Work) -> Seen:
        state.names += [item.exposure for item in new.items]
        state.snapshots += 1
        return state

    def snapshot(self, state: Seen, work: Work) -> Classes:
        y, x = np.mgrid[:32, :32] - 16
        ball = np.sqrt(np.clip(10.0**2 - x**2 - y**2, 0, None)).astype(np.float32)
        averages = write_mrc(work.path(f"c{state.snapshots}.mrcs"), ball[None], 5.0)
        count = COUNT * len(state.names)
        zeros = np.zeros(count, np.float32)
        table: dict[str, np.ndarray] = {
            "exposure": np.repeat(np.arange(len(state.names), dtype=np.int32), COUNT),
            "x": np.tile(np.arange(COUNT, dtype=np.float32) * 4, len(state.names)),
            "y": zeros + 50,
            "class": np.ones(count, np.int32),
            "shift_x": zeros,
            "shift_y": zeros,
        }
        assignments: Path = work.path(f"c{state.snapshots}.parquet")
        write_columns(assignments, table, {"exposure": state.names})
        return Classes(
            averages=averages,
            box=32,
            pixel_size=5.0,
            counts=column([count]),
            resolution=column([10.0]),
            score=column([1.0]),
            assignments=assignments,
            particles=count,
            iteration=state.snapshots,
            selected=column([1.0]),
        )
