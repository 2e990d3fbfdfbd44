"""Opening the registry, in a SQLite file or in a PostgreSQL database."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, OperationalError

from icestream.store import postgres, sqlite
from icestream.store.migrate import OtherSchema, migrate, schema_of
from icestream.store.places import is_network

__all__ = ["FILE", "HEAD", "BadRegistry", "FacilityRegistry", "open_registry"]

FILE = "registry.db"
"""Name of the registry where it is a file, and the facility file does not say which."""
SCHEMA = "icestream_facility"
"""Of the registry in a PostgreSQL database."""
HEAD = "0006"
"""The newest migration; a test holds it against the scripts."""


class BadRegistry(OSError):
    """The registry cannot be opened, or is none; the message says what to do."""


@dataclass(frozen=True, slots=True)
class FacilityRegistry:
    """What is known of a facility; any number of processes read and write it."""

    engine: Engine
    place: str
    """Where it is, without what is secret."""
    file: Path | None = None
    """None for PostgreSQL."""

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection for reading; it holds nobody up."""
        with self.engine.connect().execution_options(**{sqlite.READS: True}) as connection:
            yield connection

    @contextlib.contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction, on the disk before others can see it."""
        with (
            self.engine.connect().execution_options(**{sqlite.DURABLE: True}) as connection,
            connection.begin(),
        ):
            yield connection

    def close(self) -> None:
        """Give up all connections."""
        self.engine.dispose()


def open_registry(place: str | Path) -> FacilityRegistry:
    """Open the registry, making or upgrading it where that is needed.

    Parameters
    ----------
    place
        A file, or the address of a PostgreSQL database (``postgresql://user@host/database``), where
        it gets a schema of its own.

    Raises
    ------
    BadRegistry
        If it cannot be opened.
    OtherSchema
        If a newer version of icestream has written it.
    """
    text = str(place)
    if "://" in text:
        return _checked(_in_postgres(text))
    file = Path(text).absolute()
    if is_network(file.parent):
        raise BadRegistry(
            f"the registry cannot be kept in {file}: its folder is on a network file system, where "
            "SQLite's log is unsafe. Name a file on a local disk, or a PostgreSQL database"
        )
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        engine = sqlite.connect(file)
        with engine.connect():
            pass
        file.chmod(0o600)  # it has names and addresses of people
    except (OSError, OperationalError) as error:
        why = getattr(error, "strerror", None) or getattr(error, "orig", None) or error
        raise BadRegistry(f"the registry {file} cannot be opened: {why}") from None
    return _checked(FacilityRegistry(engine, str(file), file))


def _in_postgres(url: str) -> FacilityRegistry:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise BadRegistry("the registry's address is none of a PostgreSQL database") from None
    if parsed.get_backend_name() != "postgresql":
        raise BadRegistry(
            f"the registry is kept in a file or in PostgreSQL, not in {parsed.get_backend_name()}"
        )
    parsed = parsed.set(drivername="postgresql+psycopg")
    shown = parsed.set(password=None, drivername="postgresql").render_as_string()
    try:
        engine = postgres.connect(
            parsed.render_as_string(hide_password=False), SCHEMA, readonly=False
        )
    except ModuleNotFoundError:
        raise BadRegistry(
            f"the registry is in {shown}, and psycopg is not installed: "
            "pip install 'icestream[postgres]'"
        ) from None
    except OperationalError as error:
        why = str(error.orig).strip().partition("\n")[0]
        raise BadRegistry(f"the registry in {shown} cannot be reached: {why}") from None
    return FacilityRegistry(engine, shown)


def _checked(registry: FacilityRegistry) -> FacilityRegistry:
    """The registry at the present schema."""
    try:
        version = schema_of(registry.engine)
        if version is not None and version > HEAD:
            raise OtherSchema(
                f"the registry {registry.place} has schema {version}, this icestream knows up to "
                f"{HEAD}: a newer version has written it. Use that one, or upgrade icestream"
            )
        if version != HEAD:
            migrate(registry.engine, "icestream.facility.registry")
    except BaseException:
        registry.close()
        raise
    return registry
