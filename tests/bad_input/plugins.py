"""What plugins read of the programs that they run: they end as if all was well, and write this."""

import contextlib
import json
from pathlib import Path
from typing import Any

import gemmi
import numpy as np

from bad_input.target import Target
from icestream.formats.errors import FormatError
from icestream.formats.mrc import write_mrc
from icestream.model import Micrograph, Movie, Optics
from icestream.protocol import ItemFailed, Work
from icestream_aspire.estimate_ctf import read_defocus
from icestream_aspire.pick_with_apple import read_places
from icestream_aspire.program import read_array
from icestream_cistem.sums import read_shifts as read_unblur
from icestream_cistem.tables import read_found
from icestream_ctf import ctffind, estimate_with_gctf
from icestream_motioncor.outputs import read_shifts as read_motioncor
from icestream_pickers.eman import read_boxes
from icestream_relion.picks import read_picks as read_relion_picks
from icestream_relion.results import read_map, read_table
from icestream_structure.atoms import read_model
from icestream_structure.servalcat import _geometry
from icestream_topaz.tables import read_picks as read_topaz
from icestream_topaz.train_topaz import read_best_epoch
from icestream_xmipp.metadata import read_block, read_column
from icestream_xmipp.movies import read_shifts as read_xmipp
from icestream_xmipp.spider import read_spider

__all__ = ["PLUGINS"]

_OPTICS = Optics(pixel_size=1.0, voltage=300.0)
_MICROGRAPH = Micrograph(exposure="a", path=Path("a.mrc"), shape=(16, 16), optics=_OPTICS)
_MOVIE = Movie(exposure="a", path=Path("a.mrc"), frames=2, shape=(16, 16), optics=_OPTICS,
               dose_per_frame=1.0)  # fmt: skip


def _texts(folder: Path, **texts: str) -> None:
    for name, text in texts.items():
        (folder / name).write_text(text)


def _unblur(path: Path) -> None:
    for printed in (False, True):
        with contextlib.suppress(ItemFailed):
            read_unblur(path, _MOVIE, printed=printed)


def _found(path: Path) -> None:
    for frealign in (False, True):
        with contextlib.suppress(ItemFailed):
            read_found(path, 1, 2, frealign=frealign)


_CISTEM = ("PositionInStack", "Best2DClass", "AnglePsi", "XShift", "YShift", "Occupancy", "LogP",
           "Sigma", "Score")  # fmt: skip


def _found_seeds(folder: Path) -> None:
    labels = "".join(f"_cisTEM{name}\n" for name in _CISTEM)
    rows = "".join(f"{n} 1 10.0 1.0 2.0 100.0 5 1 9\n" for n in (1, 2))
    frealign = "".join(f"{n} " + "1.0 " * 16 + "\n" for n in (1, 2))
    _texts(folder, star=f"data_\n\nloop_\n{labels}{rows}", frealign=f"C words\n{frealign}")


def _gctf(path: Path) -> None:
    estimate_with_gctf.read_log(path, phase_is_fitted=False)


def _boxes(path: Path) -> None:
    read_boxes(Work(folder=path.parents[1]))


def _relion_picks(path: Path) -> None:
    read_relion_picks(path.parent, _MICROGRAPH, 8.0)


def _xmipp(path: Path) -> None:
    block = read_block(path, "frameShifts")
    read_column(block, "shiftX", path)
    read_xmipp(path, 2)


def _spider_seeds(folder: Path) -> None:
    header = np.zeros(256, np.float32)
    header[[0, 1, 4, 11, 12, 21, 22]] = 1, 4, 1, 4, 64, 1024, 16
    (folder / "image").write_bytes(header.tobytes() + np.arange(16, dtype=np.float32).tobytes())


def _model_seeds(folder: Path) -> None:
    _texts(
        folder,
        pdb="CRYST1    1.000    1.000    1.000  90.00  90.00  90.00 P 1           1\n"
        "ATOM      1  N   ALA A   1      11.104   6.134  -6.504  1.00  0.00           N\n"
        "ATOM      2  CA  ALA A   1      11.639   6.071  -5.147  1.00  0.00           C\nEND\n",
    )
    read = gemmi.read_structure(str(folder / "pdb"), format=gemmi.CoorFormat.Pdb)
    (folder / "cif").write_text(read.make_mmcif_document().as_string())


def _geometry_seeds(folder: Path) -> None:
    told = {"Bond distances, non H": 0.01, "Bond angles, non H": 1.5}
    (folder / "x").write_text(json.dumps([{"geom": {"summary": {"r.m.s.d.": told}}}]))


def _array_seeds(folder: Path) -> None:
    np.save(folder / "a.npy", np.zeros((2, 4, 4), np.float32))


_RESOLUTION = "Resolution limit estimated by EPA:"


def _target(name: str, plugin: str, **more: Any) -> Target:
    more = {"kind": "text", "allowed": (ItemFailed,), **more}
    return Target(name=name, modules=(f"icestream_{plugin}", "icestream.formats.star"), **more)


