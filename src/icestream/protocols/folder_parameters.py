"""What a person says about a folder to import from."""

from typing import Annotated

from annotated_types import Ge, Gt, Le
from pydantic import Field

from icestream.protocol import Advanced, DecidesIfSet, Operational, Parameters, shown_if
from icestream.protocols.preset import Preset
from icestream.units import Angstrom, Kilovolt, Millimetre, Second, Usual

__all__ = ["FolderParameters"]


class FolderParameters(Parameters):
    """Where the files are, and what their metadata do not say."""

    pattern: Annotated[str, Operational] = ""
    """Folder of the files, or a pattern such as /data/session/**/*_fractions.tiff."""

    origin: Annotated[str, Operational, Advanced] = ""
    """Place in a bucket, s3://bucket/prefix, whose objects are brought into the folder while the
    session runs; nowhere: the files come into it by themselves."""

    watch: Annotated[bool, Operational] = False
    """Wait for more files instead of ending with those that are there."""

    idle_timeout: Annotated[
        Second, Ge(0), Usual(1.0, 604800.0, also=(0.0,)), Operational, shown_if("watch")
    ] = 0.0
    """End after so long without a new file; 0 waits until the step is stopped."""

    pixel_size: Annotated[Angstrom, Gt(0), Usual(0.2, 20.0)] | None = None
    """Pixel size of what is in the files (of an EER movie: of the camera's pixels)."""

    voltage: Annotated[Kilovolt, Gt(0), Usual(60.0, 400.0)] | None = None
    """Acceleration voltage."""

    spherical_aberration: Annotated[Millimetre, Ge(0), Usual(0.005, 5.0, also=(0.0,))] = 2.7
    """Spherical aberration (Cs) of the objective lens; no metadata say it. When it is not given,
    that of the microscope's preset is used, or else the default."""

    amplitude_contrast: Annotated[float, Ge(0), Le(1), Usual(0.0, 0.5)] = 0.1
    """Fraction of the contrast that is amplitude contrast; not given, as of Cs."""

    microscope: Annotated[str, DecidesIfSet] = ""
    """Name of the microscope, one of those in the settings: its preset says what neither you nor
    the metadata say. Without it, the preset whose microscope the metadata name, if any."""

    presets: Annotated[dict[str, Preset], DecidesIfSet, Advanced] = Field(default_factory=dict)
    """What is known of each microscope, by its name: those of the settings when the session
    began."""

    exclude: Annotated[tuple[str, ...], Operational] = ()
    """Patterns of names or folders to be left out."""

    since: Annotated[Second, Ge(0), Operational, Advanced] = 0.0
    """Leave files that were last changed before: seconds since 1970. A session that begins at a
    facility and shares its folder with others is told so."""

    metadata: Annotated[str, Advanced] = ""
    """Another folder that holds the microscope's XML or mdoc files."""

    metadata_wait: Annotated[Second, Ge(0), Usual(0.0, 3600.0), Operational, Advanced] = 20.0
    """Wait so long for metadata that arrive after their movie or micrograph."""

    patience: Annotated[Second, Gt(0), Usual(1.0, 86400.0), Operational, Advanced] = 300.0
    """Give up a file that is not whole after so long without a change."""

    scan_every: Annotated[Second, Gt(0), Usual(1.0, 86400.0), Operational, Advanced] = 600.0
    """List folders again after so long although they seem unchanged."""
