"""Stand-ins for programs of cisTEM: unblur, find_particles, refine2d and merge2d.

    python stand_in.py PROGRAM VERSION < ANSWERS

VERSION is 1.0.0-beta or 2.0.0-alpha. They were written from the published source of these versions
(questions, their order and limits, how answers are refused, what is written and printed); they
know nothing of the plugin. Each does its work in the simplest way: it finds the shifts and the
blobs that a test has put in. The variable STAND_IN says which failure is played.
"""

import os
import signal
import sys
import time
from pathlib import Path

import numpy as np

PROGRAM, VERSION = sys.argv[1:3]
TWO = VERSION.startswith("2")
PLAYED = os.environ.get("STAND_IN", "")
LARGEST = 3.4e38
OWN = {"unblur": ("Unblur", "2.00" if TWO else "1.00"), "merge2d": ("Merge2D", "1.00")}
OWN |= {"find_particles": ("FindParticles", "0.00"), "refine2d": ("Refine2D", "1.02")}
UNKNOWN = "Error: Running as script, and answer is not recognized..."


def refuse(text: str) -> None:
    """As a script is refused: with -1, which a shell sees as 255."""
    print(f"\n {text}\n")
    sys.exit(255)


def ask(question: str) -> str:
    """The next line, which must not be blank."""
    print(f"{question:<50} : ", end="")
    answer = sys.stdin.readline().rstrip("\n")
    if not answer:
        refuse("Error: Blank answer in scripted mode, exiting...")
    print(answer)
    return answer


def decide(question: str) -> bool:
    answer = ask(question)
    if answer[0] not in "yYnN":
        refuse(UNKNOWN)
    return answer[0] in "yY"


def number(question: str, least: float = -LARGEST, most: float = LARGEST) -> float:
    answer = ask(question)
    if not (answer[0].isdigit() or (answer[0] in "-." and answer[1:2].isdigit())):
        refuse(UNKNOWN)
    value = float(answer)
    if not least <= value <= most:
        print("\nError: Number outside of acceptable range!\n")
        refuse(UNKNOWN)
    return value


def whole(question: str, least: float = -LARGEST, most: float = LARGEST) -> int:
    """atoi: what is behind a point is not read."""
    return int(number(question, least, most))


def file(question: str, *, there: bool = False) -> str:
    answer = ask(question)
    if there and not Path(answer).is_file():
        print("\nError: File does not exist, please provide an existing file!\n")
        refuse(UNKNOWN)
    return answer


def play() -> None:
    """What goes wrong after the questions."""
    if PLAYED == "hang":
        Path(os.environ["STAND_IN_PID"]).write_text(str(os.getpid()))
        time.sleep(600)
    if PLAYED == "crash":
        sys.stdout.flush()
        os.kill(os.getpid(), signal.SIGSEGV)


def read_mrc(path: str) -> np.ndarray:
    """``(z, y, x)``; as cisTEM, it knows few modes."""
    raw = Path(path).read_bytes()
    nx, ny, nz, mode = np.frombuffer(raw, "<i4", 4)
    kind = {0: "i1", 1: "<i2", 2: "<f4", 6: "<u2"}[int(mode)]
    skipped = 1024 + int(np.frombuffer(raw, "<i4", 1, 92)[0])
    return np.frombuffer(raw, kind, nx * ny * nz, skipped).reshape(nz, ny, nx).astype(np.float32)


def write_mrc(path: str, images: np.ndarray, pixel: float) -> None:
    header = np.zeros(256, "<i4")
    header[:4] = *images.shape[::-1], 2
    header[7:10] = header[:3]
    header[10:13] = (header[:3] * pixel).astype("<f4").view("<i4")
    header[16:19] = 1, 2, 3
    header[52:54] = np.frombuffer(b"MAP DD\0\0", "<i4")
    Path(path).write_bytes(header.tobytes() + images.astype("<f4").tobytes())


# --------------------------------------------------------------------------------------- unblur


