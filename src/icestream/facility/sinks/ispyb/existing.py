"""Rows that are there already, found by what they are about.

A process that was killed after its transaction, and before it could note the keys in the ledger,
left rows that nobody knows of; so does a session's folder that was restored from a backup, for the
time since. All of them are newer than what the ledger knows, so that little has to be looked at.
"""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select

from icestream.facility.sinks.ispyb.rows import SessionRows, mark_of
from icestream.facility.sinks.ispyb.schema import Schema
from icestream.facility.sinks.sink import Keys

__all__ = ["Existing", "find_acquisition", "find_existing", "groups_of_model", "visit_of"]


@dataclass
class Existing:
    """Numbers of rows that the ledger may not know."""

    movies: dict[str, int] = field(default_factory=dict)
    """By the path of the movie."""
    motions: dict[int, int] = field(default_factory=dict)
    """By the movie."""
    ctfs: dict[int, int] = field(default_factory=dict)
    """By the motion."""
    picks: dict[int, int] = field(default_factory=dict)
    """By the motion."""
    classes: int | None = None
    """The group of 2D classes."""
    each_class: dict[int, int] = field(default_factory=dict)
    """By the number of the class."""
    model: int | None = None


def find_acquisition(
    connection: Connection, schema: Schema, uid: str, session: int
) -> SessionRows | None:
    """The rows that stand for a session of ours in one of ISPyB; None: there are none.

    What is there of them was made in one transaction, so that all of it is there.
    """
    group, collection = schema["DataCollectionGroup"].c, schema["DataCollection"].c
    job, program = schema["ProcessingJob"].c, schema["AutoProcProgram"].c
    of_job = job.dataCollectionId == collection.dataCollectionId
    chosen = (
        select(
            group.dataCollectionGroupId,
            collection.dataCollectionId,
            job.processingJobId,
            program.autoProcProgramId,
        )
        .join(
            schema["DataCollection"],
            collection.dataCollectionGroupId == group.dataCollectionGroupId,
        )
        .join(schema["ProcessingJob"], of_job)
        .join(schema["AutoProcProgram"], program.processingJobId == job.processingJobId)
        .where(group.sessionId == session, group.comments.startswith(f"{mark_of(uid)} "))
        .order_by(group.dataCollectionGroupId, program.autoProcProgramId)
        .limit(1)
    )
    row = connection.execute(chosen).first()
    return None if row is None else SessionRows(*row)


def find_existing(
    connection: Connection, schema: Schema, acquisition: SessionRows, keys: Keys
) -> Existing:
    """Rows of a session that are newer than what the ledger knows."""

    def of(table: str, about: str, where: Any, kind: str) -> dict[Any, int]:
        columns = schema[table].c
        own = next(iter(schema[table].primary_key.columns))
        chosen = select(columns[about], own).where(where, own > keys.newest(kind)).order_by(own)
        # Of two, which only others can have made, the first is ours.
        return dict(reversed([tuple(row) for row in connection.execute(chosen)]))

    program = acquisition.program
    motion, ctf = schema["MotionCorrection"].c, schema["CTF"].c
    picker, group = schema["ParticlePicker"].c, schema["ParticleClassificationGroup"].c
    movie = schema["Movie"].c
    found = Existing(
        movies=of("Movie", "movieFullPath", movie.dataCollectionId == acquisition.collection,
                  "movie"),
        motions=of("MotionCorrection", "movieId", motion.autoProcProgramId == program, "motion"),
        ctfs=of("CTF", "motionCorrectionId", ctf.autoProcProgramId == program, "ctf"),
        picks=of("ParticlePicker", "firstMotionCorrectionId", picker.programId == program, "picks"),
    )  # fmt: skip
    known = keys.key("classes")
    if known is None:
        ours = (group.programId == program, group.type == "2D")
        chosen = select(group.particleClassificationGroupId).where(*ours)
        found.classes = connection.execute(chosen.limit(1)).scalar()
    classes = found.classes if known is None else int(known)
    if classes is not None:
        one = schema["ParticleClassification"].c
        found.each_class = of("ParticleClassification", "classNumber",
                              one.particleClassificationGroupId == classes, "class")  # fmt: skip
        if keys.key("model") is None:
            found.model = _find_model(connection, schema, classes)
    return found


def visit_of(connection: Connection, schema: Schema, known: SessionRows, uid: str) -> int | None:
    """Session of ISPyB that the rows of ours are in; None where they are no more, or others'."""
    group, program = schema["DataCollectionGroup"].c, schema["AutoProcProgram"].c
    its = (program.autoProcProgramId == known.program, program.processingJobId == known.job)
    chosen = select(group.sessionId).where(
        group.dataCollectionGroupId == known.group,
        group.comments.startswith(f"{mark_of(uid)} "),
        select(program.autoProcProgramId).where(*its).exists(),
    )
    found = connection.execute(chosen).scalar()
    return None if found is None else int(found)


def groups_of_model(connection: Connection, schema: Schema, model: int) -> frozenset[str]:
    """Numbers of the groups of 2D classes that a model is of."""
    link = schema["ParticleClassification_has_CryoemInitialModel"]
    one = schema["ParticleClassification"].c
    chosen = (
        select(one.particleClassificationGroupId)
        .join(link, one.particleClassificationId == link.c.particleClassificationId)
        .where(link.c.cryoemInitialModelId == model)
    )
    return frozenset(map(str, connection.execute(chosen).scalars()))


def _find_model(connection: Connection, schema: Schema, classes: int) -> int | None:
    link = schema["ParticleClassification_has_CryoemInitialModel"].c
    one = schema["ParticleClassification"].c
    chosen = (
        select(link.cryoemInitialModelId)
        .join(
            schema["ParticleClassification"],
            one.particleClassificationId == link.particleClassificationId,
        )
        .where(one.particleClassificationGroupId == classes)
        .order_by(link.cryoemInitialModelId)
        .limit(1)
    )
    return connection.execute(chosen).scalar()
