"""A stand-in for MotionCor2 and MotionCor3, for machines without a GPU.

    python stand_in.py NAME VERSION ARGUMENTS...

It was written from MotionCor3's own help, read-me and BSD-licensed source, of which MotionCor2 is
the forerunner, and from a log of MotionCor2 1.5.0; it knows nothing of the plugin. It refuses what
they refuse, and what they would pass over in silence too: a flag of another version, a number that
is none. It sums the frames as they are, prints shifts as they do, and plays failures: the variable
STAND_IN says which (memory, library, hang, half, garbage, nothing, nan, frames).
"""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from icestream.formats import open_movie, read_mrc, read_mrc_header, write_mrc

FLAGS = {
    "-InMrc": 1,
    "-InTiff": 1,
    "-InEer": 1,
    "-OutMrc": 1,
    "-Gain": 1,
    "-Dark": 1,
    "-DefectFile": 1,
    "-DefectMap": 1,
    "-Patch": (2, 3),
    "-Iter": 1,
    "-Tol": 1,
    "-Bft": 2,
    "-FtBin": 1,
    "-InitDose": 1,
    "-FmDose": 1,
    "-PixSize": 1,
    "-kV": 1,
    "-Throw": 1,
    "-Trunc": 1,
    "-SumRange": 2,
    "-Group": 1,
    "-FmRef": 1,
    "-SplitSum": 1,
    "-RotGain": 1,
    "-FlipGain": 1,
    "-Mag": 3,
    "-InFmMotion": 1,
    "-Gpu": range(1, 9),
    "-GpuMemUsage": 1,
    "-EerSampling": 1,
    "-FmIntFile": 1,
}
"""How many values follow each."""
PATHS = {"-InMrc", "-InTiff", "-InEer", "-OutMrc", "-Gain", "-Dark", "-DefectMap", "-FmIntFile"}
PLAYED = os.environ.get("STAND_IN", "")


class Refused(Exception):
    """The exit status, and what is printed."""


def read_arguments(words: list[str], name: str, version: tuple[int, ...]) -> dict[str, list[str]]:
    """Values by flag; what begins with a dash and a letter is a flag."""
    flags = dict(FLAGS)
    if name == "MotionCor3" or version >= (1, 5, 4):
        flags["-Group"] = (1, 2)
    if name == "MotionCor3":
        flags |= {"-Cs": 1, "-AmpCont": 1, "-ExtPhase": 1}
    given: dict[str, list[str]] = {}
    flag = ""
    for word in words:
        if word[:1] == "-" and word[1:2].isalpha():
            flag = word
            if flag in given:
                raise Refused(64, f"{flag} is given twice")
            given[flag] = []
        else:
            given[flag].append(word)
    for flag, values in given.items():
        if flag not in flags:
            raise Refused(64, f"{name} {version} has no {flag}")
        counts = flags[flag]
        if len(values) not in ((counts,) if isinstance(counts, int) else counts):
            raise Refused(64, f"{flag} takes {counts} values, not {values}")
        if flag not in PATHS:
            [float(value) for value in values]
    return given


def read_frames(given: dict[str, list[str]]) -> tuple[np.ndarray, list[float]]:
    """The frames ``(n, y, x)``, and the dose of each."""
    sources = [flag for flag in ("-InMrc", "-InTiff", "-InEer") if flag in given]
    if len(sources) != 1:
        raise Refused(3, "Error: no valid input file name.")
    path = Path(given[sources[0]][0])
    magic = path.read_bytes()[:4]
    if (sources[0] == "-InMrc") == (magic[:2] in (b"II", b"MM")):
        raise Refused(3, "Error: no valid input file name.")
    dose = float(given.get("-FmDose", ["0"])[0])
    table = []
    if "-FmIntFile" in given:
        lines = Path(given["-FmIntFile"][0]).read_text().splitlines()
        table = [tuple(map(float, line.split())) for line in lines]
    if sources[0] == "-InEer":
        ((frames, size, each),) = table
        sampling = int(given["-EerSampling"][0])
        movie = open_movie(path, int(size), eer_upsampling=sampling)
        if frames % size or frames / size != movie.frames:
            raise Refused(3, f"{frames} frames in groups of {size}, found {movie.frames} groups")
        doses = [each * size] * movie.frames
    else:
        movie = open_movie(path)
        doses = [each for count, _, each in table for _ in range(int(count))]
        doses = doses or [dose] * movie.frames
    pixels = np.stack([movie.read(number) for number in range(movie.frames)]).astype(np.float32)
    first, last = (int(given.get(flag, ["0"])[0]) for flag in ("-Throw", "-Trunc"))
    stop = len(pixels) - last
    return pixels[first:stop], doses[first:stop]


