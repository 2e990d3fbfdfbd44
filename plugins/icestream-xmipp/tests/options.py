"""The options of Xmipp's programs, and the help that lists them: PROGRAM.

As `--more` prints it, with the colours of a terminal. STAND_IN=old plays a release with others.
"""

import os
import sys

__all__ = ["OPTIONS", "REQUIRED"]

_CORRELATION = {
    "-i": 1, "-o": 1, "--bin": 1, "--maxShift": 1, "--maxResForCorrelation": 1, "--sampling": 1,
    "--oaligned": 1, "--oavgInitial": 1, "--oavg": 1, "--frameRange": 2, "--frameRangeSum": 2,
    "--dark": 1, "--gain": 1, "--skipLocalAlignment": 0, "--controlPoints": 3, "--patches": 2,
    "--minLocalRes": 1,
}  # fmt: skip
_FLOW = {
    "-i": 1, "-o": 1, "--oavg": 1, "--oavgInitial": 1, "--oUnc": 2, "--cropULCorner": 2,
    "--cropDRCorner": 2, "--frameRange": 2, "--bin": 1, "--winSize": 1, "--groupSize": 1,
    "--outMovie": 1, "--dark": 1, "--gain": 1, "--inmemory": 0, "--doseCorrection": 5,
}  # fmt: skip
OPTIONS: dict[str, dict[str, int]] = {
    "xmipp_movie_alignment_correlation": _CORRELATION,
    "xmipp_cuda_movie_alignment_correlation": {
        **_CORRELATION, "--device": 1, "--storage": 1, "--patchesAvg": 1
    },
    "xmipp_movie_optical_alignment_cpu": _FLOW,
    "xmipp_movie_optical_alignment_gpu": {**_FLOW, "--gpu": 1},
    "xmipp_ctf_estimate_from_micrograph": {
        "--micrograph": 1, "--oroot": 1, "--psd_estimator": 1, "--pieceDim": 1, "--overlap": 1,
        "--skipBorders": 1, "--Nsubpiece": 1, "--mode": 1, "--dont_estimate_ctf": 0,
        "--acceleration1D": 0, "--sampling_rate": 1, "--voltage": 1, "--kV": 1,
        "--spherical_aberration": 1, "--Cs": 1, "--Q0": 1, "--defocusU": 1, "--defocusV": 1,
        "--azimuthal_angle": 1, "--phase_shift": 1, "--VPP_radius": 1,
        "--downSamplingPerformed": 1, "--min_freq": 1, "--max_freq": 1, "--fastDefocus": 2,
        "--noDefocus": 0, "--defocus_range": 1, "--refine_amplitude_contrast": 0,
        "--ctfmodelSize": 1, "--selfEstimation": 0, "--bootstrapFit": 1,
    },
    "xmipp_ctf_sort_psds": {"-i": 1, "-o": 1, "--mode": 1, "-f1": 1, "-f2": 1, "-decay": 1},
    "xmipp_movie_estimate_gain": {
        "-i": 1, "--oroot": 1, "--iter": 1, "--sigma": 1, "--maxSigma": 1, "--frameStep": 1,
        "--sigmaStep": 1, "--singleRef": 0, "--gainImage": 1, "--applyGain": 1,
    },
    "xmipp_micrograph_automatic_picking": {
        "-i": 1, "--outputRoot": 1, "--mode": 1, "--model": 1, "--particleSize": 1, "--thr": 1,
        "--fast": 0, "--in_core": 0, "--filter_num": 1, "--NPCA": 1, "--NCORR": 1,
        "--autoPercent": 1,
    },
    "xmipp_coordinates_consensus": {"-i": 1, "-s": 1, "-c": 1, "-d": 1, "-o": 1, "-t": 1},
    "xmipp_image_sort_by_statistics": {
        "-i": 1, "-o": 1, "-t": 1, "--zcut": 1, "--addFeatures": 0, "--percent": 1,
        "--addToInput": 0, "--dim": 1,
    },
}  # fmt: skip
REQUIRED = {
    "xmipp_ctf_estimate_from_micrograph": ("--micrograph",),
    "xmipp_micrograph_automatic_picking": (
        "-i", "--outputRoot", "--mode", "--model", "--particleSize"
    ),
    "xmipp_coordinates_consensus": ("-i", "-s", "-c", "-d", "-o"),
}  # fmt: skip
_WORDS = {"--gain": "Gain correction image (we will multiply by it)", "--mode": "autoselect"}


def print_help(program: str) -> None:
    """What `--more` prints, with the colours of a terminal."""
    options = dict(OPTIONS[program])
    words = dict(_WORDS)
    if os.environ.get("STAND_IN") == "old":
        for name in ("--skipLocalAlignment", "--acceleration1D", "--singleRef", "--zcut", "-c"):
            options.pop(name, None)
        words = {"--gain": "Gain correction image"}
    print(f"\x1b[31mPROGRAM\x1b[0m\n   {sys.argv[0]}\n\x1b[31mUSAGE\x1b[0m\n   Does something")
    print("\x1b[31mOPTIONS\x1b[0m\n")
    for name, count in options.items():
        values = " ".join(f"<{letter}=1>" for letter in "abcde"[:count])
        print(f"   [\x1b[32m{name}\x1b[0m {values}]\n           {words.get(name, 'Something')}")


if __name__ == "__main__":
    print_help(sys.argv[1])
