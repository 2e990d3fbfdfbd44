"""What a server refuses is an exception that says what to do."""

import pytest

from icestream.client.errors import NotAllowed, NotThere, NotValid, ServerError, error_of


def test_an_error_says_what_where_and_what_to_do() -> None:
    said = {
        "message": "2 values are not valid", "advice": "see /openapi.json",
        "problems": [{"where": "ctf.defocus", "what": "no number"}],
    }  # fmt: skip
    error = error_of(422, said, "http://here/api/x")
    assert isinstance(error, NotValid)
    assert (error.status, error.problems) == (422, (("ctf.defocus", "no number"),))
    assert str(error).splitlines() == [
        "2 values are not valid", "  ctf.defocus: no number", "see /openapi.json",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("status", "kind"), [(401, NotAllowed), (403, NotAllowed), (404, NotThere), (409, ServerError)]
)
def test_each_kind_can_be_caught_by_itself(status: int, kind: type[ServerError]) -> None:
    assert type(error_of(status, {"message": "no", "advice": None}, "x")) is kind


@pytest.mark.parametrize("said", [None, {}, [1], {"detail": "Not Found"}])
def test_an_answer_of_something_else_is_told(said: object) -> None:
    assert "is no icestream server" in str(error_of(502, said, "http://here/api/x"))
