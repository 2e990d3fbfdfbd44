"""Readers of what microscopes, cameras and other programs write."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from bad_input.target import Target
from gatan_file import write_gatan
from icestream.formats.completeness import judge
from icestream.formats.cs import CsWriter, cs_text, read_cs
from icestream.formats.defects import read_defects
from icestream.formats.eer import write_eer
from icestream.formats.epu import read_epu_exposure, read_epu_fractions
from icestream.formats.errors import FormatError
from icestream.formats.gain import read_gain
from icestream.formats.gatan import read_gatan
from icestream.formats.imaged import read_particles
from icestream.formats.mdoc import read_mdoc, read_mdoc_frames
from icestream.formats.movie import movie_facts, open_movie
from icestream.formats.mrc import map_mrc, read_mrc, read_stack, write_mrc
from icestream.formats.nearby import NearbyFiles
from icestream.formats.parquet import read_columns, read_first, write_columns
from icestream.formats.picked import ListedPicks, read_picks, write_picks
from icestream.formats.relion import read_motion
from icestream.formats.sidecars import find_sidecars
from icestream.formats.star import read_pieces, read_star
from icestream.formats.tiff import read_tiff, write_tiff
from icestream.model.gain import Orientation
from icestream.simulator import epu, serialem
from icestream.simulator.plan import SessionPlan
from icestream.simulator.schedule import schedule

__all__ = ["FORMATS"]

_STARTED = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
_FRAMES = np.arange(2 * 12 * 16, dtype=np.uint16).reshape(2, 12, 16)
_SIDE = (16, 16)
_READS = ("icestream.formats",)


def _movie(path: Path) -> None:
    judge(path, quiet=1e9)
    facts = movie_facts(path)
    for grouping, upsampling in ((1, 1), (2, 2)):
        with open_movie(path, grouping, eer_upsampling=upsampling) as movie:
            for index in {0, movie.frames - 1}:
                movie.read(index)
    assert facts.frames > 0


def _mrc(path: Path) -> None:
    map_mrc(path)
    read_mrc(path)
    read_stack(path, [0])


def _mrc_seeds(folder: Path) -> None:
    for name, image in (
        ("int8", _FRAMES.astype(np.int8)),
        ("int16", _FRAMES.astype(np.int16)),
        ("float32", _FRAMES.astype(np.float32)),
        ("uint16", _FRAMES),
    ):
        write_mrc(folder / name, image, 0.83)
    raw = bytearray((folder / "uint16").read_bytes())
    extended = bytes(768 * 2)
    raw[92:96], raw[104:108] = len(extended).to_bytes(4, "little"), b"FEI1"
    (folder / "fei1").write_bytes(bytes(raw[:1024]) + extended + bytes(raw[1024:]))
    raw[104:108] = b"SERI"
    (folder / "seri").write_bytes(bytes(raw[:1024]) + extended + bytes(raw[1024:]))
    raw = bytearray((folder / "int8").read_bytes())
    raw[152:160] = (1146047817).to_bytes(4, "little") + (16).to_bytes(4, "little")
    (folder / "four_bits").write_bytes(raw)


def _tiff_seeds(folder: Path) -> None:
    for compression in ("lzw", "deflate", "zstd", None):
        write_tiff(folder / f"{compression}", _FRAMES, compression=compression, pixel_size=0.83)
    write_tiff(folder / "bytes", (_FRAMES % 7).astype(np.uint8), description="r/f 3")
    write_tiff(folder / "real", _FRAMES[0].astype(np.float32), compression=None)
    import tifffile

    tifffile.imwrite(folder / "tiled", np.zeros((32, 32), "u1"), tile=(16, 16))
    tifffile.imwrite(folder / "imagej", _FRAMES, imagej=True)
    tifffile.imwrite(folder / "big", _FRAMES, bigtiff=True, byteorder=">")


def _eer_seeds(folder: Path) -> None:
    electrons = np.array([[3, 9], [17, 30], [60, 62]], dtype=np.int64)
    words = {"exposureTime": "1.5", "numberOfFrames": "4"}
    for skip in (7, 8):
        write_eer(folder / f"{skip}", [electrons] * 4, _SIDE, skip_bits=skip, metadata=words)


def _gain(path: Path) -> None:
    for eer in (False, True):
        read_gain(
            path, _SIDE, eer=eer, orientation=Orientation(rotation=90, flip="up-down", inverse=True)
        )


def _gain_seeds(folder: Path) -> None:
    factors = np.ones((8, 8), np.float32)
    write_mrc(folder / "mrc", factors, 1.0)
    write_tiff(folder / "tiff", factors)


def _gatan_seeds(folder: Path) -> None:
    for version, order in ((3, "<"), (4, "<"), (4, ">")):
        image = np.ones((8, 8), "f4")
        write_gatan(folder / f"{version}{order == '<'}", image, version=version, order=order)


def _defects(path: Path) -> None:
    read_defects(path, _SIDE)


def _defects_seeds(folder: Path) -> None:
    (folder / "motioncor").write_text("0 1 2 3\n# words\n4 4 1 12\n")
    (folder / "serialem").write_text(
        "CameraSizeX 16\nCameraSizeY 16\nWasScaled 1\nBadColumns 1 2\nBadRows 3\n"
        "BadPixels 1 2 3 4\nPartialBadColumn 1 1 2 9\nPartialBadRow 1 1 2 9\n"
    )


def _shots() -> Iterator[tuple[SessionPlan, object]]:
    plan = SessionPlan(movies=2, frames=5)
    yield from ((plan, shot) for shot in schedule(plan, _STARTED))


def _epu_seeds(folder: Path) -> None:
    for number, (plan, shot) in enumerate(_shots()):
        text = epu.image_document(plan, shot, _STARTED)  # type: ignore[arg-type]
        (folder / f"{number}").write_text(text, encoding="utf-8")


def _fractions_seeds(folder: Path) -> None:
    text = epu.fractions_document(SessionPlan(frames=3))
    (folder / "three").write_text(text, encoding="utf-8")


def _mdoc(path: Path) -> None:
    read_mdoc(path)
    read_mdoc_frames(path)


def _mdoc_seeds(folder: Path) -> None:
    for number, (plan, shot) in enumerate(_shots()):
        (folder / f"{number}").write_text(serialem.mdoc(plan, shot, _STARTED))  # type: ignore[arg-type]
    (folder / "tilts").write_text(
        "PixelSpacing = 1.35\nImageFile = a.st\nImageSize = 5760 4092\nDataMode = 1\n\n"
        "[T = SerialEM: words]\n\n[ZValue = 0]\nTiltAngle = -0.01\nStagePosition = 1 2\n"
        "NumSubFrames = 8\nFrameDosesAndNumber = 0.5 8\nSubFramePath = D:\\x\\a.tif\n"
        "DateTime = 05-Mar-20  11:12:13\nExposureDose = 4\n\n[FrameSet = 0]\nTiltAngle = 3\n"
    )


def _sidecars(path: Path) -> None:
    """What lies beside a movie, whatever it says."""
    movie = path.with_name("FoilHole_1_Data_2_Fractions.mrc")
    write_mrc(movie, _FRAMES, 0.83)
    beside = [path.with_name("FoilHole_1_Data_2.xml"), path.with_name(f"{movie.name}.mdoc")]
    known = NearbyFiles()
    known.notice_movie(movie)
    for one in beside:
        one.write_bytes(path.read_bytes())
        known.notice(one)
    facts = movie_facts(movie)
    find_sidecars(movie, known).say(facts)
    judge(movie, quiet=1e9)


def _sidecar_seeds(folder: Path) -> None:
    _mdoc_seeds(folder)
    _epu_seeds(folder)


_STARS = {
    "particles": "# version 30001\ndata_optics\n\nloop_\n_rlnOpticsGroup #1\n"
    "_rlnImagePixelSize #2\n"
    "_rlnImageSize #3\n_rlnVoltage #4\n_rlnSphericalAberration #5\n_rlnAmplitudeContrast #6\n"
    "1 1.2 8 300 2.7 0.1\n\ndata_particles\n\nloop_\n_rlnImageName #1\n_rlnMicrographName #2\n"
    "_rlnCoordinateX #3\n_rlnCoordinateY #4\n_rlnDefocusU #5\n_rlnDefocusV #6\n"
    "_rlnDefocusAngle #7\n_rlnOpticsGroup #8\n000001@given.star a.mrc 3 4 9000 8000 45 1\n"
    "000002@given.star 'b c.mrc' 3 4 9000 8000 45 1\n",
    "picks": "data_\nloop_\n_rlnCoordinateX #1\n_rlnCoordinateY #2\n_rlnAutopickFigureOfMerit #3\n"
    "1.0 2.0 0.5\n3 4 -999\n",
    "listed": "data_coordinate_files\nloop_\n_rlnMicrographName\n_rlnMicrographCoordinates\n"
    "a.mrc given.star\n",
    "motion": "data_general\n_rlnImageSizeX 16\n_rlnImageSizeY 16\n_rlnImageSizeZ 2\n"
    "_rlnMicrographMovieName a.mrc\n_rlnMicrographBinning 1.0\n"
    "_rlnMicrographOriginalPixelSize 0.8\n_rlnMicrographDoseRate 1.0\n"
    "_rlnMicrographPreExposure 0.0\n_rlnVoltage 300\n_rlnMicrographStartFrame 1\n"
    "_rlnMotionModelVersion 1\n\ndata_global_shift\nloop_\n_rlnMicrographFrameNumber #1\n"
    "_rlnMicrographShiftX #2\n_rlnMicrographShiftY #3\n1 0 0\n2 1.5 -0.5\n\n"
    "data_local_motion_model\nloop_\n_rlnMotionModelCoeffsIdx\n_rlnMotionModelCoeff\n"
    + "".join(f"{n} 0.1\n" for n in range(36)),
}


def _star_seeds(folder: Path) -> None:
    for name, text in _STARS.items():
        (folder / name).write_text(text)


def _star(path: Path) -> None:
    blocks = read_star(path)
    for block in [*blocks.values(), *read_pieces(path, 1)]:
        for label in block.columns:
            block.text(label)
            for read in (block.floats, block.integers):
                try:
                    read(label)
                except FormatError:
                    continue


def _picks_seeds(folder: Path) -> None:
    one = np.array([3.0, 7.0])
    picks = ListedPicks(x=one, y=one, score=one / 10, box=4.0)
    write_picks(folder / "picks.box", picks)
    write_picks(folder / "picks.coord", picks)


_CS = np.dtype(
    [("uid", "<u8"), ("blob/path", "S12"), ("blob/idx", "<u4"), ("blob/shape", "<u4", (2,)),
     ("blob/psize_A", "<f4"), ("blob/sign", "<f4"), ("location/micrograph_path", "S8"),
     ("location/micrograph_shape", "<u4", (2,)), ("location/center_x_frac", "<f4"),
     ("location/center_y_frac", "<f4"), ("ctf/accel_kv", "<f4"), ("ctf/cs_mm", "<f4"),
     ("ctf/amp_contrast", "<f4"), ("ctf/df1_A", "<f4"), ("ctf/df2_A", "<f4"),
     ("ctf/df_angle_rad", "<f4"), ("ctf/phase_shift_rad", "<f4"),
     ("pick_stats/ncc_score", "<f4")]
)  # fmt: skip


def _cs_seeds(folder: Path) -> None:
    rows = np.zeros(2, _CS)
    rows["uid"], rows["blob/path"], rows["location/micrograph_path"] = (
        (1, 2),
        b">given.cs",
        b"a.mrc",
    )
    rows["blob/shape"], rows["location/micrograph_shape"] = 8, 16
    with CsWriter(folder / "both", _CS) as table:
        table.extend(rows)


def _cs(path: Path) -> None:
    rows = read_cs(path)
    for name in rows.dtype.names or ():
        [cs_text(value) for value in rows[name]]


def _group_seeds(folder: Path) -> None:
    (folder / "group").write_text(
        "results:\n  location:\n    metafile: '>both'\n  blob:\n    metafile: '>both'\n"
        "  ctf:\n    metafile: '>both'\n"
    )


def _group(path: Path) -> None:
    _cs_seeds(path.parent)
    (path.parent / "given.cs").touch()  # the stack of its images
    read_particles(path)


def _parquet_seeds(folder: Path) -> None:
    columns = {"number": np.arange(3), "score": np.arange(3) / 2}
    write_columns(folder / "three", columns, {})


def _parquet(path: Path) -> None:
    read_columns(path)
    read_first(path, {"number": 1}, "score", 2)


_FORMAT = (FormatError,)
FORMATS = (
    Target(
        name="mrc", file="given.mrc", read=_mrc, allowed=_FORMAT, seeds=_mrc_seeds, modules=_READS
    ),
    Target(
        name="mrc-movie",
        file="given.mrc",
        read=_movie,
        allowed=_FORMAT,
        seeds=_mrc_seeds,
        modules=_READS,
    ),
    Target(
        name="tiff",
        file="given.tif",
        read=read_tiff,
        allowed=_FORMAT,
        seeds=_tiff_seeds,
        modules=_READS,
    ),
    Target(
        name="tiff-movie",
        file="given.tif",
        read=_movie,
        allowed=_FORMAT,
        seeds=_tiff_seeds,
        modules=_READS,
    ),
    Target(
        name="eer", file="given.eer", read=_movie, allowed=_FORMAT, seeds=_eer_seeds, modules=_READS
    ),
    Target(
        name="gain",
        file="given.gain",
        read=_gain,
        allowed=_FORMAT,
        seeds=_gain_seeds,
        modules=_READS,
    ),
    Target(
        name="gatan",
        file="given.dm4",
        read=read_gatan,
        allowed=_FORMAT,
        seeds=_gatan_seeds,
        modules=_READS,
    ),
    Target(
        name="defects",
        file="given.txt",
        read=_defects,
        allowed=_FORMAT,
        kind="text",
        seeds=_defects_seeds,
        modules=_READS,
    ),
    Target(
        name="epu",
        file="given.xml",
        read=read_epu_exposure,
        allowed=_FORMAT,
        kind="text",
        seeds=_epu_seeds,
        modules=_READS,
    ),
    Target(
        name="epu-fractions",
        file="a_Fractions.xml",
        read=read_epu_fractions,
        allowed=_FORMAT,
        kind="text",
        seeds=_fractions_seeds,
        modules=_READS,
    ),
    Target(
        name="mdoc",
        file="given.mdoc",
        read=_mdoc,
        allowed=_FORMAT,
        kind="text",
        seeds=_mdoc_seeds,
        modules=_READS,
    ),
    Target(
        name="sidecars",
        read=_sidecars,
        allowed=(),
        kind="text",
        seeds=_sidecar_seeds,
        modules=_READS,
    ),
    Target(
        name="star",
        file="given.star",
        read=_star,
        allowed=_FORMAT,
        kind="text",
        seeds=_star_seeds,
        modules=_READS,
    ),
    Target(
        name="star-motion",
        file="given.star",
        read=read_motion,
        allowed=_FORMAT,
        kind="text",
        seeds=_star_seeds,
        modules=_READS,
    ),
    Target(
        name="star-picks",
        file="given.star",
        read=read_picks,
        allowed=_FORMAT,
        kind="text",
        seeds=_star_seeds,
        modules=_READS,
    ),
    Target(
        name="star-particles",
        file="given.star",
        read=read_particles,
        allowed=_FORMAT,
        kind="text",
        seeds=_star_seeds,
        modules=_READS,
    ),
    Target(
        name="box",
        file="given.box",
        read=read_picks,
        allowed=_FORMAT,
        kind="text",
        seeds=_picks_seeds,
        modules=_READS,
    ),
    Target(
        name="coordinates",
        file="given.coord",
        read=read_picks,
        allowed=_FORMAT,
        kind="text",
        seeds=_picks_seeds,
        modules=_READS,
    ),
    Target(name="cs", file="given.cs", read=_cs, allowed=_FORMAT, seeds=_cs_seeds, modules=_READS),
    Target(
        name="cs-picks",
        file="given.cs",
        read=read_picks,
        allowed=_FORMAT,
        seeds=_cs_seeds,
        modules=_READS,
    ),
    Target(
        name="cs-particles",
        file="given.cs",
        read=read_particles,
        allowed=_FORMAT,
        seeds=_cs_seeds,
        modules=_READS,
    ),
    Target(
        name="cs-group",
        file="given.csg",
        read=_group,
        allowed=_FORMAT,
        kind="text",
        seeds=_group_seeds,
        modules=_READS,
    ),
    Target(
        name="parquet",
        file="given.parquet",
        read=_parquet,
        allowed=_FORMAT,
        seeds=_parquet_seeds,
        modules=_READS,
    ),
)
"""All of them."""
