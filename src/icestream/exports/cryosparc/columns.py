"""Columns of CryoSPARC's tables, and rows of them from the items of a session.

Names, types and units are those of the tables that CryoSPARC's own jobs write: Å, kV, mm, radians,
e/Å², and places as fractions of the micrograph, counted along its rows and columns as they are
stored.

References
----------
`cryosparc-tools <https://github.com/cryoem-uoft/cryosparc-tools>`_ of CryoSPARC's authors, whose
examples have tables of each kind and turn coordinates of a picker into fractions, and
`pyem <https://github.com/asarnow/pyem>`_, whose conversion to RELION says that shifts (x, y in
pixels) and angles of 2D alignments have RELION's signs.
"""

import hashlib
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from icestream.exports.cryosparc.groups import ItemGroup
from icestream.model import Column, Ctf, Micrograph, Movie, Optics, Particles, Picks

__all__ = [
    "ALIGNED",
    "EXPOSURES",
    "MOVIES",
    "PARTICLES",
    "PICKS",
    "REJECTED",
    "TEMPLATES",
    "VOLUME",
    "columns_of",
    "exposure_row",
    "import_signature",
    "movie_row",
    "particle_rows",
    "pick_rows",
    "uid_of",
]

Rows = NDArray[np.void]

_SCOPE = (
    ("mscope_params/accel_kv", "<f4"),
    ("mscope_params/cs_mm", "<f4"),
    ("mscope_params/total_dose_e_per_A2", "<f4"),
    ("mscope_params/phase_plate", "<u4"),
    ("mscope_params/neg_stain", "<u4"),
    ("mscope_params/exp_group_id", "<u4"),
    ("mscope_params/defect_path", "S"),
)
_CTF = (
    ("ctf/type", "S"),
    ("ctf/exp_group_id", "<u4"),
    ("ctf/accel_kv", "<f4"),
    ("ctf/cs_mm", "<f4"),
    ("ctf/amp_contrast", "<f4"),
    ("ctf/df1_A", "<f4"),
    ("ctf/df2_A", "<f4"),
    ("ctf/df_angle_rad", "<f4"),
    ("ctf/phase_shift_rad", "<f4"),
)


def _image(slot: str) -> tuple[tuple[Any, ...], ...]:
    return (
        (f"{slot}/path", "S"),
        (f"{slot}/idx", "<u4"),
        (f"{slot}/shape", "<u4", (2,)),
        (f"{slot}/psize_A", "<f4"),
        (f"{slot}/format", "S"),
        (f"{slot}/is_background_subtracted", "<u4"),
        (f"{slot}/import_sig", "<u8"),
    )


_COLUMNS: dict[str, tuple[tuple[Any, ...], ...]] = {
    "movie_blob": (
        ("movie_blob/path", "S"),
        ("movie_blob/shape", "<u4", (3,)),
        ("movie_blob/psize_A", "<f4"),
        ("movie_blob/is_gain_corrected", "<u4"),
        ("movie_blob/format", "S"),
        ("movie_blob/has_defect_file", "<u4"),
        ("movie_blob/import_sig", "<u8"),
    ),
    "gain_ref_blob": (
        ("gain_ref_blob/path", "S"),
        ("gain_ref_blob/idx", "<u4"),
        ("gain_ref_blob/shape", "<u4", (2,)),
        ("gain_ref_blob/flip_x", "<u4"),
        ("gain_ref_blob/flip_y", "<u4"),
        ("gain_ref_blob/rotate_num", "<u4"),
    ),
    "mscope_params": _SCOPE,
    "micrograph_blob": _image("micrograph_blob"),
    "micrograph_blob_non_dw": _image("micrograph_blob_non_dw"),
    "exposure.ctf": (
        *_CTF,
        ("ctf/path", "S"),
        ("ctf/cross_corr_ctffind4", "<f4"),
        ("ctf/ctf_fit_to_A", "<f4"),
        ("ctf/fig_of_merit_gctf", "<f4"),
    ),
    "particle.ctf": (
        *_CTF,
        ("ctf/scale", "<f4"),
        ("ctf/scale_const", "<f4"),
        ("ctf/shift_A", "<f4", (2,)),
        ("ctf/tilt_A", "<f4", (2,)),
        ("ctf/trefoil_A", "<f4", (2,)),
        ("ctf/tetra_A", "<f4", (4,)),
        ("ctf/anisomag", "<f4", (4,)),
        ("ctf/bfactor", "<f4"),
    ),
    "blob": (
        ("blob/path", "S"),
        ("blob/idx", "<u4"),
        ("blob/shape", "<u4", (2,)),
        ("blob/psize_A", "<f4"),
        ("blob/sign", "<f4"),
        ("blob/import_sig", "<u8"),
    ),
    "location": (
        ("location/micrograph_uid", "<u8"),
        ("location/exp_group_id", "<u4"),
        ("location/micrograph_path", "S"),
        ("location/micrograph_shape", "<u4", (2,)),
        ("location/micrograph_psize_A", "<f4"),
        ("location/center_x_frac", "<f4"),
        ("location/center_y_frac", "<f4"),
        ("location/min_dist_A", "<f4"),
    ),
    "pick_stats": (("pick_stats/ncc_score", "<f4"),),
    "alignments2D": (
        ("alignments2D/split", "<u4"),
        ("alignments2D/shift", "<f4", (2,)),
        ("alignments2D/pose", "<f4"),
        ("alignments2D/psize_A", "<f4"),
        ("alignments2D/alpha", "<f4"),
        ("alignments2D/class", "<u4"),
        ("alignments2D/class_posterior", "<f4"),
        ("alignments2D/class_ess", "<f4"),
    ),
    **{
        slot: (
            (f"{slot}/path", "S"),
            (f"{slot}/shape", "<u4", (3,)),
            (f"{slot}/psize_A", "<f4"),
        )
        for slot in ("map", "map_half_A", "map_half_B")
    },
}

