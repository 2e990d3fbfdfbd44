"""Stand-ins for Xmipp's programs, for machines without them: PROGRAM ARGUMENTS...

They were written from the option tables, readers and writers in the sources of Xmipp 3.25.06 (and
of its optical flow before that was taken out), and know nothing of the plugin. They refuse options,
files and values that the programs refuse, as these do: by a message on the error stream and an
abort. They shift and average frames for real, find dark spots, count votes and compare images, in
simple ways. STAND_IN in the environment says what goes wrong: memory, half, garbage,
nothing, nan, short, lost, empty, script.
"""

import os
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parent))
from options import OPTIONS, REQUIRED

PLAYED = os.environ.get("STAND_IN", "")
Given = dict[str, list[str]]
_MODES = {0: "<i1", 1: "<i2", 2: "<f4", 6: "<u2"}


class Refused(Exception):
    """What the program says before it aborts."""


def error(number: int, kind: str, text: str) -> Refused:
    """As the programs end on an exception."""
    said = f"XMIPP_ERROR {number}: {kind}\n   {text}\n   File: x.cpp line: 1\n"
    return Refused(
        f"terminate called after throwing an instance of 'XmippError'\n  what():  {said}"
    )


def read_arguments(program: str, words: list[str]) -> Given:
    """Values by option: what begins with a dash and no digit is one."""
    known, given, last = OPTIONS[program], {}, ""
    wrong = []
    for word in words:
        if word[:1] == "-" and not word[1:2].isdigit():
            last = word
            if word not in known:
                wrong.append(f"Unrecognized parameter: {word}")
            if word in given:
                wrong.append(f"Parameter: {word} was given twice")
            given[word] = []
        elif last:
            given[last].append(word)
    needed = [name for name in REQUIRED.get(program, ("-i",)) if name not in given]
    wrong += [f"Parameter: {name} is required" for name in needed]
    for name, values in given.items():
        if len(values) != known.get(name, len(values)):
            wrong.append(f"Arguments needed for parameter {name}: {known[name]}")
    if wrong:
        raise error(2, "Errors on command line parameters", "\n".join(wrong))
    return given


def number(given: Given, name: str, usual: float, place: int = 0) -> float:
    """A value as a number; the programs refuse what is none."""
    text = given[name][place] if name in given else str(usual)
    try:
        return float(text)
    except ValueError:
        raise error(1, "Incorrect argument received", f"cannot convert {text}") from None


def read_table(path: Path, block: str) -> tuple[list[str], list[list[str]]]:
    """Labels and rows of a loop."""
    text = path.read_text()
    if not text.startswith("# XMIPP_STAR_1 *"):
        raise error(60, "Metadata error", f"{path} is no metadata file")
    part = text.split(f"data_{block}\n", 1)[1].split("\ndata_", 1)[0]
    lines = [line.split() for line in part.splitlines()[1:] if line.strip()]
    labels = [words[0][1:] for words in lines if words[0].startswith("_")]
    return labels, [words for words in lines if not words[0].startswith("_")]


def format_loop(block: str, columns: dict[str, list[str]]) -> str:
    """A table of several rows, as the programs write it."""
    rows = zip(*columns.values(), strict=True)
    heads = "".join(f" _{name}\n" for name in columns)
    return f"data_{block}\nloop_\n{heads}" + "".join(f" {'  '.join(row)} \n" for row in rows)


