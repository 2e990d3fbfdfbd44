"""Stand-ins for the pickers, written from their documentation: PROGRAM VERSION ARGUMENTS.

They refuse the arguments and files that the programs refuse, find dark or white spots for real, and
write where these are as each program counts. STAND_IN in the environment says what goes wrong.
"""

import argparse
import json
import os
import sys
from pathlib import Path

import numpy as np
from scipy import ndimage

from icestream.formats import read_mrc, read_mrc_header, read_stack

PLAYED = os.environ.get("STAND_IN", "")
HALF, GARBAGE, NOTHING = PLAYED == "half", PLAYED == "garbage", PLAYED == "nothing"


def spots(path: str, *, white: bool) -> list[tuple[float, float, float]]:
    """(x, y, contrast) of the spots of an image, y along the rows of the file."""
    image = read_mrc(path).astype(np.float64) * (1 if white else -1)
    labels, count = ndimage.label(image > 5.0)
    numbers = range(1, count + 1)
    centres = ndimage.center_of_mass(labels > 0, labels, numbers)
    heights = ndimage.mean(image, labels, numbers)
    found = [(x, y, float(h)) for (y, x), h in zip(centres, heights, strict=True)]
    return [] if PLAYED == "empty" else found


def leave(path: Path, text: str) -> None:
    """Write a table, or what is left of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if GARBAGE:
        text = "\x00\x7f not a table \n" * 3
    if not NOTHING:
        path.write_text(text[: len(text) * 2 // 3].rstrip("\n") if HALF else text)


def cryolo(version: str, words: list[str]) -> int:
    """SPHIRE-crYOLO's cryolo_predict.py: CBOX/*.cbox has the corner next to the first pixel."""
    parser = argparse.ArgumentParser("cryolo_predict.py")
    parser.add_argument("--version", action="version", version=f"%(prog)s {version}")
    for name in ("conf", "weights", "input", "output"):
        parser.add_argument(f"-{name[0]}", f"--{name}", required=True)
    parser.add_argument("-t", "--threshold", type=float, default=0.3)
    parser.add_argument("-g", "--gpu", type=int, nargs="+")
    parser.add_argument("-d", "--distance", type=int, default=0)
    parser.add_argument("-nc", "--num_cpu", type=int, default=-1)
    parser.add_argument("--gpu_fraction", type=float, default=1.0)
    parser.add_argument("--otf", action="store_true")
    parser.add_argument("--write_empty", action="store_true")
    given = parser.parse_args(words)
    print("Using TensorFlow backend.")
    config = json.loads(Path(given.conf).read_text())["model"]
    nets = {"PhosaurusNet", "YOLO", "crYOLO"}
    if config["architecture"] not in nets or config["input_size"] % 32:
        raise ValueError("the configuration is not supported")
    if Path(given.weights).read_bytes()[:4] != b"\x89HDF":
        raise OSError("Unable to open file (file signature not found)")
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    if given.gpu and PLAYED == "fallback":
        print("W dso_loader.cc:55] Could not load dynamic library 'libcudart.so.10.0'")
    if given.gpu and max(given.gpu) >= len(visible.split(",")):
        raise RuntimeError("CUDA_ERROR_NO_DEVICE: no CUDA-capable device is detected")
    width, height = config["anchors"]
    header = read_mrc_header(given.input)
    rows = []
    for x, y, contrast in spots(given.input, white=False):
        # An image that says it is a volume is not turned when it is read, and the boxes are.
        down = y if header.space_group == 0 else header.shape[-2] - y
        confidence = min(contrast / 20.0, 1.0)
        corner = f"{x - width / 2}\t{down - height / 2}\t<NA>\t{width}\t{height}\t1"
        rows.append(f"{corner}\t<NA>\t<NA>\t{confidence}\t<NA>\t<NA>")
    names = "CoordinateX CoordinateY CoordinateZ Width Height Depth EstWidth EstHeight Confidence"
    names += " NumBoxes Angle"
    labels = [f"_{name} #{number}" for number, name in enumerate(names.split(), 1)]
    text = "data_global\n\n_cbox_format_version 1.0\n\ndata_cryolo\n\nloop_\n"
    text += "\n".join([*labels, *rows]) + "\n"
    if rows or given.write_empty:
        leave(Path(given.output, "CBOX", Path(given.input).stem + ".cbox"), text)
    return 0


def gautomatch(version: str, words: list[str]) -> int:
    """Gautomatch: *_automatch.star beside the micrograph, as RELION counts."""
    parser = argparse.ArgumentParser("Gautomatch", add_help=False)
    numbers = "apixM apixT diameter ang_step cc_cutoff lp hp min_dist lsigma_cutoff lsigma_D"
    for name in (*numbers.split(), "lave_min", "lave_max", "lave_D"):
        parser.add_argument(f"--{name}", type=float)
    parser.add_argument("--T")
    parser.add_argument("--gid", type=int)
    parser.add_argument("--speed", type=int, choices=range(5))
    parser.add_argument("--dont_invertT", action="store_true")
    if version != "0.53":
        parser.add_argument("--detect_ice", type=int, choices=(0, 1))
    parser.add_argument("micrograph")
    if words in ([], ["--help"]):
        print(f"Gautomatch-v{version}_sm_20_cu8.0_x86_64 [options] micrographs")
        return 0
    given = parser.parse_args(words)
    if not os.environ.get("CUDA_VISIBLE_DEVICES"):
        print("CUDA error: no CUDA-capable device is detected")
        return 255
    if given.T is not None and (read_stack(given.T).ndim != 3 or not given.apixT):
        return 1
    text = "\ndata_\n\nloop_\n_rlnCoordinateX #1\n_rlnCoordinateY #2\n_rlnAnglePsi #3\n"
    text += "_rlnClassNumber #4\n_rlnAutopickFigureOfMerit #5\n"
    for x, y, contrast in spots(given.micrograph, white=False):
        if (score := contrast / 40.0) >= given.cc_cutoff:
            text += f"{x:.6f} {y:.6f} 0.000000 0 {score:.6f}\n"
    leave(Path(given.micrograph.replace(".mrc", "_automatch.star")), text)
    print("All 1 files finished successfully:")
    return 0


