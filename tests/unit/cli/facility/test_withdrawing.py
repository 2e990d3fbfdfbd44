"""What was given out of a session is taken back when it becomes confidential, or said."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from icestream.cli.facility.withdrawing import withdraw
from icestream.facility.opened import open_facility
from icestream.facility.registry.sessions import sessions
from icestream.server.people.database import Database
from icestream.server.people.shares import ShareLinks
from icestream.settings import load
from sink_sessions import DeliveredSession, register


def test_shared_links_end_and_the_rest_is_said(
    write_facility: Callable[[str], Path], tmp_path: Path
) -> None:
    with open_facility(write_facility("")) as facility:
        for name in ("one", "two"):
            made = DeliveredSession(facility.sessions / name, name)
            register(facility, made)
            made.store.close()
        with facility.registry.read() as connection:
            one, two = sorted(sessions(connection), key=lambda each: each.name)
        assert list(withdraw(facility, (one,))) == []
        with closing(Database(load().settings.state)) as database:
            links = ShareLinks(database)
            secrets = [
                links.make(key, who="oli", title="t", days=2)[1]
                for key in (one.key, one.key, two.key)
            ]
            assert list(withdraw(facility, (one,))) == ["session one: 2 shared links ended"]
            assert [links.find(secret) is None for secret in secrets] == [True, True, False]
            assert list(withdraw(facility, (one,))) == []
