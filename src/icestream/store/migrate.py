"""Bringing a store to the present schema."""

from importlib.resources import files

from sqlalchemy import Engine, inspect, text

__all__ = ["HEAD", "NewerStore", "upgrade"]

HEAD = "0003"
"""The newest migration; tests hold it against the scripts."""


class NewerStore(RuntimeError):
    """The store was written by a newer version of icestream."""


def upgrade(engine: Engine) -> None:
    """Run the migrations that a store lacks.

    Alembic is imported only when there is something to do: opening an up-to-date store costs
    one query.
    """
    with engine.connect() as connection:
        known = inspect(connection).has_table("alembic_version")
        found = (
            connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
            if known
            else None
        )
    if found == HEAD:
        return
    if found is not None and found > HEAD:
        raise NewerStore(
            f"the session's store has schema {found}, this icestream knows up to {HEAD}; "
            "upgrade icestream to open it"
        )
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(files("icestream.store") / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
