"""Every refusal has one form, and none shows a traceback."""

from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from icestream.engine.graph.workflow import InvalidWorkflow
from icestream.formats import FormatError
from icestream.server.errors import (
    ErrorAnswer,
    Problem,
    Refused,
    answer_errors,
    asked_values,
)
from icestream.store.open import NoStore
from icestream.store.pointer import BadPointer


class Range(BaseModel):
    low: float
    high: float


def asked(error: Callable[[], Exception], path: str = "/it") -> tuple[int, ErrorAnswer]:
    app = FastAPI()
    answer_errors(app)

    @app.get(path)
    def it() -> None:
        raise error()

    answer = TestClient(app, raise_server_exceptions=False).get(path)
    assert "Traceback" not in answer.text
    return answer.status_code, ErrorAnswer.model_validate_json(answer.content)


def file_error() -> Exception:
    try:
        Path("/nowhere/at/all").read_bytes()
    except OSError as error:
        return error
    raise AssertionError


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (lambda: Refused(403, "no"), 403, "no"),
        (lambda: NoStore("no session here"), 404, "no session here"),
        (lambda: LookupError("no such step"), 404, "no such step"),
        (lambda: BadPointer("store.json is empty"), 409, "store.json is empty"),
        (file_error, 404, "/nowhere/at/all: No such file or directory"),
        (lambda: PermissionError("read only"), 403, "read only"),
        (
            lambda: FormatError("a.png", expected="a picture", found="words", advice="look"),
            422,
            "a.png: expected a picture, found words",
        ),
        (lambda: KeyError("secret"), 500, "this is a defect of icestream"),
        (lambda: ValueError("secret"), 500, "this is a defect of icestream"),
        (lambda: ZeroDivisionError("secret"), 500, "this is a defect of icestream"),
    ],
)
def test_each_kind_of_error(error: Callable[[], Exception], status: int, words: str) -> None:
    found, refusal = asked(error)
    assert (found, refusal.message) == (status, words)
    assert "secret" not in str(refusal)


def test_a_workflow_that_cannot_run_lists_what_is_wrong() -> None:
    status, refusal = asked(lambda: InvalidWorkflow("mine", ["ctf has no input", "no source"]))
    assert status == 422
    assert refusal.message == "workflow 'mine' cannot run"
    assert refusal.problems is not None
    assert [problem.what for problem in refusal.problems] == ["ctf has no input", "no source"]


def test_values_that_are_not_valid_are_named() -> None:
    app = FastAPI()
    answer_errors(app)

    @app.post("/it")
    def it(given: Range, count: int) -> None: ...

    answer = TestClient(app).post("/it?count=many", json={"low": "a"})
    refusal = ErrorAnswer.model_validate_json(answer.content)
    assert answer.status_code == 422
    assert refusal.message == "3 values are not valid"
    assert refusal.problems is not None
    assert {problem.where for problem in refusal.problems} == {
        "query.count", "body.low", "body.high",
    }  # fmt: skip


def test_values_of_our_own_that_are_not_valid_are_a_defect_and_logged() -> None:
    app = FastAPI()
    answer_errors(app)

    @app.get("/ours")
    def ours() -> None:
        Range.model_validate({"low": "a"})

    @app.get("/theirs")
    def theirs() -> None:
        with asked_values():
            Range.model_validate({"low": "a"})

    client = TestClient(app, raise_server_exceptions=False)
    with capture_logs() as logged:
        answer = client.get("/ours")
    assert answer.status_code == 500
    assert ErrorAnswer.model_validate_json(answer.content).problems is None
    (defect,) = (one for one in logged if one["event"] == "defect")
    assert isinstance(defect["exc_info"], ValidationError)
    answer = client.get("/theirs")
    assert answer.status_code == 422
    problems = ErrorAnswer.model_validate_json(answer.content).problems or ()
    assert {problem.where for problem in problems} == {"low", "high"}


def test_problems_and_advice_come_through() -> None:
    _, refusal = asked(
        lambda: Refused(409, "no", advice="ask again", problems=[Problem(where="a", what="b")])
    )
    assert refusal.advice == "ask again"
    assert refusal.problems == [Problem(where="a", what="b")]


def test_addresses_and_methods_that_are_not(client: TestClient) -> None:
    answer = client.get("/api/nothing")
    assert answer.status_code == 404
    assert answer.json()["message"] == "GET /api/nothing: not found"
    answer = client.delete("/api/sessions")
    assert answer.status_code == 405
    assert answer.json()["message"] == "DELETE /api/sessions: method not allowed"


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("/api/sessions/a/exposures", "the session's store cannot be read now: locked"),
        ("/api/facility/duties", "the registry of the facility cannot be read now: locked"),
    ],
)
def test_what_cannot_be_read_is_named(path: str, what: str) -> None:
    status, answer = asked(lambda: OperationalError("SELECT 1", {}, Exception("locked")), path)
    assert (status, answer.message) == (409, what)
    assert answer.advice is not None
    assert "try again in a moment" in answer.advice
