"""What exists in a cryo-EM session: frozen values, no files opened, no database."""

from collections.abc import Mapping
from typing import Any

from icestream.model.alert import Alert, Extent, Level, Offer
from icestream.model.arrays import Column, Image, Spectrum, Stack, column
from icestream.model.classes import Classes
from icestream.model.correction import PicksCorrection
from icestream.model.ctf import Ctf, CtfAgreement
from icestream.model.document import from_document, map_paths, to_document, type_name
from icestream.model.exposure import Exposure
from icestream.model.gain import AS_IT_IS, ORIENTATIONS, Gain, GainVerdict, Orientation
from icestream.model.identity import (
    BranchId,
    ResultId,
    RevisionId,
    StepId,
    SubjectId,
    SubjectKind,
    TaskId,
    content_key,
    source_key,
    task_key,
)
from icestream.model.measured import MeasuredExposure
from icestream.model.micrograph import Micrograph, Motion, PartialSpectra, TrackAgreement
from icestream.model.micrograph_quality import (
    MICROGRAPH_CLASSES,
    MicrographClass,
    MicrographQuality,
)
from icestream.model.movie import Movie
from icestream.model.names import safe_file_name, shown_name
from icestream.model.optics import Optics, optics_words
from icestream.model.particles import Particles, SelectedParticles
from icestream.model.picks import BY_HAND, PickerAgreement, Picks, PicksByHand, rank_scores
from icestream.model.picture import Picture, marked_fields, pictures_of
from icestream.model.quality import (
    LEADING,
    QUALITIES,
    REPORTED_BY,
    Measured,
    Quality,
    leading_of,
    qualities_of,
    quality_of,
)
from icestream.model.states import (
    BranchState,
    ExposureState,
    SessionState,
    StepKind,
    StepStatus,
    TaskState,
)
from icestream.model.taken import Taken, taken_words
from icestream.model.verdict import Accepted, Rejected, Verdict
from icestream.model.volume import Volume
from icestream.model.workload import StepLoad, Workload

__all__ = [
    "AS_IT_IS",
    "BY_HAND",
    "ITEM_TYPES",
    "LEADING",
    "MICROGRAPH_CLASSES",
    "ORIENTATIONS",
    "QUALITIES",
    "REPORTED_BY",
    "Accepted",
    "Alert",
    "BranchId",
    "BranchState",
    "Classes",
    "Column",
    "Ctf",
    "CtfAgreement",
    "Exposure",
    "ExposureState",
    "Extent",
    "Gain",
    "GainVerdict",
    "Image",
    "Level",
    "Measured",
    "MeasuredExposure",
    "Micrograph",
    "MicrographClass",
    "MicrographQuality",
    "Motion",
    "Movie",
    "Offer",
    "Optics",
    "Orientation",
    "PartialSpectra",
    "Particles",
    "PickerAgreement",
    "Picks",
    "PicksByHand",
    "PicksCorrection",
    "Picture",
    "Quality",
    "Rejected",
    "ResultId",
    "RevisionId",
    "SelectedParticles",
    "SessionState",
    "Spectrum",
    "Stack",
    "StepId",
    "StepKind",
    "StepLoad",
    "StepStatus",
    "SubjectId",
    "SubjectKind",
    "Taken",
    "TaskId",
    "TaskState",
    "TrackAgreement",
    "Verdict",
    "Volume",
    "Workload",
    "column",
    "content_key",
    "from_document",
    "leading_of",
    "map_paths",
    "marked_fields",
    "optics_words",
    "pictures_of",
    "qualities_of",
    "quality_of",
    "rank_scores",
    "safe_file_name",
    "shown_name",
    "source_key",
    "taken_words",
    "task_key",
    "to_document",
    "type_name",
]

ITEM_TYPES: Mapping[str, type[Any]] = {
    type_name(kind): kind
    for kind in (
        Accepted,
        Classes,
        Ctf,
        Gain,
        Micrograph,
        MicrographQuality,
        Movie,
        Particles,
        Picks,
        Rejected,
        SelectedParticles,
        Volume,
    )
}
"""Our types of items by the names that records know them by. A type that is renamed stays here
under its old name too: sessions that were recorded before have that."""
