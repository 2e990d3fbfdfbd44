"""A stand-in for CTFFIND 4.1 and 5.0.

    python ctffind_stand_in.py VERSION < ANSWERS

It was written from the published source of CTFFIND and cisTEM (questions, their order and limits,
how answers are refused, what is printed) and from heads of files of 4.1.14 and 5.0.2; it knows
nothing of the plugin. It fits nothing, but answers by what it was asked. It plays failures: the
variable STAND_IN says which, tilt and thickness what it finds.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from icestream.formats import read_mrc, read_mrc_header, write_mrc

PLAYED = os.environ.get("STAND_IN", "")
VERSION = sys.argv[1]
FIVE = VERSION.startswith("5")
LARGEST = 3.4e38


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
    return answer


def decide(question: str) -> bool:
    answer = ask(question)
    if answer[0] not in "yYnN":
        refuse("Error: Running as script, and answer is not recognized...")
    print(answer)
    return answer[0] in "yY"


def number(question: str, least: float = -LARGEST, most: float = LARGEST) -> float:
    answer = ask(question)
    if not (answer[0].isdigit() or (answer[0] in "-." and answer[1:2].isdigit())):
        refuse("Error: Running as script, and answer is not recognized...")
    value = float(answer)
    if not least <= value <= most:
        print("\nError: Number outside of acceptable range!\n")
        refuse("Error: Running as script, and answer is not recognized...")
    print(answer)
    return value


def ask_all() -> tuple[Path, Path, dict[str, float]]:
    """All questions, in their order: the image, the spectrum to write, and numbers."""
    path = ask("Input image file name")
    if not Path(path).is_file():
        print("\nError: File does not exist, please provide an existing file!\n")
        refuse("Error: Running as script, and answer is not recognized...")
    print(path)
    told: dict[str, float] = {}
    spectrum = ask("Output diagnostic image file name")
    print(spectrum)
    told["pixel"] = number("Pixel size", 0)
    told["kv"] = number("Acceleration voltage", 0)
    told["cs"] = number("Spherical aberration", 0)
    told["ac"] = number("Amplitude contrast", 0, 1)
    told["box"] = number("Size of amplitude spectrum to compute", 128)
    told["low"] = number("Minimum resolution", 0, 50)
    told["high"] = number("Maximum resolution", 0, told["low"])
    told["least"] = number("Minimum defocus")
    told["most"] = number("Maximum defocus", told["least"])
    told["step"] = number("Defocus search step", 1)
    if decide("Do you know what astigmatism is present?"):
        refuse("this stand-in does not play known astigmatism")
    told["slow"] = decide("Slower, more exhaustive search?")
    told["restraint"] = 0.0
    if decide("Use a restraint on astigmatism?"):
        told["restraint"] = number("Expected (tolerated) astigmatism")
    told["phase"] = decide("Find additional phase shift?")
    if told["phase"]:
        told["phase_min"] = number("Minimum phase shift (rad)", -3.15, 3.15)
        told["phase_max"] = number("Maximum phase shift (rad)", told["phase_min"], 3.15)
        number("Phase shift search step", 0, told["phase_max"] - told["phase_min"])
    told["tilt"] = told["thick"] = False
    if not told["phase"] and (FIVE or PLAYED == "nightly"):
        told["tilt"] = decide("Determine sample tilt?")
    if FIVE:
        told["thick"] = decide("Determine samnple thickness?")
        if told["thick"]:
            decide("Use brute force 1D search?")
            decide("Use 2D refinement?")
            low = number("Low resolution limit for nodes", 0, 50)
            number("High resolution limit for nodes", 0, low)
            decide("Use rounded square for nodes?")
            decide("Downweight nodes?")
    if PLAYED == "questions":
        number("Target pixel size after resampling", 0)
    if decide("Do you want to set expert options?"):
        refuse("this stand-in does not play expert options")
    return Path(path), Path(spectrum), told


def write_results(image: Path, spectrum: Path, told: dict[str, float]) -> None:
    """The spectrum, the table and the curves."""
    box = int(told["box"])
    rng = np.random.default_rng(1)
    write_mrc(spectrum, rng.random((box, box), np.float32), told["pixel"])
    if PLAYED == "half":
        spectrum.write_bytes(spectrum.read_bytes()[:2000])
    middle = 0.5 * (told["least"] + told["most"])
    shift = 0.5 * (told["phase_min"] + told["phase_max"]) if told["phase"] else 0.0
    first, second = (
        (middle - 500, middle + 500) if PLAYED == "swapped" else (middle + 500, middle - 500)
    )
    score = "nan" if PLAYED == "nan" else "0.250000"
    reached = "inf" if PLAYED == "lost" else "4.598205"
    if PLAYED == "nonsense":
        first = 10 * told["most"]
    row = [f"{1:f}", f"{first:f}", f"{second:f}", "-21.575969", f"{shift:f}", score, reached]
    tilt = float(os.environ.get("STAND_IN_TILT", "30")) if told["tilt"] else 0.0
    axis = 120.0 if told["tilt"] else 0.0
    if FIVE:
        row += [f"{axis:f}", f"{tilt:f}", f"{1619.773438 if told['thick'] else 0.0:f}"]
    head = (
        f"# Output from CTFFind version {VERSION}, run on 2025-02-04 19:51:33\n"
        f"# Input file: {image} ; Number of micrographs: 1\n"
        f"# Pixel size: {told['pixel']:.3f} Angstroms ; acceleration voltage: {told['kv']:.1f} keV "
        f"; spherical aberration: {told['cs']:.2f} mm ; amplitude contrast: {told['ac']:.2f}\n"
        f"# Box size: {box} pixels ; min. res.: {told['low']:.1f} Angstroms ; max. res.: "
        f"{told['high']:.1f} Angstroms ; min. def.: {told['least']:.1f} um; max. def. "
        f"{told['most']:.1f} um\n"
    )
    columns = "# Columns: #1 - micrograph number; #2 - defocus 1 [Angstroms]; #3 - defocus 2; ..."
    table = spectrum.with_suffix(".txt")
    words = " ".join(row[:4] if PLAYED == "short" else row)
    table.write_text(f"{head}{columns}\n{'' if PLAYED == 'empty' else words}\n")
    frequency = np.linspace(0, 0.5 / max(told["pixel"], 1.4), 8)
    fit = np.abs(np.cos(20 * frequency))
    lines = [frequency, fit * 0.9, fit * 0.8, fit, fit * 0.5, fit * 0.1]
    if PLAYED == "curves":
        lines = lines[:4]
    text = "\n".join(" ".join(f"{value:f}" for value in line) for line in lines)
    curves = table.with_name(f"{table.stem}_avrot.txt")
    curves.write_text(
        f"{head}# 6 lines per micrograph: #1 - spatial frequency (1/Angstroms); ...\n{text}\n"
    )


def main() -> None:
    if PLAYED == "library":
        print(
            "ctffind: error while loading shared libraries: libwx_baseu-3.0.so.0", file=sys.stderr
        )
        sys.exit(127)
    print("\n\n        **   Welcome to Ctffind   **\n")
    print(f"            Version : {VERSION}\n           Compiled : Mar 28 2024")
    print("    Library Version : 2.0.0-alpha-295-b21db55-dirty\n               Mode : Scripted\n")
    if os.environ.get("LC_ALL") != "C" and PLAYED == "locale":
        os.kill(os.getpid(), signal.SIGSEGV)
    image, spectrum, told = ask_all()
    if PLAYED == "hang":
        subprocess.Popen(["sleep", "600"])
        time.sleep(600)
    if PLAYED == "crash":
        sys.stdout.flush()
        os.kill(os.getpid(), signal.SIGSEGV)
    header = read_mrc_header(image)
    assert header.mode in (0, 1, 2, 6), "it knows no other mode of MRC"
    if PLAYED == "corrupt":
        print(f"Input movie {image} seems to be corrupt. Ctffind results may not be meaningful.")
    assert read_mrc(image).ndim == 2
    if PLAYED != "nothing":
        write_results(image, spectrum, told)
    print("Summary of results")


main()
