"""Questions and answers over HTTP, and what is said when that does not work."""

from collections.abc import Iterator
from typing import Any

import pytest

from icestream.client.connection import Connection
from icestream.client.errors import NotThere, ServerError, Unreachable
from icestream.store.records import SessionRecord
from post_office import free_port
from report_session import SampleSession
from served import served


@pytest.fixture
def connection(sample: SampleSession) -> Iterator[Connection]:
    with served(sample.folder.parent) as address, Connection(address) as made:
        yield made


def test_an_answer_is_a_value(connection: Connection, sample: SampleSession) -> None:
    (one,) = connection.get("/sessions", list[dict[str, Any]])
    assert one["folder"] == str(sample.folder)


def test_what_is_not_there_is_an_error_with_the_servers_words(connection: Connection) -> None:
    with pytest.raises(NotThere, match="GET /api/nothing: not found"):
        connection.get("/nothing", dict[str, Any])


def test_an_answer_that_is_not_understood_is_told(connection: Connection) -> None:
    with pytest.raises(ServerError, match="does not understand") as raised:
        connection.get("/sessions", SessionRecord)
    assert "same version" in raised.value.advice


def test_where_no_server_is_that_is_told() -> None:
    with (
        Connection(f"http://127.0.0.1:{free_port()}/") as connection,
        pytest.raises(Unreachable, match="no icestream server answers at http://127.0.0.1"),
    ):
        connection.get("/sessions", list[Any])


def test_a_stream_of_what_is_not_there_is_an_error(connection: Connection) -> None:
    with (
        pytest.raises(NotThere, match="nobody"),
        connection.stream("/sessions/nobody/events/stream", {}, silence=5.0),
    ):
        pass


def test_the_token_is_sent(sample: SampleSession) -> None:
    with Connection("http://127.0.0.1:1", token="ice-123") as connection:
        assert connection._http.headers["Authorization"] == "Bearer ice-123"
