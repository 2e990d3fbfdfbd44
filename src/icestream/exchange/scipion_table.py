"""What Scipion calls the protocols of icestream.

Units are those of Scipion's own forms: defocus of CTFFIND in Å, of its older form and of Gctf in
µm; frequencies per pixel; boxes and radii in pixels; diameters in Å.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from icestream.protocol import ANY, Becomes, Counterpart

__all__ = ["SCIPION"]

_TO_UM = 1e-4
_GAIN = (
    Becomes("gainRot", "gain_rotation", choices={0: 0, 1: 90, 2: 180, 3: 270}, at="source"),
    Becomes(
        "gainFlip", "gain_flip", choices={0: "none", 1: "up-down", 2: "left-right"}, at="source"
    ),
)
_OPTICS = (
    Becomes("filesPath,filesPattern", "pattern", by="path"),
    Becomes("voltage", "voltage"),
    Becomes("sphericalAberration", "spherical_aberration"),
    Becomes("amplitudeContrast", "amplitude_contrast"),
    Becomes("samplingRate", "pixel_size"),
    Becomes("dataStreaming", "watch"),
    Becomes("timeout", "idle_timeout", by="duration", only_if="dataStreaming"),
)
_IMPORTED: Mapping[str, Any] = MappingProxyType(
    {
        "importFrom": 0, "copyFiles": False, "haveDataBeenPhaseFlipped": False,
        "acquisitionWizard": ANY, "magnification": ANY, "samplingRateMode": 0,
        "scannedPixelSize": ANY, "fileTimeout": ANY, "useRegexps": ANY, "movieSuffix": ANY,
        "inputIndividualFrames": False, "numberOfIndividualFrames": ANY, "stackFrames": False,
        "writeMoviesInProject": False, "deleteFrames": False, "doseInitial": 0.0,
        "dosePerFrame": 0.0,
    }
)  # fmt: skip
_SUMS: Mapping[str, Any] = MappingProxyType(
    {
        "doSaveAveMic": ANY, "useAlignToSum": True, "doSaveMovie": False, "doComputePSD": ANY,
        "doComputeMicThumbnail": ANY, "extraParams": "", "extraParams2": "",
        "extraProtocolParams": "", "cropOffsetX": 0, "cropOffsetY": 0, "cropDimX": 0,
        "cropDimY": 0, "sumFrame0": (0, 1), "sumFrameN": 0, "doSaveUnweightedMic": ANY,
        "saveNonDW": ANY, "savePSsum": ANY, "dosePSsum": ANY, "computeAllFramesAvg": False,
        "doMagCor": False, "scaleMaj": 1.0, "scaleMin": 1.0, "angDist": 0.0, "useEst": ANY,
        "useMotioncor2": ANY, "cleanMovieData": ANY, "splitEvenOdd": False, "eerSampling": 0,
        "winSize": ANY, "alignFrame0": (0, 1), "alignFrameN": 0, "patchY": ANY, "gainRot": 0,
        "gainFlip": 0,
    }
)  # fmt: skip
_MAGNIFIED = (
    Becomes("scaleMaj", "distortion_major", only_if="doMagCor"),
    Becomes("scaleMin", "distortion_minor", only_if="doMagCor"),
    Becomes("angDist", "distortion_angle", only_if="doMagCor"),
)
_FRAMES = (
    Becomes("alignFrame0", "first_frame", skip=(0,)),
    Becomes("alignFrameN", "last_frame"),
    Becomes("binFactor", "binning"),
)
_CTF: Mapping[str, Any] = MappingProxyType(
    {
        "recalculate": False, "sqliteFile": ANY, "ctfDownFactor": 1.0, "inputType": 1,
        "avgFrames": ANY, "usePowerSpectra": ANY, "useCtffind4": ANY, "useCftfind4": ANY,
        "minPhaseShift": 0.0, "phaseShiftL": 0.0, "plotResRing": ANY, "doValidate": False,
        "maxPhaseShift": ANY, "stepPhaseShift": ANY, "phaseShiftH": ANY, "phaseShiftS": ANY,
        "phaseShiftT": ANY,
    }
)  # fmt: skip
_EXTRACTED: Mapping[str, Any] = MappingProxyType(
    {
        "downsampleType": 0, "micsSource": 0, "doNormalize": True, "normType": 2, "doBorders": True,
        "downFactor": 1.0, "saveFloat16": False, "stddevBlackDust": -1.0, "rescaledSize": ANY,
        "thresholdDust": ANY, "doSort": False, "rejectionMethod": 0, "maxZscore": ANY,
        "percentage": ANY,
    }
)  # fmt: skip
_HELD = (Becomes("splitImages", "batches"),)
_SENT: Mapping[str, Any] = MappingProxyType(
    {"allImages": True, "triggerWait": False, "triggerSignal": False, "delay": ANY}
)


def _of(*kinds: str, **more: Any) -> Counterpart:
    return Counterpart(program="scipion", kinds=kinds, **more)


SCIPION: Mapping[str, tuple[Counterpart, ...]] = {
    "movies.import": (
        _of(
            "ProtImportMovies",
            same=True,
            inputs={},
            taken=(
                *_OPTICS,
                Becomes("dosePerFrame", "dose_per_frame", skip=(0,)),
                Becomes("doseInitial", "pre_exposure"),
                Becomes("gainFile", "gain"),
            ),
            passed=_IMPORTED,
            pixel="samplingRate",
        ),
    ),
    "micrographs.import": (
        _of(
            "ProtImportMicrographs",
            same=True,
            inputs={},
            taken=_OPTICS,
            passed=_IMPORTED,
            pixel="samplingRate",
        ),
    ),
    "gain.estimate": (
        _of(
            "XmippProtMovieGain",
            inputs={"inputMovies": "movie"},
            taken=(Becomes("frameStep", "every"),),
            passed={"estimateGain": True, "estimateOrientation": True, "estimateSigma": False,
                    "useExistingGainImage": False},
        ),
    ),
    "movies.align": (
        _of(
            "ProtMotionCorr", "ProtRelionMotioncor",
            inputs={"inputMovies": "movie"},
            taken=(
                Becomes("doApplyDoseFilter", "dose_weighting"),
                Becomes("doDW", "dose_weighting"),
                Becomes("patchX", "local_motion", by="several"),
                Becomes("splitEvenOdd", "halves"),
                Becomes("defectFile", "defects"),
                Becomes("defectMap", "defects"),
                *_FRAMES, *_MAGNIFIED, *_GAIN,
            ),
            passed=_SUMS,
            bins="binFactor",
        ),
        _of(
            "XmippProtFlexAlign", "XmippProtMovieCorr", "XmippProtOFAlignment",
            "CistemProtUnblur", "ProtUnblur", "ProtMovieAlignment",
            inputs={"inputMovies": "movie"},
            taken=(Becomes("doApplyDoseFilter", "dose_weighting"),
                   Becomes("doLocalAlignment", "local_motion"), *_FRAMES),
            passed=_SUMS,
            bins="binFactor",
        ),
    ),
    "ctf.estimate": (
        _of(
            "CistemProtCTFFind",
            inputs={"inputMicrographs": "micrograph"},
            taken=(
                Becomes("minDefocus", "defocus_min", factor=_TO_UM),
                Becomes("maxDefocus", "defocus_max", factor=_TO_UM),
                Becomes("findPhaseShift", "phase_plate"),
                Becomes("maxPhaseShift", "phase_shift_max", only_if="findPhaseShift"),
                Becomes("lowRes", "resolution_min"),
                Becomes("highRes", "resolution_max"),
                Becomes("windowSize", "tile_size"),
            ),
            passed=_CTF,
        ),
        _of(
            "ProtCTFFind", "ProtGctf",
            inputs={"inputMicrographs": "micrograph"},
            taken=(
                Becomes("minDefocus", "defocus_min"),
                Becomes("maxDefocus", "defocus_max"),
                Becomes("findPhaseShift", "phase_plate"),
                Becomes("doPhShEst", "phase_plate"),
                Becomes("phaseShiftH", "phase_shift_max", only_if="doPhShEst"),
                Becomes("lowRes", "resolution_min", by="frequency"),
                Becomes("highRes", "resolution_max", by="frequency"),
                Becomes("windowSize", "tile_size"),
            ),
            passed=_CTF,
        ),
        _of(
            "XmippProtCTFMicrographs",
            inputs={"inputMicrographs": "micrograph"},
            taken=(
                Becomes("minDefocus", "defocus_min"),
                Becomes("maxDefocus", "defocus_max"),
                Becomes("findPhaseShift", "phase_plate"),
                Becomes("lowRes", "resolution_min", by="frequency"),
                Becomes("highRes", "resolution_max", by="frequency"),
                Becomes("windowSize", "tile_size"),
            ),
            passed=_CTF,
        ),
    ),
    "exposures.select": (
        _of(
            "XmippProtCTFConsensus",
            inputs={"inputCTF": "ctf"},
            when={"calculateConsensus": False},
            taken=(
                Becomes("minDefocus", "defocus_min", factor=_TO_UM, only_if="useDefocus", off=0.0),
                Becomes("maxDefocus", "defocus_max", factor=_TO_UM, only_if="useDefocus", off=1e3),
                Becomes("astigmatism", "astigmatism_max", only_if="useAstigmatism", off=1e6),
                Becomes("resolution", "resolution_max", only_if="useResolution", off=1e3),
            ),
            fixed={"ice_ring_max": 1e6, "total_motion_max": 1e6, "refuse": []},
            passed={
                "calculateConsensus": False, "minConsResol": ANY, "averageDefocus": ANY,
                "includeSecondary": ANY, "useCritXmipp": False, "critFirstZero": ANY,
                "minCritFirstZeroRatio": ANY, "maxCritFirstZeroRatio": ANY, "critCorr": ANY,
                "critCtfMargin": ANY, "critIceness": ANY, "minCritNonAstigmaticValidity": ANY,
                "maxCritNonAstigmaticValidity": ANY, "useAstigmatismPercentage": False,
            },
        ),
    ),
    "ctf.consensus": (
        _of(
            "XmippProtCTFConsensus",
            inputs={"inputCTF": "ctf", "inputCTF2": "ctf"},
            when={"calculateConsensus": True},
            taken=(Becomes("minConsResol", "agreement"),),
            passed={"calculateConsensus": True, "averageDefocus": True, "includeSecondary": ANY,
                    "useDefocus": False, "useAstigmatism": False, "useResolution": False},
        ),
    ),
    "picks.log": (
        _of(
            "ProtRelionAutopickLoG",
            inputs={"inputMicrographs": "micrograph"},
            taken=(
                Becomes("minDiameter", "diameter"),
                Becomes("maxDiameter", "diameter_max"),
                Becomes("areParticlesWhite", "bright"),
            ),
            passed={"threshold": 0.0, "threshold2": 999.0, "extraParams": "", "boxSize": ANY},
        ),
        _of(
            "ProtRelion2Autopick",
            inputs={"inputMicrographs": "micrograph", "ctfRelations": "ctf"},
            when={"referencesType": 1},
            taken=(Becomes("particleDiameter", "diameter"),),
            passed={"referencesType": 1, "runType": ANY, "micrographsSelection": 0,
                    "extraParams": "", "micrographsNumber": ANY, "refsHaveInvertedContrast": ANY,
                    "fomLabel": ANY,
                    "refsCtfCorrected": ANY, "ignoreCTFUntilFirstPeak": False},
        ),
    ),
    "picks.auto": (
        _of(
            "SphireProtCRYOLOPicking",
            inputs={"inputMicrographs": "micrograph"},
            passed={"inputModelFrom": 0, "lowPassFilter": ANY, "absCutOffFreq": ANY,
                    "input_size": ANY, "boxSize": 0, "boxSizeFactor": 1.0},
        ),
    ),
    "picks.consensus": (
        _of(
            "XmippProtConsensusPicking",
            same=True,
            inputs={"inputCoordinates": "picks"},
            taken=(
                Becomes("consensusRadius", "distance", by="pixels"),
                Becomes("consensus", "votes", choices={-1: 0}),
            ),
            passed={"mode": 0},
        ),
    ),
    "particles.extract": (
        _of(
            "ProtRelionExtractParticles",
            same=True,
            inputs={"inputCoordinates": "picks", "ctfRelations": "ctf",
                    "inputMicrographs": "micrograph"},
            taken=(
                Becomes("boxSize", "box", by="pixels"),
                Becomes("rescaledSize", "size", only_if="doRescale", off=0),
                Becomes("doInvert", "invert"),
                Becomes("backDiameter", "radius", by="pixels", factor=0.5, skip=(-1,)),
                Becomes("stddevWhiteDust", "dust", choices={-1: 0.0}),
            ),
            passed=_EXTRACTED,
        ),
        _of(
            "XmippProtExtractParticles",
            same=True,
            inputs={"inputCoordinates": "picks", "ctfRelations": "ctf",
                    "inputMicrographs": "micrograph"},
            taken=(
                Becomes("boxSize", "box", by="pixels"),
                Becomes("doInvert", "invert"),
                Becomes("doFlip", "flip_phases"),
                Becomes("thresholdDust", "dust", only_if="doRemoveDust", off=0.0),
                Becomes("backRadius", "radius", by="pixels", skip=(-1,)),
            ),
            passed=_EXTRACTED,
            shrinks="downFactor",
        ),
    ),
    "particles.trigger": (
        _of(
            "XmippProtTriggerData",
            same=True,
            inputs={"inputImages": "particles"},
            taken=(Becomes("outputSize", "particles"), *_HELD),
            passed=_SENT,
        ),
    ),
    "micrographs.trigger": (
        _of(
            "XmippProtTriggerData",
            same=True,
            inputs={"inputImages": "micrograph"},
            taken=(Becomes("outputSize", "items"), *_HELD),
            passed=_SENT,
        ),
    ),
    "movies.trigger": (
        _of(
            "XmippProtTriggerData",
            same=True,
            inputs={"inputImages": "movie"},
            taken=(Becomes("outputSize", "items"), *_HELD),
            passed=_SENT,
        ),
    ),
    "classes2d.online": (
        _of(
            "ProtRelionClassify2D",
            inputs={"inputParticles": "particles"},
            taken=(
                Becomes("numberOfClasses", "classes"),
                Becomes("maskDiameterA", "diameter", skip=(-1,)),
                Becomes("limitResolEStep", "resolution", skip=(-1,)),
                Becomes("doCTF", "use_ctf"),
            ),
            passed={"isClassify": True, "is2D": True, "doContinue": False, "continueIter": ANY,
                    "copyAlignment": False, "alignmentAsPriors": False, "extraParams": "",
                    "fillRandomSubset": False, "doImageAlignment": True, "oversampling": ANY,
                    "useParallelDisk": ANY, "pooledParticles": ANY, "allParticlesRam": ANY,
                    "combineItersDisc": ANY, "hasReferenceCTFCorrected": ANY,
                    "ignoreCTFUntilFirstPeak": False, "doCtfManualGroups": False,
                    "defocusRange": ANY, "numParticles": ANY, "allowCoarserSampling": ANY},
        ),
        _of(
            "ProtCryo2D",
            inputs={"inputParticles": "particles"},
            taken=(
                Becomes("numberOfClasses", "classes"),
                Becomes("maximunResolution", "resolution"),
            ),
        ),
        _of(
            "XmippProtCL2D", "XmippProtStrGpuCrrCL2D",
            inputs={"inputParticles": "particles"},
            taken=(Becomes("numberOfClasses", "classes"),),
        ),
    ),
    "classes2d.select": (
        _of("CryoassessProt2D", inputs={"inputRefs": "classes"}, passed={"batchSize": ANY}),
    ),
    "volume.initial": (
        _of(
            "ProtRelionInitialModel", "ProtCryoSparcInitialModel",
            inputs={"inputParticles": ANY},
            taken=(
                Becomes("symmetryGroup", "symmetry"),
                Becomes("maskDiameterA", "diameter", skip=(-1,)),
            ),
        ),
    ),
    "monitor.system": (
        _of(
            "ProtMonitorSummary", "ProtMonitorSystem",
            inputs={"inputProtocols": ANY},
            taken=(
                Becomes("cpuAlert", "cpu_max", skip=(101.0,)),
                Becomes("memAlert", "memory_max", skip=(101.0,)),
                Becomes("swapAlert", "swap_max", skip=(101.0,)),
            ),
            passed={"samplingInterval": ANY, "monitorTime": ANY, "doGpu": ANY, "doNetwork": ANY,
                    "netInterfaces": ANY, "doDiskIO": ANY, "doMail": False, "emailFrom": ANY,
                    "emailTo": ANY, "smtp": ANY, "doInflux": False},
            part=True,
        ),
    ),
    "monitor.ctf": (
        _of(
            "ProtMonitorSummary", "ProtMonitorCTF",
            inputs={"inputProtocols": ANY, "inputProtocol": ANY},
            taken=(
                Becomes("minDefocus", "defocus_min", factor=_TO_UM),
                Becomes("maxDefocus", "defocus_max", factor=_TO_UM),
                Becomes("astigmatism", "astigmatism_max"),
            ),
            passed={"samplingInterval": ANY, "monitorTime": ANY},
            part=True,
        ),
    ),
    "monitor.gain": (
        _of(
            "ProtMonitorSummary", "ProtMonitorMovieGain",
            inputs={"inputProtocols": ANY, "inputProtocol": ANY},
            passed={"samplingInterval": ANY, "monitorTime": ANY},
            part=True,
        ),
    ),
}  # fmt: skip
"""Counterparts by the names of our protocols."""
