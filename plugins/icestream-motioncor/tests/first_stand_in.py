"""A stand-in for dosefgpu_driftcorr 2.1, written from its own list of options and its source.

As that does, it ends with status 0 whatever happens, but where its options are wrong.
"""

import os
import sys

import numpy as np

from icestream.formats import FormatError, read_mrc, read_stack, write_mrc

NUMBERS = {
    *("-crx", "-cry", "-cdx", "-cdy", "-bin", "-nst", "-ned", "-nss", "-nes", "-gpu", "-flp"),
    *("-nrw", "-bft", "-pbx", "-fod", "-nps", "-kit", "-hgr", "-srs", "-ssr", "-ssc", "-scc"),
    *("-slg", "-atm", "-dsp", "-fsc"),
}
FILES = {"-fgr", "-fdr", "-frs", "-frt", "-fcs", "-fct", "-fcm", "-flg"}


def main(words: list[str]) -> int:
    """Do as the program does with these arguments."""
    if not words:
        print("Dose Fractionation Tool:\nDrift correction v2.1 (Nov 21, 2013)\n")
        return 0
    if len(words) % 2 == 0:
        print("Wrong number of arguments. Abort.")
        return 1
    given = dict(zip(words[1::2], words[2::2], strict=True))
    for flag, value in given.items():
        if flag not in NUMBERS | FILES:
            print(f"Undefined option: {flag} .Abort.")
            return 1
        if flag in NUMBERS:
            float(value)
    try:
        frames = read_stack(words[0]).astype(np.float32)
    except FormatError:
        print(f"Error: Failed to open stack {words[0]} .")
        return 0
    if not os.environ.get("CUDA_VISIBLE_DEVICES"):
        print(f"Failed to initialize GPU #{given['-gpu']}.")
        return 0
    first, last = int(given["-nst"]), int(given["-ned"]) or len(frames) - 1
    if not 0 <= int(given["-fod"]) < len(frames) / 2:
        print("Frame distance offset is too big or less than 0. Abort")
        return 1
    if "-fgr" in given:
        frames = frames * read_mrc(given["-fgr"])
    total = frames[first : last + 1].sum(axis=0)
    side = int(given["-bin"])
    total = total.reshape(total.shape[0] // side, side, total.shape[1] // side, side).sum((1, 3))
    lines = ["Final shift (Average   0.5590 pixels/frame):"]
    for number in range(first, last + 1):
        shift = number - first
        lines.append(
            f"......Shift of Frame #{number:03d} : {0.5 * shift:8.4f} {-0.25 * shift:8.4f}"
        )
    with open(given["-flg"], "w") as log:  # noqa: PTH123
        log.write("\n".join(lines) + "\n")
    write_mrc(given["-fcs"], total, 1.0)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
