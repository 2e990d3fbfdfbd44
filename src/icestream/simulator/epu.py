"""A session as EPU lays it out, with the XML beside each image."""

import uuid
from datetime import datetime, timedelta
from pathlib import Path
from xml.sax.saxutils import escape

from icestream.simulator.plan import SessionPlan
from icestream.simulator.schedule import Shot

__all__ = [
    "data_folder",
    "exposure_files",
    "fractions_document",
    "gain_name",
    "image_document",
    "movie_name",
    "session_document",
]

SHARED = "http://schemas.datacontract.org/2004/07/Fei.SharedObjects"
INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
ARRAYS = "http://schemas.microsoft.com/2003/10/Serialization/Arrays"
SCHEMA = "http://www.w3.org/2001/XMLSchema"
DRAWING = "http://schemas.datacontract.org/2004/07/System.Drawing"
TYPES = "http://schemas.datacontract.org/2004/07/Fei.Types"
OMP = "http://schemas.datacontract.org/2004/07/Fei.Applications.Common.Omp.Interface"
PERSISTENCE = "http://schemas.datacontract.org/2004/07/Applications.Epu.Persistence"
SERIALIZATION = "http://schemas.microsoft.com/2003/10/Serialization/"
VERSION = "3.9.1.8206"


def data_folder(shot: Shot) -> Path:
    """Where the images of an exposure go, relative to the session."""
    return Path("Images-Disc1") / f"GridSquare_{shot.exposure.grid_square}" / "Data"


def movie_name(plan: SessionPlan, shot: Shot) -> str:
    """Name of the movie, as the camera in use writes it."""
    ending = {"tiff": "_Fractions.tiff", "mrc": "_Fractions.mrc", "eer": "_EER.eer"}
    return shot.exposure.name + ending[plan.container]


def gain_name(plan: SessionPlan, started: datetime) -> str:
    """Name of the gain reference in the session's folder."""
    stamp = started.strftime("%Y%m%d_%H%M%S")
    if plan.container == "eer":
        return f"{stamp}_EER_GainReference.gain"
    return f"{stamp}_GainReference.mrc"


def exposure_files(plan: SessionPlan, shot: Shot, started: datetime) -> dict[Path, str]:
    """Every document that comes with an exposure; those of its square and hole with the first."""
    folder = data_folder(shot)
    name = shot.exposure.name
    documents = {folder / f"{name}.xml": image_document(plan, shot, started)}
    if plan.container != "eer":
        documents[folder / f"{name}_Fractions.xml"] = fractions_document(plan)
    stamp = _taken(shot).strftime("%Y%m%d_%H%M%S")
    if shot.repeat == 0:
        hole = f"FoilHole_{shot.exposure.foil_hole}_{stamp}.xml"
        documents[folder.parent / "FoilHoles" / hole] = image_document(plan, shot, started, 50e-10)
    if shot.repeat == 0 and shot.hole % plan.holes_per_square == 0:
        square = folder.parent / f"GridSquare_{stamp}.xml"
        documents[square] = image_document(plan, shot, started, 600e-10)
    return documents


def _taken(shot: Shot) -> datetime:
    if shot.exposure.acquired is None:
        raise ValueError(f"{shot.exposure.name}: a shot has a time")
    return shot.exposure.acquired


def _pair(key: str, kind: str, value: object) -> str:
    return (
        f"<a:KeyValueOfstringanyType><a:Key>{escape(key)}</a:Key>"
        f'<a:Value i:type="b:{kind}" xmlns:b="{SCHEMA}">{escape(str(value))}</a:Value>'
        "</a:KeyValueOfstringanyType>"
    )


def _vector(name: str, x: float, y: float) -> str:
    return f'<{name} xmlns:a="{TYPES}"><a:_x>{x!r}</a:_x><a:_y>{y!r}</a:_y></{name}>'


def _camera(plan: SessionPlan) -> tuple[str, str]:
    """Short and commercial name of the camera."""
    if plan.container == "eer":
        return "EF-Falcon", "Falcon 4i"
    return "EF-CCD", "BioQuantum K3"


