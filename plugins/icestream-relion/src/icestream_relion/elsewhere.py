"""What Scipion and RELION itself call what the protocols of this plugin do, and its parameters.

Classifications and refinements take a table of all particles, which `particles.relion_join` makes:
it is a part of theirs, and is left out where another step before it has made one.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from icestream.protocol import ANY, Becomes, Counterpart

__all__ = [
    "CLASSES",
    "CTF",
    "EXTRACTED",
    "INITIAL",
    "JOINED",
    "LOG",
    "MASK",
    "MOTION",
    "POSTPROCESSED",
    "REFINED",
]

_TO_UM = 1e-4
_GREY: Mapping[Any, Any] = MappingProxyType({0: True, 1: False})
"""Scipion's choice of what is outside the mask: zeros, or noise."""
_PATHS: Mapping[str, Any] = MappingProxyType(
    {
        "useParallelDisk": ANY, "pooledParticles": ANY, "allParticlesRam": ANY, "scratchDir": ANY,
        "combineItersDisc": ANY, "doContinue": False, "continueIter": ANY, "isClassify": ANY,
        "is2D": ANY, "haveDataBeenPhaseFlipped": ANY, "doCtfManualGroups": False,
        "defocusRange": ANY, "numParticles": ANY, "oversampling": 1, "copyAlignment": False,
        "alignmentAsPriors": False, "fillRandomSubset": False, "extraParams": "",
        "hasReferenceCTFCorrected": ANY, "useFastSubsets": False, "allowCoarserSampling": False,
        "relaxSymmetry": "", "extractSubset": ANY,
    }
)  # fmt: skip
_JOB: Mapping[str, Any] = MappingProxyType(
    {
        "fn_cont": "", "do_helix": False, "do_fast_subsets": False, "allow_coarser": False,
        "dont_skip_align": True, "use_scratch": ANY, "do_blush": False, "relax_sym": "",
        "do_apply_helical_symmetry": ANY, "keep_tilt_prior_fixed": ANY, "auto_faster": False,
        "do_center": ANY, "do_solvent": ANY, "do_run_C1": ANY, "ref_correct_greyscale": ANY,
    }
)  # fmt: skip
_OF_SCIPION = (
    Becomes("maskDiameterA", "diameter", skip=(-1, -1.0)),
    Becomes("maskZero", "zero_mask", choices=_GREY),
    Becomes("doCTF", "use_ctf"),
    Becomes("ignoreCTFUntilFirstPeak", "intact_first_peak"),
)
_OF_RELION = (
    Becomes("particle_diameter", "diameter", skip=(-1, -1.0)),
    Becomes("do_zero_mask", "zero_mask"),
    Becomes("do_ctf_correction", "use_ctf"),
    Becomes("ctf_intact_first_peak", "intact_first_peak"),
)


def _scipion(*kinds: str, inputs: Mapping[str, str], **more: Any) -> Counterpart:
    return Counterpart(program="scipion", kinds=kinds, same=True, inputs=inputs, **more)


def _relion(*kinds: str, inputs: Mapping[str, str], **more: Any) -> Counterpart:
    return Counterpart(program="relion", kinds=kinds, same=True, inputs=inputs, **more)


