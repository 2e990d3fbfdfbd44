"""One shipment as rows of ISPyB, within one transaction."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import tzinfo
from typing import Any

from sqlalchemy import Connection, Table, insert, select, update

from icestream.facility.sinks.ispyb import rows
from icestream.facility.sinks.ispyb.existing import (
    Existing,
    find_acquisition,
    find_existing,
    groups_of_model,
    visit_of,
)
from icestream.facility.sinks.ispyb.rows import SessionRows
from icestream.facility.sinks.ispyb.schema import Misfit, Schema, fit
from icestream.facility.sinks.ispyb.visit import find_visit
from icestream.facility.sinks.parcels import (
    ClassContent,
    ClassesContent,
    CtfContent,
    ModelContent,
    MotionContent,
    MovieContent,
    Parcel,
    PicksContent,
    SessionContent,
    StatusContent,
    VerdictContent,
)
from icestream.facility.sinks.sink import Held, NotTaken, Received, Shipment

__all__ = ["Writer"]

Row = dict[str, Any]

_OWNER = {
    "DataCollection": "dataCollectionGroupId",
    "ProcessingJob": "dataCollectionId",
    "AutoProcProgram": "processingJobId",
    "Movie": "dataCollectionId",
    "MotionCorrection": "autoProcProgramId",
    "CTF": "autoProcProgramId",
    "ParticlePicker": "programId",
    "ParticleClassificationGroup": "programId",
    "ParticleClassification": "particleClassificationGroupId",
}
"""The column that says of a row that it is ours. Its number alone does not: a database that was
restored from a backup gives numbers out again, to others."""


@dataclass
class Writer:
    """Writes shipments of one session; knows what may be there already.

    Parameters
    ----------
    schema
        Tables of the site.
    zone
        Of the facility's clock.
    recipe
        Of the processing job, by which pages of ISPyB choose how to show it.
    """

    schema: Schema
    zone: tzinfo
    recipe: str
    existing: Existing | None = None
    """None: not looked for yet."""
    keys: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)

    def write(self, connection: Connection, shipment: Shipment) -> Received:
        """Write a shipment; nothing is committed.

        Raises
        ------
        Held
            If it is not known to which session of ISPyB it belongs.
        """
        self.keys, self.refused, self.said = {}, {}, []
        acquisition = self._acquisition(connection, shipment)
        if self.existing is None:
            self.existing = find_existing(connection, self.schema, acquisition, shipment.keys)
        of: dict[type, list[Parcel]] = {}
        for parcel in shipment.parcels:
            of.setdefault(type(parcel.content), []).append(parcel)
        at = _At(connection, shipment, acquisition, self.existing)
        for kind, step in (
            (MovieContent, self._movies),
            (MotionContent, self._motions),
            (CtfContent, self._ctfs),
            (PicksContent, self._picks),
            (VerdictContent, self._verdicts),
            (ClassesContent, self._classes),
            (ClassContent, self._each_class),
            (ModelContent, self._models),
            (StatusContent, self._statuses),
        ):
            if kind in of:
                step(at, of[kind])
        return Received(dict(self.keys), dict(self.refused), tuple(dict.fromkeys(self.said)))

    # -- the session ---------------------------------------------------------------------------

    def _acquisition(self, connection: Connection, shipment: Shipment) -> SessionRows:
        """The rows of the session: those that are known, found, or made now."""
        known = shipment.keys.key("session")
        parcel = next((one for one in shipment.parcels if one.kind == "session"), None)
        found = None if known is None else SessionRows(**json.loads(known))
        if parcel is None and self.existing is not None:
            assert found is not None  # nothing comes before it
            return found
        session = (
            None if found is None else visit_of(connection, self.schema, found, shipment.session)
        )
        if parcel is None:
            assert found is not None
            if session is None:
                raise Held(
                    f"ISPyB does not have what was written of {shipment.name} any more: was it "
                    f"restored from a backup? icestream facility sinks {shipment.name} --again"
                )
            return found
        content = parcel.content
        assert isinstance(content, SessionContent)
        schema = self.schema
        if session is None:  # one that is known is not moved to another visit
            session = find_visit(connection, schema, shipment.keys.chosen, shipment.name)
            found = find_acquisition(connection, schema, content.uid, session)
        group = self._put(
            connection, "DataCollectionGroup",
            rows.group_row(content, session, self._experiment(connection)),
            None if found is None else found.group,
        )  # fmt: skip
        collection = self._put(
            connection, "DataCollection",
            rows.collection_row(content, session, group, self.zone),
            None if found is None else found.collection,
        )  # fmt: skip
        job = self._put(
            connection, "ProcessingJob", rows.job_row(content, collection, self.recipe),
            None if found is None else found.job,
        )  # fmt: skip
        program = self._put(
            connection, "AutoProcProgram", rows.program_row(content, job, self.zone),
            None if found is None else found.program,
        )  # fmt: skip
        made = SessionRows(group=group, collection=collection, job=job, program=program)
        self.keys[parcel.id] = json.dumps(asdict(made))
        return made

    def _experiment(self, connection: Connection) -> int | None:
        """Number of the kind of experiment, as the site has it."""
        if "ExperimentType" in self.schema:
            kinds = self.schema["ExperimentType"].c
            chosen = select(kinds.experimentTypeId).where(kinds.name == "Single Particle")
            found = connection.execute(chosen.limit(1)).scalar()
            if found is not None:
                return int(found)
        self.said.append("ExperimentType has no 'Single Particle' here: sessions are written "
                         "without a type")  # fmt: skip
        return None

    # -- what was found out --------------------------------------------------------------------

    def _movies(self, at: "_At", parcels: Sequence[Parcel]) -> None:
        def row(parcel: Parcel) -> tuple[Row, int | None]:
            content = parcel.content
            assert isinstance(content, MovieContent)
            made = rows.movie_row(content, at.acquisition.collection)
            return made, at.existing.movies.get(content.path)

        self._put_all(at, "Movie", parcels, row)

    def _motions(self, at: "_At", parcels: Sequence[Parcel]) -> None:
        def row(parcel: Parcel) -> tuple[Row, int | None]:
            content = parcel.content
            assert isinstance(content, MotionContent)
            movie = self._number(at, f"movie:{content.number}")
            made = rows.motion_row(content, at.acquisition, movie)
            return made, at.existing.motions.get(movie)

        self._put_all(at, "MotionCorrection", parcels, row)

    def _ctfs(self, at: "_At", parcels: Sequence[Parcel]) -> None:
        def row(parcel: Parcel) -> tuple[Row, int | None]:
            content = parcel.content
            assert isinstance(content, CtfContent)
            motion = self._number(at, f"motion:{content.number}")
            made = rows.ctf_row(content, at.acquisition.program, motion)
            return made, at.existing.ctfs.get(motion)

        self._put_all(at, "CTF", parcels, row)

    def _picks(self, at: "_At", parcels: Sequence[Parcel]) -> None:
        def row(parcel: Parcel) -> tuple[Row, int | None]:
            content = parcel.content
            assert isinstance(content, PicksContent)
            motion = self._number(at, f"motion:{content.number}")
            made = rows.picks_row(content, at.acquisition.program, motion)
            return made, at.existing.picks.get(motion)

        self._put_all(at, "ParticlePicker", parcels, row)

    def _verdicts(self, at: "_At", parcels: Sequence[Parcel]) -> None:
        """An exposure without a motion, whose movie could not be read, has no place for it."""
        table = self.schema["MotionCorrection"]
        for parcel in parcels:
            content = parcel.content
            assert isinstance(content, VerdictContent)
            if any(self._known(at, one) is None for one in parcel.after):
                continue
            motion = self._known(at, f"motion:{content.number}")
            if motion is not None:
                fitted = fit(table, {"comments": rows.verdict_words(content)}, self.said)
                if fitted.values:
                    own = table.c.motionCorrectionId == int(motion)
                    own &= table.c.autoProcProgramId == at.acquisition.program
                    at.connection.execute(update(table).where(own).values(fitted.values))
                self.said += fitted.said
            self.keys[parcel.id] = ""

    def _classes(self, at: "_At", parcels: Sequence[Parcel]) -> None:
        def row(parcel: Parcel) -> tuple[Row, int | None]:
            content = parcel.content
            assert isinstance(content, ClassesContent)
            first = at.shipment.keys.first("picks")
            picker = None if first is None else int(first)
            return rows.classes_row(content, at.acquisition.program, picker), at.existing.classes

        self._put_all(at, "ParticleClassificationGroup", parcels, row)

    def _each_class(self, at: "_At", parcels: Sequence[Parcel]) -> None:
        def row(parcel: Parcel) -> tuple[Row, int | None]:
            content = parcel.content
            assert isinstance(content, ClassContent)
            made = rows.class_row(content, self._number(at, "classes"))
            return made, at.existing.each_class.get(content.number)

        self._put_all(at, "ParticleClassification", parcels, row)

    def _models(self, at: "_At", parcels: Sequence[Parcel]) -> None:
        def row(parcel: Parcel) -> tuple[Row, int | None]:
            content = parcel.content
            assert isinstance(content, ModelContent)
            return rows.model_row(content), at.existing.model

        self._put_all(at, "CryoemInitialModel", parcels, row)
        for parcel in parcels:
            if parcel.id in self.keys:
                self._link(at, parcel)

    def _link(self, at: "_At", parcel: Parcel) -> None:
        """Say of which classes a model was made."""
        content = parcel.content
        assert isinstance(content, ModelContent)
        table = self.schema["ParticleClassification_has_CryoemInitialModel"]
        model = int(self.keys[parcel.id])
        chosen = select(table.c.particleClassificationId)
        there = set(
            at.connection.execute(chosen.where(table.c.cryoemInitialModelId == model)).scalars()
        )
        wanted = {self._number(at, f"class:{one}") for one in content.classes}
        made = [{"cryoemInitialModelId": model, "particleClassificationId": one}
                for one in sorted(wanted - there)]  # fmt: skip
        if made:
            at.connection.execute(insert(table), made)

    def _statuses(self, at: "_At", parcels: Sequence[Parcel]) -> None:
        table = self.schema["AutoProcProgram"]
        for parcel in parcels:
            content = parcel.content
            assert isinstance(content, StatusContent)
            fitted = fit(table, rows.status_row(content, self.zone), self.said)
            own = table.c.autoProcProgramId == at.acquisition.program
            own &= table.c.processingJobId == at.acquisition.job
            at.connection.execute(update(table).where(own).values(fitted.values))
            self.said += fitted.said
            self.keys[parcel.id] = str(at.acquisition.program)

    # -- rows ----------------------------------------------------------------------------------

    def _known(self, at: "_At", parcel: str) -> str | None:
        """Number of what was delivered now or before."""
        return self.keys.get(parcel) or at.shipment.keys.key(parcel)

    def _number(self, at: "_At", parcel: str) -> int:
        """The same, of what has to be there; LookupError where it was refused just now."""
        known = self._known(at, parcel)
        if known is None:
            raise LookupError(parcel)
        return int(known)

    def _put_all(
        self,
        at: "_At",
        name: str,
        parcels: Sequence[Parcel],
        row: Callable[[Parcel], tuple[Row, int | None]],
    ) -> None:
        """Insert or update a row for each parcel; one whose parent was refused is passed over."""
        table = self.schema[name]
        made: list[tuple[Parcel, Row]] = []
        for parcel in parcels:
            try:
                values, found = row(parcel)
                fitted = fit(table, values, self.said)
            except LookupError:
                continue
            except Misfit as error:
                self.refused[parcel.id] = str(error)
                continue
            self.said += fitted.said
            key = at.shipment.keys.key(parcel.id)
            number = found if key is None else int(key)
            if isinstance(parcel.content, ModelContent) and number is not None:
                groups = groups_of_model(at.connection, self.schema, number)
                number = number if not groups or self._known(at, "classes") in groups else None
            if number is not None and _update(at.connection, table, number, fitted.values):
                self.keys[parcel.id] = str(number)
            else:
                made.append((parcel, fitted.values))
        numbers = _insert(at.connection, table, [values for _, values in made])
        for (parcel, _), number in zip(made, numbers, strict=True):
            self.keys[parcel.id] = str(number)

    def _put(
        self, connection: Connection, name: str, values: Mapping[str, Any], number: int | None
    ) -> int:
        """Insert or update one row; its number."""
        table = self.schema[name]
        try:
            fitted = fit(table, values, self.said)
        except Misfit as error:
            raise NotTaken(str(error)) from None
        self.said += fitted.said
        if number is not None and _update(connection, table, number, fitted.values):
            return number
        return _insert(connection, table, [fitted.values])[0]


@dataclass(frozen=True, slots=True)
class _At:
    """What a shipment is written with."""

    connection: Connection
    shipment: Shipment
    acquisition: SessionRows
    existing: Existing


def _update(connection: Connection, table: Table, number: int, values: Row) -> bool:
    """Change a row; False where it is there no more, or is another's by now."""
    own = next(iter(table.primary_key.columns))
    chosen = update(table).where(own == number)
    if table.name in _OWNER:
        owner = _OWNER[table.name]
        chosen = chosen.where(table.c[owner] == values[owner])
    return bool(connection.execute(chosen.values(values)).rowcount)


def _insert(connection: Connection, table: Table, values: list[Row]) -> list[int]:
    """Insert rows, which give the same columns; their numbers, in the same order."""
    if not values:
        return []
    own = next(iter(table.primary_key.columns))
    if connection.dialect.insert_returning:
        statement = insert(table).returning(own, sort_by_parameter_order=True)
        return [int(one) for one in connection.execute(statement, values).scalars()]
    made = (connection.execute(insert(table).values(row)) for row in values)
    return [int(one.inserted_primary_key[0]) for one in made if one.inserted_primary_key]
