"""Bookings of ISPyB: visits of proposals, which are its `BLSession` and `Proposal`.

The tables are looked up in the database itself, since every site's schema is a little older or
newer than any library's. Only what every version has is needed; what else is there is used.
"""

import contextlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    LABEL_STYLE_TABLENAME_PLUS_COL,
    URL,
    Connection,
    Engine,
    MetaData,
    Table,
    create_engine,
    select,
)
from sqlalchemy.exc import DBAPIError, InvalidRequestError, NoSuchTableError, OperationalError
from sqlalchemy.pool import NullPool

from icestream.channels.mail import trust
from icestream.channels.receipt import Undelivered
from icestream.facility.asking import (
    SourceChanged,
    SourceDown,
    SourceError,
    SourceRefused,
    secret_of,
)
from icestream.facility.bookings.booking import Booking
from icestream.facility.bookings.clock import seconds_of
from icestream.facility.bookings.kinds import IspybBookings

__all__ = ["Ispyb"]

_NEEDED: Mapping[str, tuple[str, ...]] = {
    "BLSession": (
        "sessionId",
        "proposalId",
        "visit_number",
        "beamLineName",
        "startDate",
        "endDate",
    ),
    "Proposal": ("proposalId", "personId", "proposalCode", "proposalNumber"),
    "Person": ("personId",),
}
_WRONG_LOGIN = (1044, 1045, 1142, 1227, 1698)
"""Numbers of MariaDB's errors: no access to the database, with this password, to the table."""
_NOT_THERE = (1049, 1054, 1109, 1146)
"""Likewise: no such database, column or table."""


class Ispyb:
    """The database of ISPyB as a source of bookings; it is only read."""

    def __init__(
        self, section: IspybBookings, zone: ZoneInfo, *, engine: Engine | None = None
    ) -> None:
        self._section = section
        self._zone = zone
        self._given = engine

    @property
    def place(self) -> str:
        """Server and database."""
        section = self._section
        return f"ISPyB at {section.server}:{section.port}/{section.database}"

    def bookings(self, begins: float, ends: float) -> tuple[Booking, ...]:
        """All visits that reach into a time, with the proposal's principal investigator."""
        with self._opened() as (connection, tables):
            return self._visits(connection, tables, begins, ends)

    def resources(self) -> Mapping[str, str]:
        """Names of the beam lines that ever had a visit; a microscope is one there."""
        with self._opened() as (connection, tables):
            lines = select(tables["BLSession"].c.beamLineName).distinct()
            return {name: name for name in connection.execute(lines).scalars() if name}

    def _visits(
        self,
        connection: Connection,
        tables: Mapping[str, Table],
        begins: float,
        ends: float,
    ) -> tuple[Booking, ...]:
        visit, proposal, person = (tables[name] for name in ("BLSession", "Proposal", "Person"))
        asked = (
            select(visit, proposal, person)
            .set_label_style(LABEL_STYLE_TABLENAME_PLUS_COL)
            .join(proposal, proposal.c.proposalId == visit.c.proposalId)
            .join(person, person.c.personId == proposal.c.personId, isouter=True)
            .where(visit.c.startDate < self._wall(ends), visit.c.endDate > self._wall(begins))
        )
        rows = (dict(row) for row in connection.execute(asked).mappings())
        told = ({str(name): value for name, value in row.items()} for row in rows)
        return tuple(self._booking(row) for row in told if row["BLSession_beamLineName"])

    def _booking(self, row: Mapping[str, Any]) -> Booking:
        code = f"{row['Proposal_proposalCode'] or ''}{row['Proposal_proposalNumber'] or ''}"
        names = (row.get("Person_givenName"), row.get("Person_familyName"))
        return Booking(
            reference=f"{code}-{row['BLSession_visit_number']}",
            resources=(str(row["BLSession_beamLineName"]),),
            begins=seconds_of(row["BLSession_startDate"], self._zone),
            ends=seconds_of(row["BLSession_endDate"], self._zone, end=True),
            title=str(row.get("Proposal_title") or ""),
            login=str(row.get("Person_login") or ""),
            name=" ".join(str(name) for name in names if name),
            email=str(row.get("Person_emailAddress") or ""),
            project=code,
        )

    def _wall(self, seconds: float) -> datetime:
        """A time as the database has it: by the clock of the site, without an offset."""
        return datetime.fromtimestamp(seconds, UTC).astimezone(self._zone).replace(tzinfo=None)

    @contextlib.contextmanager
    def _opened(self) -> Iterator[tuple[Connection, Mapping[str, Table]]]:
        engine = self._given or self._engine()
        try:
            with engine.connect() as connection:
                yield connection, self._tables(connection)
        except DBAPIError as error:
            raise _told(self.place, self._section.user, error) from None
        finally:
            if self._given is None:
                engine.dispose()

    def _tables(self, connection: Connection) -> dict[str, Table]:
        metadata = MetaData()
        found = {}
        for name, needed in _NEEDED.items():
            try:
                table = Table(name, metadata, autoload_with=connection, resolve_fks=False)
            except (NoSuchTableError, InvalidRequestError):
                raise SourceChanged(
                    f"{self.place} has no table {name} that its user may read: is it the database "
                    "of ISPyB?"
                ) from None
            missing = [column for column in needed if column not in table.c]
            if missing:
                raise SourceChanged(
                    f"{self.place}: {name} has no {', '.join(missing)}: its schema is none that is "
                    "known"
                )
            found[name] = table
        return found

    def _engine(self) -> Engine:
        section = self._section
        url = URL.create(
            "mysql+pymysql",
            username=section.user,
            password=secret_of(section.password, "bookings.password"),
            host=section.server,
            port=section.port,
            database=section.database,
        )
        options: dict[str, Any] = {"connect_timeout": 10, "read_timeout": 60, "write_timeout": 10}
        if section.certificates is not None:
            try:
                options["ssl"] = trust(section.certificates)
            except Undelivered as error:
                raise SourceRefused(f"bookings.certificates: {error}") from None
        try:
            return create_engine(url, poolclass=NullPool, connect_args=options)
        except ModuleNotFoundError:
            raise SourceDown(
                f"{self.place} cannot be read: PyMySQL is not installed: "
                "pip install 'icestream[ispyb]'"
            ) from None


def _told(place: str, user: str, error: DBAPIError) -> SourceError:
    arguments: tuple[object, ...] = getattr(error.orig, "args", ())
    number = arguments[0] if arguments and isinstance(arguments[0], int) else None
    said = str(arguments[1] if len(arguments) > 1 else error.orig).partition("\n")[0]
    if number in _WRONG_LOGIN:
        return SourceRefused(f"{place} does not let {user!r} read it: {said}")
    if isinstance(error, OperationalError) and number not in _NOT_THERE:
        return SourceDown(f"{place} cannot be asked: {said}")
    return SourceChanged(f"{place} does not answer what was asked: {said}")