MOTION = (
    _scipion(
        "ProtRelionMotioncor",
        inputs={"inputMovies": "movie"},
        taken=(
            Becomes("doDW", "dose_weighting"),
            Becomes("saveNonDW", "unweighted", only_if="doDW"),
            Becomes("bfactor", "bfactor"),
            Becomes("patchX", "patches", skip=(0,), also="patchY"),
            Becomes("groupFrames", "group"),
            Becomes("binFactor", "binning"),
            Becomes("sumFrame0", "first_frame", skip=(0,)),
            Becomes("sumFrameN", "last_frame"),
            Becomes("defectFile", "defects"),
            Becomes(
                "gainRot", "gain_rotation", choices={0: 0, 1: 90, 2: 180, 3: 270}, at="source"
            ),
            Becomes(
                "gainFlip", "gain_flip", choices={0: "none", 1: "up-down", 2: "left-right"},
                at="source",
            ),
        ),
        passed={
            "savePSsum": ANY, "dosePSsum": ANY, "doComputePSD": ANY,
            "doComputeMicThumbnail": ANY, "extraParams": "", "saveFloat16": False,
            "splitEvenOdd": False, "eerGroup": ANY, "eerSampling": 0,
        },
        bins="binFactor",
    ),
    _relion(
        "motioncorr.own",
        inputs={"input_star_mics": "movie"},
        taken=(
            Becomes("do_dose_weighting", "dose_weighting"),
            Becomes("do_save_noDW", "unweighted", only_if="do_dose_weighting"),
            Becomes("bfactor", "bfactor"),
            Becomes("patch_x", "patches", skip=(0,), also="patch_y"),
            Becomes("group_frames", "group"),
            Becomes("bin_factor", "binning"),
            Becomes("first_frame_sum", "first_frame", skip=(0,)),
            Becomes("last_frame_sum", "last_frame", choices={-1: 0}),
            Becomes("fn_defect", "defects"),
            Becomes("fn_gain_ref", "gain", at="source"),
            Becomes(
                "dose_per_frame", "dose_per_frame", at="source", skip=(0,), grouped="eer_grouping"
            ),
            Becomes("pre_exposure", "pre_exposure", at="source"),
            Becomes("gain_rot", "gain_rotation", at="source", choices={
                "No rotation (0)": 0, "90 degrees (1)": 90, "180 degrees (2)": 180,
                "270 degrees (3)": 270}),
            Becomes("gain_flip", "gain_flip", at="source", choices={
                "No flipping (0)": "none", "Flip upside down (1)": "up-down",
                "Flip left to right (2)": "left-right"}),
        ),
        passed={
            "do_own_motioncor": True, "fn_motioncor2_exe": ANY, "do_save_ps": ANY,
            "do_float16": ANY, "group_for_ps": ANY, "other_motioncor2_args": "",
            "do_even_odd_split": False,
        },
        bins="bin_factor",
    ),
)  # fmt: skip

CTF = (
    _relion(
        "ctffind.ctffind4",
        inputs={"input_star_mics": "micrograph"},
        taken=(
            Becomes("dfmin", "defocus_min", factor=_TO_UM),
            Becomes("dfmax", "defocus_max", factor=_TO_UM),
            Becomes("dfstep", "step", factor=_TO_UM),
            Becomes("dast", "astigmatism"),
            Becomes("resmin", "resolution_min"),
            Becomes("resmax", "resolution_max"),
            Becomes("box", "box"),
            Becomes("slow_search", "exhaustive"),
            Becomes("do_phaseshift", "phase_shift"),
            Becomes("phase_min", "phase_min", only_if="do_phaseshift"),
            Becomes("phase_max", "phase_max", only_if="do_phaseshift"),
            Becomes("phase_step", "phase_step", only_if="do_phaseshift"),
        ),
        passed={
            "use_ctffind4": ANY, "use_ctffind": ANY, "use_gctf": False, "fn_ctffind_exe": ANY,
            "fn_gctf_exe": ANY, "use_given_ps": ANY, "use_noDW": ANY, "do_EPA": ANY,
            "do_ignore_ctffind_params": ANY, "ctf_win": -1, "other_gctf_args": "",
            "localsearch_nominal_defocus": -1, "exp_factor_dose": ANY,
        },
    ),
)  # fmt: skip

LOG = (
    _scipion(
        "ProtRelionAutopickLoG",
        inputs={"inputMicrographs": "micrograph"},
        taken=(
            Becomes("minDiameter", "diameter_min"),
            Becomes("maxDiameter", "diameter_max"),
            Becomes("areParticlesWhite", "bright"),
            Becomes("maxResolution", "resolution"),
            Becomes("threshold", "threshold"),
            Becomes("threshold2", "upper_threshold"),
        ),
        passed={"extraParams": "", "boxSize": ANY, "lowpassFilterRefs": ANY},
    ),
    _relion(
        "autopick.log",
        inputs={"fn_input_autopick": ANY},
        taken=(
            Becomes("log_diam_min", "diameter_min"),
            Becomes("log_diam_max", "diameter_max"),
            Becomes("log_invert", "bright"),
            Becomes("log_maxres", "resolution"),
            Becomes("log_adjust_thr", "threshold"),
            Becomes("log_upper_thr", "upper_threshold"),
        ),
        passed={"do_log": True, "do_refs": False, "do_topaz": False, "continue_manual": False},
    ),
)

