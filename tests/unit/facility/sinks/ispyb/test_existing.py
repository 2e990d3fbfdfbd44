"""Rows that are there already."""

from typing import Any

from icestream.facility.sinks.ispyb.existing import find_acquisition, find_existing
from icestream.facility.sinks.ispyb.rows import SessionRows
from icestream.facility.sinks.ispyb.schema import read_schema


class Keys:
    """What a ledger would know."""

    chosen = ""

    def __init__(self, **newest: int) -> None:
        self._newest = newest

    def key(self, parcel: str) -> str | None:
        return None

    def newest(self, kind: str) -> int:
        return self._newest.get(kind, 0)

    def first(self, kind: str) -> str | None:
        return None


def test_ours_are_found_by_what_they_are_about(ispyb: Any) -> None:
    ispyb.run(
        "INSERT INTO DataCollectionGroup (dataCollectionGroupId, sessionId, comments) "
        "VALUES (90, 7, 'icestream u1 s'), (91, 7, 'icestream u10 other'), (92, 7, NULL)",
        "INSERT INTO DataCollection (dataCollectionId, dataCollectionGroupId) "
        "VALUES (90, 90), (91, 91)",
        "INSERT INTO ProcessingJob (processingJobId, dataCollectionId) VALUES (90, 90), (91, 91)",
        "INSERT INTO AutoProcProgram (autoProcProgramId, processingJobId) "
        "VALUES (90, 90), (91, 91)",
        "INSERT INTO Movie (movieId, dataCollectionId, movieFullPath) "
        "VALUES (90, 90, '/d/a'), (91, 90, '/d/b'), (92, 91, '/d/c'), (93, 90, '/d/b')",
        "INSERT INTO MotionCorrection (motionCorrectionId, movieId, autoProcProgramId) "
        "VALUES (90, 90, 90), (91, 91, 91)",
        "INSERT INTO CTF (ctfId, motionCorrectionId, autoProcProgramId) VALUES (90, 90, 90)",
        "INSERT INTO ParticleClassificationGroup (particleClassificationGroupId, programId, type) "
        "VALUES (90, 90, '2D')",
        "INSERT INTO ParticleClassification (particleClassificationId, classNumber, "
        "particleClassificationGroupId) VALUES (90, 4, 90)",
        "INSERT INTO CryoemInitialModel (cryoemInitialModelId) VALUES (90)",
        "INSERT INTO ParticleClassification_has_CryoemInitialModel VALUES (90, 90)",
    )
    schema = read_schema(ispyb.engine)
    with ispyb.engine.connect() as connection:
        ours = find_acquisition(connection, schema, "u1", 7)
        assert ours == SessionRows(group=90, collection=90, job=90, program=90)
        assert find_acquisition(connection, schema, "u2", 7) is None
        assert find_acquisition(connection, schema, "u1", 8) is None
        found = find_existing(connection, schema, ours, Keys())
        assert found.movies == {"/d/a": 90, "/d/b": 91}  # of two the first
        assert (found.motions, found.ctfs) == ({90: 90}, {90: 90})
        assert (found.classes, found.each_class, found.model) == (90, {4: 90}, 90)
        later = find_existing(connection, schema, ours, Keys(movie=90, motion=90))
        assert later.movies == {"/d/b": 91} and later.motions == {}
