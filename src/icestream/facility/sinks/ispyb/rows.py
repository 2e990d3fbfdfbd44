"""Contents of parcels as rows of ISPyB's tables, in its units.

Lengths are in Å but for particles' diameters and the pixel on the camera, which are in nm. The
numbers of ``Movie`` and ``MotionCorrection`` are those of the exposures.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from icestream.facility.sinks.parcels import (
    ClassContent,
    ClassesContent,
    CtfContent,
    ModelContent,
    MotionContent,
    MovieContent,
    PicksContent,
    SessionContent,
    StatusContent,
    VerdictContent,
)

__all__ = [
    "SessionRows",
    "class_row",
    "classes_row",
    "collection_row",
    "ctf_row",
    "group_row",
    "job_row",
    "mark_of",
    "model_row",
    "motion_row",
    "movie_row",
    "picks_row",
    "program_row",
    "status_row",
    "verdict_words",
]

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class SessionRows:
    """The rows that stand for a session, by their numbers."""

    group: int
    """DataCollectionGroup."""
    collection: int
    """DataCollection."""
    job: int
    """ProcessingJob."""
    program: int
    """AutoProcProgram."""


def mark_of(uid: str) -> str:
    """How the comments of a session's group begin, by which it is found again."""
    return f"icestream {uid}"


def group_row(content: SessionContent, session: int, experiment: int | None) -> Row:
    """DataCollectionGroup of a session at ISPyB, and of a kind of experiment."""
    return {
        "sessionId": session,
        "experimentTypeId": experiment,
        "comments": f"{mark_of(content.uid)} {content.name}",
    }


def collection_row(content: SessionContent, session: int, group: int, zone: tzinfo) -> Row:
    """DataCollection."""
    shape = content.shape or (None, None)
    pixel = content.pixel_size
    return {
        "dataCollectionGroupId": group,
        "SESSIONID": session,
        "experimenttype": "single particle",
        "startTime": _local(content.began, zone),
        "imageDirectory": f"{content.images.rstrip('/')}/",
        "imageSuffix": content.suffix,
        "voltage": content.voltage,
        "pixelSizeOnImage": None if pixel is None else round(0.1 * pixel, 9),
        "imageSizeX": shape[1],
        "imageSizeY": shape[0],
        "totalExposedDose": content.dose,
        "phasePlate": content.phase_plate,
        "comments": content.name,
    }


def job_row(content: SessionContent, collection: int, recipe: str) -> Row:
    """ProcessingJob."""
    return {
        "dataCollectionId": collection,
        "displayName": f"icestream {content.workflow}",
        "recipe": recipe,
        "automatic": 1,
        "comments": content.folder,
    }


def program_row(content: SessionContent, job: int, zone: tzinfo) -> Row:
    """AutoProcProgram, as it begins: its state is told by the status of the session."""
    programs = ", ".join(dict.fromkeys(protocol for _, protocol in content.steps))
    return {
        "processingJobId": job,
        "processingPrograms": f"{content.software}: {programs}",
        "processingStartTime": _local(content.began, zone),
    }


def status_row(content: StatusContent, zone: tzinfo) -> Row:
    """What changes of AutoProcProgram: 1 is over, NULL goes on.

    One that was stopped and does not go on is over, too, and says so: pages of ISPyB would show it
    as running for ever.
    """
    state = 1 if content.state == "done" or content.final else None
    words = content.state if not content.reason else f"{content.state}: {content.reason}"
    counts = (
        f"{content.exposures} exposures, {content.accepted} accepted, "
        f"{content.rejected} rejected, {content.failed} failed"
    )
    return {
        "processingStatus": state,
        "processingMessage": f"{words} ({counts})",
        "processingEndTime": None if content.ended is None else _local(content.ended, zone),
    }


def movie_row(content: MovieContent, collection: int) -> Row:
    """Movie; the time stamp is of UTC."""
    taken = content.taken_in if content.acquired is None else content.acquired
    stage = content.stage or (None, None, None)
    return {
        "dataCollectionId": collection,
        "movieNumber": content.number,
        "movieFullPath": content.path,
        "createdTimeStamp": datetime.fromtimestamp(taken, UTC).replace(tzinfo=None, microsecond=0),
        "positionX": stage[0],
        "positionY": stage[1],
        "nominalDefocus": content.nominal_defocus,
        "angle": content.tilt,
        "fluence": content.dose,
        "numberOfFrames": content.frames,
    }