_SEEN = {
    "micrograph_blob": "micrograph_blob",
    "ctf": "ctf",
    "mscope_params": "mscope_params",
}
EXPOSURES = ItemGroup(name="exposures", kind="exposure", title="Micrographs, accepted", slots=_SEEN)
REJECTED = ItemGroup(
    name="exposures_rejected", kind="exposure", title="Micrographs, rejected", slots=_SEEN
)
MOVIES = ItemGroup(
    name="movies",
    kind="exposure",
    title="Movies",
    slots={
        "movie_blob": "movie_blob",
        "gain_ref_blob": "gain_ref_blob",
        "mscope_params": "mscope_params",
    },
)
PICKS = ItemGroup(
    name="picks",
    kind="particle",
    title="Picks, all",
    slots={"location": "location", "pick_stats": "pick_stats"},
)
_PARTICLES = {"blob": "blob", "ctf": "ctf", "location": "location", "pick_stats": "pick_stats"}
PARTICLES = ItemGroup(name="particles", kind="particle", title="Particles, all", slots=_PARTICLES)
ALIGNED = ItemGroup(
    name="particles_2D",
    kind="particle",
    title="Particles that have a 2D class",
    slots={**_PARTICLES, "alignments2D": "alignments2D"},
)
TEMPLATES = ItemGroup(
    name="templates", kind="template", title="2D class averages", slots={"blob": "blob"}
)
VOLUME = ItemGroup(
    name="volume",
    kind="volume",
    title="First map and its halves",
    slots={"map": "blob", "map_half_A": "blob", "map_half_B": "blob"},
)


def columns_of(group: ItemGroup, text: int) -> np.dtype[Any]:
    """Type of a row of a group's table, whose texts have so many bytes at most."""
    columns: list[Any] = [("uid", "<u8")]
    for slot in group.slots:
        for name, kind, *shape in _COLUMNS.get(slot) or _COLUMNS[f"{group.kind}.{slot}"]:
            columns.append((name, f"S{text}" if kind == "S" else kind, *shape))
    return np.dtype(columns)


def uid_of(*parts: object) -> int:
    """A number of 64 bits by which an item is known, the same in every export."""
    digest = hashlib.sha256("\n".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "little")


def import_signature(path: str) -> int:
    """What CryoSPARC knows an imported file by: the first bytes of a digest of its path."""
    digest = hashlib.sha1(path.encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest[:8], "little")


def _row(columns: np.dtype[Any], values: dict[str, object]) -> Rows:
    row = np.zeros(1, columns)
    for name, value in values.items():
        # NumPy would cut a text that is too long without a word, and the path would lead nowhere.
        if isinstance(value, bytes) and len(value) > columns[name].itemsize:
            raise ValueError(f"{name}: {value!r} has more than {columns[name].itemsize} bytes")
        row[name] = value
    return row


def _scope(optics: Optics, dose: float, group: int, *, phase_plate: bool) -> dict[str, object]:
    return {
        "mscope_params/accel_kv": optics.voltage,
        "mscope_params/cs_mm": optics.spherical_aberration,
        "mscope_params/total_dose_e_per_A2": dose,
        "mscope_params/phase_plate": phase_plate,
        "mscope_params/exp_group_id": group,
    }


def _optics(optics: Optics, group: int) -> dict[str, object]:
    return {
        "ctf/type": b"imported",
        "ctf/exp_group_id": group,
        "ctf/accel_kv": optics.voltage,
        "ctf/cs_mm": optics.spherical_aberration,
        "ctf/amp_contrast": optics.amplitude_contrast,
    }


def movie_row(
    columns: np.dtype[Any], uid: int, movie: Movie, group: int, names: Sequence[str]
) -> Rows:
    """One movie; `names` are those of its file, its format and its gain reference, if any."""
    path, kind, gain = names
    values = {
        "uid": uid,
        "movie_blob/path": path.encode(),
        "movie_blob/shape": (movie.frames, *movie.shape),
        "movie_blob/psize_A": movie.optics.pixel_size,
        "movie_blob/is_gain_corrected": movie.gain is None,
        "movie_blob/format": kind.encode(),
        "movie_blob/import_sig": import_signature(str(movie.path)),
        "gain_ref_blob/path": gain.encode(),
        "gain_ref_blob/shape": movie.shape if gain else (0, 0),
        **_scope(movie.optics, movie.dose, group, phase_plate=_has_phase_plate(movie)),
    }
    return _row(columns, values)