def unblur() -> None:
    movie = file("Input stack filename", there=True)
    target = file("Output aligned sum")
    shifts_file = file("Output shift text file") if TWO else ""
    pixel = number("Pixel size of images (A)", 0)
    binning = number("Output binning factor", 1)
    filtered = decide("Apply Exposure filter?")
    if filtered:
        number("Acceleration voltage (kV)")
        number("Exposure per frame (e/A^2)", 0)
        number("Pre-exposure amount (e/A^2)", 0)
    gain, first, last = "", 1, 0
    eer = Path(movie).suffix == ".eer"
    if decide("Set Expert Options?"):
        least = number("Minimum shift for initial search (A)", 0)
        number("Outer radius shift limit (A)", least)
        number("B-factor to apply to images (A^2)", 0)
        whole("Half-width of vertical Fourier mask", 1)
        whole("Half-width of horizontal Fourier mask", 1)
        number("Termination shift threshold (A)", 0)
        whole("Maximum number of iterations", 0)
        if filtered:
            decide("Restore Noise Power?")
        if TWO and not decide("Input stack is dark-subtracted?"):
            file("Dark image filename", there=True)
        if not decide("Input stack is gain-corrected?"):
            gain = file("Gain image filename", there=True)
        first = whole("First frame to use for sum", 1)
        last = whole("Last frame to use for sum (0 for last frame)", 0)
        if TWO:
            whole("Number of frames for running average", 1)
            if decide("Save Aligned Frames?"):
                file("Output aligned frames filename")
        if TWO and eer:
            whole("Number of EER frames per image", 1)
            whole("EER super resolution factor", 1, 4)
    if decide("Correct Magnification Distortion?"):
        refuse("this stand-in does not play a distorted magnification")
    if TWO:
        whole("Max. threads to use for calculation", 1)
    play()
    if eer:
        refuse("this stand-in does not read EER")
    align(movie, gain, (pixel, binning), (first, last), (target, shifts_file))


def read_frames(movie: str) -> np.ndarray:
    """TIFF has its rows swapped by cisTEM, so that they are as in MRC files of other programs."""
    if Path(movie).suffix in (".tif", ".tiff"):
        from icestream.formats import read_tiff

        return read_tiff(movie).astype(np.float32)[:, ::-1]
    return read_mrc(movie)


