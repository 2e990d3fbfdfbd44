"""Stores in PostgreSQL: a schema for each session."""

import re
from pathlib import Path

from sqlalchemy import Engine, create_engine, text

from icestream.model import content_key

__all__ = ["connect", "schema_for"]

_ALIVE = {
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,  # milliseconds
}
"""Who waits for a server that is cut off without a word is told so after half a minute or so."""


def schema_for(folder: Path) -> str:
    """Name of the schema of the session in `folder`: readable, and unique by its full path."""
    plain = re.sub(r"[^a-z0-9]+", "_", folder.name.lower()).strip("_")[:40]
    if not plain or f"{plain}_".startswith("pg_"):  # PostgreSQL keeps those for itself
        plain = f"session_{plain}"
    return f"{plain}_{content_key(str(folder))[:8]}"


def connect(url: str, schema: str, readonly: bool, *, create: bool = True) -> Engine:
    """An engine that lives in `schema`, which is created unless `readonly` or told not to."""
    options = f"-csearch_path={schema}"
    if readonly:
        options += " -cdefault_transaction_read_only=on"
    elif create:
        # One connection whose search path is the default one: the schema may not exist yet.
        first = create_engine(url, connect_args={"connect_timeout": 5})
        with first.begin() as connection:
            connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{schema}"'))
        first.dispose()
    return create_engine(
        url,
        connect_args={"options": options, "connect_timeout": 5, **_ALIVE},
        pool_pre_ping=True,
    )
