"""A microscope's folder with small movies, and a copy of it, for tests of the transfer."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mrcfile
import numpy as np

from icestream.facility.transfer.address import Address, read_address
from icestream.facility.transfer.copying import Copying, Round, Route, Rules
from icestream.facility.transfer.share import BandwidthShare


def write_movie(path: Path, frames: int = 4, seed: int = 1) -> Path:
    """A whole movie of some kilobytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    counts = np.random.default_rng(seed).integers(1, 100, (frames, 32, 32)).astype(np.int16)
    with mrcfile.new(path, overwrite=True) as file:
        file.set_data(counts)
    return path


@dataclass
class Copied:
    """A microscope's folder and its copy, with a clock of its own."""

    folder: Path
    rules: Rules = field(default_factory=lambda: Rules(settle=5.0, patience=60.0))
    address: Address | None = None
    share: BandwidthShare | None = None
    since: float = 0.0
    now: float = field(default_factory=time.time)

    def __post_init__(self) -> None:
        for path in (self.nas, self.raw):
            path.mkdir(parents=True, exist_ok=True)
        self.copying = self.again()

    @property
    def nas(self) -> Path:
        return self.folder / "nas"

    @property
    def raw(self) -> Path:
        return self.folder / "raw"

    @property
    def ledger(self) -> Path:
        return self.folder / "ledger" / "transfer.db"

    def again(self) -> Copying:
        """The copy as a process that has begun anew sees it."""
        source = self.address or read_address(str(self.nas))
        route = Route(
            session="s", source=source, target=self.raw, ledger=self.ledger, since=self.since
        )
        self.copying = Copying(route, self.rules, self.share)
        return self.copying

    def rounds(self, count: int = 2, step: float = 6.0) -> Round:
        """So many rounds; the last of them."""
        done = Round()
        for _ in range(count):
            self.now += step
            done = self.copying.round(self.now)
        return done

    def states(self) -> dict[str, Any]:
        """State of each file, by its name."""
        return {entry.name: entry.state for entry in self.copying.ledger.every()}

    def why(self, name: str) -> str:
        entry = self.copying.ledger.get(name)
        assert entry is not None
        return entry.why