def _custom(plan: SessionPlan, shot: Shot, gain: str) -> str:
    short, commercial = _camera(plan)
    names = [(f"Aperture[{a}].Name", "string", n) for a, n in APERTURES.items()]
    pairs: list[tuple[str, str, object]] = [
        ("DoseOnCamera", "double", plan.dose * plan.pixel_size**2),
        *names,
        (f"Detectors[{short}].CommercialName", "string", commercial),
        (f"Detectors[{short}].ElectronCounted", "boolean", "true"),
        (f"Detectors[{short}].GainReference", "string", gain),
        ("Dose", "double", plan.dose * 1e20),
        ("DoseRate", "double", plan.dose / plan.exposure_time),
        ("PhasePlateUsed", "boolean", "false"),
        ("BinaryResult.Detector", "string", short),
        ("DetectorCommercialName", "string", commercial),
        ("AppliedDefocus", "double", -(shot.exposure.nominal_defocus or 0.0) * 1e-10),
    ]
    if plan.container == "eer":
        pairs.append((f"Detectors[{short}].EerGainReference", "string", gain))
    # The order of the keys changes between versions of EPU: readers must not count on it.
    pairs = pairs[shot.number % 3 :] + pairs[: shot.number % 3]
    return f'<CustomData xmlns:a="{ARRAYS}">{"".join(_pair(*pair) for pair in pairs)}</CustomData>'


APERTURES = {"C1": "2000", "C2": "50", "C3": "None", "OBJ": "100", "SA": "None"}


def _fractionation(plan: SessionPlan) -> str:
    key = "<a:KeyValueOfstringanyType><a:Key>FractionationSettings</a:Key>"
    if plan.container == "eer":
        value = f'<a:Value i:type="b:EerFractionation" xmlns:b="{OMP}"/>'
    else:
        value = (
            f'<a:Value i:type="b:EquidistantFractionation" xmlns:b="{OMP}">'
            f"<b:NumberOffractions>{plan.frames}</b:NumberOffractions></a:Value>"
        )
    return f"{key}{value}</a:KeyValueOfstringanyType>"


def _acquisition(plan: SessionPlan, when: datetime) -> str:
    special = "".join(
        _pair(*pair)
        for pair in (
            ("AlignIntegratedImageEnabled", "boolean", "false"),
            ("SuperResolutionFactor", "long", 1),
            ("ElectronCountingEnabled", "boolean", "true"),
        )
    )
    return (
        f"<acquisition><acquisitionDateTime>{when.isoformat()}</acquisitionDateTime>"
        f'<camera><Binning xmlns:a="{DRAWING}"><a:x>1</a:x><a:y>1</a:y></Binning>'
        "<CameraLocation>EnergyFilter</CameraLocation>"
        f'<CameraSpecificInput xmlns:a="{ARRAYS}">{special}{_fractionation(plan)}'
        "</CameraSpecificInput><DarkGainCorrection>None</DarkGainCorrection>"
        f"<ExposureTime>{plan.exposure_time}</ExposureTime><Inserted>true</Inserted>"
        f'<Name>{_camera(plan)[0]}</Name><ReadoutArea xmlns:a="{DRAWING}">'
        f"<a:height>{plan.size}</a:height><a:width>{plan.size}</a:width><a:x>0</a:x><a:y>0</a:y>"
        "</ReadoutArea></camera></acquisition>"
    )


def _optics(plan: SessionPlan, shot: Shot) -> str:
    x, y = shot.exposure.beam_shift or (0.0, 0.0)
    reported = -shot.reported_defocus * 1e-10
    return (
        "<optics><BeamDiameter>8.3E-07</BeamDiameter>"
        f"{_vector('BeamShift', x, y)}{_vector('BeamTilt', 0.0114, -0.0149)}"
        "<ColumnOperatingMode>TEM</ColumnOperatingMode>"
        f"<Defocus>{reported!r}</Defocus><EFTEMOn>true</EFTEMOn>"
        "<EnergyFilter><EnergySelectionSlitInserted>true</EnergySelectionSlitInserted>"
        "<EnergySelectionSlitWidth>20</EnergySelectionSlitWidth></EnergyFilter>"
        f"<IlluminationMode>Parallel</IlluminationMode>{_vector('ImageShift', 0.0, 0.0)}"
        "<ProbeMode>NanoProbe</ProbeMode><SpotIndex>5</SpotIndex><TemMagnification>"
        f"<NominalMagnification>{round(165000 / plan.pixel_size, -3):.0f}</NominalMagnification>"
        "</TemMagnification></optics>"
    )


