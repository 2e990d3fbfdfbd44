"""Set the sheet: facts as JSON, pictures as files, and one template that typst makes a PDF of."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import icestream
from icestream.exports.chain import Items
from icestream.exports.sheet.acquisition import Row
from icestream.exports.sheet.facts import Sheet, gather
from icestream.exports.sheet.pictures import write_classes, write_copy
from icestream.model import Classes, Volume
from icestream.protocol import Registry
from icestream.store.open import open_store
from icestream.whole import written_whole

__all__ = ["Surroundings", "export_sheet", "methods_text"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a facility knows of a session, which the session itself does not."""

    title: str = ""
    """The name that the facility has for it; empty: its own."""
    about: tuple[Row, ...] = ()
    """Whose it is, and where it was taken."""
    among: tuple[tuple[str, str, str, str], ...] = ()
    """Figures of it among those of the same microscope's other sessions: title, value, what is
    usual, where it lies."""


def export_sheet(session: Path, out: Path, around: Surroundings | None = None) -> None:
    """Write the sheet of the session in the folder `session` as the PDF `out`.

    The session may still be running; an older file of that name is replaced when the new one is
    whole.

    Parameters
    ----------
    around
        What a facility knows of it, where there is one.
    """
    sheet = _gathered(session)
    out.parent.mkdir(parents=True, exist_ok=True)
    with _set(sheet, around or Surroundings()) as template, written_whole(out) as unfinished:
        _compile(template, unfinished)


def methods_text(session: Path) -> str:
    """The methods section of the sheet of the session in a folder, and its sources below it."""
    sheet = _gathered(session)
    cited = "".join(f"{source}\n" for source in sheet.references)
    return f"{' '.join(sheet.methods)}\n" + (f"\nSources\n{cited}" if cited else "")


def _gathered(session: Path) -> Sheet:
    with closing(open_store(session, readonly=True)) as store:
        return gather(store, Registry())


@contextmanager
def _set(sheet: Sheet, around: Surroundings) -> Iterator[Path]:
    """A folder with the template and all that goes into it, for as long as it is needed."""
    with tempfile.TemporaryDirectory(prefix="icestream-sheet-") as name:
        folder = Path(name)
        template = folder / "sheet.typ"
        template.write_bytes(files("icestream.exports.sheet").joinpath("sheet.typ").read_bytes())
        (folder / "sheet.json").write_text(
            json.dumps({**_document(sheet, folder), **_around(sheet, around)})
        )
        yield template


def _around(sheet: Sheet, around: Surroundings) -> dict[str, Any]:
    return {"title": around.title or sheet.title, "about": around.about, "among": around.among}


def _compile(template: Path, out: Path) -> None:
    import typst  # heavy, and only a sheet needs it

    typst.compile(
        str(template), output=str(out), root=str(template.parent), ignore_system_fonts=True
    )


def _document(sheet: Sheet, folder: Path) -> dict[str, Any]:
    """What the template reads; pictures are written into the folder on the way."""
    return {
        "version": icestream.__version__,
        "title": sheet.title,
        "when": sheet.when,
        "acquisition": sheet.acquisition,
        "results": sheet.results,
        "distributions": [asdict(one) for one in sheet.distributions],
        "typical": None if sheet.typical is None else _typical(sheet.typical, folder),
        "classes": None if sheet.classes is None else _classes(sheet.classes, folder),
        "map": None if sheet.map is None else _map(sheet.map, folder),
        "decisions": sheet.decisions,
        "alerts": sheet.alerts,
        "methods": " ".join(sheet.methods),
        "references": sheet.references,
    }


def _typical(items: Items, folder: Path) -> dict[str, Any]:
    micrograph, ctf = items.micrograph, items.ctf
    assert micrograph is not None
    width = micrograph.shape[1] * micrograph.optics.pixel_size
    return {
        "name": items.exposure.name,
        "micrograph": write_copy(micrograph.thumbnail, folder / "micrograph.png"),
        "width": width,
        "spectrum": write_copy(ctf.spectrum, folder / "spectrum.png") if ctf is not None else "",
        "resolution": ctf.resolution if ctf is not None else None,
        "defocus": ctf.defocus * 1e-4 if ctf is not None else None,
    }


def _classes(classes: Classes, folder: Path) -> dict[str, Any]:
    return {
        "tiles": [asdict(tile) for tile in write_classes(classes, folder)],
        "width": classes.box * classes.pixel_size,
        "particles": classes.particles,
    }


def _map(volume: Volume, folder: Path) -> dict[str, Any]:
    fsc = [] if volume.fsc is None else [float(value) for value in volume.fsc]
    return {
        "picture": write_copy(volume.picture, folder / "map.png"),
        "width": volume.box * volume.pixel_size,
        "fsc": fsc,
        "finest": 2.0 * volume.pixel_size,
        "step": 1.0 / (volume.box * volume.pixel_size),
        "resolution": volume.resolution,
        "reached": volume.reached,
        "symmetry": volume.symmetry,
        "even": volume.even,
        "note": volume.note,
    }
