"""Reading and watching: time to decode a frame, to judge a movie, and to look at a folder.

    python benchmarks/bench_formats.py --files 100000

Prints Markdown tables; what they mean is on the pages "File formats" and "Watching a folder" of
the documentation. Everything is written into a temporary folder and removed.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from icestream.formats import open_movie, read_star, write_eer, write_mrc, write_star, write_tiff
from icestream.formats.completeness import judge
from icestream.formats.star import Block
from icestream.formats.watch import FolderWatch
from icestream.protocol import Cursor
from icestream.protocols.import_movies import ImportMovies
from icestream.protocols.import_parameters import ImportParameters

RNG = np.random.default_rng(1)


def cost(work: Callable[[], object], times: int = 5) -> float:
    """Median CPU time of `work`, ms."""
    spent = []
    for _ in range(times):
        start = time.process_time()
        work()
        spent.append(time.process_time() - start)
    return statistics.median(spent) * 1e3


def decoding(folder: Path, side: int) -> None:
    """One frame of each container."""
    frames = RNG.poisson(1.0, (4, side, side)).astype(np.uint8)
    print(f"\n| {side} x {side}, 1 e/px | CPU ms a frame |\n|---|---|")
    for compression in ("lzw", "deflate", "zstd", None):
        write_tiff(folder / "a.tif", frames, compression=compression)
        with open_movie(folder / "a.tif") as movie:
            print(f"| TIFF, {compression or 'plain'} | {cost(movie.read_all) / 4:.1f} |")
    write_mrc(folder / "a.mrc", frames)
    with open_movie(folder / "a.mrc") as movie:
        print(f"| MRC | {cost(movie.read_all) / 4:.1f} |")
    electrons = [RNG.integers(0, 4 * side, (side * side // 100, 2)) for _ in range(20)]
    write_eer(folder / "a.eer", electrons, (side, side))
    for upsampling in (1, 2):
        with open_movie(folder / "a.eer", 20, eer_upsampling=upsampling) as movie:
            movie.read(0)
            spent = cost(movie.read_all) / 20
            print(
                f"| EER camera frame, {side * side // 100} electrons, x{upsampling} | {spent:.1f} |"
            )


def judging(folder: Path) -> None:
    """Ask whether a movie is whole."""
    frames = RNG.poisson(1.0, (50, 64, 64)).astype(np.uint8)
    write_tiff(folder / "a.tif", frames)
    write_mrc(folder / "a.mrc", frames)
    electrons = [RNG.integers(0, 256, (40, 2)) for _ in range(1000)]
    write_eer(folder / "a.eer", electrons, (64, 64), metadata={"numberOfFrames": "1000"})
    print("\n| is it whole? | CPU ms |\n|---|---|")
    for name, what in (("a.mrc", "MRC, 50"), ("a.tif", "TIFF, 50"), ("a.eer", "EER, 1000")):
        spent = cost(lambda path=folder / name: judge(path, usual_frames=50), 9)  # type: ignore[misc]
        print(f"| {what} frames | {spent:.2f} |")


def tables(folder: Path) -> None:
    """STAR files."""
    rows = 100_000
    columns = {f"rln{n}": RNG.random(rows) * 100 for n in range(12)}
    print("\n| STAR, 12 columns x 100,000 rows | CPU ms |\n|---|---|")
    spent = cost(lambda: write_star(folder / "a.star", [Block("particles", columns)]), 3)
    print(f"| write | {spent:.0f} |")
    print(f"| read | {cost(lambda: read_star(folder / 'a.star'), 3):.0f} |")


def polling(folder: Path, files: int) -> None:
    """What a look at a folder costs, with nothing new and with one new file."""
    print("\n| files | first look, ms | nothing new, ms | one new file, ms |\n|---|---|---|---|")
    for folders, each in ((1, min(1000, files)), (max(1, files // 1000), 1000), (1, files)):
        root = folder / f"tree_{folders}_{each}"
        for square in range(folders):
            place = root / f"GridSquare_{square}"
            place.mkdir(parents=True)
            for number in range(each):
                (place / f"{square}_{number}_Fractions.tiff").touch()
        watch = FolderWatch(str(root))
        now = time.time()
        first = cost(lambda now=now, watch=watch: watch.poll(now, budget=60.0), 1)  # type: ignore[misc]
        time.sleep(0.2)
        watch.poll(now + 100.0, budget=60.0)
        idle = cost(lambda now=now, watch=watch: watch.poll(now + 200.0), 21)  # type: ignore[misc]
        spent = []
        for turn in range(9):
            (place / f"new_{turn}.tiff").touch()
            start = time.process_time()
            found = watch.poll(now + 1000.0 * (turn + 1), budget=60.0)
            spent.append((time.process_time() - start) * 1e3)
            if len(found) != 1:
                raise RuntimeError(f"found {found}")
        new = statistics.median(spent)
        print(f"| {folders} x {each} | {first:.0f} | {idle:.3f} | {new:.2f} |")


def importing(folder: Path, movies: int) -> None:
    """What taking a movie costs, and an idle look after many were taken."""
    root = folder / "session"
    root.mkdir()
    for number in range(movies):
        frames = RNG.poisson(1.0, (50, 32, 48)).astype(np.uint8)
        write_tiff(root / f"{number}_fractions.tiff", frames, compression=None)
    given = {"pixel_size": 1.0, "voltage": 300.0, "dose_per_frame": 1.0, "frames": 50}
    source = ImportMovies(ImportParameters(pattern=str(root), watch=True, **given))  # type: ignore[arg-type]
    taken, now = 0, time.time()
    start = time.process_time()
    while taken < movies:
        now += 1.0
        taken += len(source.discover(Cursor(now=now)).items)
    spent = (time.process_time() - start) * 1e3
    idle = cost(lambda: source.discover(Cursor(now=now + 500.0)), 51)
    print("\n| import | CPU ms |\n|---|---|")
    print(f"| a movie of 50 frames | {spent / movies:.2f} |")
    print(f"| nothing new, {movies} movies taken | {idle:.3f} |")


def main() -> None:
    """Run all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=20_000, help="files in the largest tree")
    parser.add_argument("--side", type=int, default=4096, help="pixels a side of the frames")
    parser.add_argument("--movies", type=int, default=200, help="movies to import")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        decoding(folder, wanted.side)
        judging(folder)
        tables(folder)
        polling(folder, wanted.files)
        importing(folder, wanted.movies)


if __name__ == "__main__":
    main()
