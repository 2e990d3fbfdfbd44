"""What is known of an acquisition: metadata, gain references, exposure groups, contradictions."""

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from icestream.formats.epu import epu_place
from icestream.formats.gain import read_gain
from icestream.formats.movie import MovieFacts
from icestream.formats.sidecars import Sidecars, find_sidecars, is_gain_name
from icestream.formats.statements import (
    Statement,
    differences,
    exposure_name,
    first_said,
    say_header,
)
from icestream.model import Alert, Exposure, Level, Movie, Optics, Orientation
from icestream.processing.exposure_groups import ExposureGroups
from icestream.protocols.import_parameters import ImportParameters

__all__ = ["Acquisition", "NotKnown"]

_GAIN_SUFFIXES = (".mrc", ".tif", ".tiff", ".gain", ".dm4", ".dm3")


def _gatan_first(path: Path) -> bool:
    return path.suffix.lower() not in (".dm3", ".dm4")


class NotKnown(Exception):
    """Something that a movie needs is said nowhere; the message says which option to give."""


class Acquisition:
    """Puts together what a person, the microscope's files and the headers say about each movie.

    Parameters
    ----------
    parameters
        What the person says; it wins.
    state
        `document` of an earlier run: numbers of exposure groups are kept over a restart.
    """

    def __init__(
        self, parameters: ImportParameters, state: Mapping[str, Any] | None = None
    ) -> None:
        self._parameters = parameters
        self._beside: dict[str, Path] = {}
        self._gains: set[Path] = set()
        self._fits: set[tuple[Path, tuple[int, int]]] = set()
        self._usual: Statement | None = None
        self._alerts: dict[str, Alert] = {}
        groups = (state or {}).get("groups")
        self._groups = ExposureGroups(**groups) if groups else None

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """Contradictions and gaps that were met."""
        return tuple(self._alerts.values())

    def document(self) -> dict[str, Any] | None:
        """What a restart needs; JSON-ready."""
        return {"groups": self._groups.document()} if self._groups is not None else None

    def notice(self, path: Path) -> None:
        """Remember a file that may tell about movies."""
        self._beside[path.name.lower()] = path
        if is_gain_name(path.name) and path.suffix.lower() in _GAIN_SUFFIXES:
            self._gains.add(path)

    def sidecars(self, movie: Path) -> Sidecars:
        """What stands beside a movie, as far as it is there by now."""
        return find_sidecars(movie, self._beside)

    def expects_metadata(self) -> bool:
        """Whether metadata may still come: others had some, or too little was given."""
        given = self._parameters
        enough = given.pixel_size and given.voltage and given.dose_per_frame
        return self._usual is not None or not enough

    def describe(
        self, path: Path, facts: MovieFacts, beside: Sidecars, status: os.stat_result
    ) -> Movie:
        """The item, from all that is said about a movie."""
        wanted = self._parameters
        said = [self._given(), *beside.say(facts), say_header(facts)]
        if beside.found:
            self._usual = said[1]
        said += [self._usual] if self._usual is not None and not beside.found else []
        if beside.unreadable:
            message = f"metadata of {path.name} cannot be used: {beside.unreadable}"
            self.warn("import.metadata.unreadable", "warning", message)
        lacking = beside.unreadable or f"no EPU XML or mdoc was found for {path.name}"
        needed = {"pixel size": "pixel_size", "voltage": "voltage"}
        unknown = {title: name for title, name in needed.items() if not first_said(said, name)[0]}
        if unknown:
            flags = " and ".join(f"--{name.replace('_', '-')}" for name in unknown.values())
            raise NotKnown(
                f"give {flags}: the {' and the '.join(unknown)} cannot be read from its header, "
                f"and {lacking}"
            )
        pixel_size = self._settle(path, said, "pixel_size")
        voltage = self._settle(path, said, "voltage")
        dose = self._settle(path, said, "dose_per_frame")
        if facts.frames > (beside.frames or facts.frames):
            self.warn(
                "import.frames.differ",
                "warning",
                f"{path.name} has {facts.frames} frames, its metadata say {beside.frames}",
            )
        grouping = self._grouping(facts, dose)
        upsampling = wanted.eer_upsampling if facts.container == "eer" else 1
        shape = (upsampling * facts.shape[0], upsampling * facts.shape[1])
        gain = self._find_gain(facts, [one.gain for one in said if one.gain])
        return Movie(
            exposure=exposure_name(path),
            path=path,
            frames=facts.frames // grouping,
            shape=shape,
            optics=Optics(
                pixel_size=pixel_size / upsampling,
                voltage=voltage,
                spherical_aberration=wanted.spherical_aberration,
                amplitude_contrast=wanted.amplitude_contrast,
            ),
            dose_per_frame=dose * grouping,
            pre_exposure=wanted.pre_exposure,
            gain=gain,
            gain_orientation=self._orientation(),
            defects=wanted.defects or self._named([one.defects for one in said if one.defects]),
            eer_grouping=grouping,
            eer_upsampling=upsampling,
            size=facts.size,
            details=self._details(path, said, status),
        )

    def _given(self) -> Statement:
        wanted = self._parameters
        return Statement(
            source="the parameter given",
            pixel_size=wanted.pixel_size,
            voltage=wanted.voltage,
            dose_per_frame=wanted.dose_per_frame,
        )

    def _settle(self, path: Path, said: Sequence[Statement], what: str) -> float:
        """The value that is used; a difference between sources is reported."""
        value, source = first_said(said, what)
        title = what.replace("_", " ")
        if value is None:
            self.warn(
                f"import.{what}.unknown",
                "warning",
                f"the {title} is not known, so frames are not weighted by dose; "
                "give --dose-per-frame",
            )
            return 0.0
        unlike = differences(said, what)
        if unlike:
            level: Level = "warning" if source == said[0].source else "notice"
            message = f"{title} of {path.name}: {unlike}; {value:g} is used ({source})"
            self.warn(f"import.{what}.differs", level, message)
        return value

    def _grouping(self, facts: MovieFacts, dose: float) -> int:
        """Camera frames of an EER movie that make one fraction."""
        if facts.container != "eer":
            return 1
        # Without a dose, as many fractions as movies usually have.
        wanted = round(self._parameters.eer_dose / dose) if dose else facts.frames // 40
        return min(max(wanted, 1), facts.frames)

    def _details(self, path: Path, said: Sequence[Statement], status: os.stat_result) -> Exposure:
        shifted = next((one for one in said if one.beam_shift is not None), None)
        group = 1
        if shifted is not None and shifted.beam_shift is not None:
            if self._groups is None:
                self._groups = ExposureGroups(shifted.shift_radius)
            group = self._groups.assign(shifted.beam_shift)
        square, hole = epu_place(path)
        acquired = next((one.acquired for one in said if one.acquired is not None), None)
        return Exposure(
            name=exposure_name(path),
            acquired=acquired or datetime.fromtimestamp(status.st_mtime, UTC),
            grid_square=square,
            foil_hole=hole,
            group=group,
            beam_shift=shifted.beam_shift if shifted is not None else None,
            stage=next((one.stage for one in said if one.stage is not None), None),
            tilt=next((one.tilt for one in said if one.tilt is not None), None),
            nominal_defocus=first_said(said, "nominal_defocus")[0],
        )

    def _named(self, names: Sequence[str]) -> Path | None:
        """The first of these files that was found, whatever the case of its name."""
        found = (self._beside.get(name.lower()) for name in names)
        return next((path for path in found if path is not None), None)

    def _find_gain(self, facts: MovieFacts, names: Sequence[str]) -> Path | None:
        """The gain reference for a movie: given, named by the metadata, or the only one there."""
        wanted = self._parameters
        if wanted.gain is not None:
            return self._fitting(wanted.gain, facts)
        if not wanted.find_gain or facts.dtype.kind == "f":
            return None  # real numbers are gain corrected already
        stems = [Path(name).stem for name in names if name.lower().endswith((".dm4", ".dm3"))]
        converted = [stem + suffix for stem in stems for suffix in _GAIN_SUFFIXES]
        named = self._named([*names, *converted])
        if named is not None and named.suffix.lower() in _GAIN_SUFFIXES:
            return self._fitting(named, facts)
        if names:
            self.warn(
                "import.gain.missing",
                "warning",
                f"the metadata name the gain reference {names[0]}, which was not found as MRC, "
                "TIFF, DM4 or .gain; movies are used as they are: give --gain FILE",
            )
            return None
        # A Gatan file and what it was converted to are one reference.
        there = sorted(
            {path.stem.lower(): path for path in sorted(self._gains, key=_gatan_first)}.values()
        )
        if len(there) == 1:
            self.warn(
                "import.gain.found",
                "notice",
                f"the gain reference {there[0]} was found and is used",
            )
            return self._fitting(there[0], facts)
        if there:
            listed = ", ".join(path.name for path in there[:5])
            message = f"{len(there)} gain references were found ({listed}); give --gain FILE"
            self.warn("import.gain.unclear", "warning", message)
        return None

    def _fitting(self, gain: Path, facts: MovieFacts) -> Path:
        """The reference, once it is known that it can be read and has the frames' size."""
        known = (gain, facts.shape)
        if known not in self._fits:
            eer = facts.container == "eer"
            read_gain(gain, facts.shape, eer=eer, orientation=self._orientation())
            self._fits.add(known)
        return gain

    def _orientation(self) -> Orientation:
        wanted = self._parameters
        return Orientation(
            rotation=wanted.gain_rotation, flip=wanted.gain_flip, inverse=wanted.gain_inverse
        )

    def warn(self, key: str, level: Level, message: str) -> None:
        """An alert that holds from now on; the first of each kind is kept."""
        self._alerts.setdefault(key, Alert(key=key, level=level, message=message))