def align(
    movie: str,
    gain: str,
    scale: tuple[float, float],
    chosen: tuple[int, int],
    targets: tuple[str, str],
) -> None:
    frames = read_frames(movie)
    if PLAYED == "corrupt":
        print(f"\nInfo : Input movie {movie} seems to be corrupt. Unblur results may not be ...")
    if gain:
        gained = read_mrc(gain)[0]
        if gained.shape != frames.shape[1:]:
            print(
                f"\nError : Error: location 1 of input file ({movie}) does not have same "
                f"dimensions as the gain image ({gain})\n"
            )
            sys.exit(255)
        frames = frames * gained
    pixel, binning = scale
    height, width = frames.shape[1:]
    middle = np.fft.fft2(frames[len(frames) // 2])
    moves = []
    for frame in frames:
        peak = np.fft.ifft2(middle * np.conj(np.fft.fft2(frame))).real
        y, x = np.unravel_index(np.argmax(peak), peak.shape)
        moves.append(
            ((y + height // 2) % height - height // 2, (x + width // 2) % width - width // 2)
        )
    moved = [np.roll(frame, move, (0, 1)) for frame, move in zip(frames, moves, strict=True)]
    first, last = chosen[0], chosen[1] or len(frames)
    total = np.sum(moved[first - 1 : last], axis=0)
    side = [int(length / binning + 0.5) for length in total.shape]
    total = crop(total, side)
    if PLAYED != "nothing":
        write_mrc(targets[0], total[None], pixel * binning)
    if PLAYED == "half":
        Path(targets[0]).write_bytes(Path(targets[0]).read_bytes()[:2000])
    if PLAYED == "few":
        moves = moves[:-1]
    lines = [f"{x * pixel:14.5f} {y * pixel:14.5f}\n" for y, x in moves]
    if TWO:
        Path(targets[1]).write_text("".join((f"# X/Y Shifts for file {movie}\n", *lines)))
        for place in range(len(moves)):  # from where nothing has been put yet
            print(f"image #{place} = 0.000000, 0.000000")
    else:
        for place, (y, x) in enumerate(moves):
            print(f"image #{place} = {x * pixel:f}, {y * pixel:f}")


def crop(image: np.ndarray, side: list[int]) -> np.ndarray:
    """In Fourier space, to even sides."""
    spectrum = np.fft.fftshift(np.fft.fft2(image))
    y, x = ((old - new) // 2 for old, new in zip(image.shape, side, strict=True))
    part = np.fft.ifftshift(spectrum[y : y + side[0], x : x + side[1]])
    return np.fft.ifft2(part).real * np.prod(side) / image.size


# ------------------------------------------------------------------------------- find_particles


def find_particles() -> None:
    source = file("Input micrograph filename", there=True)
    pixel = number("Micrograph pixel size", 0)
    number("Acceleration voltage", 0)
    number("Spherical aberration", 0)
    number("Amplitude contrast", 0)
    number("Additional phase shift")
    number("Micrograph defocus 1")
    number("Micrograph defocus 2")
    number("Micrograph astigmatism angle")
    radius = 25.0
    if decide("Would you like to supply templates?"):
        file("Input templates filename", there=True)
        averaged = decide("Should the templates be radially averaged?")
        if not averaged and decide(
            "Would you like to also search for rotated versions of the templates?"
        ):
            whole("Number of in-plane rotations", 1)
    else:
        radius = number("Typical radius of particles (in Angstroms)", 0)
    apart = number("Maximum radius of the particle (in Angstroms)", 0)
    number("Highest resolution to use for picking", pixel * 2)
    stack = file("Filename for output stack of candidate particles.")
    whole("Box size for output candidate particle images (pixels)", 0)
    edge = whole("Minimum distance from edge (pixels)", 0)
    threshold = number("Picking threshold", 0)
    if TWO:
        decide("Avoid low variance areas?")
    decide("Avoid high variance areas?")
    if TWO:
        number("Low variance threshold")
        number("High variance threshold")
    decide("Avoid areas with abnormal local mean?")
    whole("Algorithm to find background areas (0 or 1)", 0, 1)
    whole("Number of background boxes", 1)
    white = decide("Particles are white on a dark background")
    play()
    image = read_mrc(source)[0].astype(float)
    response = blurred(image if white else -image, 0.7 * radius / pixel)
    rest = np.median(response)
    noise = 1.4826 * np.median(np.abs(response - rest))
    peaks = find_peaks((response - rest) / noise, threshold, 2 * apart / pixel, edge)
    if peaks and PLAYED != "nothing":
        print("about to open numeric text file with filename found.plt")
        write_plt(Path(stack).with_suffix(".plt"), peaks, image.shape)
    print(f"\nFound {len(peaks)} candidate particles")


def blurred(image: np.ndarray, width: float) -> np.ndarray:
    fy, fx = (np.fft.fftfreq(side) for side in image.shape)
    damping = np.exp(-2 * (np.pi * width) ** 2 * (fy[:, None] ** 2 + fx[None] ** 2))
    return np.fft.ifft2(np.fft.fft2(image) * damping).real


def find_peaks(
    heights: np.ndarray, threshold: float, apart: float, edge: int
) -> list[tuple[int, int, float]]:
    """x, y and height, the highest first."""
    found = []
    heights = heights.copy()
    y, x = np.indices(heights.shape)
    while heights.max() >= threshold:
        at = np.unravel_index(np.argmax(heights), heights.shape)
        inside = all(
            edge <= place < side - edge for place, side in zip(at, heights.shape, strict=True)
        )
        if inside:
            found.append((int(at[1]), int(at[0]), float(heights[at])))
        heights[np.hypot(y - at[0], x - at[1]) < apart] = -1
    return found


def write_plt(path: Path, peaks: list[tuple[int, int, float]], shape: tuple[int, ...]) -> None:
    """Rows from the other end, both from 1, as cisTEM gives them to IMAGIC."""
    lines = []
    for x, y, height in peaks:
        column = x + 1 + (shape[1] if PLAYED == "outside" else 0)
        values = [shape[0] - y + 1, column, 1.0, 0.0, *([90.0] if TWO else []), height]
        lines.append(" ".join(f"{value:14.5f}" for value in values))
    text = "".join(f"{line}\n" for line in lines)
    path.write_text(text[:-10] if PLAYED == "half" else text)


# --------------------------------------------------------------------------- refine2d, merge2d


def refine2d() -> None:
    stack = file("Input particle images", there=True)
    table = file(
        f"Input {'cisTEM star file' if TWO else 'Frealign parameter filename'}", there=True
    )
    before = file("Input class averages")
    out_table = file("Output cisTEM star file")
    out = file("Output class averages")
    count = whole("Number of classes (>0 = initialize classes)", 0)
    first = whole("First particle to refine (0 = first in stack)", 0)
    last = whole("Last particle to refine (0 = last in stack)", 0)
    share = number("Percent of particles to use (1 = all)", 0, 1)
    pixel = number("Pixel size of class averages (A)", 0)
    if not TWO:
        number("Beam energy (keV)", 0)
        number("Spherical aberration (mm)", 0)
        number("Amplitude contrast", 0, 1)
    number("Mask radius (A)", 0)
    number("Low resolution limit (A)", 0)
    finest = number("High resolution limit (A)", 0)
    number("Angular step (0.0 = set automatically)", 0)
    number("Search range in X (A) (0.0 = max)", 0)
    if not TWO:
        number("Search range in Y (A) (0.0 = max)", 0)
    number("Tuning parameter: smoothing factor", 0.01)
    whole("Tuning parameter: padding factor for interpol.", 1)
    decide("Normalize particles")
    invert = decide("Invert particle contrast")
    decide("Exclude images with blank edges")
    if TWO:
        decide("Automatically mask class averages")
        decide("Automatically center class averages")
    dump = decide("Dump intermediate arrays (merge later)")
    dump_file = file("Output dump filename for intermediate arrays")
    if TWO:
        whole("Max. threads to use for calculation", 1)
    with Path(os.environ.get("STAND_IN_CALLS", os.devnull)).open("a") as calls:
        calls.write(f"{count} {first} {last} {share:.3f} {finest:.2f}\n")
    play()
    if PLAYED == "later" and finest < 20:
        refuse("Error: Blank answer in scripted mode, exiting...")
    rows = read_rows(Path(table))
    images = read_mrc(stack).astype(np.float64) * (1 if invert else -1)
    assert len(rows) == len(images), "a row for each image"
    if count:
        begin(images, count, Path(out), pixel)
    else:
        refine(images, rows, (first, last, share), before, (out_table, dump_file))
        assert dump, "this stand-in merges always"
    print("\nRefine2D: Normal termination\n")


def read_rows(path: Path) -> np.ndarray:
    """Number, psi, x, y, class, two defoci, phase shift in radians."""
    if not TWO:
        lines = [line for line in path.read_text().splitlines() if line[0] != "C"]
        assert all(len(line) > 141 for line in lines), "or it is taken for an old table"
        rows = np.array([[float(word) for word in line.split()] for line in lines])
        return rows[:, [0, 1, 4, 5, 7, 8, 9, 11]]
    text = path.read_text()
    labels = [
        "PositionInStack",
        "AnglePsi",
        "XShift",
        "YShift",
        "Best2DClass",
        "Defocus1",
        "Defocus2",
    ]
    assert all(f"\n_cisTEM{label} " in text for label in [*labels, "PhaseShift"])
    lines = text.splitlines()
    names = [line.split()[0] for line in lines if line.startswith("_cisTEM")]
    words = [
        line.split()
        for line in lines
        if line.strip() and not line.startswith(("_", "#", "loop", "data"))
    ]
    columns = [[float(row[names.index(f"_cisTEM{label}")]) for row in words] for label in labels]
    shifts = [float(row[names.index("_cisTEMPhaseShift")]) for row in words]
    return np.column_stack([*columns, np.radians(shifts)])


def begin(images: np.ndarray, count: int, target: Path, pixel: float) -> None:
    rng = np.random.default_rng(1)
    chosen = rng.permutation(len(images))
    averages = [images[chosen[place::count]].mean(axis=0) for place in range(count)]
    write_mrc(str(target), np.array(averages), pixel)


def refine(
    images: np.ndarray,
    rows: np.ndarray,
    chosen: tuple[int, int, float],
    before: str,
    targets: tuple[str, str],
) -> None:
    first, last, _ = chosen
    averages = read_mrc(before).astype(np.float64)
    mine = (rows[:, 0] >= first) & (rows[:, 0] <= last)
    flat = averages.reshape(len(averages), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    flat /= np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-9)
    heights = images[mine].reshape(int(mine.sum()), -1) @ flat.T
    found = rows[mine].copy()
    found[:, 1], found[:, 2], found[:, 3] = 30.0, 2.0, -4.0
    found[:, 4] = heights.argmax(axis=1) + 1
    found[0, 4] *= -1 if chosen[2] < 1 else 1  # passed over in this round
    if PLAYED == "class":
        found[:, 4] += 100
    sums = np.stack([images[mine][found[:, 4] == k + 1].sum(axis=0) for k in range(len(averages))])
    counts = np.array([(found[:, 4] == k + 1).sum() for k in range(len(averages))])
    with Path(targets[1]).open("wb") as dump:
        np.savez(dump, sums=sums, counts=counts)
    write_rows(Path(targets[0]), found[:-1] if PLAYED == "half" else found)


def write_rows(path: Path, found: np.ndarray) -> None:
    lines = []
    if not TWO:
        for row in found:
            values = [
                row[0],
                row[1],
                0,
                0,
                row[2],
                row[3],
                0,
                row[4],
                row[5],
                row[6],
                0,
                row[7],
                80,
            ]
            lines.append(" ".join(f"{value:9.2f}" for value in (*values, 5, 1.1, 2.2, 0)))
        path.write_text("".join(f"{line}\n" for line in lines) + "C  average\n")
        return
    labels = ["PositionInStack", "AnglePsi", "XShift", "YShift", "Occupancy", "LogP", "Sigma"]
    labels += ["Score", "Best2DClass"]
    head = "".join(f"_cisTEM{label} #{place}\n" for place, label in enumerate(labels, start=1))
    for row in found:
        values = [row[0], row[1], row[2], row[3], 80, 5, 1.1, 2.2, row[4]]
        lines.append(" ".join(f"{value:9.2f}" for value in values[:-1]) + f" {int(row[4]):5d}")
    path.write_text(
        f"# Written by cisTEM Version {VERSION}\n# Refine2D run date\n \ndata_\n \nloop_\n{head}"
        "#            POS     PSI       SHX\n" + "".join(f"{line}\n" for line in lines)
    )


def merge2d() -> None:
    target = file("Output class averages")
    seed = Path(file("Seed for input dump filenames for intermediate arrays"))
    count = whole("Number of dump files", 1)
    sums, counts = 0.0, 0.0
    for place in range(1, count + 1):
        path = seed.with_name(f"{seed.stem}{place}{seed.suffix}")
        if not path.is_file():
            print(f"\nError : Error: Dump file not found: {path}\n")
            sys.exit(255)
        with np.load(path) as dump:
            sums, counts = sums + dump["sums"], counts + dump["counts"]
    averages = sums / np.maximum(counts, 1)[:, None, None]
    write_mrc(target, averages, 1.0)
    print("\nMerge2D: Normal termination\n")


def main() -> None:
    if PLAYED == "library":
        print(f"{PROGRAM}: error while loading shared libraries: libfftw3f.so.3", file=sys.stderr)
        sys.exit(127)
    name, version = OWN[PROGRAM]
    print(f"\n\n        **   Welcome to {name}   **\n")
    print(f"             Version : {version}\n            Compiled : Dec  2 2017")
    if TWO:
        print(f"     Library Version : {VERSION}-295-b21db55\n         From Branch : master")
    print("                Mode : Scripted\n")
    {"unblur": unblur, "find_particles": find_particles, "refine2d": refine2d, "merge2d": merge2d}[
        PROGRAM
    ]()


main()