def leave(path: Path, text: str) -> None:
    """Write a table, or what is left of it."""
    text = f"# XMIPP_STAR_1 * \n# \n{text}"
    if PLAYED == "garbage":
        text = "\x00\x7f no table \n" * 3
    if PLAYED != "nothing":
        path.write_text(text[: len(text) * 2 // 3].rstrip("\n") if PLAYED == "half" else text)


def write_spider(path: Path, image: NDArray[np.float64]) -> None:
    """SPIDER's header, padded to whole rows, and the pixels."""
    rows, columns = image.shape
    records = -(-1024 // (columns * 4))
    header = np.zeros(records * columns, "<f4")
    header[[0, 1, 4, 11, 12, 21, 22]] = (
        1, rows, 1, columns, records, records * columns * 4, columns * 4
    )  # fmt: skip
    raw = header.tobytes() + image.astype("<f4").tobytes()
    if PLAYED != "nothing":
        path.write_bytes(raw[: len(raw) * 2 // 3] if PLAYED == "half" else raw)


def read_stack(name: str | Path) -> NDArray[np.float64]:
    """All images ``(n, y, x)`` of an MRC file."""
    raw = Path(name).read_bytes()
    nx, ny, nz, mode = np.frombuffer(raw, "<i4", 4)
    begins = 1024 + int(np.frombuffer(raw, "<i4", 1, 92)[0])
    if int(mode) not in _MODES or raw[208:212] != b"MAP ":
        raise error(50, "Unknown image type.", f"{name} of mode {mode}")
    pixels = np.frombuffer(raw, _MODES[int(mode)], int(nx * ny * nz), begins)
    return pixels.reshape(nz, ny, nx).astype(np.float64)


def read_mrc(name: str | Path) -> NDArray[np.float64]:
    """The only image ``(y, x)`` of an MRC file."""
    (image,) = read_stack(name)
    return np.asarray(image)


def write_mrc(path: Path, image: NDArray[np.float64]) -> None:
    """One image of mode 2."""
    header = np.zeros(256, "<i4")
    header[[0, 1, 2, 3]] = (image.shape[1], image.shape[0], 1, 2)
    header[[7, 8, 9]] = header[:3]
    header[[16, 17, 18]] = (1, 2, 3)
    header[10:16] = np.array([1, 1, 1, 90, 90, 90], "<f4").view("<i4")
    header[52] = np.frombuffer(b"MAP ", "<i4")[0]
    header[53] = 0x4444
    path.write_bytes(header.tobytes() + image.astype("<f4").tobytes())


def save_mrc(path: Path, image: NDArray[np.float64]) -> None:
    """Write one micrograph, or what is left of it."""
    if PLAYED == "nothing":
        return
    write_mrc(path, np.zeros_like(image) if PLAYED == "flat" else image)
    if PLAYED == "half":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def read_images(path: Path) -> NDArray[np.float64]:
    """The images ``(n, y, x)`` that a table names as NUMBER@STACK, in its own folder."""
    labels, rows = read_table(path, "noname")
    named = [row[labels.index("image")].split("@") for row in rows]
    places = [int(place) - 1 for place, _ in named]
    stack = Path(named[0][1])
    if not stack.is_file():
        raise error(30, "File or directory does not exist.", str(stack))
    return read_stack(stack)[places]


def read_frames(given: Given) -> NDArray[np.float64]:
    """The frames that are to be aligned, corrected by the gain."""
    frames = read_images(Path(given["-i"][0]))
    last = int(number(given, "--frameRange", -1, 1))
    frames = frames[
        max(int(number(given, "--frameRange", -1)), 0) : last + 1 if last >= 0 else None
    ]
    if "--gain" in given:
        gain = read_mrc(given["--gain"][0])
        if gain.shape != frames.shape[1:]:
            raise error(
                1, "Incorrect argument received",
                "The gain image size does not match the movie frame size.",
            )  # fmt: skip
        frames = frames * gain
    return frames


def shifts_to_apply(frames: NDArray[np.float64]) -> NDArray[np.int64]:
    """``(n, 2)`` as (x, y): whole pixels that bring each frame onto the middle one."""
    middle = np.fft.fft2(frames[len(frames) // 2] - frames.mean())
    found = []
    for frame in frames:
        peak = np.fft.ifft2(middle * np.conj(np.fft.fft2(frame - frames.mean()))).real
        y, x = np.unravel_index(int(peak.argmax()), peak.shape)
        height, width = peak.shape
        found.append((x - width * (x > width // 2), y - height * (y > height // 2)))
    return np.array(found)


def check_gpu(given: Given, name: str) -> None:
    """As CUDA does, count only those that are visible, from 0."""
    visible = [one for one in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if one]
    if int(number(given, name, 0)) >= len(visible):
        raise Refused("CUDA error: no CUDA-capable device is detected")
    if PLAYED == "memory":
        raise error(45, "GPU memory", "Insufficient GPU memory for processing global alignment.")


def align_by_correlation(program: str, given: Given) -> None:
    """Global shifts, and the mean of the shifted frames."""
    binning = number(given, "--bin", 1)
    local = "--skipLocalAlignment" not in given
    if "cuda" in program:
        check_gpu(given, "--device")
        points = [number(given, "--controlPoints", usual, place) for place, usual in
                  enumerate((6, 6, 5))]  # fmt: skip
        if min(points) < 3:
            raise error(1, "Incorrect argument received", "All control points ... bigger than 2")
        if local and "--patches" in given and number(given, "--patches", 7) <= points[0]:
            raise error(9, "Logic error", "More control points than patches. Decrease the number")
    elif binning != 1:
        raise error(1, "Incorrect argument received", "Binning is not supported.")
    elif local:
        raise Refused("terminate called after throwing an instance of 'std::logic_error'")
    pixel = number(given, "--sampling", 1) * binning
    if pixel * 8 * 0.849322 >= number(given, "--maxResForCorrelation", 30):
        raise error(9, "Logic error", "The correlation scale factor is bigger than one. Check")
    frames = read_frames(given)
    found = shifts_to_apply(frames)
    moved = [np.roll(frame, (y, x), (0, 1)) for frame, (x, y) in zip(frames, found, strict=True)]
    mean = np.mean(moved, axis=0)
    step = int(binning)
    height, width = (side // step * step for side in mean.shape)
    blocks = mean[:height, :width].reshape(height // step, step, width // step, step)
    save_mrc(Path(given["--oavg"][0]), blocks.mean(axis=(1, 3)))
    rows = found[: len(found) - (PLAYED == "short")]
    shifts = [["nan"] * len(rows)] * 2 if PLAYED == "nan" else [
        [f"{value:.6f}" for value in rows[:, axis]] for axis in (0, 1)
    ]  # fmt: skip
    images = [f"{place:06d}@frames.mrcs" for place in range(1, len(rows) + 1)]
    reference = format_loop("referenceFrame", {"ref": [str(len(frames) // 2)]})
    table = format_loop("frameShifts", {
        "image": images, "enabled": ["1"] * len(rows), "shiftX": shifts[0], "shiftY": shifts[1],
        "weight": ["1.000000"] * len(rows),
    })  # fmt: skip
    leave(Path(given["-o"][0]), f"{reference}\n{table}")


def align_by_flow(program: str, given: Given) -> None:
    """The mean of the frames, and how far they move without a direction."""
    if program.endswith("gpu"):
        check_gpu(given, "--gpu")
    frames = read_frames(given)
    mean = frames.mean(axis=0)
    if number(given, "--doseCorrection", 0) > 0:
        if abs(number(given, "--doseCorrection", 0, 2) - 250) not in (50.0,):
            raise error(1, "Incorrect argument received", "Bad acceleration voltage (must be ...")
        assert given["--doseCorrection"][4] in ("pre", "post")
        if "--oUnc" in given:
            save_mrc(Path(given["--oUnc"][0]), frames.sum(axis=0))
        mean = mean * 0.5
    save_mrc(Path(given["--oavg"][0]), mean)
    count = len(frames) - 1
    leave(Path(given["-o"][0]), format_loop("", {
        f"opticalM{name}": ["0.123456"] * count for name in ("eanX", "eanY")
    } | {f"opticalStd{axis}": ["0.010000"] * count for axis in "XY"}))  # fmt: skip


def estimate_ctf(given: Given) -> None:
    """A spectrum, and a fit in the middle of the range."""
    image = read_mrc(given["--micrograph"][0])
    box, root = int(number(given, "--pieceDim", 512)), given["--oroot"][0]
    for name in ("--sampling_rate", "--voltage", "--spherical_aberration"):
        if name not in given:
            raise error(3, "Argument missing", name)
    if number(given, "--defocusU", 0) > 100e3:
        raise error(1, "Incorrect argument received", "Defocus cannot be larger than 10 microns")
    assert min(image.shape) >= box, "the piece does not fit"
    assert 0 < number(given, "--min_freq", 0.03) < number(given, "--max_freq", 0.35) < 0.5
    if PLAYED == "lost range":
        raise error(70, "Numerical error", "Cannot find any good defocus within the given range")
    piece = image[:box, :box] - image[:box, :box].mean()
    power = np.abs(np.fft.fft2(piece)) ** 2
    write_spider(Path(f"{root}.psd"), power)
    for ending in ("_enhanced_psd", "_ctfmodel_quadrant", "_ctfmodel_halfplane"):
        write_spider(Path(f"{root}{ending}.xmp"), np.fft.fftshift(np.log(power + 1)))
    u = number(given, "--defocusU", 0)
    values = {
        "ctfSamplingRate": number(given, "--sampling_rate", 1)
        / number(given, "--downSamplingPerformed", 1),
        "ctfVoltage": number(given, "--voltage", 0), "ctfDefocusU": u + 120, "ctfDefocusV": u - 80,
        "ctfDefocusAngle": 312.5, "ctfSphericalAberration": number(given, "--Cs", 2.7),
        "ctfQ0": number(given, "--Q0", 0), "ctfCritFitting": 0.01, "ctfCritCorr13": 0.87,
        "ctfCritIceness": 0.9, "CtfDownsampleFactor": number(given, "--downSamplingPerformed", 1),
    }  # fmt: skip
    if number(given, "--VPP_radius", 0) != 0:
        phase = np.radians(number(given, "--phase_shift", 0) + 5)
        fast = "--acceleration1D" in given
        values["ctfVPPphaseshift"] = phase * 180 / 3.14 if fast else phase
        values["ctfVPPRadius"] = number(given, "--VPP_radius", 0)
    if PLAYED == "nan":
        values["ctfDefocusV"] = float("nan")
    lines = "".join(f" _{name} {value:.6f}\n" for name, value in values.items())
    leave(Path(f"{root}.ctfparam"), f"data_fullMicrograph\n{lines}")


def sort_psds(given: Given) -> None:
    """Write the criteria beside what is in a table, in place."""
    path = Path(given["-i"][0])
    labels, rows = read_table(path, "noname")
    (row,) = rows
    said = dict(zip(labels, row, strict=True))
    assert said["enabled"] == "1"
    assert Path(said["psd"]).is_file()
    assert "_ctfDefocusU" in Path(said["ctfModel"]).read_text()
    read_mrc(said["micrograph"])
    found = {"ctfCritFirstZero": "12.0", "ctfCritMaxFreq": "1000.0" if PLAYED == "lost" else "3.4"}
    leave(path, format_loop("noname", {name: [value] for name, value in {**said, **found}.items()}))


def estimate_gain(given: Given) -> None:
    """What counts are to be multiplied by: their mean over the sum in each pixel."""
    name = given["-i"][0]
    assert name.endswith(".mrcs")
    frames = read_stack(name)[:: int(number(given, "--frameStep", 1))]
    total = frames.sum(axis=0, dtype=np.float64)
    assert int(given["--sigma"][0]) in range(-1, 4), "the program reads a whole number"
    factors = np.divide(total.mean(), total, out=np.ones_like(total), where=total > 0)
    if PLAYED == "garbage":
        factors[:] = np.nan
    write_spider(Path(f"{given['--oroot'][0]}_gain.xmp"), factors / factors.mean())


def pick(given: Given) -> None:
    """Dark spots; nothing is written where there are none."""
    assert given["--mode"] == ["autoselect"]
    root = given["--model"][0]
    for ending in ("_svm.txt", "_pca_model.stk", "_rotpca_model.stk", "_particle_avg.xmp"):
        if not Path(root + ending).is_file():
            raise error(30, "File or directory does not exist.", root + ending)
    config = Path(root).parent / "config.xmd"
    assert f" _particleSize {int(number(given, '--particleSize', 0))}" in config.read_text()
    found = [] if PLAYED == "empty" else spots(-read_mrc(given["-i"][0]))
    if found:
        leave(Path(f"{given['--outputRoot'][0]}.pos"), format_loop("particles_auto", {
            "xcoor": [f"{x:.0f}" for x, _, _ in found], "ycoor": [f"{y:.0f}" for _, y, _ in found],
            "cost": [f"{cost:.6f}" for _, _, cost in found], "enabled": ["1"] * len(found),
        }))  # fmt: skip


def spots(image: NDArray[np.float64]) -> list[tuple[float, float, float]]:
    """(x, y, height) of all that is higher than 5 and hangs together, in no order."""
    left, found = {(int(y), int(x)) for y, x in np.argwhere(image > 5)}, []
    while left:
        together = [left.pop()]
        for y, x in together:
            near = {(y + 1, x), (y - 1, x), (y, x + 1), (y, x - 1)} & left
            left -= near
            together.extend(near)
        y, x = np.mean(together, axis=0)
        found.append((float(x), float(y), float(np.mean([image[place] for place in together]))))
    return found


def agree(given: Given) -> None:
    """Votes in the order of the pickers, at the running mean of the places."""
    assert given["-c"][0] in ("by_all", "by_at_least_two", "by_at_least_one")
    lines = [line.split() for line in Path(given["-i"][0]).read_text().splitlines()]
    (files,) = [words for words in lines if words and not words[0].startswith("#")]
    reach = number(given, "-d", 0.1) * number(given, "-s", 0)
    places: list[NDArray[np.float64]] = []
    votes: list[int] = []
    for number_, name in enumerate(files):
        labels, rows = read_table(Path(name), "particles")
        assert labels == ["xcoor", "ycoor", "micrographId"]
        for row in rows:
            place = np.array([int(row[0]), int(row[1])], np.float64)
            away = [float(np.hypot(*(place - one))) for one in places]
            if number_ and away and min(away) < reach:
                near = int(np.argmin(away))
                places[near] = (votes[near] * places[near] + place) / (votes[near] + 1)
                votes[near] += 1
            else:
                places.append(place)
                votes.append(1)
    wanted = {"by_all": len(files), "by_at_least_two": 2, "by_at_least_one": 1}[given["-c"][0]]
    kept = [place for place, count in zip(places, votes, strict=True) if count >= wanted]
    if kept:
        head = format_loop("header", {"pickingMicrographState": ["Auto"]})
        body = format_loop("particles", {
            "xcoor": [f"{place[0]:.0f}" for place in kept],
            "ycoor": [f"{place[1]:.0f}" for place in kept], "micrographId": ["1"] * len(kept),
        })  # fmt: skip
        leave(Path(given["-o"][0]) / Path(files[0]).with_suffix(".pos").name, f"{head}\n{body}")


def sort_images(given: Given) -> None:
    """The z-score of the spread of grey values of each image, the best ones first."""
    path = Path(given["-i"][0])
    images = read_images(path)
    spread = images.std(axis=(1, 2))
    scores = np.abs(spread - spread.mean()) / spread.std()
    cut = number(given, "--zcut", -1)
    order = np.argsort(scores)
    labels, rows = read_table(path, "noname")
    names = [rows[place][labels.index("image")] for place in order][
        : len(order) - (PLAYED == "short")
    ]
    enabled = ["-1" if cut > 0 and scores[place] > cut else "1" for place in order]
    leave(Path(given["-o"][0]), format_loop("", {
        "image": names, "enabled": enabled[: len(names)],
        "zScore": [f"{scores[place]:.6f}" for place in order][: len(names)],
    }))  # fmt: skip


def run(program: str, given: Given) -> None:
    """Do as the program of that name."""
    if "alignment_correlation" in program:
        align_by_correlation(program, given)
    elif "optical" in program:
        align_by_flow(program, given)
    else:
        {
            "xmipp_ctf_estimate_from_micrograph": estimate_ctf,
            "xmipp_ctf_sort_psds": sort_psds,
            "xmipp_movie_estimate_gain": estimate_gain,
            "xmipp_micrograph_automatic_picking": pick,
            "xmipp_coordinates_consensus": agree,
            "xmipp_image_sort_by_statistics": sort_images,
        }[program](given)


def main(program: str, words: list[str]) -> int:
    """The exit status."""
    if PLAYED == "script":
        print("ModuleNotFoundError: No module named 'xmipp3'", file=sys.stderr)
        return 1
    try:
        run(program, read_arguments(program, words))
    except Refused as refused:
        print(refused, file=sys.stderr, flush=True)
        os.abort()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
