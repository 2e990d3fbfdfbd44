"""A microscope's folder: movies of a stock come one after another, some of them not as they should.

The stock is simulated once. Each run copies it, so that all runs have the same movies.
"""

import os
import shutil
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random

from icestream.simulator.acquire import acquire
from icestream.simulator.plan import SessionPlan
from nemesis.history import History

__all__ = ["MOVIES", "Coming", "Microscope", "made_stock", "plan_of_movies"]

MOVIES = 8
_END = "_Fractions.tiff"


def made_stock(folder: Path) -> Path:
    """Simulate the movies that all runs have."""
    plan = SessionPlan(
        movies=MOVIES, seed=7, size=256, frames=4, pixel_size=1.8, dose_per_frame=8.0, particles=12,
        b_factor=(30.0, 50.0), thickness=(150.0, 300.0), defocus=(1.0, 2.2), speed=0.0,
    )  # fmt: skip
    return acquire(plan, folder).folder


@dataclass(frozen=True)
class Coming:
    """A movie and how it comes."""

    path: str
    """In the microscope's folder."""
    how: str
    """whole, slow (written bit by bit under its name), cut (and never whole), late (cut, and whole
    in the end), replaced (by another, once it was taken)."""

    @property
    def name(self) -> str:
        """Of its exposure."""
        return Path(self.path).name.removesuffix(_END)


def plan_of_movies(stock: Path, random: Random) -> list[Coming]:
    """How the movies of a run come."""
    names = sorted(str(path.relative_to(stock)) for path in stock.rglob(f"*{_END}"))
    ways = random.choices(("whole", "slow", "cut", "late", "replaced"), (70, 10, 6, 7, 7), k=MOVIES)
    ways[0] = "whole"  # the first says what the session is like
    return [Coming(path, how) for path, how in zip(names, ways, strict=True)]


class Microscope(threading.Thread):
    """Writes the movies."""

    def __init__(
        self, stock: Path, folder: Path, coming: list[Coming], every: float, history: History
    ) -> None:
        super().__init__(name="microscope", daemon=True)
        self._stock, self.coming, self._every = stock, coming, every
        self._history = history
        folder.mkdir()
        # It works from within: a folder that is moved away from others is not moved away from it.
        self._folder = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        root = self._place("")
        for path in stock.iterdir():
            if path.is_file():
                shutil.copy2(path, root / path.name)

    def _place(self, path: str) -> Path:
        return Path(f"/proc/self/fd/{self._folder}") / path

    def run(self) -> None:
        """Write them all, and then what comes late."""
        for one in self.coming:
            self._write(one)
            time.sleep(self._every)
        for one in self.coming:
            if one.how == "late":
                self._put(one.path, whole=True)
                self._history.note("mended", name=one.name)

    def _write(self, one: Coming) -> None:
        for beside in self._stock.rglob(f"{'_'.join(one.name.split('_')[:2])}*.xml"):
            target = self._place(str(beside.relative_to(self._stock)))
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(beside, target)
        self._history.note("movie", name=one.name, how=one.how)
        if one.how == "slow":
            content = (self._stock / one.path).read_bytes()
            for end in range(1, 4):
                self._place(one.path).write_bytes(content[: len(content) * end // 4])
                time.sleep(0.3)
        self._put(one.path, whole=one.how not in ("cut", "late"))

    def _put(self, path: str, *, whole: bool, of: str = "") -> None:
        """Let a movie of the stock lie there, whole with the time that it has in the stock."""
        source, target = self._stock / (of or path), self._place(path)
        hidden = target.with_name(f".{target.name}.part")
        shutil.copy2(source, hidden)
        if not whole:
            os.truncate(hidden, source.stat().st_size // 2)
        hidden.replace(target)

    def replace(self, one: Coming, other: Coming) -> None:
        """Let another movie lie under the name of one."""
        self._put(one.path, whole=True, of=other.path)
        self._history.note("replaced", name=one.name, by=other.name)

    def close(self) -> None:
        """Let go of the folder."""
        os.close(self._folder)
