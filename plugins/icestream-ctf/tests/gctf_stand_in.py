"""A stand-in for Gctf 1.06 and 1.18, for machines without a GPU.

    python gctf_stand_in.py VERSION ARGUMENTS... IMAGE

It was written from how others call Gctf, with each of its flags followed by a value, and from
their logs and tables of 1.06; it knows nothing of the plugin. It refuses a flag that is not known
and a value that is no number, fits nothing, and plays failures: the variable STAND_IN says which.
"""

import os
import sys
import time
from pathlib import Path

import numpy as np

from icestream.formats import read_mrc, read_mrc_header, write_mrc

PLAYED = os.environ.get("STAND_IN", "")
VERSION, *WORDS = sys.argv[1:]
FLAGS = {
    "--apix", "--dstep", "--kV", "--cs", "--ac", "--defL", "--defH", "--defS", "--astm", "--bfac",
    "--resL", "--resH", "--boxsize", "--do_EPA", "--EPA_oversmp", "--overlap", "--convsize",
    "--do_Hres_ref", "--Href_resL", "--Href_resH", "--Href_bfac", "--plot_res_ring", "--gid",
    "--phase_shift_L", "--phase_shift_H", "--phase_shift_S", "--phase_shift_T", "--do_validation",
    "--ctfstar", "--logsuffix", "--estimate_B", "--B_resL", "--B_resH",
}  # fmt: skip


def write_results(given: dict[str, str], image: Path) -> None:
    """The spectrum, the log and the table of equi-phase averages, beside the image."""
    box = int(given["--boxsize"])
    ending = ".ctf" if VERSION == "1.06" else ".epa"
    spectrum = image.with_suffix(ending)
    write_mrc(spectrum, np.random.default_rng(1).random((box, box), np.float32), 1.0)
    if PLAYED == "half":
        spectrum.write_bytes(spectrum.read_bytes()[:1500])
    middle = 0.5 * (float(given["--defL"]) + float(given["--defH"]))
    row = [f"{middle - 60:.2f}", f"{middle + 60:.2f}", "nan" if PLAYED == "nan" else "47.05"]
    head = "   Defocus_U   Defocus_V       Angle         "
    if "--phase_shift_L" in given:
        low, high = float(given["--phase_shift_L"]), float(given["--phase_shift_H"])
        row.append(f"{0.5 * (low + high):.2f}")
        head += "Phase_shift    "
    row.append("0.180863")
    reached = "inf" if PLAYED == "lost" else "3.464"
    limit = f"Resolution limit estimated by EPA: \x1b[31m RES_LIMIT {reached} \x1b[0m\n"
    final = f"{head}CCC\n    {'    '.join(row)}  Final Values\n\n"
    log = image.with_name(f"{image.stem}_gctf.log")
    log.write_text(
        f"Cycle: 13\n****   LAST CYCLE    ****\n\n{final}"
        f"{'' if PLAYED == 'short' else limit}Processing done successfully.\n"
    )
    rows = ["Resolution   |CTFsim|   EPA( Ln|F| )   EPA(Ln|F|-Bg)   CCC"]
    rows += [f"{resolution:.4f} 0.5000 12.100 0.2000 0.900" for resolution in (50, 20, 10, 5, 4)]
    epa = image.with_name(f"{image.stem}_EPA.log")
    epa.write_text("\n".join(rows[:1] if PLAYED == "curves" else rows) + "\n")


def main() -> int:
    if WORDS == ["--help"]:
        print(f"******  Gctf_v{VERSION}_sm61  ******")
        print("Usage: Gctf [options] --apix 1.34 --overlap 0.50 a.mrc")
        return 0
    if PLAYED == "library":
        print("Gctf: error while loading shared libraries: libcufft.so.8.0", file=sys.stderr)
        return 127
    *pairs, name = WORDS
    if len(pairs) % 2:
        print("a flag has no value")
        return 1
    given = dict(zip(pairs[::2], pairs[1::2], strict=True))
    if len(given) != len(pairs) // 2 or not given.keys() <= FLAGS:
        print(f"options: {sorted(given.keys() - FLAGS)}")
        return 1
    [float(value) for flag, value in given.items() if flag not in ("--ctfstar", "--logsuffix")]
    if int(given["--gid"]) >= len(os.environ.get("CUDA_VISIBLE_DEVICES", "").split()):
        print("CUDA error: no CUDA-capable device is detected")
        return 1
    if PLAYED == "memory":
        print("GPUassert: out of memory", file=sys.stderr)
        return 2
    if PLAYED == "hang":
        time.sleep(600)
    image = Path(name)
    assert read_mrc_header(image).mode in (0, 1, 2, 6) and read_mrc(image).ndim == 2
    if PLAYED != "nothing":
        write_results(given, image)
    return 0


sys.exit(main())