PLUGINS = (
    _target(
        "unblur",
        "cistem",
        read=_unblur,
        seeds=lambda folder: _texts(
            folder,
            written="# x\nC y\n0.5 1.0\n0.0 -1\n",
            printed="image #0 = 0.5, 1.0\nimage #1 = 0.0, -1.0\n",
        ),
    ),
    _target("refine2d", "cistem", read=_found, seeds=_found_seeds),
    _target(
        "ctffind-values",
        "ctf",
        read=lambda path: ctffind.read_values(path, 7),
        seeds=lambda folder: _texts(folder, one="# words\n1.0 9000 8000 45 0.0 0.1 5.0\n"),
    ),
    _target(
        "ctffind-curve",
        "ctf",
        read=ctffind.read_curve,
        seeds=lambda folder: _texts(folder, one="# words\n" + "0.1 0.2 0.3\n" * 6),
    ),
    _target(
        "gctf-log",
        "ctf",
        read=_gctf,
        seeds=lambda folder: _texts(
            folder, one=f"x\n9000 8000 45 0.1 Final Values\n{_RESOLUTION} 4.5\n"
        ),
    ),
    _target(
        "gctf-curve",
        "ctf",
        read=estimate_with_gctf.read_curve,
        seeds=lambda folder: _texts(folder, one="head\n10 0.5 0.4 0.3 0.9\n5 0.5 0.4 0.3 0.9\n"),
    ),
    _target(
        "motioncor",
        "motioncor",
        read=lambda path: read_motioncor(path.read_text(errors="replace")),
        seeds=lambda folder: _texts(
            folder,
            one="Full-frame alignment shift\n"
            "...... Frame (  1) shift:  0.5 1.0\n...... Frame (  2) shift:  0.0 0.0\n",
        ),
    ),
    _target(
        "eman-boxes",
        "pickers",
        file="info/mic_info.json",
        read=_boxes,
        kind="json",
        seeds=lambda folder: _texts(
            folder, one=json.dumps({"boxes": [[3.5, 4, "manual", 0.5], [8, 9, "dog", 1]]})
        ),
    ),
    _target(
        "relion-picks",
        "relion",
        file="mic_picks.star",
        read=_relion_picks,
        seeds=lambda folder: _texts(
            folder,
            one="data_\nloop_\n_rlnCoordinateX\n"
            "_rlnCoordinateY\n_rlnAutopickFigureOfMerit\n1 2 0.5\n3 4 0.1\n",
        ),
    ),
    _target(
        "relion-table",
        "relion",
        file="run_data.star",
        allowed=(ItemFailed, FormatError),
        read=lambda path: read_table(path, "particles").text("rlnImageName"),
        seeds=lambda folder: _texts(folder, one="data_particles\nloop_\n_rlnImageName\na\n"),
    ),
    _target(
        "relion-map",
        "relion",
        file="run_class001.mrc",
        read=read_map,
        kind="bytes",
        seeds=lambda folder: write_mrc(
            folder / "map", np.arange(64, dtype=np.float32).reshape(4, 4, 4), 1.0
        ),
    ),
    _target(
        "xmipp-shifts",
        "xmipp",
        file="given.xmd",
        read=_xmipp,
        seeds=lambda folder: _texts(
            folder,
            one="# XMIPP_STAR_1 *\ndata_frameShifts\nloop_\n _shiftX\n _shiftY\n _enabled\n"
            "0.5 0.1 1\n1.5 -1 1\n",
        ),
    ),
    _target(
        "spider", "xmipp", file="given.xmp", read=read_spider, kind="bytes", seeds=_spider_seeds
    ),
    _target(
        "topaz-picks",
        "topaz",
        read=lambda path: read_topaz(path, (64, 64), 4),
        seeds=lambda folder: _texts(
            folder, one="image_name\tx_coord\ty_coord\tscore\na\t3\t4\t0.5\na\t5\t6\t-0.5\n"
        ),
    ),
    _target(
        "topaz-epochs",
        "topaz",
        read=lambda path: read_best_epoch(path, 2),
        seeds=lambda folder: _texts(
            folder,
            one="epoch\tsplit\tauprc\n1\ttrain\t-\n"
            "1\ttest\t0.5\n2\ttrain\t-\n2\ttest\t0.6\n2\ttest\t0.4\n",
        ),
    ),
    _target(
        "aspire-defocus",
        "aspire",
        file="given.star",
        read=read_defocus,
        seeds=lambda folder: _texts(
            folder, one="data_\nloop_\n_rlnDefocusU\n_rlnDefocusV\n_rlnDefocusAngle\n9000 8000 45\n"
        ),
    ),
    _target(
        "apple-places",
        "aspire",
        file="given.star",
        read=lambda path: read_places(path, 64),
        seeds=lambda folder: _texts(
            folder, one="data_\nloop_\n_rlnCoordinateX\n_rlnCoordinateY\n1 2\n3 4\n"
        ),
    ),
    _target(
        "aspire-array",
        "aspire",
        file="averages.npy",
        read=lambda path: read_array(path, (0, 4, 4)),
        kind="bytes",
        seeds=_array_seeds,
    ),
    _target("atoms-pdb", "structure", file="given.pdb", read=read_model, seeds=_model_seeds),
    _target("atoms-cif", "structure", file="given.cif", read=read_model, seeds=_model_seeds),
    _target("servalcat-stats", "structure", read=_geometry, kind="json", seeds=_geometry_seeds),
)
"""All of them."""
