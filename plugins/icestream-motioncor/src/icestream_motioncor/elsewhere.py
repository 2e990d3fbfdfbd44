"""What Scipion and RELION call the alignment by MotionCor2, and its parameters."""

from icestream.protocol import ANY, Becomes, Counterpart

__all__ = ["ELSEWHERE"]

ELSEWHERE = (
    Counterpart(
        program="scipion",
        kinds=("ProtMotionCorr",),
        same=True,
        inputs={"inputMovies": "movie"},
        when={"useMotioncor2": True},
        taken=(
            Becomes("doApplyDoseFilter", "dose_weighting"),
            Becomes("patchX", "patches", skip=(0,), also="patchY"),
            Becomes("patchOverlap", "patch_overlap"),
            Becomes("group", "group"),
            Becomes("groupLocal", "group_local"),
            Becomes("tol", "tolerance"),
            Becomes("alignFrame0", "first_frame", skip=(0,)),
            Becomes("alignFrameN", "last_frame"),
            Becomes("binFactor", "binning"),
            Becomes("splitEvenOdd", "halves"),
            Becomes("defectFile", "defects"),
            Becomes("defectMap", "defects"),
            Becomes("doSaveUnweightedMic", "unweighted", only_if="doApplyDoseFilter"),
            Becomes("scaleMaj", "distortion_major", only_if="doMagCor"),
            Becomes("scaleMin", "distortion_minor", only_if="doMagCor"),
            Becomes("angDist", "distortion_angle", only_if="doMagCor"),
            Becomes(
                "gainRot", "gain_rotation", choices={0: 0, 1: 90, 2: 180, 3: 270}, at="source"
            ),
            Becomes(
                "gainFlip",
                "gain_flip",
                choices={0: "none", 1: "up-down", 2: "left-right"},
                at="source",
            ),
        ),
        passed={
            "doSaveAveMic": ANY, "useAlignToSum": True, "doSaveMovie": False, "doComputePSD": ANY,
            "doComputeMicThumbnail": ANY, "extraProtocolParams": "", "extraParams": "",
            "extraParams2": "", "cropOffsetX": 0, "cropOffsetY": 0, "cropDimX": 0, "cropDimY": 0,
            "sumFrame0": (0, 1), "sumFrameN": 0, "computeAllFramesAvg": False, "useEst": ANY,
            "useMotioncor2": True, "eerSampling": 0, "eerGroup": ANY,
        },
        bins="binFactor",
    ),
    Counterpart(
        program="relion",
        kinds=("motioncorr.motioncor2",),
        same=True,
        inputs={"input_star_mics": "movie"},
        taken=(
            Becomes("do_dose_weighting", "dose_weighting"),
            Becomes("patch_x", "patches", skip=(0,), also="patch_y"),
            Becomes("group_frames", "group"),
            Becomes("bin_factor", "binning"),
            Becomes("first_frame_sum", "first_frame", skip=(0,)),
            Becomes("last_frame_sum", "last_frame", choices={-1: 0}),
            Becomes("bfactor", "bfactor"),
            Becomes("do_even_odd_split", "halves"),
            Becomes("fn_defect", "defects"),
            Becomes("fn_gain_ref", "gain", at="source"),
            Becomes("dose_per_frame", "dose_per_frame", at="source", skip=(0,)),
            Becomes("pre_exposure", "pre_exposure", at="source"),
        ),
        passed={
            "do_own_motioncor": False, "fn_motioncor2_exe": ANY, "do_save_noDW": ANY,
            "do_save_ps": ANY, "do_float16": ANY, "group_for_ps": ANY,
            "other_motioncor2_args": "", "gain_rot": "No rotation (0)",
            "gain_flip": "No flipping (0)",
        },
        bins="bin_factor",
    ),
)  # fmt: skip
