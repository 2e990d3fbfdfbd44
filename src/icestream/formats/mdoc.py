"""SerialEM's metadata (``.mdoc``): of a frame stack, or of a tilt series with its frame stacks."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PureWindowsPath

from icestream.formats.errors import FormatError

__all__ = ["Mdoc", "MdocFrames", "MdocSection", "read_mdoc", "read_mdoc_frames"]

_SECTION = re.compile(r"\[(\w+)\s*=\s*(.*?)\s*\]$")
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}


@dataclass(frozen=True, slots=True)
class MdocSection:
    """One section, such as ``[FrameSet = 0]``."""

    kind: str
    label: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Mdoc:
    """A whole file: what stands before the first section, its titles, and the sections."""

    values: Mapping[str, str]
    titles: tuple[str, ...]
    sections: tuple[MdocSection, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MdocFrames:
    """One stack of frames as SerialEM describes it; what it does not say is None."""

    path: Path
    movie: str | None
    """Name of the movie, without the folders of the camera's computer."""
    voltage: float | None
    """kV."""
    pixel_size: float | None
    """Å."""
    frames: int | None
    dose: float | None
    """e/Å² of the whole exposure; None where SerialEM wrote 0, not knowing it."""
    dose_per_frame: float | None
    """e/Å², where all frames have the same."""
    nominal_defocus: float | None
    """Asked of the microscope, Å, underfocus positive."""
    image_shift: tuple[float, float] | None
    """(x, y), µm."""
    stage: tuple[float, float, float] | None
    """(x, y, z), µm."""
    tilt: float | None
    """Degrees."""
    gain: str | None
    """Name of the gain reference that the frames still need."""
    defects: str | None
    """Name of the list of defects."""
    binning: float | None
    """0.5 in super-resolution."""
    exposure_time: float | None
    """s."""
    magnification: float | None
    rotation: float | None
    """Direction of the tilt axis, degrees."""
    acquired: datetime | None
    """Without a time zone: the microscope's clock."""


def read_mdoc(path: Path | str) -> Mdoc:
    """Read an mdoc file; of one that is still being written, the whole sections only.

    Raises
    ------
    FormatError
        If there is no section and no value in it.
    """
    path = Path(path)
    text = path.read_bytes().decode("utf-8", "replace")
    lines = text.splitlines()
    if not text.endswith(("\n", "\r")):
        lines = lines[:-1]  # may be half a line
    header: dict[str, str] = {}
    titles: list[str] = []
    sections: list[MdocSection] = []
    values = header
    for line in lines:
        stripped = line.strip()
        section = _SECTION.match(stripped)
        if section and section.group(1) == "T":
            titles.append(section.group(2))
        elif section:
            values = {}
            sections.append(MdocSection(section.group(1), section.group(2), values))
        elif "=" in stripped and not stripped.startswith("["):
            key, _, value = stripped.partition("=")
            if key.strip() == "T":
                titles.append(value.strip())
            else:
                values[key.strip()] = value.strip()
    if sections and not _is_whole(sections, text):
        sections.pop()
    if not sections and not header:
        raise FormatError(
            path,
            expected="an mdoc file with 'key = value' lines",
            found=f"{len(text)} characters without one",
            advice="give an .mdoc of SerialEM, or wait until it is written",
        )
    return Mdoc(header, tuple(titles), tuple(sections))


def _is_whole(sections: list[MdocSection], text: str) -> bool:
    """Whether the last section is whole: it has its time, which comes near its end."""
    last = sections[-1]
    alike = [section for section in sections[:-1] if section.kind == last.kind]
    if "DateTime" in last.values:
        return True
    if alike:
        return bool(last.values) and "DateTime" not in alike[-1].values
    return bool(last.values) and text.endswith("\n")


def read_mdoc_frames(path: Path | str) -> tuple[MdocFrames, ...]:
    """Every stack of frames that an mdoc file describes, in its order.

    Raises
    ------
    FormatError
        As `read_mdoc`.
    """
    path = Path(path)
    mdoc = read_mdoc(path)
    return tuple(
        _describe(path, {**mdoc.values, **section.values})
        for section in mdoc.sections
        if section.kind == "FrameSet" or "SubFramePath" in section.values
    )


def _describe(path: Path, values: Mapping[str, str]) -> MdocFrames:
    stage = _numbers(values.get("StagePosition"), 2)
    height = _numbers(values.get("StageZ"), 1)
    shift = _numbers(values.get("ImageShift"), 2)
    frames = _first(values, "NumSubFrames")
    dose = _first(values, "ExposureDose")
    defocus = _first(values, "TargetDefocus")
    movie = values.get("SubFramePath") or values.get("ImageFile")
    return MdocFrames(
        path=path,
        movie=PureWindowsPath(movie).name if movie else None,
        voltage=_first(values, "Voltage"),
        pixel_size=_first(values, "PixelSpacing"),
        frames=int(frames) if frames else None,
        dose=dose or None,
        dose_per_frame=_dose_per_frame(values.get("FrameDosesAndNumber"), dose, frames),
        nominal_defocus=None if defocus is None else defocus * -1e4,
        image_shift=(shift[0], shift[1]) if shift else None,
        stage=(stage[0], stage[1], height[0] if height else 0.0) if stage else None,
        tilt=_first(values, "TiltAngle"),
        gain=_name(values.get("GainReference")),
        defects=_name(values.get("DefectFile")),
        binning=_first(values, "Binning"),
        exposure_time=_first(values, "ExposureTime"),
        magnification=_first(values, "Magnification"),
        rotation=_first(values, "RotationAngle"),
        acquired=_time(values.get("DateTime")),
    )


def _numbers(text: str | None, count: int) -> list[float]:
    """The first `count` numbers of a value; empty when there are fewer."""
    try:
        found = [float(word) for word in (text or "").split()[:count]]
    except ValueError:
        return []
    return found if len(found) == count else []


def _first(values: Mapping[str, str], key: str) -> float | None:
    found = _numbers(values.get(key), 1)
    return found[0] if found else None


def _name(text: str | None) -> str | None:
    return PureWindowsPath(text).name or None if text else None


def _dose_per_frame(text: str | None, dose: float | None, frames: float | None) -> float | None:
    """From ``dose number [dose number ...]``, or the exposure shared out evenly."""
    pairs = [float(word) for word in (text or "").split() if _is_number(word)]
    doses = {pair for pair, count in zip(pairs[0::2], pairs[1::2], strict=False) if count > 0}
    if len(doses) == 1:
        return doses.pop() or None
    return dose / frames if dose and frames and not doses else None


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _time(text: str | None) -> datetime | None:
    """``25-Sep-23  14:13:26`` or ``01-Aug-2022  14:13:26``, whatever the language set here."""
    found = re.match(r"(\d{1,2})-([A-Za-z]{3})-(\d{2,4})\s+(\d+):(\d+):(\d+)", text or "")
    if not found or found.group(2).lower() not in _MONTHS:
        return None
    year = int(found.group(3))
    try:
        return datetime(
            year + 2000 if year < 100 else year,
            _MONTHS[found.group(2).lower()],
            int(found.group(1)),
            int(found.group(4)),
            int(found.group(5)),
            int(found.group(6)),
        )
    except ValueError:
        return None
