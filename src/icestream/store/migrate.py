"""Bringing a store to the present schema, and refusing one of another."""

import threading
from importlib.resources import files
from pathlib import Path

from sqlalchemy import Column, Engine, MetaData, String, Table, insert, inspect, text

from icestream.store.tables import metadata

__all__ = [
    "HEAD",
    "NewerStore",
    "OlderStore",
    "OtherSchema",
    "check",
    "has_begun",
    "migrate",
    "schema_of",
    "upgrade",
]

HEAD = "0014"
"""The newest migration; tests hold it against the scripts."""

_ONE_AT_A_TIME = threading.Lock()
"""Alembic keeps what it is at in globals of the process."""

_ALIKE = "0013"
"""The oldest schema that differs from the newest in indexes alone: it is read, and asked, as it is.
"""

_VERSION = Table("alembic_version", MetaData(), Column("version_num", String(32), primary_key=True))
"""Where Alembic keeps which migrations a store has seen."""


class OtherSchema(RuntimeError):
    """The store has another schema than this version of icestream works with."""


class NewerStore(OtherSchema):
    """The store was written by a newer version of icestream."""


class OlderStore(OtherSchema):
    """The store was written by an earlier version of icestream."""


def upgrade(engine: Engine) -> None:
    """Run the migrations that a store lacks: the session's coordinator does, and nobody else.

    A store that is only being made gets the tables as they are now; tests hold them against the
    migrations. Alembic is imported only when there are migrations to run: opening an up-to-date
    store costs one query.
    """
    version = schema_of(engine)
    if version == HEAD:
        return
    if version is None:
        _make_tables(engine)
        return
    if version > HEAD:
        raise NewerStore(
            f"the session's store has schema {version}, this icestream knows up to {HEAD}; "
            "upgrade icestream to open it"
        )
    migrate(engine, "icestream.store")


def migrate(engine: Engine, package: str) -> None:
    """Run those of a package's ``migrations`` that a database lacks, all or none."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(files(package) / "migrations"))
    with _ONE_AT_A_TIME, engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _make_tables(engine: Engine) -> None:
    with engine.begin() as connection:
        metadata.create_all(connection)
        _VERSION.create(connection, checkfirst=True)
        connection.execute(insert(_VERSION).values(version_num=HEAD))


def check(engine: Engine, folder: Path) -> bool:
    """Whether there is a store yet; one of another schema is refused, saying what to do."""
    version = schema_of(engine)
    if version is not None and version > HEAD:
        raise NewerStore(
            f"the store of the session in {folder} has schema {version}, this icestream knows up "
            f"to {HEAD}: the session is run by a newer version. Use that one, or upgrade icestream"
        )
    if version is not None and version < _ALIKE:
        raise OlderStore(
            f"the store of the session in {folder} has schema {version}, this icestream works with "
            f"{HEAD}: the session was run by an earlier version. If a process of that version runs "
            "it now, use that version; otherwise running it again with this one (icestream process "
            f"... --out {folder}) brings it up to date"
        )
    return version is not None


def has_begun(engine: Engine) -> bool:
    """Whether there is a session in a store: whoever made it may have been killed before that."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("session"):
            return False
        return connection.execute(text("SELECT count(*) FROM session")).scalar() != 0


def schema_of(engine: Engine) -> str | None:
    """The schema of a database; None for one that is only being made."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return None if version is None else str(version)
