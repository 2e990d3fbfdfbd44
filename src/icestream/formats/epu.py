"""What EPU writes beside each movie, as XML: looked up by name, in any namespace, at any place."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PureWindowsPath
from typing import Any
from xml.etree.ElementTree import Element

from icestream.formats.errors import FormatError
from icestream.formats.numbers import (
    ANGLE,
    ANY,
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
from icestream.formats.xml import read_xml

__all__ = [
    "EpuExposure",
    "EpuFractions",
    "epu_place",
    "epu_session_files",
    "read_epu_exposure",
    "read_epu_fractions",
]

_APERTURE = re.compile(r"Aperture\[(\w+)\]\.Name")


@dataclass(frozen=True, slots=True, kw_only=True)
class EpuExposure:
    """One image as EPU describes it; what the file does not say is None.

    `pixel_size` and `shape` are those of the summed image that EPU shows. The movie of the same
    exposure may have 2 or 4 times as many pixels a side, and pixels smaller by as much.
    """

    path: Path
    voltage: float | None
    """kV."""
    pixel_size: float | None
    """Å."""
    shape: tuple[int, int] | None
    """(y, x) pixels read out, after binning."""
    binning: int | None
    super_resolution: int | None
    """2 for a K3 in super-resolution, else 1."""
    dose: float | None
    """e/Å² of the whole exposure."""
    fractions: int | None
    """Frames asked of the camera; None for EER."""
    exposure_time: float | None
    """s."""
    nominal_defocus: float | None
    """Asked of the microscope, Å, underfocus positive."""
    beam_shift: tuple[float, float] | None
    """(x, y) in EPU's own units."""
    beam_tilt: tuple[float, float] | None
    image_shift: tuple[float, float] | None
    stage: tuple[float, float, float] | None
    """(x, y, z), µm."""
    tilt: float | None
    """Degrees."""
    acquired: datetime | None
    magnification: float | None
    detector: str | None
    gain: str | None
    """Name of the gain reference (without folders), as Falcon cameras say it."""
    phase_plate: bool | None
    slit_width: float | None
    """eV; None when no slit is in."""
    software: str | None
    """Version of EPU."""
    instrument: str | None = None
    """Model of the microscope with its number: ``TITAN52337470``."""
    spot: int | None = None
    """Spot size: the number of the microscope's own steps."""
    apertures: tuple[tuple[str, str], ...] = ()
    """Names of the apertures that are in, and of their holes as the microscope calls them, mostly
    by their size in µm: ``("C2", "50")``."""
    odd: tuple[str, ...] = ()
    """Why values that the file gives are not used, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EpuFractions:
    """The camera's own statement on a movie (``_Fractions.xml`` of Falcon cameras)."""

    expected: int | None
    recorded: int | None
    listed: int
    """Fractions that the file lists."""
    valid: bool
    """Every listed checksum is valid."""
    frames: int
    """Camera frames in all fractions."""
    shape: tuple[int, int] | None
    """(y, x)."""
    gain_corrected: bool | None
    odd: tuple[str, ...] = ()
    """Why values that the file gives are not used, in words."""

    @property
    def problem(self) -> str:
        """Why the movie is not whole by this statement; empty when it is."""
        if not self.valid:
            return "the camera marked a fraction's checksum as not valid"
        if self.expected is not None and self.recorded != self.expected:
            return f"the camera recorded {self.recorded} of {self.expected} fractions"
        if self.recorded is not None and self.listed != self.recorded:
            return f"the camera lists {self.listed} of {self.recorded} recorded fractions"
        return ""


