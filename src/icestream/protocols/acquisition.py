"""What is known of an acquisition: metadata, gain references, exposure groups, contradictions."""

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from icestream.formats.gain import read_gain
from icestream.formats.movie import MovieFacts
from icestream.formats.sidecars import KnownFiles, Sidecars
from icestream.formats.statements import (
    Statement,
    describe_exposure,
    differences,
    exposure_name,
    first_said,
    say_header,
)
from icestream.model import Alert, Exposure, Level, Movie, Optics, Orientation
from icestream.processing.exposure_groups import ExposureGroups
from icestream.protocols.import_parameters import ImportParameters

__all__ = ["Acquisition", "NotKnown"]


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
        self._files = KnownFiles()
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
        self._files.notice(path)

    def sidecars(self, movie: Path) -> Sidecars:
        """What stands beside a movie, as far as it is there by now."""
        return self._files.sidecars(movie)

    def expects_metadata(self) -> bool:
        """Whether metadata may still come: others had some, or too little was given."""
        given = self._parameters
        enough = given.pixel_size and given.voltage and given.dose_per_frame
        return self._usual is not None or not enough

    def warn(self, key: str, level: Level, message: str) -> None:
        """An alert that holds from now on; the first of each kind is kept."""
        self._alerts.setdefault(key, Alert(key=key, level=level, message=message))

    def describe(
        self, path: Path, facts: MovieFacts, beside: Sidecars, status: os.stat_result
    ) -> Movie:
        """The item, from all that is said about a movie."""
        wanted = self._parameters
        said = self._gather(path, facts, beside)
        _check_known(path, said, "; ".join(filter(None, [beside.unreadable, *facts.odd])))
        pixel_size = self._settle(path, said, "pixel_size")
        voltage = self._settle(path, said, "voltage")
        dose = self._settle(path, said, "dose_per_frame")
        self._compare_frames(path, facts, beside)
        grouping = self._group_frames(facts, dose)
        upsampling = wanted.eer_upsampling if facts.container == "eer" else 1
        return Movie(
            exposure=exposure_name(path),
            path=path,
            frames=facts.frames // grouping,
            shape=(upsampling * facts.shape[0], upsampling * facts.shape[1]),
            optics=Optics(
                pixel_size=pixel_size / upsampling,
                voltage=voltage,
                spherical_aberration=wanted.spherical_aberration,
                amplitude_contrast=wanted.amplitude_contrast,
            ),
            dose_per_frame=dose * grouping,
            pre_exposure=wanted.pre_exposure,
            gain=self._find_gain(facts, [statement.gain for statement in said if statement.gain]),
            gain_orientation=self._orientation,
            defects=wanted.defects or self._files.named([s.defects for s in said if s.defects]),
            eer_grouping=grouping,
            eer_upsampling=upsampling,
            size=facts.size,
            details=self._describe_shot(path, said, status),
        )

    def _gather(self, path: Path, facts: MovieFacts, beside: Sidecars) -> list[Statement]:
        """What each source says, the one that wins first."""
        wanted = self._parameters
        given = Statement(
            source="the parameter given",
            pixel_size=wanted.pixel_size,
            voltage=wanted.voltage,
            dose_per_frame=wanted.dose_per_frame,
        )
        said = [given, *beside.say(facts), say_header(facts)]
        if beside.found:
            self._usual = said[1]
        elif self._usual is not None:
            said.append(self._usual)
        strange = "; ".join(filter(None, [beside.unreadable, *facts.odd]))
        if strange:
            message = f"metadata of {path.name} cannot be used: {strange}"
            self.warn("import.metadata.unreadable", "warning", message)
        return said

    def _settle(self, path: Path, said: Sequence[Statement], what: str) -> float:
        """The value that is used; a difference between sources is reported."""
        value = first_said(said, what)
        title = what.replace("_", " ")
        if value.value is None:
            self.warn(
                f"import.{what}.unknown",
                "warning",
                f"the {title} is not known, so frames are not weighted by dose; "
                "give --dose-per-frame",
            )
            return 0.0
        unlike = differences(said, what)
        if unlike:
            level: Level = "warning" if value.source == said[0].source else "notice"
            used = f"{value.value:g} is used ({value.source})"
            self.warn(f"import.{what}.differs", level, f"{title} of {path.name}: {unlike}; {used}")
        return value.value

    def _compare_frames(self, path: Path, facts: MovieFacts, beside: Sidecars) -> None:
        """Report more frames than the metadata say; fewer are not a whole movie."""
        if facts.frames > (beside.frames or facts.frames):
            self.warn(
                "import.frames.differ",
                "warning",
                f"{path.name} has {facts.frames} frames, its metadata say {beside.frames}",
            )

    def _group_frames(self, facts: MovieFacts, dose: float) -> int:
        """Camera frames of an EER movie that make one fraction."""
        if facts.container != "eer":
            return 1
        # Without a dose, as many fractions as movies usually have.
        wanted = round(self._parameters.eer_dose / dose) if dose else facts.frames // 40
        return min(max(wanted, 1), facts.frames)

    def _find_gain(self, facts: MovieFacts, names: Sequence[str]) -> Path | None:
        """The gain reference for a movie: given, named by the metadata, or the only one there."""
        wanted = self._parameters
        if wanted.gain is not None:
            return self._fitting(wanted.gain, facts)
        if not wanted.find_gain or facts.dtype.kind == "f":
            return None  # real numbers are gain corrected already
        named = self._files.gain_named(names)
        if named is not None:
            return self._fitting(named, facts)
        if names:
            self.warn(
                "import.gain.missing",
                "warning",
                f"the metadata name the gain reference {names[0]}, which was not found as MRC, "
                "TIFF, DM4 or .gain; movies are used as they are: give --gain FILE",
            )
            return None
        there = self._files.gains()
        if len(there) == 1:
            message = f"the gain reference {there[0]} was found and is used"
            self.warn("import.gain.found", "notice", message)
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
            read_gain(gain, facts.shape, eer=eer, orientation=self._orientation)
            self._fits.add(known)
        return gain

    @property
    def _orientation(self) -> Orientation:
        wanted = self._parameters
        return Orientation(
            rotation=wanted.gain_rotation, flip=wanted.gain_flip, inverse=wanted.gain_inverse
        )

    def _describe_shot(
        self, path: Path, said: Sequence[Statement], status: os.stat_result
    ) -> Exposure:
        """When and where it was taken, and its exposure group by the shift of the beam."""
        group = 1
        shifted = next((statement for statement in said if statement.beam_shift is not None), None)
        if shifted is not None and shifted.beam_shift is not None:
            if self._groups is None:
                self._groups = ExposureGroups(shifted.shift_radius)
            group = self._groups.assign(shifted.beam_shift)
        written = datetime.fromtimestamp(status.st_mtime, UTC)
        return describe_exposure(path, said, group=group, written=written)


def _check_known(path: Path, said: Sequence[Statement], strange: str) -> None:
    """Refuse a movie without what nothing can be done without."""
    unknown = [what for what in ("pixel_size", "voltage") if first_said(said, what).value is None]
    if unknown:
        flags = " and ".join(f"--{what.replace('_', '-')}" for what in unknown)
        titles = " and the ".join(what.replace("_", " ") for what in unknown)
        lacking = strange or f"no EPU XML or mdoc was found for {path.name}"
        raise NotKnown(f"give {flags}: the {titles} cannot be read from its header, and {lacking}")
