"""What is known of an acquisition: metadata, gain references, exposure groups, contradictions."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from icestream.formats.movie import MovieFacts
from icestream.formats.nearby import NearbyFiles
from icestream.formats.renamed import written_at
from icestream.formats.sidecars import Sidecars, find_sidecars
from icestream.formats.statements import (
    Statement,
    describe_exposure,
    first_said,
    inherited,
    say_header,
)
from icestream.model import Alert, Exposure, Level, Micrograph, Movie, Optics
from icestream.protocols.defects_choice import DefectsChoice
from icestream.protocols.gain_choice import GainChoice
from icestream.protocols.import_parameters import ImportParameters
from icestream.protocols.notices import Notices
from icestream.protocols.option_words import option_words
from icestream.protocols.session_optics import OpticalTraits, SessionOptics
from icestream.protocols.settled_optics import UNSAID, SettledOptics, say_preset

__all__ = ["Acquisition", "NotKnown"]

_UNREADABLE = "import.metadata.unreadable"
_MOST_KINDS = 8
"""Kinds of trouble with metadata that are told."""
_ONE = re.compile(r"\S*[\d./]\S*")
"""Names and numbers in a sentence."""
_OF_GAIN = ("gain_rotation", "gain_flip", "gain_inverse")
_INHERITED = ("pixel_size", "voltage", "gain", "defects")


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
        self._files = NearbyFiles()
        self._usual: dict[tuple[int, int], Statement] = {}
        """What the last movie with metadata shares with others, by the size of its frames."""
        self._odd: set[str] = set()
        """Why metadata were not used, without what is of one movie only."""
        self.notices = Notices()
        """Contradictions and gaps that were met."""
        self._defects = DefectsChoice(parameters, self._files, self.warn)
        self._goes_without = False
        """The reference that metadata name did not come, and is not waited for any more."""
        self._gains: dict[str, GainChoice] = {}
        """By the name of a preset, which may say how the reference is laid onto the frames."""
        self._settled = SettledOptics(parameters, self.notices)
        self._optics = SessionOptics((state or {}).get("groups"))

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """Contradictions and gaps that were met."""
        return self.notices.alerts

    def document(self) -> dict[str, Any]:
        """What a restart needs; JSON-ready."""
        return {"groups": self._optics.document()}

    def notice(self, path: Path) -> None:
        """Remember a file that may tell about movies."""
        self._files.notice(path)

    def notice_movie(self, path: Path) -> None:
        """Remember a movie: metadata beside it are its own."""
        self._files.notice_movie(path)

    def is_sum(self, path: Path) -> bool:
        """Whether a file of one image is the picture of a movie beside it, by its name."""
        return self._files.is_sum(path)

    def beside(self, path: Path, stems: Sequence[str]) -> str | None:
        """The first of these names, with the ending of `path`, of a file that was seen with it."""
        names = (stem + path.suffix for stem in stems)
        return next((name for name in names if self._files.is_movie(path, name)), None)

    def sidecars(self, movie: Path) -> Sidecars:
        """What stands beside a movie, as far as it is there by now."""
        return find_sidecars(movie, self._files)

    def expects_metadata(self, *needed: str) -> bool:
        """Whether metadata may still come: others had some, or something `needed` is not given."""
        given = all(getattr(self._parameters, name) for name in needed)
        return bool(self._usual) or not given

    def lacks_gain(self, path: Path, facts: MovieFacts, beside: Sidecars) -> bool:
        """Whether the metadata of a movie name a gain reference that is not there, and may come.

        What a microscope writes is often copied in another order. After one movie went without,
        none waits any more.
        """
        wanted = self._parameters
        corrected = facts.container != "eer" and beside.is_corrected
        if wanted.gain is not None or not wanted.find_gain or corrected or self._goes_without:
            return False
        names = [one.gain for one in beside.say(facts) if one.gain]
        whole = facts.dtype.kind != "f"  # real numbers are gain corrected already
        return bool(names) and whole and self._files.gain_named(names, path) is None

    def warn(self, key: str, level: Level, message: str) -> None:
        """An alert that holds from now on; the first of each kind is kept."""
        self.notices.once(key, level, message)

    def describe(
        self,
        exposure: str,
        path: Path,
        facts: MovieFacts,
        beside: Sidecars,
        status: os.stat_result,
    ) -> Movie:
        """The item, from all that is said about a movie.

        Raises
        ------
        NotKnown
            If its pixel size or voltage is said nowhere.
        FormatError
            If its gain reference or its list of defects does not fit.
        """
        wanted = self._parameters
        said = self.gather(path, facts, beside)
        _check_known(path, said, facts, beside)
        upsampling = wanted.eer_upsampling if facts.container == "eer" else 1
        optics, assumed = self._settled.optics(path, said, upsampling)
        gain = self._gain(said)
        self._goes_without = self._goes_without or self.lacks_gain(path, facts, beside)
        dose = self._settled.value(path, said, "dose_per_frame") or 0.0
        self._settled.check_dose(path, facts.frames, dose)
        self._compare_frames(path, facts, beside)
        grouping = self._group_frames(facts, dose)
        count = facts.frames // grouping
        doses = _frame_doses(said, grouping, count)
        prior = next((one.prior_dose for one in said if one.prior_dose is not None), 0.0)
        return Movie(
            exposure=exposure,
            path=path,
            frames=count,
            shape=(upsampling * facts.shape[0], upsampling * facts.shape[1]),
            optics=optics,
            dose_per_frame=sum(doses) / count if doses else dose * grouping,
            frame_doses=doses,
            pre_exposure=wanted.pre_exposure or prior,
            gain=gain.choose(
                path,
                facts,
                [one.gain for one in said if one.gain],
                corrected=facts.container != "eer" and beside.is_corrected,
            ),
            gain_orientation=gain.orientation,
            defects=self._defects.choose(
                path, facts.shape, [one.defects for one in said if one.defects]
            ),
            eer_grouping=grouping,
            eer_upsampling=upsampling,
            size=facts.size,
            details=self._describe_shot(exposure, path, facts, optics, said, status),
            inherited=self._tell_inherited(exposure, said, beside),
            assumed=assumed,
        )

    def describe_micrograph(
        self,
        exposure: str,
        path: Path,
        facts: MovieFacts,
        beside: Sidecars,
        status: os.stat_result,
    ) -> Micrograph:
        """The item of an image that was aligned elsewhere; errors as of `describe`."""
        said = self.gather(path, facts, beside)
        _check_known(path, said, facts, beside)
        optics, assumed = self._settled.optics(path, said)
        shot = self._describe_shot(exposure, path, facts, optics, said, status)
        return Micrograph(
            exposure=exposure,
            path=path,
            shape=facts.shape,
            optics=optics,
            group=shot.group,
            phase_plate=bool(shot.phase_plate),
            details=shot,
            inherited=self._tell_inherited(exposure, said, beside),
            assumed=assumed,
        )

    def gather(self, path: Path, facts: MovieFacts, beside: Sidecars) -> list[Statement]:
        """What each source says, the one that wins first; a preset is the last."""
        wanted = self._parameters
        set_ = wanted.model_fields_set
        given = Statement(
            source="the parameter given",
            pixel_size=wanted.pixel_size,
            voltage=wanted.voltage,
            dose_per_frame=wanted.dose_per_frame,
            **{name: getattr(wanted, name) for name in UNSAID if name in set_},
        )
        said = [given, *beside.say(facts), say_header(facts)]
        if beside.found:
            self._usual = {**self._usual, facts.shape: inherited(said[1])}
        elif facts.shape in self._usual:
            said.append(self._usual[facts.shape])
        odd = (reason for statement in said for reason in statement.odd)
        self._tell_odd(path, [*filter(None, [beside.unreadable]), *facts.odd, *odd])
        name = self._settled.preset(said)
        return [*said, say_preset(name, wanted.presets[name])] if name else said

    def _tell_odd(self, path: Path, reasons: Sequence[str]) -> None:
        """Say why metadata are not used: the first of each kind, and of a few kinds."""
        kinds = {_ONE.sub("", reason): reason for reason in reasons}
        new = {kind: reason for kind, reason in kinds.items() if kind not in self._odd}
        if not new or len(self._odd) >= _MOST_KINDS:
            return
        key = f"import.metadata.unreadable.{len(self._odd)}" if self._odd else _UNREADABLE
        self._odd |= new.keys()
        message = f"metadata of {path.name} cannot be used: {'; '.join(new.values())}"
        self.warn(key, "warning", message)

    def _gain(self, said: Sequence[Statement]) -> GainChoice:
        """Which reference is used, and how, with the preset of a movie."""
        name = self._settled.preset(said)
        if name not in self._gains:
            wanted = self._parameters
            known = wanted.presets[name].changed() if name else {}
            names = set(_OF_GAIN) & known.keys() - wanted.model_fields_set
            changed = {n: known[n] for n in names if known[n] is not None}
            choice = GainChoice(wanted.model_copy(update=changed), self._files, self.warn)
            self._gains[name] = choice
        return self._gains[name]

    def _compare_frames(self, path: Path, facts: MovieFacts, beside: Sidecars) -> None:
        """Report another number of frames than the metadata say."""
        wanted = beside.frames or facts.frames
        if facts.frames > wanted:
            self.warn(
                "import.frames.differ",
                "warning",
                f"{path.name} has {facts.frames} frames, its metadata say {beside.frames}",
            )
        if facts.frames < wanted:
            self.notices.listed(
                "import.frames.fewer",
                "warning",
                f"{path.name} ({facts.frames} of {wanted})",
                "frames are missing at the end of {}; each of the others has its share of the dose "
                "of all that were planned",
            )

    def _group_frames(self, facts: MovieFacts, dose: float) -> int:
        """Camera frames of an EER movie that make one fraction."""
        if facts.container != "eer":
            return 1
        # Without a dose, as many fractions as movies usually have.
        wanted = round(self._parameters.eer_dose / dose) if dose else facts.frames // 40
        return min(max(wanted, 1), facts.frames)

    def _tell_inherited(
        self, exposure: str, said: Sequence[Statement], beside: Sidecars
    ) -> tuple[str, ...]:
        """What is known only from movies before this one; that its own metadata lack is told."""
        if beside.found or not self._usual:
            return ()
        self.notices.listed(
            "import.metadata.missing",
            "warning",
            exposure,
            "no metadata were found for {}: time, stage, tilt, beam shift and defocus are unknown",
        )
        usual = next((n for n, one in enumerate(said) if one in self._usual.values()), None)
        if usual is None:
            return ()
        lent = tuple(
            what
            for what in _INHERITED
            if getattr(said[usual], what) and not any(getattr(one, what) for one in said[:usual])
        )
        if lent:
            words = ", ".join(what.replace("_", " ") for what in lent)
            self.notices.listed(
                "import.metadata.inherited",
                "notice",
                exposure,
                f"inherited from the movies before, without metadata of its own: {words} of {{}}",
            )
        return lent

    def _describe_shot(
        self,
        exposure: str,
        path: Path,
        facts: MovieFacts,
        optics: Optics,
        said: Sequence[Statement],
        status: os.stat_result,
    ) -> Exposure:
        """When and where it was taken, and its exposure group."""
        shifted = next((statement for statement in said if statement.beam_shift is not None), None)
        traits = OpticalTraits(
            pixel_size=optics.pixel_size,
            voltage=optics.voltage,
            spherical_aberration=optics.spherical_aberration,
            amplitude_contrast=optics.amplitude_contrast,
            shape=facts.shape,
            camera=next((statement.camera for statement in said if statement.camera), None),
        )
        group, changes = self._optics.group(
            traits,
            shifted.beam_shift if shifted else None,
            shifted.shift_radius if shifted else 0.0,
        )
        if changes:
            self.warn(
                f"import.optics.changed.{group}",
                "warning",
                f"the optics changed at {exposure}: {changes}; exposures from there on are in "
                f"exposure groups of their own, from {group} on",
            )
        written = written_at(status)
        return describe_exposure(exposure, path, said, group=group, written=written)


def _frame_doses(said: Sequence[Statement], grouping: int, count: int) -> tuple[float, ...]:
    """e/Å² in each frame as read, where they differ by the source that wins; else empty."""
    source = next((one for one in said if one.dose_per_frame), None)
    if source is None or not source.frame_doses:
        return ()
    doses = list(source.frame_doses[: count * grouping])
    doses += [doses[-1]] * (count * grouping - len(doses))
    return tuple(sum(doses[n * grouping : (n + 1) * grouping]) for n in range(count))


def _check_known(
    path: Path, said: Sequence[Statement], facts: MovieFacts, beside: Sidecars
) -> None:
    """Refuse a movie without what nothing can be done without."""
    unknown = [what for what in ("pixel_size", "voltage") if first_said(said, what).value is None]
    if not unknown:
        return
    titles = " and the ".join(what.replace("_", " ") for what in unknown)
    lacking = [*filter(None, [beside.unreadable]), *facts.odd]
    lacking += [reason for statement in said for reason in statement.odd]
    if beside.files and not lacking:
        lacking.append(f"{' and '.join(beside.files)}, which was found, does not say it")
    if not lacking:
        lacking.append(f"no EPU XML or mdoc was found for {path.name}")
    raise NotKnown(
        f"give {option_words(*unknown)}: the {titles} cannot be read from its header, and "
        f"{'; '.join(lacking)}"
    )