def read_epu_exposure(path: Path | str) -> EpuExposure:
    """Read the XML of one exposure (also of a grid square or a foil hole).

    Raises
    ------
    FormatError
        If it is no XML, is cut off, or is no image of EPU.
    """
    path = Path(path)
    root = read_xml(path)
    if _local(root) != "MicroscopeImage":
        raise FormatError(
            path,
            expected="XML of EPU with the root MicroscopeImage",
            found=f"the root {_local(root)}",
            advice="give the .xml of an exposure",
        )
    numbers = CheckedNumbers(path.name)

    def real(element: Element | None, where: str, limits: Bounds, scale: float = 1.0) -> Any:
        return numbers.real(_last(where), _text(element, where), limits, scale)

    custom = _pairs(_find(root, "CustomData"))
    camera = _find(root, "microscopeData/acquisition/camera")
    special = _pairs(_find(camera, "CameraSpecificInput"))
    optics = _find(root, "microscopeData/optics")
    area = _find(camera, "ReadoutArea")
    detector = _text_of(custom.get("BinaryResult.Detector"))
    gain = custom.get(f"Detectors[{detector}].EerGainReference") or custom.get(
        f"Detectors[{detector}].GainReference"
    )
    slit = _text(optics, "EnergyFilter/EnergySelectionSlitInserted") == "true"
    defocus = numbers.real("AppliedDefocus", _text_of(custom.get("AppliedDefocus")), DEFOCUS, -1e10)
    factor = _text_of(special.get("SuperResolutionFactor"))
    acquired = _text(root, "microscopeData/acquisition/acquisitionDateTime")
    return EpuExposure(
        path=path,
        voltage=real(root, "microscopeData/gun/AccelerationVoltage", VOLTAGE, 1e-3),
        pixel_size=real(root, "SpatialScale/pixelSize/x/numericValue", PIXEL_SIZE, 1e10),
        shape=_shape(area, "height", "width", numbers),
        binning=numbers.whole("Binning", _text(camera, "Binning/x"), BINNING),
        super_resolution=numbers.whole("SuperResolutionFactor", factor, BINNING),
        dose=numbers.real("Dose", _text_of(custom.get("Dose")), DOSE, 1e-20),
        fractions=_fractions(special.get("FractionationSettings"), numbers),
        exposure_time=real(camera, "ExposureTime", TIME),
        # Without the last bits that the change of unit brought.
        nominal_defocus=None if defocus is None else round(defocus, 3),
        beam_shift=_pair(_find(optics, "BeamShift"), numbers),
        beam_tilt=_pair(_find(optics, "BeamTilt"), numbers),
        image_shift=_pair(_find(optics, "ImageShift"), numbers),
        stage=_stage(_find(root, "microscopeData/stage/Position"), numbers),
        tilt=real(root, "microscopeData/stage/Position/A", ANGLE, 57.29577951308232),
        acquired=numbers.time("acquisitionDateTime", acquired, _time(acquired)),
        magnification=real(optics, "TemMagnification/NominalMagnification", MAGNIFICATION),
        detector=_text_of(custom.get("DetectorCommercialName")) or _text(camera, "Name"),
        gain=PureWindowsPath(_text_of(gain) or "").name or None,
        phase_plate=_truth(_text_of(custom.get("PhasePlateUsed"))),
        slit_width=real(optics, "EnergyFilter/EnergySelectionSlitWidth", WIDTH) if slit else None,
        software=_text(root, "microscopeData/core/ApplicationSoftwareVersion"),
        instrument=_text(root, "microscopeData/instrument/InstrumentModel"),
        spot=numbers.whole("SpotIndex", _text(optics, "SpotIndex")),
        apertures=_apertures(custom),
        odd=numbers.odd,
    )


def read_epu_fractions(path: Path | str) -> EpuFractions:
    """Read a ``_Fractions.xml``.

    Raises
    ------
    FormatError
        If it is no XML, is cut off, or says nothing about fractions.
    """
    path = Path(path)
    root = read_xml(path)
    header = _find(root, "Info")
    listed = [element for element in root.iter() if _local(element) == "Fraction"]
    numbers = CheckedNumbers(path.name)

    def whole(element: Element | None, name: str) -> int | None:
        return numbers.whole(name, _text(element, name), COUNT)

    expected = whole(header, "ExpectedNumberOfFractions")
    recorded = whole(header, "RecordedNumberOfFractions")
    if header is None or (expected is None and not listed):
        raise FormatError(
            path,
            expected="the number of fractions",
            found=f"the root {_local(root)} without it",
            advice="give the _Fractions.xml of a Falcon movie",
        )
    region = _find(header, "RegionOfInterest")
    region = region if region is not None else _find(header, "ImageSize")
    checks = [(_text(fraction, "Checksum") or "valid").casefold() for fraction in listed]
    corrected = _text(header, "GainCorrection")
    return EpuFractions(
        expected=expected,
        recorded=recorded,
        listed=len(listed),
        valid=all(check == "valid" for check in checks),
        frames=sum(whole(fraction, "NumberOfFrames") or 0 for fraction in listed),
        shape=_shape(region, "Height", "Width", numbers),
        gain_corrected=None if corrected is None else corrected.casefold() in ("on", "true"),
        odd=numbers.odd,
    )


