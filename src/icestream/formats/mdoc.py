"""SerialEM's metadata (``.mdoc``): of a frame stack, or of a tilt series with its frame stacks."""

import re
from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PureWindowsPath

from icestream.formats.errors import FormatError
from icestream.formats.numbers import (
    ANGLE,
    BINNING,
    COUNT,
    DEFOCUS,
    DOSE,
    MAGNIFICATION,
    PIXEL_SIZE,
    PIXELS,
    PLACE,
    TIME,
    VOLTAGE,
    WIDTH,
    Bounds,
    CheckedNumbers,
)
from icestream.formats.text import METADATA, read_lines

__all__ = ["Mdoc", "MdocFrames", "MdocSection", "read_mdoc", "read_mdoc_frames"]

_MOST_FRAMES = 100_000
"""Of one exposure; a list of more doses is none."""
_KIND = re.compile(r"\w+")
_DATE = re.compile(r"(\d{1,2})-([A-Za-z]{3})-(\d{2,4})\s+(\d{1,2}):(\d{1,2}):(\d{2})")
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
    named: bool
    """Whether `movie` is what the section itself says; else it is of the whole file."""
    voltage: float | None
    """kV."""
    pixel_size: float | None
    """Å; of an image of `image_size` where that is known."""
    image_size: tuple[int, int] | None
    """(y, x) pixels of the image whose section it is, which may be binned; None: a frame's."""
    frames: int | None
    dose: float | None
    """e/Å² of the whole exposure; None where SerialEM wrote 0, not knowing it."""
    dose_per_frame: float | None
    """e/Å², where all frames have the same."""
    frame_doses: tuple[float, ...]
    """e/Å² of each frame, where they differ; else empty."""
    prior_dose: float | None
    """e/Å² that the specimen had received before."""
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
    spot: int | None = None
    """Spot size: the number of the microscope's own steps."""
    slit_width: float | None = None
    """eV; None where there is no filter, or no slit is in."""
    odd: tuple[str, ...] = ()
    """Why values that the file gives are not used, in words."""


def read_mdoc(path: Path | str) -> Mdoc:
    """Read an mdoc file; of one that is still being written, the whole sections only.

    The last line counts without a line end, too, when its section has its time: half a number
    cannot be told from a whole one.

    Raises
    ------
    FormatError
        If there is no section and no value in it.
    """
    path = Path(path)
    lines = read_lines(path, METADATA)
    unended = lines.pop().strip()
    header: dict[str, str] = {}
    titles: list[str] = []
    sections: list[MdocSection] = []
    values = header
    for line in lines:
        values = _read_line(line.strip(), values, titles, sections)
    if "DateTime" in values or _DATE.search(unended):
        values = _read_line(unended, values, titles, sections)
        unended = ""
    if sections and not _is_whole(sections, ended=not unended):
        sections.pop()
    if not sections and not header:
        raise FormatError(
            path,
            expected="an mdoc file with a whole section of 'key = value' lines",
            found=f"{path.stat().st_size} bytes without one",
            advice="give an .mdoc of SerialEM, or wait until it is written",
        )
    return Mdoc(header, tuple(titles), tuple(sections))


def _read_line(
    line: str, values: dict[str, str], titles: list[str], sections: list[MdocSection]
) -> dict[str, str]:
    """Read one line; return the values of the section that the next one is in."""
    section = line.startswith("[")
    if section and not line.endswith("]"):
        return values
    key, equals, value = (line[1:-1] if section else line).partition("=")
    key, value = key.strip(), value.strip()
    if not equals or (section and not _KIND.fullmatch(key)):
        return values
    if key == "T":
        titles.append(value)
    elif section:
        values = {}
        sections.append(MdocSection(key, value, values))
    else:
        values[key] = value
    return values


def _is_whole(sections: list[MdocSection], *, ended: bool) -> bool:
    """Whether the last section is whole: it has its time, which comes near its end."""
    last = sections[-1]
    if "DateTime" in last.values:
        return True
    alike = next((section for section in sections[-2::-1] if section.kind == last.kind), None)
    if alike is not None:
        return bool(last.values) and "DateTime" not in alike.values
    return bool(last.values) and ended


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
        _describe(path, section, ChainMap(section.values, mdoc.values))  # type: ignore[arg-type]
        for section in mdoc.sections
        if section.kind == "FrameSet" or "SubFramePath" in section.values
    )


