"""What Scipion calls these pickers, and their parameters."""

from icestream.protocol import ANY, Becomes, Counterpart

__all__ = ["CRYOLO", "DOG", "EMAN2", "GAUTOMATCH", "SPHIRE"]

_WIZARDS = {"micrographsSelection": ANY, "micrographsNumber": ANY, "ctfRelations": ANY}

CRYOLO = (
    Counterpart(
        program="scipion",
        kinds=("SphireProtCRYOLOPicking",),
        same=True,
        inputs={"inputMicrographs": "micrograph"},
        taken=(
            Becomes("boxSize", "diameter", by="pixels", skip=(0,)),
            Becomes("conservPickVar", "threshold"),
            Becomes("lowPassFilter", "denoise", choices={True: "lowpass", False: "none"}),
            Becomes("absCutOffFreq", "cutoff", only_if="lowPassFilter"),
            Becomes("input_size", "input_size"),
            Becomes("max_box_per_image", "most"),
            Becomes("useGpu", "gpu"),
            Becomes("numCpus", "cores"),
        ),
        # Where the model lies is said in the settings there, and never in a workflow.
        passed={"boxSizeFactor": 1.0, "num_patches": 1},
    ),
)

_MATCHED = (
    Becomes("threshold", "threshold"),
    Becomes("particleSize", "diameter", factor=2.0, skip=(-1,)),
    Becomes("invertTemplatesContrast", "templates_white"),
    Becomes("angStep", "angle_step"),
    Becomes("lowPass", "resolution"),
    Becomes("highPass", "highpass"),
    Becomes("detectIce", "detect_ice"),
)
_GUESSED = (
    Becomes("minDist", "spacing"),
    Becomes("speed", "speed"),
    Becomes("localSigmaCutoff", "noise_most"),
    Becomes("localSigmaDiam", "noise_diameter"),
    Becomes("localAvgMin", "darkest"),
    Becomes("localAvgMax", "brightest"),
    Becomes("localAvgDiam", "mean_diameter"),
)
"""What the program chooses by itself while Scipion's switch `advanced` is on."""
_UNUSED = {
    **_WIZARDS,
    "preFilt": False,
    "prelowPass": ANY,
    "prehighPass": ANY,
    "templateNorm": 1,
    "doBandpass": True,
    "exclusive": False,
    "writeCC": ANY,
    "writeFilt": ANY,
    "writeBg": ANY,
    "writeBgSub": ANY,
    "writeSigma": ANY,
    "writeMsk": ANY,
    "boxSize": ANY,
}
GAUTOMATCH = tuple(
    Counterpart(
        program="scipion",
        kinds=("ProtGautomatch",),
        same=True,
        inputs={"inputMicrographs": "micrograph"},
        when={"advanced": guessed},
        taken=_MATCHED if guessed else (*_MATCHED, *_GUESSED),
        passed={
            **_UNUSED,
            "advanced": guessed,
            **({one.theirs: ANY for one in _GUESSED} if guessed else {}),
        },
    )
    for guessed in (True, False)
)

EMAN2 = (
    Counterpart(
        program="scipion",
        kinds=("EmanProtAutopick",),
        same=True,
        inputs={"inputMicrographs": "micrograph"},
        taken=(
            Becomes("particleSize", "diameter", by="pixels"),
            Becomes("boxerMode", "mode", choices={0: "local", 1: "reference", 2: "neural"}),
            Becomes("threshold", "threshold"),
            Becomes("threshold2", "threshold_contamination"),
            Becomes("useGpu", "gpu"),
        ),
        passed={"boxSize": ANY},
    ),
)

SPHIRE = (
    Counterpart(
        program="scipion",
        kinds=("SparxGaussianProtPicking",),
        same=True,
        inputs={"inputMicrographs": "micrograph"},
        taken=(
            Becomes("boxSize", "diameter", by="pixels"),
            Becomes("lowerThreshold", "threshold"),
            Becomes("higherThreshold", "threshold_max"),
            Becomes("gaussWidth", "width"),
        ),
    ),
)

DOG = (
    Counterpart(
        program="scipion",
        kinds=("DogPickerProtPicking",),
        same=True,
        inputs={"inputMicrographs": "micrograph"},
        taken=(
            Becomes("diameter", "diameter"),
            Becomes("threshold", "threshold"),
            Becomes("invert", "bright", choices={True: False, False: True}),
        ),
        passed={"extraParams": ""},
    ),
)