EXTRACTED = (
    _scipion(
        "ProtRelionExtractParticles",
        inputs={
            "inputCoordinates": "picks", "ctfRelations": "ctf", "inputMicrographs": "micrograph",
        },
        taken=(
            Becomes("boxSize", "box", by="pixels"),
            Becomes("rescaledSize", "size", only_if="doRescale", off=0),
            Becomes("doInvert", "invert"),
            Becomes("backDiameter", "radius", by="pixels", factor=0.5, skip=(-1,)),
            Becomes("stddevWhiteDust", "white_dust", choices={-1: 0.0}),
            Becomes("stddevBlackDust", "black_dust", choices={-1: 0.0}),
        ),
        passed={"downsampleType": 0, "micsSource": 0, "doNormalize": True, "saveFloat16": False},
    ),
    _relion(
        "extract",
        inputs={"star_mics": ANY, "coords_suffix": "picks", "fndata_reextract": ANY},
        when={"do_reextract": False},
        taken=(
            Becomes("extract_size", "box", by="pixels"),
            Becomes("rescale", "size", only_if="do_rescale", off=0),
            Becomes("do_invert", "invert"),
            Becomes("bg_diameter", "radius", by="pixels", factor=0.5, skip=(-1,)),
            Becomes("white_dust", "white_dust", choices={-1: 0.0}),
            Becomes("black_dust", "black_dust", choices={-1: 0.0}),
        ),
        passed={
            "do_reextract": False, "do_norm": True, "do_float16": ANY, "do_extract_helix": False,
            "do_recenter": ANY, "recenter_x": ANY, "recenter_y": ANY, "recenter_z": ANY,
            "do_reset_offsets": ANY, "do_fom_threshold": False,
        },
    ),
)  # fmt: skip

CLASSES = (
    _scipion(
        "ProtRelionClassify2D",
        inputs={"inputParticles": ANY},
        taken=(
            *_OF_SCIPION,
            Becomes("numberOfClasses", "classes"),
            Becomes("regularisationParamT", "regularisation"),
            Becomes("numberOfIterations", "iterations"),
            Becomes("useGradientAlg", "vdam"),
            Becomes("numberOfVDAMBatches", "iterations", only_if="useGradientAlg"),
            Becomes("limitResolEStep", "resolution", skip=(-1, -1.0)),
            Becomes("inplaneAngularSamplingDeg", "angle_step"),
            Becomes("offsetSearchRangePix", "offset_range"),
            Becomes("offsetSearchStepPix", "offset_step"),
            Becomes("centerAvg", "center"),
        ),
        passed={**_PATHS, "doImageAlignment": True},
        part=True,
    ),
    _relion(
        "class2d",
        "class2d.em",
        "class2d.vdam",
        inputs={"fn_img": ANY},
        taken=(
            *_OF_RELION,
            Becomes("nr_classes", "classes"),
            Becomes("tau_fudge", "regularisation"),
            Becomes("nr_iter", "iterations"),
            Becomes("nr_iter_em", "iterations", only_if="do_em"),
            Becomes("do_grad", "vdam"),
            Becomes("nr_iter_grad", "iterations", only_if="do_grad"),
            Becomes("highres_limit", "resolution", skip=(-1, -1.0)),
            Becomes("psi_sampling", "angle_step"),
            Becomes("offset_range", "offset_range"),
            Becomes("offset_step", "offset_step"),
        ),
        passed={**_JOB, "do_em": ANY},
        part=True,
    ),
)

INITIAL = (
    _scipion(
        "ProtRelionInitialModel",
        inputs={"inputParticles": ANY},
        taken=(*_OF_SCIPION[:1], *_OF_SCIPION[2:], Becomes("symmetryGroup", "symmetry")),
        passed={**_PATHS, "numberOfClasses": 1},
        part=True,
    ),
    _relion(
        "initialmodel",
        inputs={"fn_img": ANY},
        taken=(
            *_OF_RELION[:1], *_OF_RELION[2:],
            Becomes("sym_name", "symmetry"),
            Becomes("nr_iter", "iterations"),
            Becomes("tau_fudge", "regularisation"),
        ),
        passed={**_JOB, "nr_classes": 1},
        part=True,
    ),
)  # fmt: skip