def eman2(version: str, words: list[str]) -> int:
    """e2boxer.py of EMAN2: info/*_info.json has the middles; white particles are looked for."""
    parser = argparse.ArgumentParser("e2boxer.py")
    parser.add_argument("--version", action="version", version=f"EMAN {version} ( GITHUB: 2023 )")
    parser.add_argument("--apix", type=float, default=-1)
    for name in ("boxsize", "ptclsize", "threads"):
        parser.add_argument(f"--{name}", type=int)
    parser.add_argument("--no_ctf", action="store_true")
    parser.add_argument("--invert", action="store_true")
    parser.add_argument("--device")
    parser.add_argument("--autopick")
    parser.add_argument("micrograph")
    given = parser.parse_args(words)
    if given.apix <= 0:
        print("Error: Value required for A/pixel.")
        return 1
    kind, *said = given.autopick.split(":")
    options = dict(one.split("=") for one in said)
    found = spots(given.micrograph, white=not given.invert)
    if not Path("info/boxrefs.hdf").exists():
        print('Box reference images ("Good Refs") required for autopicking')
        found = []
    elif kind == "auto_convnet" and not Path("nnet_pickptcls.hdf").exists():
        print("Cannot find saved network, retrain from scratch...")
        found = []
    if (given.device or "").startswith("gpu") and not os.environ.get("CUDA_VISIBLE_DEVICES"):
        raise RuntimeError("no CUDA-capable device is detected")
    boxes = [[x, y, kind, h] for x, y, h in found if h >= float(options["threshold"])]
    print(f"0) {len(boxes)} boxes -> {given.micrograph}")
    kept = [[1.0, 1.0, "manual"], *boxes[:: 2 if PLAYED == "fewer" else 1]]
    if boxes:
        leave(Path("info/mic_info.json"), json.dumps({"boxes": kept}))
    return 0


def sphire(version: str, words: list[str]) -> int:
    """e2boxer_old.py with SPHIRE's Gaussian picker, which takes its parameters from a file."""
    parser = argparse.ArgumentParser("e2boxer_old.py")
    parser.add_argument("--version", action="version", version=f"EMAN {version} ( GITHUB: 2019 )")
    parser.add_argument("--gauss_autoboxer")
    parser.add_argument("--write_dbbox", action="store_true")
    parser.add_argument("--boxsize", type=int, default=-1)
    parser.add_argument("micrograph")
    given = parser.parse_args(words)
    known = json.loads(Path("e2boxercache/gauss_box_DB.json").read_text())
    try:
        wanted = known[given.gauss_autoboxer]
        low, high = float(wanted["thr_low"]), float(wanted["thr_hi"])
        float(wanted["gauss_width"]), float(wanted["pixel_input"]), wanted["use_variance"]
        white = not wanted["invert_contrast"]
    except KeyError:
        print("no autoboxing parameters were found in database...will not autobox")
        return 0
    boxes = [(x, y) for x, y, h in spots(given.micrograph, white=white) if low <= h <= high]
    side = given.boxsize
    lines = [f"{x - side // 2:.0f}\t{y - side // 2:.0f}\t{side}\t{side}\n" for x, y in boxes]
    if boxes:
        listed = [[x, y, "gauss"] for x, y in boxes]
        leave(Path("info/mic_info.json"), json.dumps({"boxes": listed}))
    if not NOTHING:
        Path("mic.box").write_text("".join(lines))
    return 0


def dog(version: str, words: list[str]) -> int:
    """ApDogPicker.py of Appion: x and y of the middles; white particles are looked for."""
    parser = argparse.ArgumentParser("ApDogPicker.py", add_help=False)
    parser.add_argument("--image", required=True)
    parser.add_argument("--outfile", required=True)
    for name in ("apix", "diam", "thresh"):
        parser.add_argument(f"--{name}", type=float, required=True)
    for name in ("max-thresh", "max-area", "size-range"):
        parser.add_argument(f"--{name}", type=float)
    for name in ("num-slices", "max-peaks"):
        parser.add_argument(f"--{name}", type=int)
    parser.add_argument("--invert", action="store_true")
    given = parser.parse_args(words)
    found = [one for one in spots(given.image, white=not given.invert) if one[2] >= given.thresh]
    print(f" ... kept {len(found)} non-overlapping peaks of {len(found)} total peaks")
    leave(Path(given.outfile), "".join(f"{x:.0f} {y:.0f} {h:.4f}\n" for x, y, h in found))
    return 0


PROGRAMS = {
    "cryolo_predict.py": cryolo,
    "Gautomatch": gautomatch,
    "e2boxer.py": eman2,
    "e2boxer_old.py": sphire,
    "ApDogPicker.py": dog,
}


if __name__ == "__main__":
    asked = sys.argv[3:] in (["--version"], ["--help"])
    if PLAYED == "crash" and not asked:
        os.abort()
    if PLAYED == "memory" and not asked:
        sys.exit("tensorflow: OOM when allocating tensor; CUDA: out of memory")
    sys.exit(PROGRAMS[sys.argv[1]](sys.argv[2], sys.argv[3:]))