def _stage(shot: Shot) -> str:
    x, y, z = (round(v * 1e-6, 12) for v in shot.exposure.stage or (0.0, 0.0, 0.0))
    return (
        "<stage><Holder>Unspecified</Holder><Position><A>0</A><B>0</B>"
        f"<X>{x!r}</X><Y>{y!r}</Y><Z>{z!r}</Z></Position></stage>"
    )


def image_document(
    plan: SessionPlan, shot: Shot, started: datetime, pixel: float | None = None
) -> str:
    """The XML of an image: of an exposure, or of its hole or square at `pixel` metres."""
    size = plan.pixel_size * 1e-10 if pixel is None else pixel
    scale = "".join(
        f"<{axis}><numericValue>{size!r}</numericValue></{axis}>" for axis in ("x", "y")
    )
    unique = uuid.uuid5(uuid.NAMESPACE_OID, f"{plan.seed}/{shot.exposure.name}/{pixel}")
    return (
        f'<MicroscopeImage xmlns="{SHARED}" xmlns:i="{INSTANCE}"><name>Empty</name>'
        f"<uniqueID>{unique}</uniqueID>{_custom(plan, shot, gain_name(plan, started))}"
        f"<SpatialScale><pixelSize>{scale}</pixelSize></SpatialScale><microscopeData>"
        f"{_acquisition(plan, _taken(shot))}<core><ApplicationSoftware>EPU</ApplicationSoftware>"
        f"<ApplicationSoftwareVersion>{VERSION}</ApplicationSoftwareVersion></core><gun>"
        f"<AccelerationVoltage>{plan.voltage * 1e3:.0f}</AccelerationVoltage></gun><instrument>"
        "<InstrumentID>0</InstrumentID><InstrumentModel>SIMULATED-1</InstrumentModel>"
        f"</instrument>{_optics(plan, shot)}{_stage(shot)}</microscopeData></MicroscopeImage>"
    )


def fractions_document(plan: SessionPlan) -> str:
    """The camera's statement that it has written every fraction."""
    seconds = plan.exposure_time / plan.frames
    fractions = "".join(
        f"<Fraction><StartFrame>{n}</StartFrame><NumberOfFrames>1</NumberOfFrames>"
        f"<ExposureTime>{seconds:.6f}</ExposureTime><Checksum>Valid</Checksum></Fraction>"
        for n in range(plan.frames)
    )
    return (
        "<Acquisition><Info><Detector>EF-CCD</Detector>"
        f"<ExpectedNumberOfFractions>{plan.frames}</ExpectedNumberOfFractions>"
        f"<RecordedNumberOfFractions>{plan.frames}</RecordedNumberOfFractions>"
        f"<ImageSize><Width>{plan.size}</Width><Height>{plan.size}</Height></ImageSize>"
        "<GainCorrection>Off</GainCorrection><ElectronCounting>On</ElectronCounting></Info>"
        f"<Fractions>{fractions}</Fractions></Acquisition>"
    )


def session_document(plan: SessionPlan, name: str, started: datetime) -> str:
    """``EpuSession.dm``."""
    movie = {
        "tiff": "Tiff Lzw Non-Gain normalized",
        "mrc": "Mrc Non-Gain normalized",
        "eer": "Eer",
    }[plan.container]
    ahead = started - timedelta(minutes=20)
    return (
        f'<EpuSessionXml xmlns="{PERSISTENCE}" xmlns:i="{INSTANCE}" xmlns:z="{SERIALIZATION}" '
        'z:Id="1" z:Type="Applications.Epu.Persistence.EpuSessionXml" '
        f'z:Assembly="Applications.Epu.Persistence, Version={VERSION}, Culture=neutral">'
        "<AutoloaderSlot>1</AutoloaderSlot>"
        "<ClusteringMode>ClusteringWithImageBeamShift</ClusteringMode>"
        "<ClusteringRadius>1.2E-05</ClusteringRadius>"
        f"<DoseFractionsOutputFormat>{movie}</DoseFractionsOutputFormat>"
        f"<ImageFileFormat>Mrc</ImageFileFormat><Name>{escape(name)}</Name><Samples><_items>"
        f"<SampleXml><GridGeometry>Square</GridGeometry><StartDateTime>{ahead.isoformat()}"
        f"</StartDateTime></SampleXml></_items></Samples><StartDateTime>{ahead.isoformat()}"
        f"</StartDateTime><StorageFolder>Z:\\{escape(name)}</StorageFolder></EpuSessionXml>"
    )
