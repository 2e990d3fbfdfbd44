"""What Alembic runs: migrate over the connection that the registry hands over."""

from alembic import context

from icestream.facility.registry.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
