"""What answers of servers mean."""

from pathlib import Path

import pytest

from icestream.facility.sinks.sink import Held, NotTaken, SinkDown
from icestream.facility.sinks.web import SinkServer, read_answer
from sink_servers import Taker, serving


def test_answers_are_about_what_was_sent_or_about_us() -> None:
    taker = Taker()
    with serving(taker) as url:
        asked = SinkServer()
        for status, expected in (
            (400, NotTaken),
            (413, NotTaken),
            (403, Held),
            (404, SinkDown),
            (302, SinkDown),
        ):
            taker.answers.append((status, {}, "words of the server"))
            with pytest.raises(expected, match=f"{status} .*words of the server"):
                read_answer(asked.ask("POST", f"{url}/secret?token=abc", content=b"{}"))
        taker.answers.append((200, {}, "no json"))
        assert read_answer(asked.ask("POST", url, content=b"{}")) is None
        taker.answers.append((500, {}, "broken"))
        with pytest.raises(SinkDown) as error:
            asked.ask("POST", f"{url}/secret?token=abc", content=b"{}")
        assert "secret" not in str(error.value) and error.value.wait is None
        asked.close()


def test_what_cannot_be_asked_is_said_without_what_is_secret(tmp_path: Path) -> None:
    with pytest.raises(SinkDown, match="none.pem cannot be read: No such file"):
        SinkServer(tmp_path / "none.pem")
    asked = SinkServer()
    for url, more in (
        ("http://h:port/secret", {}),
        ("http://127.0.0.1:1/", {"headers": {"Authorization": "Bearer secret\u00e9\u4e00"}}),
    ):
        with pytest.raises(SinkDown, match="cannot be sent") as error:
            asked.ask("POST", url, **more)
        assert "secret" not in str(error.value).removeprefix("its address, token or secret")
    taker = Taker()
    with serving(taker) as url:
        taker.answers.append((501, {}, "no such method"))
        assert asked.ask("PUT", url).status_code == 501, "somebody is there"
    asked.close()
