"""A server from a program."""

from contextlib import closing
from pathlib import Path

import pytest

from icestream.client import Client, NotThere
from report_session import SampleSession
from served import served


def test_sessions_are_listed_and_found_by_id(sample: SampleSession) -> None:
    with served(sample.folder.parent) as address, Client(address + "/") as client:
        assert client.address == address
        (one,) = client.sessions()
        assert one.folder == str(sample.folder)
        session = client.session(one.id)
        assert session.id == one.id
        assert one.id in repr(session)
        with pytest.raises(NotThere, match=f"it has {one.id}"):
            client.session("another")


def test_a_name_is_enough_where_one_session_has_it(tmp_path: Path, sample: SampleSession) -> None:
    with served(sample.folder.parent) as address, Client(address) as client:
        name = client.sessions()[0].name
        assert client.session(name).id == client.sessions()[0].id
        other = SampleSession(sample.folder.parent / "other", start=sample.now, documents=False)
        with closing(other.store):
            other.grow(1)
            with pytest.raises(NotThere, match="2 sessions are called"):
                while True:  # folders are looked at every few seconds
                    client.session(name)