def motion_row(content: MotionContent, acquisition: SessionRows, movie: int) -> Row:
    """MotionCorrection; its comments are written with the verdict."""
    return {
        "dataCollectionId": acquisition.collection,
        "movieId": movie,
        "autoProcProgramId": acquisition.program,
        "imageNumber": content.number,
        "firstFrame": content.first_frame,
        "lastFrame": content.last_frame,
        "dosePerFrame": content.dose_per_frame,
        "doseWeight": 1.0 if content.dose_weighted else 0.0,
        "totalMotion": content.total,
        "averageMotionPerFrame": content.per_frame,
        "driftPlotFullPath": content.plot,
        "micrographFullPath": content.micrograph,
        "micrographSnapshotFullPath": content.thumbnail,
    }


def ctf_row(content: CtfContent, program: int, motion: int) -> Row:
    """CTF."""
    searched = content.searched or (None, None)
    fitted = content.fitted or (None, None)
    return {
        "motionCorrectionId": motion,
        "autoProcProgramId": program,
        "boxSizeX": content.box,
        "boxSizeY": content.box,
        "minResolution": fitted[0],
        "maxResolution": fitted[1],
        "minDefocus": searched[0],
        "maxDefocus": searched[1],
        "astigmatism": content.astigmatism,
        "astigmatismAngle": content.angle,
        "estimatedResolution": content.resolution,
        "estimatedDefocus": content.defocus,
        "amplitudeContrast": content.amplitude_contrast,
        "ccValue": content.score,
        "fftTheoreticalFullPath": content.spectrum,
        "iceRingDensity": content.ice_ring,
        "comments": _ctf_words(content) or None,
    }


def picks_row(content: PicksContent, program: int, motion: int) -> Row:
    """ParticlePicker; the diameter is in nm."""
    return {
        "programId": program,
        "firstMotionCorrectionId": motion,
        "particlePickingTemplate": content.picker or None,
        "particleDiameter": _nanometres(content.diameter),
        "numberOfParticles": content.particles,
    }


def classes_row(content: ClassesContent, program: int, picker: int | None) -> Row:
    """ParticleClassificationGroup."""
    return {
        "particlePickerId": picker,
        "programId": program,
        "type": "2D",
        "batchNumber": 1,
        "numberOfParticlesPerBatch": content.particles,
        "numberOfClassesPerBatch": content.classes,
        "symmetry": "C1",
        "binnedPixelSize": content.pixel_size,
    }


def class_row(content: ClassContent, group: int) -> Row:
    """ParticleClassification; 0 is a resolution that cannot be told, as others write it."""
    return {
        "particleClassificationGroupId": group,
        "classNumber": content.number,
        "classImageFullPath": content.picture,
        "particlesPerClass": content.particles,
        "classDistribution": content.share,
        "estimatedResolution": content.resolution or 0.0,
        "selected": bool(content.selected),
    }


def model_row(content: ModelContent) -> Row:
    """CryoemInitialModel."""
    return {"resolution": content.resolution, "numberOfParticles": content.particles}


def verdict_words(content: VerdictContent) -> str | None:
    """What the comments of MotionCorrection say of an exposure; None where it goes on."""
    if content.state == "going":
        return None
    if content.state == "done":
        return "accepted"
    return f"{content.state}: {'; '.join(content.reasons)}" if content.reasons else content.state


def _ctf_words(content: CtfContent) -> str:
    """What a fit says that no column is for."""
    said: Mapping[str, str] = {
        "phase shift": f"{content.phase_shift:.1f} degrees" if content.phase_shift else "",
        "tilt": f"{content.tilt:.1f} degrees" if content.tilt else "",
        "ice": "" if content.thickness is None else f"{0.1 * content.thickness:.0f} nm",
        "doubtful": content.doubt,
    }
    return "; ".join(f"{name} {words}" for name, words in said.items() if words)


def _nanometres(value: float | None) -> float | None:
    return None if value is None else round(0.1 * value, 6)


def _local(seconds: float, zone: tzinfo) -> datetime:
    """A time as ISPyB has it: of the facility's clock, in whole seconds, without a zone."""
    return datetime.fromtimestamp(seconds, zone).replace(tzinfo=None, microsecond=0)
