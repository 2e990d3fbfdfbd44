"""What Scipion calls Xmipp's programs, and their parameters."""

from icestream.protocol import ANY, Becomes, Counterpart

__all__ = [
    "CORRELATION", "CTF", "FLEXALIGN", "FLOW", "FLOW_GPU", "GAIN", "PICKING", "SCREENING",
]  # fmt: skip

_INPUT = {"inputMovies": "movie"}
_FRAMES = (
    Becomes("alignFrame0", "first_frame", skip=(0,)),
    Becomes("alignFrameN", "last_frame"),
    Becomes("gainRot", "gain_rotation", choices={0: 0, 1: 90, 2: 180, 3: 270}, at="source"),
    Becomes(
        "gainFlip", "gain_flip", choices={0: "none", 1: "up-down", 2: "left-right"}, at="source"
    ),
)
_CORRELATED = (
    *_FRAMES,
    Becomes("maxResForCorrelation", "resolution_max"),
    Becomes("maxShift", "shift_max"),
)
_SUMS = {
    "doSaveAveMic": ANY, "useAlignToSum": True, "doSaveMovie": False, "doComputePSD": ANY,
    "doComputeMicThumbnail": ANY, "extraParams": "", "cropOffsetX": 0, "cropOffsetY": 0,
    "cropDimX": 0, "cropDimY": 0, "sumFrame0": (0, 1), "sumFrameN": 0, "splitEvenOdd": False,
    "nFrames": ANY, "computeAllFramesAvg": False,
}  # fmt: skip
_POINTS = {
    "autoControlPoints": ANY, "controlPointX": ANY, "controlPointY": ANY, "controlPointT": ANY,
    "autoPatches": ANY, "patchesX": ANY, "patchesY": ANY, "minLocalRes": ANY, "groupNFrames": ANY,
}  # fmt: skip
"""Without an effect while no patches are aligned."""
_OLD = {
    "splineOrder": ANY, "outsideMode": ANY, "outsideValue": ANY, "INTERP": ANY, "doLocalAlignment":
    False,
}  # fmt: skip
"""Of the correlation alignment of older releases, which interpolated and filled otherwise."""

FLEXALIGN = (
    Counterpart(
        program="scipion",
        kinds=("XmippProtFlexAlign",),
        same=True,
        inputs=_INPUT,
        when={"useGpu": True},
        taken=(
            *_CORRELATED,
            Becomes("doLocalAlignment", "local_motion"),
            Becomes("binFactor", "binning"),
            Becomes("minLocalRes", "patch_size"),
            Becomes("groupNFrames", "group"),
        ),
        # Points and patches that Scipion chooses by itself are chosen alike here.
        passed={**_SUMS, **_POINTS, "autoControlPoints": True, "autoPatches": True},
        bins="binFactor",
    ),
)

CORRELATION = (
    Counterpart(
        program="scipion",
        kinds=("XmippProtFlexAlign",),
        same=True,
        inputs=_INPUT,
        when={"useGpu": False, "doLocalAlignment": False},
        taken=_CORRELATED,
        passed={**_SUMS, **_POINTS, "useGpu": False, "doLocalAlignment": False, "binFactor": 1.0},
    ),
    Counterpart(
        program="scipion",
        kinds=("XmippProtMovieCorr",),
        same=True,
        inputs=_INPUT,
        when={"doLocalAlignment": False},
        taken=_FRAMES,
        passed={**_SUMS, **_OLD, "binFactor": 1.0},
    ),
)


def _flow(*, gpu: bool) -> tuple[Counterpart, ...]:
    return (
        Counterpart(
            program="scipion",
            kinds=("XmippProtOFAlignment",),
            same=True,
            inputs=_INPUT,
            when={"useGpu": gpu, "doGPU": gpu},
            taken=(
                *_FRAMES,
                Becomes("winSize", "window"),
                Becomes("groupSize", "group"),
                Becomes("doApplyDoseFilter", "dose_weighting"),
                Becomes("doSaveUnweightedMic", "unweighted", only_if="doApplyDoseFilter"),
                Becomes("applyDosePreAlign", "before", only_if="doApplyDoseFilter"),
                Becomes("memory", "in_memory"),
            ),
            passed={**_SUMS, "useGpu": gpu, "doGPU": gpu, "useAlignment": False, "binFactor": 1.0},
        ),
    )


