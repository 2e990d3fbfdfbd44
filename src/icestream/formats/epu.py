"""What EPU writes beside each movie, as XML: looked up by name, in any namespace, at any place."""

import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PureWindowsPath

from icestream.formats.errors import FormatError

__all__ = [
    "EpuExposure",
    "EpuFractions",
    "epu_place",
    "epu_session_files",
    "read_epu_exposure",
    "read_epu_fractions",
]


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
    root = _parse(path)
    if _local(root) != "MicroscopeImage":
        raise FormatError(
            path,
            expected="XML of EPU with the root MicroscopeImage",
            found=f"the root {_local(root)}",
            advice="give the .xml of an exposure",
        )
    custom = _pairs(_find(root, "CustomData"))
    camera = _find(root, "microscopeData/acquisition/camera")
    special = _pairs(_find(camera, "CameraSpecificInput"))
    optics = _find(root, "microscopeData/optics")
    area = _find(camera, "ReadoutArea")
    height, width = _number(area, "height"), _number(area, "width")
    detector = _text_of(custom.get("BinaryResult.Detector"))
    gain = custom.get(f"Detectors[{detector}].EerGainReference") or custom.get(
        f"Detectors[{detector}].GainReference"
    )
    slit = _text(optics, "EnergyFilter/EnergySelectionSlitInserted") == "true"
    return EpuExposure(
        path=path,
        voltage=_scaled(_number(root, "microscopeData/gun/AccelerationVoltage"), 1e-3),
        pixel_size=_scaled(_number(root, "SpatialScale/pixelSize/x/numericValue"), 1e10),
        shape=(int(height), int(width)) if height and width else None,
        binning=_whole(_number(camera, "Binning/x")),
        super_resolution=_whole(_float(_text_of(special.get("SuperResolutionFactor")))),
        dose=_scaled(_float(_text_of(custom.get("Dose"))), 1e-20),
        fractions=_fractions(special.get("FractionationSettings")),
        exposure_time=_number(camera, "ExposureTime"),
        nominal_defocus=_rounded(_scaled(_float(_text_of(custom.get("AppliedDefocus"))), -1e10)),
        beam_shift=_pair(_find(optics, "BeamShift")),
        beam_tilt=_pair(_find(optics, "BeamTilt")),
        image_shift=_pair(_find(optics, "ImageShift")),
        stage=_stage(_find(root, "microscopeData/stage/Position")),
        tilt=_scaled(_number(root, "microscopeData/stage/Position/A"), 57.29577951308232),
        acquired=_time(_text(root, "microscopeData/acquisition/acquisitionDateTime")),
        magnification=_number(optics, "TemMagnification/NominalMagnification"),
        detector=_text_of(custom.get("DetectorCommercialName")) or _text(camera, "Name"),
        gain=PureWindowsPath(_text_of(gain) or "").name or None,
        phase_plate=_truth(_text_of(custom.get("PhasePlateUsed"))),
        slit_width=_number(optics, "EnergyFilter/EnergySelectionSlitWidth") if slit else None,
        software=_text(root, "microscopeData/core/ApplicationSoftwareVersion"),
    )


def read_epu_fractions(path: Path | str) -> EpuFractions:
    """Read a ``_Fractions.xml``.

    Raises
    ------
    FormatError
        If it is no XML, is cut off, or says nothing about fractions.
    """
    path = Path(path)
    root = _parse(path)
    header = _find(root, "Info")
    listed = [element for element in root.iter() if _local(element) == "Fraction"]
    expected = _whole(_number(header, "ExpectedNumberOfFractions"))
    recorded = _whole(_number(header, "RecordedNumberOfFractions"))
    if header is None or (expected is None and not listed):
        raise FormatError(
            path,
            expected="the number of fractions",
            found=f"the root {_local(root)} without it",
            advice="give the _Fractions.xml of a Falcon movie",
        )
    height = _number(header, "RegionOfInterest/Height") or _number(header, "ImageSize/Height")
    width = _number(header, "RegionOfInterest/Width") or _number(header, "ImageSize/Width")
    checks = [(_text(fraction, "Checksum") or "valid").casefold() for fraction in listed]
    corrected = _text(header, "GainCorrection")
    return EpuFractions(
        expected=expected,
        recorded=recorded,
        listed=len(listed),
        valid=all(check == "valid" for check in checks),
        frames=int(sum(_number(fraction, "NumberOfFrames") or 0 for fraction in listed)),
        shape=(int(height), int(width)) if height and width else None,
        gain_corrected=None if corrected is None else corrected.casefold() in ("on", "true"),
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


def _parse(path: Path) -> ET.Element:
    """The root; files are written by the microscope, and expat limits the growth of entities."""
    try:
        return ET.parse(path).getroot()  # noqa: S314 - see the docstring
    except ET.ParseError as error:
        raise FormatError(
            path,
            expected="a whole XML file",
            found=f"{error} in {path.stat().st_size} bytes",
            advice="wait until it is written, or copy it again",
        ) from error
    except (ValueError, LookupError) as error:
        raise FormatError(
            path,
            expected="an XML file in UTF-8",
            found=f"an encoding that cannot be read ({error})",
            advice="copy it again",
        ) from error


def _local(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _children(element: ET.Element | None, name: str) -> Iterator[ET.Element]:
    if element is not None:
        yield from (child for child in element if _local(child) == name)


def _find(element: ET.Element | None, where: str) -> ET.Element | None:
    for name in where.split("/"):
        element = next(_children(element, name), None)
    return element


def _pairs(element: ET.Element | None) -> dict[str, ET.Element]:
    """Keys and values of a dictionary as .NET writes it."""
    found = {}
    for item in element if element is not None else ():
        key, value = _text(item, "Key"), next(_children(item, "Value"), None)
        if key and value is not None:
            found[key] = value
    return found


def _text_of(element: ET.Element | None) -> str | None:
    text = (element.text or "").strip() if element is not None else ""
    return text or None


def _text(element: ET.Element | None, where: str) -> str | None:
    return _text_of(_find(element, where))


def _float(text: str | None) -> float | None:
    try:
        return float(text) if text is not None else None
    except ValueError:
        return None


def _number(element: ET.Element | None, where: str) -> float | None:
    return _float(_text(element, where))


def _scaled(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def _rounded(value: float | None) -> float | None:
    """Without the last bits that the change of unit brought."""
    return None if value is None else round(value, 3)


def _whole(value: float | None) -> int | None:
    return round(value) if value is not None and math.isfinite(value) else None


def _truth(text: str | None) -> bool | None:
    return None if text is None else text.casefold() == "true"


def _pair(element: ET.Element | None) -> tuple[float, float] | None:
    x, y = _number(element, "_x"), _number(element, "_y")
    return None if x is None or y is None else (x, y)


def _stage(element: ET.Element | None) -> tuple[float, float, float] | None:
    places = [_number(element, axis) for axis in "XYZ"]
    if any(place is None for place in places):
        return None
    x, y, z = (float(place or 0.0) * 1e6 for place in places)
    return x, y, z


def _fractions(setting: ET.Element | None) -> int | None:
    """Number of frames, from either of the two ways in which EPU says it."""
    if setting is None:
        return None
    for element in setting.iter():
        if _local(element).casefold() == "numberoffractions":
            return _whole(_float(_text_of(element)))
    ranges = [e for e in setting.iter() if _local(e) in ("DoseFractionDefinition", "FrameRange")]
    return len(ranges) or None


def _time(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