REFINED = (
    _scipion(
        "ProtRelionRefine3D",
        inputs={"inputParticles": ANY, "referenceVolume": "reference"},
        taken=(
            *_OF_SCIPION,
            Becomes("symmetryGroup", "symmetry"),
            Becomes("initialLowPassFilterA", "reference_resolution"),
            Becomes("isMapAbsoluteGreyScale", "absolute"),
            Becomes("angularSamplingDeg", "healpix_order"),
            Becomes("localSearchAutoSamplingDeg", "local_healpix_order"),
            Becomes("offsetSearchRangePix", "offset_range"),
            Becomes("offsetSearchStepPix", "offset_step"),
        ),
        passed={**_PATHS, "solventFscMask": False, "numberOfMpi": ANY},
        part=True,
    ),
    _relion(
        "refine3d",
        inputs={"fn_img": ANY, "fn_ref": "reference"},
        taken=(
            *_OF_RELION,
            Becomes("sym_name", "symmetry"),
            Becomes("ini_high", "reference_resolution"),
            Becomes("ref_correct_greyscale", "absolute"),
            Becomes("sampling", "healpix_order", choices={
                "30 degrees": 0, "15 degrees": 1, "7.5 degrees": 2, "3.7 degrees": 3,
                "1.8 degrees": 4, "0.9 degrees": 5, "0.5 degrees": 6}),
            Becomes("auto_local_sampling", "local_healpix_order", choices={
                "30 degrees": 0, "15 degrees": 1, "7.5 degrees": 2, "3.7 degrees": 3,
                "1.8 degrees": 4, "0.9 degrees": 5, "0.5 degrees": 6}),
            Becomes("offset_range", "offset_range"),
            Becomes("offset_step", "offset_step"),
        ),
        passed={**{k: v for k, v in _JOB.items() if k != "ref_correct_greyscale"},
                "do_solvent_fsc": False, "fn_mask": ""},
        part=True,
    ),
)  # fmt: skip

JOINED = tuple(
    Counterpart(
        program=row.program,
        kinds=row.kinds,
        same=True,
        inputs={("inputParticles" if row.program == "scipion" else "fn_img"): "particles"},
        part=True,
    )
    for row in (*CLASSES, *INITIAL, *REFINED)
)

MASK = (
    _relion(
        "maskcreate",
        inputs={"fn_in": "volume"},
        taken=(
            Becomes("lowpass_filter", "resolution", choices={-1: 0.0}),
            Becomes("inimask_threshold", "threshold"),
            Becomes("extend_inimask", "extend"),
            Becomes("width_mask_edge", "edge"),
        ),
        passed={"angpix": -1, "do_helix": False},
    ),
)

POSTPROCESSED = (
    _scipion(
        "ProtRelionPostprocess",
        inputs={"protRefine": "volume", "inputVolume": "volume", "solventMask": "mask"},
        taken=(
            Becomes("bfactorLowRes", "lowest", only_if="doAutoBfactor"),
            Becomes("bfactor", "bfactor", only_if="doAdhocBfactor"),
            Becomes("mtf", "mtf"),
            Becomes("lowRes", "filter_at", only_if="skipFscWeighting"),
        ),
        passed={"doAutoBfactor": ANY, "calibratedPixelSize": 0.0},
    ),
    _relion(
        "postprocess",
        inputs={"fn_in": "volume", "fn_mask": "mask"},
        taken=(
            Becomes("autob_lowres", "lowest", only_if="do_auto_bfac"),
            Becomes("adhoc_bfac", "bfactor", only_if="do_adhoc_bfac"),
            Becomes("fn_mtf", "mtf"),
            Becomes("mtf_angpix", "mtf_pixel_size"),
            Becomes("low_pass", "filter_at", only_if="do_skip_fsc_weighting"),
        ),
        passed={"do_auto_bfac": ANY, "angpix": -1},
    ),
)
