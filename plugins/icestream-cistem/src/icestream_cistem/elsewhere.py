"""What Scipion calls the programs of cisTEM, and their parameters."""

from icestream.protocol import ANY, Becomes, Counterpart

__all__ = ["CLASSES", "PICKER", "UNBLUR"]

UNBLUR = (
    Counterpart(
        program="scipion",
        kinds=("CistemProtUnblur",),
        same=True,
        inputs={"inputMovies": "movie"},
        taken=(
            Becomes("doApplyDoseFilter", "dose_weighting"),
            Becomes("doRestoreNoisePwr", "restore_power"),
            Becomes("binFactor", "binning"),
            Becomes("alignFrame0", "first_frame", skip=(0,)),
            Becomes("alignFrameN", "last_frame"),
            Becomes("minShiftInitSearch", "shift_min"),
            Becomes("OutRadShiftLimit", "shift_max"),
            Becomes("bfactor", "bfactor"),
            Becomes("HWVertFourMask", "mask_vertical"),
            Becomes("HWHoriFourMask", "mask_horizontal"),
            Becomes("terminShiftThreshold", "tolerance"),
            Becomes("maximumNumberIterations", "iterations"),
        ),
        passed={
            "doSaveAveMic": ANY, "useAlignToSum": True, "doSaveMovie": False, "doComputePSD": ANY,
            "doComputeMicThumbnail": ANY, "extraProtocolParams": "", "cropOffsetX": 0,
            "cropOffsetY": 0, "cropDimX": 0, "cropDimY": 0, "sumFrame0": (0, 1), "sumFrameN": 0,
        },
        bins="binFactor",
    ),
)  # fmt: skip

PICKER = (
    Counterpart(
        program="scipion",
        kinds=("CistemProtFindParticles",),
        same=True,
        inputs={"inputMicrographs": "micrograph", "ctfRelations": "ctf"},
        taken=(
            Becomes("radius", "diameter", factor=2.0),
            Becomes("maxradius", "diameter_most", factor=2.0),
            Becomes("threshold", "threshold"),
            Becomes("highRes", "resolution"),
            Becomes("minDist", "edge", by="pixels"),
            Becomes("avoidHighVar", "avoid_high_variance"),
            Becomes("avoidLocMean", "avoid_strange_mean"),
            Becomes("bgBoxes", "background_boxes"),
            Becomes("bgAlgo", "background", choices={0: "lowest", 1: "mode"}),
            Becomes("ptclWhite", "bright"),
        ),
        passed={"pickType": 0, "inputRefs": ANY, "useRadAvg": ANY, "rotateRef": ANY},
    ),
)

CLASSES = (
    Counterpart(
        program="scipion",
        kinds=("CistemProtRefine2D",),
        same=True,
        inputs={"inputParticles": "particles"},
        taken=(
            Becomes("numberOfClassAvg", "classes"),
            Becomes("numberOfIterations", "iterations"),
            Becomes("lowResLimit", "resolution_low"),
            Becomes("highResLimit1", "resolution_start"),
            Becomes("highResLimit2", "resolution"),
            Becomes("maskRad", "mask"),
            Becomes("angStep", "angle_step"),
            Becomes("rangeX", "search_range", also="rangeY"),
            Becomes("smooth", "smoothing"),
            Becomes("exclEdges", "exclude_edges"),
        ),
        passed={
            "doContinue": False, "continueRun": ANY, "continueIter": ANY, "inputClassAvg": None,
            "areParticlesBlack": ANY, "autoPerc": True, "percUsed": ANY,
        },
    ),
)  # fmt: skip
