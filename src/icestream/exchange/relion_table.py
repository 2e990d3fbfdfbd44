"""What RELION calls the protocols of icestream: its jobs, and their options."""

from collections.abc import Mapping
from typing import Any

from icestream.protocol import ANY, Becomes, Counterpart

__all__ = ["RELION"]

_TO_UM = 1e-4


def _of(*kinds: str, **more: Any) -> Counterpart:
    return Counterpart(program="relion", kinds=kinds, **more)


RELION: Mapping[str, tuple[Counterpart, ...]] = {
    "movies.import": (
        _of(
            "import.movies",
            same=True,
            inputs={},
            taken=(
                Becomes("fn_in_raw", "pattern"),
                Becomes("angpix", "pixel_size"),
                Becomes("kV", "voltage"),
                Becomes("Cs", "spherical_aberration"),
                Becomes("Q0", "amplitude_contrast"),
            ),
            when={"is_multiframe": True},
            passed={"do_raw": True, "is_multiframe": True, "do_other": False,
                    "optics_group_name": ANY, "beamtilt_x": 0.0, "beamtilt_y": 0.0,
                    "fn_in_other": ANY, "node_type": ANY, "optics_group_particles": ANY},
            pixel="angpix",
        ),
    ),
    "micrographs.import": (
        _of(
            "import.movies",
            same=True,
            inputs={},
            taken=(
                Becomes("fn_in_raw", "pattern"),
                Becomes("angpix", "pixel_size"),
                Becomes("kV", "voltage"),
                Becomes("Cs", "spherical_aberration"),
                Becomes("Q0", "amplitude_contrast"),
            ),
            when={"is_multiframe": False},
            passed={"do_raw": True, "is_multiframe": False, "do_other": False,
                    "optics_group_name": ANY, "beamtilt_x": 0.0, "beamtilt_y": 0.0,
                    "fn_in_other": ANY, "node_type": ANY, "optics_group_particles": ANY},
            pixel="angpix",
        ),
    ),
    "movies.align": (
        _of(
            "motioncorr.own", "motioncorr.motioncor2",
            inputs={"input_star_mics": "movie"},
            taken=(
                Becomes("do_dose_weighting", "dose_weighting"),
                Becomes("patch_x", "local_motion", by="several"),
                Becomes("bin_factor", "binning"),
                Becomes("first_frame_sum", "first_frame", skip=(0,)),
                Becomes("last_frame_sum", "last_frame", choices={-1: 0}),
                Becomes("bfactor", "bfactor"),
                Becomes("do_even_odd_split", "halves"),
                Becomes("fn_defect", "defects"),
                Becomes("fn_gain_ref", "gain", at="source"),
                Becomes("dose_per_frame", "dose_per_frame", at="source", skip=(0,),
                        grouped="eer_grouping"),
                Becomes("pre_exposure", "pre_exposure", at="source"),
                Becomes("gain_rot", "gain_rotation", at="source", choices={
                    "No rotation (0)": 0, "90 degrees (1)": 90, "180 degrees (2)": 180,
                    "270 degrees (3)": 270}),
                Becomes("gain_flip", "gain_flip", at="source", choices={
                    "No flipping (0)": "none", "Flip upside down (1)": "up-down",
                    "Flip left to right (2)": "left-right"}),
            ),
            passed={"do_own_motioncor": ANY, "fn_motioncor2_exe": ANY, "do_save_noDW": ANY,
                    "do_save_ps": ANY, "patch_y": ANY, "do_float16": ANY, "group_for_ps": ANY,
                    "other_motioncor2_args": "", "group_frames": 1},
            bins="bin_factor",
        ),
    ),
    "ctf.estimate": (
        _of(
            "ctffind.ctffind4", "ctffind.gctf",
            inputs={"input_star_mics": "micrograph"},
            taken=(
                Becomes("dfmin", "defocus_min", factor=_TO_UM),
                Becomes("dfmax", "defocus_max", factor=_TO_UM),
                Becomes("resmin", "resolution_min"),
                Becomes("resmax", "resolution_max"),
                Becomes("box", "tile_size"),
                Becomes("do_phaseshift", "phase_plate"),
                Becomes("phase_max", "phase_shift_max", only_if="do_phaseshift"),
            ),
            passed={"use_ctffind4": ANY, "use_ctffind": ANY, "use_gctf": ANY, "fn_ctffind_exe": ANY,
                    "fn_gctf_exe": ANY, "use_given_ps": ANY, "use_noDW": False, "phase_min": ANY,
                    "phase_step": ANY, "phase_max": ANY, "do_EPA": ANY,
                    "do_ignore_ctffind_params": ANY, "ctf_win": -1, "slow_search": ANY,
                    "other_gctf_args": "", "localsearch_nominal_defocus": -1,
                    "exp_factor_dose": ANY},
        ),
    ),
    "picks.log": (
        _of(
            "autopick.log",
            inputs={"fn_input_autopick": ANY},
            taken=(
                Becomes("log_diam_min", "diameter"),
                Becomes("log_diam_max", "diameter_max"),
                Becomes("log_invert", "bright"),
            ),
            passed={"do_log": True, "log_adjust_thr": 0.0, "log_upper_thr": 999.0, "do_refs": False,
                    "do_topaz": False, "continue_manual": False, "log_maxres": ANY},
        ),
    ),
    "particles.extract": (
        _of(
            "extract",
            same=True,
            inputs={"star_mics": ANY, "coords_suffix": "picks", "fndata_reextract": ANY},
            when={"do_reextract": False},
            taken=(
                Becomes("extract_size", "box", by="pixels"),
                Becomes("rescale", "size", only_if="do_rescale", off=0),
                Becomes("do_invert", "invert"),
                Becomes("bg_diameter", "radius", by="pixels", factor=0.5, skip=(-1,)),
                Becomes("white_dust", "dust", choices={-1: 0.0}),
            ),
            passed={"do_reextract": False, "do_norm": True, "black_dust": -1, "do_float16": ANY,
                    "do_extract_helix": False, "do_recenter": ANY, "recenter_x": ANY,
                    "recenter_y": ANY, "recenter_z": ANY, "do_reset_offsets": ANY,
                    "do_fom_threshold": False},
        ),
    ),
    "classes2d.online": (
        _of(
            "class2d", "class2d.em", "class2d.vdam",
            inputs={"fn_img": "particles"},
            taken=(
                Becomes("nr_classes", "classes"),
                Becomes("particle_diameter", "diameter"),
                Becomes("highres_limit", "resolution", skip=(-1,)),
                Becomes("do_ctf_correction", "use_ctf"),
            ),
            passed={"fn_cont": "", "do_helix": False, "ctf_intact_first_peak": False},
        ),
    ),
    "classes2d.select": (
        _of(
            "select.class2dauto",
            inputs={"fn_model": "classes"},
            taken=(Becomes("rank_threshold", "score_min"),),
            passed={"do_class_ranker": True},
        ),
    ),
    "volume.initial": (
        _of(
            "initialmodel",
            inputs={"fn_img": ANY},
            taken=(
                Becomes("sym_name", "symmetry"),
                Becomes("particle_diameter", "diameter"),
            ),
            passed={"fn_cont": "", "nr_classes": 1},
        ),
    ),
}  # fmt: skip
"""Counterparts by the names of our protocols."""
