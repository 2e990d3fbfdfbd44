"""A microscope in a process of its own: EPU's files come in their time, whatever befalls others.

``python -m whole_facility.microscope STOCK FOLDER --movies N --every SECONDS --truth FILE``. Images
come from a stock that was simulated once, and each movie differs from all others in some pixels, so
that a machine with few cores can write many. It works from within its folder: a disk that is taken
away from others is not taken away from it.
"""

import argparse
import json
import os
import shutil
import time
from datetime import datetime
from pathlib import Path

import numpy as np
import tifffile

from icestream.formats.tiff import write_tiff
from icestream.simulator import epu
from icestream.simulator.acquire import acquire
from icestream.simulator.plan import SessionPlan
from icestream.simulator.schedule import Shot, schedule

__all__ = ["NAMES", "made_stock", "plan_of"]

NAMES = "*_Fractions.tiff"
"""Of the movies."""
_GAIN = "gain.mrc"


def plan_of(movies: int, seed: int, started: datetime | None = None) -> SessionPlan:
    """Small fields, so that two cores keep up with several microscopes."""
    return SessionPlan(
        movies=movies, seed=seed, started=started, size=512, frames=4, pixel_size=1.8,
        dose_per_frame=8.0, particles=30, b_factor=(30.0, 50.0), thickness=(150.0, 300.0),
        defocus=(1.0, 2.2), holes_per_square=25, rate=600.0, speed=0.0,
    )  # fmt: skip


def made_stock(folder: Path, movies: int) -> Path:
    """Simulate the movies that microscopes draw from."""
    done = acquire(plan_of(movies, 7), folder / "simulated")
    stock = folder / "stock"
    stock.mkdir()
    for number, path in enumerate(sorted(done.folder.rglob(NAMES))):
        path.rename(stock / f"{number}.tiff")
    done.gain.rename(stock / _GAIN)
    shutil.rmtree(done.folder)
    shutil.rmtree(done.truth)
    return stock


def _write(stock: list[Path], plan: SessionPlan, shot: Shot, name: Path) -> None:
    """A movie that nobody has seen, under a hidden name until it is whole."""
    rng = np.random.default_rng([plan.seed, 21, shot.number])
    frames = tifffile.imread(stock[shot.number % len(stock)])
    places = rng.integers(0, frames[0].size, 64)
    frames[0].reshape(-1)[places] += 1
    hidden = name.with_name(f".{name.name}.incoming.tiff")
    write_tiff(hidden, frames, pixel_size=plan.pixel_size)
    hidden.replace(name)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("stock", type=Path)
    asked.add_argument("folder", type=Path)
    asked.add_argument("--movies", type=int, required=True)
    asked.add_argument("--every", type=float, required=True)
    asked.add_argument("--truth", type=Path, required=True)
    asked.add_argument("--seed", type=int, default=1)
    given = asked.parse_args()
    started = datetime.now().astimezone().replace(microsecond=0)
    plan = plan_of(given.movies, given.seed, started)
    stock = sorted(given.stock.glob("*.tiff"))
    given.folder.mkdir(parents=True)
    os.chdir(given.folder)
    shutil.copy(given.stock / _GAIN, epu.gain_name(plan, started))
    Path("EpuSession.dm").write_text(epu.session_document(plan, given.folder.name, started))
    begun = time.monotonic()
    with given.truth.open("w") as truth:
        for shot in schedule(plan, started):
            time.sleep(max(0.0, begun + shot.number * given.every - time.monotonic()))
            for path, text in epu.exposure_files(plan, shot, started).items():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            name = epu.data_folder(shot) / epu.movie_name(plan, shot)
            _write(stock, plan, shot, name)
            print(json.dumps({"movie": str(name), "time": time.time()}), file=truth, flush=True)


if __name__ == "__main__":
    main()
