"""A stand-in for RELION's programs, for versions and options that no test machine has.

    python stand_in.py NAME VERSION ARGUMENTS...

`recorded/options.json` has the options that the sources of RELION 3.1.3, 4.0.1 and 5.0.1 read, and
whether a value follows. It refuses an option that the version does not have: RELION only warns.
Motion correction hands the movie on to MotionCor2, and the class ranker its classes to a network,
as RELION's source does. The variable STAND_IN plays failures: hang, memory, crash.
"""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

OPTIONS = json.loads((Path(__file__).parent / "recorded" / "options.json").read_text())


class Refused(Exception):
    """What is printed; the exit status is 1."""


def read_arguments(name: str, version: str, words: list[str]) -> dict[str, str]:
    """Values by option; empty for those that take none."""
    known = {
        option: bool(takes)
        for option, (takes, *versions) in OPTIONS[name].items()
        if version in versions
    }
    given: dict[str, str] = {}
    rest = list(words)
    while rest:
        option = rest.pop(0)
        if option not in known:
            raise Refused(f"Option {option} is not a valid RELION argument of {version}")
        if option in given:
            raise Refused(f"{option} is given twice")
        # RELION's --gpu of relion_refine may stand without a value.
        value = "" if not known[option] or not rest or rest[0].startswith("--") else rest.pop(0)
        if known[option] and not value and option != "--gpu":
            raise Refused(f"{option} needs a value")
        given[option] = value
    return given


def run_motioncor2(given: dict[str, str]) -> None:
    """Call MotionCor2 on the movie of the table, and write down the shifts that it prints."""
    table = Path(given["--i"]).read_text()
    movie = table.split("_rlnOpticsGroup")[-1].split("\n", 1)[1].split()[0]
    total = Path(given["--o"]) / f"{Path(movie).stem}.mrc"
    total.parent.mkdir(exist_ok=True)
    flag = "-InTiff" if movie.endswith((".tif", ".tiff")) else "-InMrc"
    words = [given["--motioncor2_exe"], flag, movie, "-OutMrc", str(total)]
    words += ["-Bft", given["--bfactor"], "-PixSize", given["--angpix"]]
    words += ["-Patch", given["--patch_x"], given["--patch_y"]]
    words += ["-Gain", given["--gainref"]] if "--gainref" in given else []
    if "--dose_weighting" in given:
        words += ["-Kv", given["--voltage"], "-FmDose", given["--dose_per_frame"]]
        words += ["-InitDose", given["--preexposure"]]
    words += ["-Gpu", given["--gpu"]]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    total.with_suffix(".out").write_text(done.stdout)
    total.with_suffix(".err").write_text(done.stderr)
    if done.returncode:
        print(f" WARNING: there was an error executing: {shlex.join(words)}", file=sys.stderr)
        return
    weighted = total.with_name(f"{total.stem}_DW.mrc")
    if weighted.exists():
        total.rename(total.with_name(f"{total.stem}_noDW.mrc"))
        weighted.rename(total)
    shifts = re.findall(r"Frame \(\s*\d+\) shift:\s*(\S+)\s+(\S+)", done.stdout)
    first = int(given["--first_frame_sum"])
    lines = ["", "data_general", "", f"_rlnMicrographOriginalPixelSize {given['--angpix']}"]
    lines += [f"_rlnMicrographStartFrame {first}", "", "data_global_shift", "", "loop_"]
    lines += ["_rlnMicrographFrameNumber", "_rlnMicrographShiftX", "_rlnMicrographShiftY"]
    zero = tuple(map(float, shifts[0]))
    for number, (x, y) in enumerate(shifts):
        lines.append(f"{number + first} {float(x) - zero[0]:.4f} {float(y) - zero[1]:.4f}")
    total.with_suffix(".star").write_text("\n".join([*lines, ""]))


def read_values(path: str, table: str) -> dict[str, list[str]]:
    """A table or list of a STAR file: values by label."""
    if not Path(path).is_file():
        raise Refused(f"MetaDataTable::read: File {path} does not exists")
    lines = Path(path).read_text().split(f"data_{table}\n", 1)[1].split("\ndata_")[0].splitlines()
    rows = [line.split() for line in lines if line.strip() and not line.startswith(("#", "loop_"))]
    labels = [row[0][1:] for row in rows if row[0].startswith("_")]
    if all(len(row) == 2 for row in rows if row[0].startswith("_")) and not any(
        row[1].startswith("#") for row in rows if row[0].startswith("_")
    ):
        return {row[0][1:]: [row[1]] for row in rows}
    values = [row for row in rows if not row[0].startswith("_")]
    return {label: [row[at] for row in values] for at, label in enumerate(labels)}


def rank_classes(given: dict[str, str], version: str) -> None:
    """Ask the network about all classes of more than ten particles, and write all scores."""
    out = Path(given.get("--o", "./"))
    out.mkdir(exist_ok=True)
    python = given.get("--python") or os.environ.get("RELION_PYTHON_EXECUTABLE", "")
    if version < "5" and not python:
        raise Refused(
            "ERROR: you need to specify the python executable through --python, or the "
            "RELION_PYTHON_EXECUTABLE environment variable"
        )
    optimiser = read_values(given["--opt"], "optimiser_general")
    if optimiser["rlnDoCorrectCtf"] != ["1"]:
        raise Refused(" Skipping this job because it hasn't been done with CTF correction ...")
    if (
        "--auto_select" not in given
        and not Path(given.get("--fn_score", "job_score.txt")).is_file()
    ):
        raise Refused("ERROR: File job_score.txt does not exists")
    model = read_values(optimiser["rlnModelStarFile"][0], "model_classes")
    data = read_values(optimiser["rlnExperimentalDataStarFile"][0], "particles")
    particles = len(data["rlnImageName"])
    parts = [float(part) * particles for part in model["rlnClassDistribution"]]
    asked = [at for at, count in enumerate(parts) if count > 10]
    network = f"{python} relion_class_ranker.py" if version < "5" else "relion_python_classranker"
    done = subprocess.run(f"{network} {out}/", shell=True, stdout=subprocess.PIPE, text=True)  # noqa: PLW1510
    found = [float(word) for word in done.stdout.split(" ")[:-1]]  # as RELION reads them
    if len(found) != len(asked):
        print("Something went wrong in the external Python call...", file=sys.stderr)
        raise Refused(
            f"Failed to run external python script with the following command:\n{network}"
        )
    scores = dict(zip(asked, found, strict=True))
    lines = ["", "data_model_classes", "", "loop_", "_rlnReferenceImage", "_rlnClassScore"]
    lines += [f"{image} {scores.get(at, -999.0)}" for at, image in
              enumerate(model["rlnReferenceImage"])]  # fmt: skip
    (out / f"{given.get('--fn_root', 'rank')}_model.star").write_text("\n".join([*lines, ""]))


def main(name: str, version: str, words: list[str]) -> int:
    """Do as the program of that name and version."""
    played = os.environ.get("STAND_IN", "")
    if played == "hang":
        Path("started").touch()
        time.sleep(600)
    if played == "memory":
        print("in: memory.cpp, line 50\nERROR: \nAllocate: Not enough memory", file=sys.stderr)
        return 1
    if played == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    try:
        given = read_arguments(name, version, words)
        if "--use_motioncor2" in given:
            run_motioncor2(given)
        if name == "relion_class_ranker":
            rank_classes(given, version)
    except Refused as refused:
        print(refused, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