def _has_phase_plate(movie: Movie) -> bool:
    return bool(movie.details and movie.details.phase_plate)


def exposure_row(
    columns: np.dtype[Any],
    uid: int,
    micrograph: Micrograph,
    ctf: Ctf,
    group: int,
    image: tuple[str, str],
) -> Rows:
    """One micrograph with its CTF; `image` is the name of its file and its format."""
    path, kind = image
    values = {
        "uid": uid,
        "micrograph_blob/path": path.encode(),
        "micrograph_blob/shape": micrograph.shape,
        "micrograph_blob/psize_A": micrograph.optics.pixel_size,
        "micrograph_blob/format": kind.encode(),
        "micrograph_blob/import_sig": import_signature(str(micrograph.path)),
        **_scope(
            micrograph.optics,
            micrograph.dose_per_frame * micrograph.frames,
            group,
            phase_plate=micrograph.phase_plate,
        ),
        **_optics(ctf.optics, group),
        "ctf/df1_A": ctf.defocus_u,
        "ctf/df2_A": ctf.defocus_v,
        "ctf/df_angle_rad": math.radians(ctf.angle),
        "ctf/phase_shift_rad": math.radians(ctf.phase_shift),
        "ctf/cross_corr_ctffind4": ctf.score,
        "ctf/ctf_fit_to_A": ctf.resolution,
    }
    return _row(columns, values)


def particle_rows(
    columns: np.dtype[Any],
    uid: int,
    particles: Particles,
    shape: tuple[int, int],
    group: int,
    names: tuple[str, str],
) -> Rows:
    """The particles of a micrograph of `shape`; `names` are those of their stack and of it."""
    stack, micrograph = names
    rows = np.zeros(len(particles), columns)
    rows["uid"] = [uid_of(uid, number) for number in range(len(particles))]
    rows["blob/path"] = stack.encode()
    rows["blob/idx"] = np.arange(len(particles))
    rows["blob/shape"] = particles.box
    rows["blob/psize_A"] = particles.optics.pixel_size
    rows["blob/sign"] = 1.0  # bright; CryoSPARC's own are as dark as the micrograph, and have -1
    _locate(rows, uid, group, micrograph, shape)
    rows["location/micrograph_psize_A"] = particles.micrograph_pixel_size
    rows["location/center_x_frac"] = _fractions(particles.x, shape[1])
    rows["location/center_y_frac"] = _fractions(particles.y, shape[0])
    rows["location/min_dist_A"] = particles.diameter
    rows["pick_stats/ncc_score"] = _merit(particles.score)
    for name, value in _optics(particles.optics, group).items():
        rows[name] = value
    rows["ctf/df1_A"] = particles.defocus_u
    rows["ctf/df2_A"] = particles.defocus_v
    rows["ctf/df_angle_rad"] = np.radians(particles.defocus_angle)
    rows["ctf/phase_shift_rad"] = math.radians(particles.phase_shift)
    rows["ctf/scale"] = rows["ctf/scale_const"] = 1.0
    return rows


def pick_rows(
    columns: np.dtype[Any], uid: int, picks: Picks, micrograph: Micrograph, group: int, name: str
) -> Rows:
    """The picks of a micrograph; `name` is that of its file."""
    pixel_size, shape = micrograph.optics.pixel_size, micrograph.shape
    scale = np.float32(picks.pixel_size / pixel_size)
    rows = np.zeros(len(picks), columns)
    rows["uid"] = [uid_of(uid, "pick", number) for number in range(len(picks))]
    _locate(rows, uid, group, name, shape)
    rows["location/micrograph_psize_A"] = pixel_size
    rows["location/center_x_frac"] = _fractions(picks.x * scale, shape[1])
    rows["location/center_y_frac"] = _fractions(picks.y * scale, shape[0])
    rows["location/min_dist_A"] = picks.diameter
    rows["pick_stats/ncc_score"] = _merit(picks.score)
    return rows


def _merit(scores: Column) -> NDArray[np.float32]:
    """Scores of a picker; 0 where there is none, for which CryoSPARC has no mark."""
    return np.where(np.isfinite(scores), scores, np.float32(0.0))


def _locate(rows: Rows, uid: int, group: int, name: str, shape: tuple[int, int]) -> None:
    """In which micrograph rows are."""
    rows["location/micrograph_uid"] = uid
    rows["location/exp_group_id"] = group
    rows["location/micrograph_path"] = name.encode()
    rows["location/micrograph_shape"] = shape


def _fractions(pixels: Column, size: int) -> NDArray[np.float32]:
    """Places as fractions of so many pixels, each still in its own pixel when turned back."""
    fractions = (np.asarray(pixels, np.float64) / size).astype(np.float32)
    short = np.floor(fractions.astype(np.float64) * size) < np.floor(pixels)
    return np.where(short, np.nextafter(fractions, np.float32(2.0)), fractions)
