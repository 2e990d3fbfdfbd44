"""The tables are those that the migrations make."""

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from icestream.facility.registry import tables as t
from icestream.facility.registry.open import FacilityRegistry


def test_migrations_make_exactly_the_tables(registry: FacilityRegistry) -> None:
    with registry.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), t.metadata) == []
