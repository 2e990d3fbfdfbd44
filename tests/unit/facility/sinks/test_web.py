"""What answers of servers mean."""

import pytest

from icestream.facility.sinks.sink import NotTaken, SinkDown
from icestream.facility.sinks.web import SinkServer, read_answer
from sink_servers import Taker, serving


def test_answers_are_about_what_was_sent_or_about_us() -> None:
    taker = Taker()
    with serving(taker) as url:
        asked = SinkServer()
        for status, expected in (
            (400, NotTaken),
            (413, NotTaken),
            (403, SinkDown),
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
