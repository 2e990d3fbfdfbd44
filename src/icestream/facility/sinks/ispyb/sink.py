"""The sink for ISPyB: connects, writes shipments, and says what is wrong."""

from datetime import tzinfo
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from icestream.facility.sinks.ispyb.schema import Schema, read_schema
from icestream.facility.sinks.ispyb.write import Writer
from icestream.facility.sinks.parcels import CONTENTS
from icestream.facility.sinks.sink import NotTaken, Received, Shipment, SinkDown

__all__ = ["IspybSink", "connect_ispyb", "said_by_ispyb"]

_PATIENCE = 10
"""Seconds for which an answer is waited for."""
_VALUES = (1264, 1265, 1292, 1366, 1406, 3140, 4025)
"""Errors of the server that are about a value, whatever its driver calls them."""


class IspybSink:
    """Writes results into the tables of an ISPyB.

    Parameters
    ----------
    url
        Of the database.
    zone
        Of the facility's clock.
    recipe
        Of processing jobs.
    """

    takes = frozenset(CONTENTS)
    pictures = True
    repeated = False
    at_once = 1000

    def __init__(self, url: URL, zone: tzinfo, recipe: str) -> None:
        self._url = url
        self._zone = zone
        self._recipe = recipe
        self._engine: Engine | None = None
        self._schema: Schema | None = None
        self._writers: dict[str, Writer] = {}

    def reach(self) -> None:
        """Look whether the database answers and has the tables."""
        try:
            engine, _ = self._open()
            with engine.connect():
                pass
        except SQLAlchemyError as error:
            self.close()
            raise SinkDown(said_by_ispyb(error)) from None

    def deliver(self, shipment: Shipment) -> Received:
        """Write a shipment in one transaction."""
        if not shipment.session:
            raise NotTaken("the session has no uid, which icestream gives to sessions that it "
                           "runs: run it again with this version")  # fmt: skip
        try:
            engine, schema = self._open()
            writer = self._writers.get(shipment.session)
            if writer is None:
                writer = Writer(schema, self._zone, self._recipe)
                self._writers[shipment.session] = writer
            with engine.begin() as connection:
                return writer.write(connection, shipment)
        except BaseException as error:
            # Whether a transaction was carried out is not known: what is there is looked for again.
            self._writers.pop(shipment.session, None)
            if isinstance(error, SQLAlchemyError):
                self._fail(error)
            raise

    def close(self) -> None:
        """Give up all connections, and what is known of the tables."""
        if self._engine is not None:
            self._engine.dispose()
        self._engine = self._schema = None
        self._writers.clear()

    def _open(self) -> tuple[Engine, Schema]:
        if self._engine is None or self._schema is None:
            self.close()
            engine = connect_ispyb(self._url)
            try:
                self._schema = read_schema(engine)
            except BaseException:
                engine.dispose()
                raise
            self._engine = engine
        return self._engine, self._schema

    def _fail(self, error: SQLAlchemyError) -> None:
        """Say what an error is: about a value, or about the database."""
        said = said_by_ispyb(error)
        values = isinstance(error, DataError | IntegrityError) or _number(error) in _VALUES
        if values:
            raise NotTaken(said) from None
        self.close()
        raise SinkDown(said) from None


def connect_ispyb(url: URL) -> Engine:
    """An engine of a database, which is not asked yet and keeps one connection.

    Raises
    ------
    SinkDown
        If what talks to it is not installed.
    """
    try:
        engine = create_engine(
            url,
            poolclass=QueuePool,
            pool_size=1,
            pool_pre_ping=True,
            pool_recycle=600,
            connect_args={
                "connect_timeout": _PATIENCE,
                "read_timeout": 6 * _PATIENCE,
                "write_timeout": 6 * _PATIENCE,
                "charset": "utf8mb4",
            },
        )
    except ModuleNotFoundError as error:
        raise SinkDown(
            f"{error.name} is not installed, which talks to the database: "
            "pip install 'icestream[ispyb]'"
        ) from None

    # Time stamps go in as UTC, whatever the clock of the server says.
    @event.listens_for(engine, "connect")
    def _utc(connection: Any, _: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET time_zone = '+00:00'")

    return engine


def _number(error: SQLAlchemyError) -> int:
    """The number that the server gives to an error; 0 where it is not from there."""
    if not isinstance(error, DBAPIError) or error.orig is None or not error.orig.args:
        return 0
    first = error.orig.args[0]
    return first if isinstance(first, int) else 0


def said_by_ispyb(error: SQLAlchemyError) -> str:
    """What the server says, without the statement and its values."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        args = error.orig.args
        return f"{args[1]} (error {args[0]})" if len(args) > 1 else str(error.orig)
    return str(error).splitlines()[0]
