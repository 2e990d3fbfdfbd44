"""A stand-in for CTFFIND 4.1, which RELION runs: questions are answered on standard input.

It was written from the order in which RELION's source gives the answers, and from how it reads the
summary. It checks that each answer is of the kind that its question wants, and plays failures: the
variable STAND_IN says which (half, nothing, nan, quiet).
"""

import os
import sys
from pathlib import Path

import numpy as np

from icestream.formats import read_mrc, write_mrc

print("\n        **   Welcome to Ctffind   **\n\n            Version : 4.1.14\n")
played = os.environ.get("STAND_IN", "")
answers = sys.stdin.read().split("\n")[:-1]
if not answers:
    print("\n Error: Blank answer in scripted mode, exiting...\n")
    sys.exit(255)
movie, spectrum, *numbers = answers[:12]
pixel_size, voltage, aberration, amplitude, box, low, high, least, most, step = map(float, numbers)
known, slow, restrained, tolerated, *phases = answers[12:]
if (known, restrained) != ("no", "yes") or slow not in ("yes", "no") or phases[-1] != "no":
    sys.exit(f"answers are not what was asked: {answers}")
float(tolerated)
shift = 0.0
if phases[0] == "yes":
    shift = sum(map(float, phases[1:3])) / 2
image = read_mrc(movie)
assert image.ndim == 2 and low > high and most > least and 0 < step < most - least
summary = Path(spectrum).with_suffix(".txt")
if played != "quiet":
    print(f"Summary of results                    : {summary}")
if played == "nothing":
    sys.exit(0)
write_mrc(spectrum, np.random.default_rng(1).random((int(box), int(box)), np.float32), pixel_size)
if played == "half":
    Path(spectrum).write_bytes(Path(spectrum).read_bytes()[:2000])
mean = 0.5 * (least + most)
score = "nan" if played == "nan" else "0.123"
summary.write_text(
    f"# Output from CTFFind version 4.1.14\n# Input file: {movie} ; Number of micrographs: 1\n"
    f"# Pixel size: {pixel_size} Angstroms ; acceleration voltage: {voltage} keV ; spherical "
    f"aberration: {aberration} mm ; amplitude contrast: {amplitude}\n# Box size: {box:.0f} pixels\n"
    "# Columns: #1 - micrograph number; #2 - defocus 1 [Angstroms]; ...\n"
    f"1.000000 {mean + 100} {'nan' if played == 'nan' else mean - 100} 100.0 {shift} {score} 4.5\n"
)