def _describe(path: Path, section: MdocSection, values: Mapping[str, str]) -> MdocFrames:
    numbers = CheckedNumbers(path.name)

    def one(key: str, limits: Bounds, scale: float = 1.0) -> float | None:
        words = values.get(key, "").split(maxsplit=1)
        return numbers.real(key, words[0], limits, scale) if words else None

    frames = numbers.whole("NumSubFrames", one("NumSubFrames", COUNT))
    dose = one("ExposureDose", DOSE)
    movie = section.values.get("SubFramePath")
    doses = _doses(values, numbers)
    return MdocFrames(
        path=path,
        movie=_name(movie or values.get("ImageFile")),
        named=bool(movie),
        voltage=one("Voltage", VOLTAGE),
        pixel_size=one("PixelSpacing", PIXEL_SIZE),
        # Of a stack of images, with their frames in other files.
        image_size=None if section.kind == "FrameSet" else _size(values, numbers),
        frames=frames or None,
        dose=dose or None,
        dose_per_frame=_dose_per_frame(doses, dose, frames),
        frame_doses=doses if doses and len(set(doses)) > 1 else (),
        prior_dose=one("PriorRecordDose", DOSE),
        nominal_defocus=one("TargetDefocus", DEFOCUS, -1e4),
        image_shift=_pair(values, "ImageShift", numbers),
        stage=_stage(values, numbers),
        tilt=one("TiltAngle", ANGLE),
        gain=_name(values.get("GainReference")),
        defects=_name(values.get("DefectFile")),
        binning=one("Binning", BINNING),
        exposure_time=one("ExposureTime", TIME),
        magnification=one("Magnification", MAGNIFICATION),
        rotation=one("RotationAngle", ANGLE),
        spot=numbers.whole("SpotSize", one("SpotSize", COUNT)),
        slit_width=one("FilterSlitAndLoss", WIDTH) or None,
        acquired=numbers.time("DateTime", values.get("DateTime"), _time(values.get("DateTime"))),
        odd=numbers.odd,
    )


def _pair(
    values: Mapping[str, str], key: str, numbers: CheckedNumbers
) -> tuple[float, float] | None:
    words = values.get(key, "").split(maxsplit=2)
    if len(words) < 2:
        return None
    x, y = (numbers.real(key, word, PLACE) for word in words[:2])
    return None if x is None or y is None else (x, y)


def _stage(values: Mapping[str, str], numbers: CheckedNumbers) -> tuple[float, float, float] | None:
    position = _pair(values, "StagePosition", numbers)
    words = values.get("StageZ", "").split(maxsplit=1)
    height = numbers.real("StageZ", words[0], PLACE) if words else 0.0
    return None if position is None or height is None else (*position, height)


def _name(text: str | None) -> str | None:
    return PureWindowsPath(text).name or None if text else None


def _size(values: Mapping[str, str], numbers: CheckedNumbers) -> tuple[int, int] | None:
    """(y, x) pixels, from ``ImageSize = x y``."""
    words = values.get("ImageSize", "").split()
    if len(words) < 2:
        return None
    x, y = (numbers.whole("ImageSize", word, PIXELS) for word in words[:2])
    return None if x is None or y is None else (y, x)


def _doses(values: Mapping[str, str], numbers: CheckedNumbers) -> tuple[float, ...] | None:
    """The dose of each frame, from ``dose number [dose number ...]``; None when one is odd."""
    key = "FrameDosesAndNumber"
    words = values.get(key, "").split()
    said = [numbers.real(key, word, DOSE) for word in words]
    known = [value for value in said if value is not None]
    counts = [numbers.whole(key, count, COUNT) for count in known[1::2]]
    frames = sum(count or 0 for count in counts)
    if len(known) < len(words) or len(words) % 2 or None in counts or frames > _MOST_FRAMES:
        return None  # which number is a dose cannot be told any more
    pairs = zip(known[0::2], counts, strict=True)
    return tuple(dose for dose, count in pairs for _ in range(count or 0))


def _dose_per_frame(
    doses: tuple[float, ...] | None, dose: float | None, frames: int | None
) -> float | None:
    """What each frame has, said so, or the exposure shared out evenly."""
    if doses is None or len(set(doses)) > 1:
        return None
    if doses:
        return doses[0] or None
    return dose / frames if dose and frames else None


def _time(text: str | None) -> datetime | None:
    """``25-Sep-23  14:13:26`` or ``01-Aug-2022  14:13:26``, whatever the language set here."""
    match = _DATE.match(text or "")
    if not match or match.group(2).lower() not in _MONTHS:
        return None
    year = int(match.group(3))
    try:
        return datetime(
            year + 2000 if year < 100 else year,
            _MONTHS[match.group(2).lower()],
            int(match.group(1)),
            int(match.group(4)),
            int(match.group(5)),
            int(match.group(6)),
        )
    except ValueError:
        return None