def epu_place(path: Path | str) -> tuple[str | None, str | None]:
    """Grid square and foil hole of an exposure, from its folder and its name."""
    path = Path(path)
    square = next(
        (
            match
            for part in reversed(path.parts)
            if (match := re.fullmatch(r"GridSquare_(\d+)", part))
        ),
        None,
    )
    hole = re.match(r"FoilHole_(\d+)_", path.name)
    return (square.group(1) if square else None), (hole.group(1) if hole else None)


def epu_session_files(folder: Path) -> list[Path]:
    """Files at the top of the session, up to three above `folder`: EPU keeps its gain there."""
    tops = [above for above in list(folder.parents)[:3] if (above / "EpuSession.dm").is_file()]
    return [path for top in tops for path in top.iterdir()]


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _children(element: Element | None, name: str) -> Iterator[Element]:
    if element is not None:
        yield from (child for child in element if _local(child) == name)


def _find(element: Element | None, where: str) -> Element | None:
    for name in where.split("/"):
        element = next(_children(element, name), None)
    return element


def _pairs(element: Element | None) -> dict[str, Element]:
    """Keys and values of a dictionary as .NET writes it."""
    pairs = {}
    for item in element if element is not None else ():
        key, value = _text(item, "Key"), next(_children(item, "Value"), None)
        if key and value is not None:
            pairs[key] = value
    return pairs


def _apertures(custom: Mapping[str, Element]) -> tuple[tuple[str, str], ...]:
    """The apertures that are in, by their names."""
    found = []
    for key, element in custom.items():
        name, hole = _APERTURE.fullmatch(key), _text_of(element)
        if name is not None and hole and hole.lower() not in ("none", "retracted"):
            found.append((name[1], hole))
    return tuple(sorted(found))


def _text_of(element: Element | None) -> str | None:
    text = (element.text or "").strip() if element is not None else ""
    return text or None


def _text(element: Element | None, where: str) -> str | None:
    return _text_of(_find(element, where))


def _last(where: str) -> str:
    """The name of a value: the last part of its place that says something."""
    parts = [part for part in where.split("/") if part not in ("x", "numericValue")]
    return "/".join(parts[-2:]) if len(parts[-1]) == 1 else parts[-1]


def _shape(
    element: Element | None, height: str, width: str, numbers: CheckedNumbers
) -> tuple[int, int] | None:
    """(y, x) pixels."""
    y, x = (numbers.whole(name, _text(element, name), PIXELS) for name in (height, width))
    return None if y is None or x is None else (y, x)


def _truth(text: str | None) -> bool | None:
    return None if text is None else text.casefold() == "true"


def _pair(element: Element | None, numbers: CheckedNumbers) -> tuple[float, float] | None:
    if element is None:
        return None
    name = _local(element)
    x, y = (numbers.real(f"{name}{axis}", _text(element, axis), ANY) for axis in ("_x", "_y"))
    return None if x is None or y is None else (x, y)


def _stage(element: Element | None, numbers: CheckedNumbers) -> tuple[float, float, float] | None:
    places = (numbers.real(f"Position/{axis}", _text(element, axis), PLACE, 1e6) for axis in "XYZ")
    x, y, z = places
    return None if x is None or y is None or z is None else (x, y, z)


def _fractions(setting: Element | None, numbers: CheckedNumbers) -> int | None:
    """Number of frames, from either of the two ways in which EPU says it."""
    if setting is None:
        return None
    for element in setting.iter():
        if _local(element).casefold() == "numberoffractions":
            return numbers.whole("NumberOfFractions", _text_of(element), COUNT)
    ranges = [e for e in setting.iter() if _local(e) in ("DoseFractionDefinition", "FrameRange")]
    return len(ranges) or None


def _time(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
