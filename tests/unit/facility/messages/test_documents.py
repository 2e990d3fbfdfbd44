"""Documents of messages: what is read, and everything that is wrong with what is not."""

import pytest

from icestream.facility.messages.documents import (
    AskSession,
    MessageAnswer,
    StartSession,
    UnreadableRequest,
    parsed,
    read_message,
)


def test_a_request_is_read_from_json() -> None:
    read = read_message(
        b'\xef\xbb\xbf{"id": "a", "action": "start", "session": "s", "workflow": "default"}'
    )
    assert isinstance(read, StartSession)
    assert (read.session, read.watch, read.workflow) == ("s", True, "default")
    asked = {"id": "b", "action": "ask", "session": "s", "request": {"verb": "stop"}}
    assert isinstance(read_message(asked), AskSession)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    wrong = {"id": "a b", "action": "start", "session": "../x", "wrkflow": "default", "watch": 7}
    with pytest.raises(UnreadableRequest) as refused:
        read_message(wrong)
    said = "\n".join(refused.value.problems)
    for part in ("id: ", "session: ", "workflow: it is needed", "did you mean workflow", "watch: "):
        assert part in said


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (b"\xff\xfe", "no UTF-8"),
        (b"{", "no JSON"),
        (b"[1]", "a JSON object, found list"),
        (b'{"a": NaN}', "NaN"),
        (b"[" * 100_000, "no JSON"),
        (b'{"action": "strat"}', "did you mean start"),
        (b"{}", "there are start, ask, status"),
    ],
)
def test_what_is_no_request_is_refused_with_the_reason(given: bytes, said: str) -> None:
    with pytest.raises(UnreadableRequest, match=said):
        read_message(given)


def test_an_answer_is_written_short_and_read_back() -> None:
    answer = MessageAnswer(id="a:began", request="a", state="began", time=2.0, session="é")
    assert answer.document() == {
        "version": 1, "id": "a:began", "request": "a", "state": "began", "time": 2.0,
        "session": "é",
    }  # fmt: skip
    assert MessageAnswer.model_validate(parsed(answer.text().encode())) == answer
