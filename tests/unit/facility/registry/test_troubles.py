"""What is wrong is written down by its key, and found by what it is about."""

from importlib.resources import files

from alembic import command
from alembic.config import Config
from sqlalchemy import text

from icestream.facility.registry.duties import duties
from icestream.facility.registry.open import FacilityRegistry
from icestream.facility.registry.troubles import forget_trouble, keep_trouble, troubles


def test_troubles_are_found_by_what_they_are_about(registry: FacilityRegistry) -> None:
    values = {"level": "warning", "message": "x"}
    with registry.write() as connection:
        for key in ("sink.a", "sink.a/2", "sink.a/1", "sink.ab/1", "sink.A/3", "sink_a/1"):
            keep_trouble(connection, key, since=5.0, **values)
        keep_trouble(connection, "sink.a/1", since=9.0, told=6.0, **values)
        found = troubles(connection, "sink.a")
        assert [one.key for one in found] == ["sink.a", "sink.a/1", "sink.a/2"]
        assert (found[1].since, found[1].told) == (5.0, 6.0)
        forget_trouble(connection, "sink.a")
        assert [one.key for one in troubles(connection, "sink.a")] == ["sink.a/1", "sink.a/2"]
        assert [one.key for one in troubles(connection, "sink_a")] == ["sink_a/1"]


def test_what_staff_were_told_of_before_is_known_after_an_upgrade(
    registry: FacilityRegistry,
) -> None:
    config = Config()
    place = files("icestream.facility.registry") / "migrations"
    config.set_main_option("script_location", str(place))
    with registry.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "-1")
        connection.execute(
            text(
                "INSERT INTO duty (name, failing_since, problem, told) "
                "VALUES ('copy', 3.0, 'the NAS is away', 4.0), ('sinks', NULL, '', NULL), "
                "('keep.disk', 5.0, 'it may be full', 5.0)"
            )
        )
        command.upgrade(config, "head")
    with registry.read() as connection:
        (one,) = troubles(connection, "facility.copy")
        assert (one.message, one.since, one.told) == ("copy has failed: the NAS is away", 3.0, 4.0)
        assert troubles(connection, "facility.sinks") == ()
        (disk,) = troubles(connection, "facility.disk")
        assert (disk.level, disk.message, disk.told) == ("warning", "it may be full", 5.0)
        assert [one.name for one in duties(connection)] == ["copy", "sinks"]
