"""What RELION's window shows of a job: ``job.star``, with the settings that mean the same there.

They are taken from the items themselves, so that they are right whatever protocols made them.
Options that are not named keep RELION's defaults; how a result really was made is in
``provenance/``.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from icestream.exports.relion.jobs import (
    COMMENTS,
    IMPORTED,
    JOBS,
    PARTICLES,
    WITH_CTF,
    Job,
    Version,
)
from icestream.formats.star import Block, write_star
from icestream.model import Classes, Ctf, Micrograph, Movie, Particles, Picks

__all__ = [
    "Settings",
    "class2d_settings",
    "ctf_settings",
    "extract_settings",
    "import_settings",
    "motion_settings",
    "picking_settings",
    "write_settings",
]

Settings = Mapping[str, object]
"""Options of a job by RELION's names of them; True and False are Yes and No."""

_MOVIES, _CORRECTED = (job.outputs[0].path for job in JOBS[:2])


def write_settings(path: Path, job: Job, settings: Settings, version: Version) -> None:
    """Write ``job.star`` of a job."""
    about: dict[str, list[object]] = (
        {"rlnJobType": [job.number], "rlnJobIsContinue": [0]}
        if version == "3.1"
        else {"rlnJobTypeLabel": [job.label], "rlnJobIsContinue": [0], "rlnJobIsTomo": [0]}
    )
    options = {
        "rlnJobOptionVariable": list(settings),
        "rlnJobOptionValue": [_value(value) for value in settings.values()],
    }
    blocks = [Block("job", about, single=True), Block("joboptions_values", options)]
    write_star(path, blocks, COMMENTS[version])


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def import_settings(taken: Movie | Micrograph, group: str) -> Settings:
    """Of the first movie, or else micrograph; `group` is the name of its optics group."""
    movie = isinstance(taken, Movie)
    return {
        "do_raw": True,
        "fn_in_raw": f"{'Movies' if movie else 'Micrographs'}/*{taken.path.suffix}",
        "is_multiframe": movie,
        "optics_group_name": group,
        "angpix": taken.optics.pixel_size,
        "kV": taken.optics.voltage,
        "Cs": taken.optics.spherical_aberration,
        "Q0": taken.optics.amplitude_contrast,
        "do_other": False,
    }


def motion_settings(
    movie: Movie, micrograph: Micrograph, gain: str | None, defects: str | None
) -> Settings:
    """Of the first micrograph; `gain` and `defects` are their names in the project."""
    first = micrograph.motion.first_frame if micrograph.motion else 1
    last = first + micrograph.frames - 1
    patches = None if micrograph.motion is None else micrograph.motion.patch_quality
    across = (1, 1) if patches is None else tuple(len(set(row.tolist())) for row in patches.T[:2])
    return {
        "input_star_mics": _MOVIES,
        "do_own_motioncor": True,
        "first_frame_sum": first,
        "last_frame_sum": last if 0 < last < movie.frames else -1,
        "bin_factor": micrograph.binning,
        "dose_per_frame": micrograph.dose_per_frame,
        "pre_exposure": micrograph.pre_exposure,
        "eer_grouping": micrograph.eer_grouping,
        "patch_x": across[1],
        "patch_y": across[0],
        "fn_gain_ref": gain or "",
        "fn_defect": defects or "",
        "do_dose_weighting": micrograph.dose_per_frame > 0,
        "do_save_noDW": micrograph.unweighted is not None,
    }


def ctf_settings(micrograph: Micrograph, ctf: Ctf | None, *, imported: bool = False) -> Settings:
    """Of the first micrograph; RELION has to be told of one of two programs.

    Of `ctf` it is whether a phase shift was fitted.
    """
    unweighted = micrograph.unweighted is not None
    source = IMPORTED.path if imported else _CORRECTED
    return {
        "input_star_mics": source,
        "use_noDW": unweighted,
        "use_ctffind4": True,
        "do_phaseshift": ctf is not None and ctf.phase_shift_error is not None,
    }


def picking_settings(picks: Picks) -> Settings:
    """Of the first micrograph with picks; RELION's own diameters where none is known."""
    settings: dict[str, object] = {"fn_input_autopick": WITH_CTF.path, "do_log": True}
    if not picks.diameter_known:
        return settings  # what was a placeholder here would be taken for a measurement there
    return settings | {"log_diam_min": picks.diameter, "log_diam_max": picks.diameter}


def extract_settings(
    particles: Particles, version: Version, wanted: Mapping[str, Any] | None = None
) -> Settings:
    """Of the first stack: the box as it was cut, and the size that it was brought to.

    `wanted` are the parameters of the step that cut it, of which RELION has the contrast, the
    background and the dust, too.
    """
    wanted = wanted or {}
    scale = particles.optics.pixel_size / particles.micrograph_pixel_size
    cut = 2 * round(particles.box * scale / 2)
    picks = next(node.path for node in JOBS[3].made(version))
    settings: dict[str, object] = {
        "star_mics": WITH_CTF.path,
        "coords_suffix": picks,
        "extract_size": cut,
        "do_rescale": cut != particles.box,
        "rescale": particles.box,
        "do_invert": bool(wanted.get("invert", True)),
        "bg_diameter": _background(particles, cut, wanted),
        "white_dust": wanted.get("dust") or -1,
        "black_dust": wanted.get("dust") or -1,
        "do_norm": True,
    }
    return settings if version == "3.1" else {**settings, "do_float16": False}


def _background(particles: Particles, cut: int, wanted: Mapping[str, Any]) -> int:
    """Diameter of what is not background, pixels of the micrograph; -1 is RELION's own."""
    if "radius" not in wanted:
        return -1
    radius = wanted["radius"] or 0.55 * particles.diameter
    return round(2 * min(radius / particles.micrograph_pixel_size, 0.48 * cut))


def class2d_settings(classes: Classes, particles: Particles, version: Version) -> Settings:
    """Of the newest snapshot."""
    iterations = "nr_iter" if version == "3.1" else "nr_iter_em"
    settings: dict[str, object] = {
        "fn_img": PARTICLES.path,
        "do_ctf_correction": True,
        "nr_classes": len(classes.counts),
        iterations: classes.iteration,
        "particle_diameter": classes.diameter or particles.diameter,
    }
    return settings if version == "3.1" else {**settings, "do_em": True, "do_grad": False}