def check_gpus(given: dict[str, list[str]]) -> None:
    """As CUDA does, count only those that are visible, from 0."""
    visible = [word for word in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if word]
    good = [word for word in given.get("-Gpu", ["0"]) if int(word) < len(visible)]
    for word in given.get("-Gpu", ["0"]):
        if word not in good:
            print(f"Info: skip device {word}, invalid device ordinal")
    if not good:
        raise Refused(5, "mCheckGPUs: no valid device detected.\n")
    print("\n".join(f"GPU {word} memory: 8107 MB" for word in good))


def apply_gain(given: dict[str, list[str]], frames: np.ndarray) -> np.ndarray:
    """Multiply; a reference of another kind is passed over with a warning, as it is there."""
    if "-Gain" not in given:
        print("Warning: Gain ref not found.\n......   Gain correction will be skipped.\n")
        return frames
    path = Path(given["-Gain"][0])
    if read_mrc_header(path).mode != 2:
        print("Gain reference will not be loaded.\n   Gain correction will be skipped.\n")
        return frames
    gain = read_mrc(path)
    if gain.shape != frames.shape[1:]:
        # The programs say so, write nothing, and end with status 0.
        raise Refused(0, "Error: Gain and frame dimensions mismatch!\nMotion correction skipped.")
    print("Gain reference has been loaded.\n")
    return frames * gain


def crop(image: np.ndarray, binning: float) -> np.ndarray:
    """Bin in Fourier space, to even sides."""
    y, x = (int(side / binning / 2) * 2 for side in image.shape)
    spectrum = np.fft.fftshift(np.fft.fft2(image))
    top, left = (image.shape[0] - y) // 2, (image.shape[1] - x) // 2
    part = np.fft.ifftshift(spectrum[top : top + y, left : left + x])
    return np.fft.ifft2(part).real.astype(np.float32) * (y * x / image.size)


def save(path: Path, image: np.ndarray, pixel_size: float) -> None:
    """Write one sum, or what is left of it."""
    if PLAYED == "nothing":
        return
    if PLAYED == "garbage":
        image = np.zeros_like(image)
    write_mrc(path, image, pixel_size)
    if PLAYED == "half":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def align(given: dict[str, list[str]]) -> None:
    """Read, print, sum, write."""
    out = Path(given["-OutMrc"][0])
    if not out.parent.is_dir():
        raise Refused(4, "Error:cannot open output MRC file.")
    check_gpus(given)
    frames, doses = read_frames(given)
    frames = apply_gain(given, frames)
    if "-DefectMap" in given:
        header = read_mrc_header(given["-DefectMap"][0])
        if header.mode != 0 or header.shape[1:] != frames.shape[1:]:
            raise Refused(3, f"defect map of mode {header.mode} and size {header.shape}")
    if PLAYED == "memory":
        print("CAlignStack: bbb: out of memory", file=sys.stderr, flush=True)
        os.abort()
    count = len(frames) - (PLAYED == "frames")
    middle = count // 2
    print("Full-frame alignment shift")
    for number in range(count):
        dx = "nan" if PLAYED == "nan" else f"{0.5 * (number - middle):9.3f}"
        print(f"...... Frame ({number + 1:3d}) shift: {dx} {-0.25 * (number - middle):9.3f}")
    print()
    binning = float(given.get("-FtBin", ["1"])[0])
    pixel_size = float(given["-PixSize"][0])
    voltage = float(given["-kV"][0])
    save(out, crop(frames.sum(axis=0), binning), pixel_size * binning)
    if doses[0] > 0 and pixel_size > 0 and 80 <= voltage <= 300:
        save(out.with_name(f"{out.stem}_DW.mrc"), crop(frames.sum(0) * 0.5, binning), pixel_size)
        first, last = map(float, given.get("-SumRange", ["3", "25"]))
        if last - first > 1:
            save(out.with_name(f"{out.stem}_DWS.mrc"), crop(frames[0], binning), pixel_size)
    if given.get("-SplitSum", ["0"]) == ["1"]:
        for name, start in (("ODD", 0), ("EVN", 1)):
            half = crop(frames[start::2].sum(axis=0), binning)
            save(out.with_name(f"{out.stem}_{name}.mrc"), half, pixel_size)


def main(name: str, said: str, words: list[str]) -> int:
    """Do as the program of that name and version."""
    if words == ["--version"]:
        print(f"{name} version {said}\nBuilt on May 14 2025" if said else "Segmentation fault")
        return 0
    if PLAYED == "library":
        print(f"{name}: error while loading shared libraries: libcufft.so.11", file=sys.stderr)
        return 127
    if PLAYED == "hang":
        subprocess.Popen(["sleep", "600"])
        Path("started").touch()
        time.sleep(600)
    try:
        align(read_arguments(words, name, tuple(map(int, said.split(".")))))
    except Refused as refused:
        status, text = refused.args
        print(text, file=sys.stderr)
        return int(status)
    print("Total time: 1.000000 sec")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