FLOW, FLOW_GPU = _flow(gpu=False), _flow(gpu=True)

_FITTED = (
    Becomes("minDefocus", "defocus_min"),
    Becomes("maxDefocus", "defocus_max"),
    Becomes("lowRes", "frequency_min"),
    Becomes("highRes", "frequency_max"),
    Becomes("windowSize", "box"),
    Becomes("findPhaseShift", "phase_plate"),
    Becomes("accel1D", "fast"),
    Becomes("refineAmplitudeContrast", "refine_amplitude_contrast"),
    Becomes("skipBorders", "skip_borders"),
)
CTF = tuple(
    Counterpart(
        program="scipion",
        kinds=("XmippProtCTFMicrographs",),
        same=True,
        inputs={"inputMicrographs": "micrograph"},
        when={"AutoDownsampling": automatic},
        taken=_FITTED if automatic else (*_FITTED, Becomes("ctfDownFactor", "downsampling")),
        # Scipion tries again with other pixels where its own criteria find a fit poor.
        passed={
            "AutoDownsampling": automatic, "doCTFAutoDownsampling": False, "doInitialCTF": False,
            "doOptimizeDefocus": ANY, "recalculate": False, "sqliteFile": ANY,
            **({"ctfDownFactor": ANY} if automatic else {}),
        },
    )
    for automatic in (True, False)
)  # fmt: skip

GAIN = (
    Counterpart(
        program="scipion",
        kinds=("XmippProtMovieGain",),
        same=True,
        inputs=_INPUT,
        taken=(
            Becomes("frameStep", "frame_step"),
            Becomes("movieStep", "movie_step"),
            Becomes("estimateSigma", "sigma", choices={False: 0, True: -1}),
        ),
        # An old switch, and what is done here whatever they say: the reference is checked in all
        # orientations, and what is left after it is measured from what was estimated.
        passed={
            "estimateGain": True, "estimateOrientation": ANY, "estimateResidualGain": ANY,
            "useExistingGainImage": ANY, "normalizeGain": ANY,
        },
    ),
)  # fmt: skip

PICKING = (
    Counterpart(
        program="scipion",
        kinds=("XmippParticlePickingAutomatic",),
        same=True,
        inputs={"inputMicrographs": "micrograph"},
        # Where the model lies is a link to the run that trained it, there.
        passed={"micsToPick": 1, "memory": ANY},
    ),
)

SCREENING = (
    Counterpart(
        program="scipion",
        kinds=("XmippProtScreenParticles",),
        same=True,
        inputs={"inputParticles": "particles"},
        taken=(Becomes("maxZscore_", "z_max"), Becomes("maxZscore", "z_max")),
        when={"autoParRejection": 1},
        passed={
            "autoParRejection": 1, "percentage": ANY, "autoParRejectionSSNR": 0,
            "percentageSSNR": ANY, "autoParRejectionVar": 0, "addFeatures": ANY,
        },
    ),
    Counterpart(
        program="scipion",
        kinds=("XmippProtScreenParticles",),
        same=True,
        inputs={"inputParticles": "particles"},
        taken=(Becomes("percentage", "percent"),),
        fixed={"z_max": 0.0},
        when={"autoParRejection": 2},
        passed={
            "autoParRejection": 2, "maxZscore_": ANY, "maxZscore": ANY, "autoParRejectionSSNR": 0,
            "percentageSSNR": ANY, "autoParRejectionVar": 0, "addFeatures": ANY,
        },
    ),
)  # fmt: skip
