"""Answers that refuse: always JSON, in one form, with what to do and without a traceback."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from icestream.engine.graph.workflow import InvalidWorkflow
from icestream.formats import FormatError
from icestream.store.migrate import OtherSchema
from icestream.store.open import NoStore
from icestream.store.pointer import BadPointer
from icestream.store.reading import StoreBusy

__all__ = ["ErrorAnswer", "Problem", "Refused", "answer_errors", "asked_values", "refusal"]

_log = structlog.get_logger(__name__)


class Problem(BaseModel):
    """One thing that is wrong with what was asked."""

    where: str
    """Name of the value, or of the step and port."""
    what: str


class ErrorAnswer(BaseModel):
    """What is answered in the place of what was asked for."""

    message: str
    """What was asked and what was found, in a sentence."""
    advice: str | None = None
    """What to do."""
    problems: list[Problem] | None = None
    """Each thing that is wrong, where there may be several."""


@dataclass
class Refused(Exception):
    """Raised by whatever cannot do what was asked; it becomes a `ErrorAnswer`."""

    status: int
    message: str
    advice: str | None = None
    problems: Sequence[Problem] | None = None
    headers: dict[str, str] | None = None

    def __str__(self) -> str:
        return self.message


def answer_errors(app: FastAPI) -> None:
    """Have an application answer every error as a `ErrorAnswer`."""
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _not_valid)
    app.add_exception_handler(InvalidWorkflow, _not_a_workflow)
    for missing in (LookupError, FileNotFoundError):
        app.add_exception_handler(missing, _not_found)
    # Found by their nearest class: a KeyError or an IndexError is a defect, not a question.
    for defect in (KeyError, IndexError):
        app.add_exception_handler(defect, _defect)
    app.add_exception_handler(NoStore, _not_found)
    for unreadable in (OtherSchema, BadPointer):
        app.add_exception_handler(unreadable, _conflict)
    for lost in (DBAPIError, StoreBusy):
        app.add_exception_handler(lost, _unreadable)
    app.add_exception_handler(PermissionError, _forbidden)
    app.add_exception_handler(FormatError, _not_readable)
    for kind in (ValueError, RuntimeError, OSError):
        app.add_exception_handler(kind, _ours_or_defect)
    app.add_exception_handler(Exception, _defect)


def _answer(
    status: int,
    message: str,
    advice: str | None = None,
    problems: Sequence[Problem] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    said = ErrorAnswer(
        message=message, advice=advice, problems=None if problems is None else list(problems)
    )
    return JSONResponse(said.model_dump(), status, headers)


def refusal(error: Refused) -> Response:
    """What is answered to whoever is refused."""
    return _answer(error.status, error.message, error.advice, error.problems, error.headers)


def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return refusal(error)


def _http(request: Request, error: Exception) -> Response:
    """Answer what Starlette refuses by itself: no such path, no such method."""
    assert isinstance(error, HTTPException)
    message = str(error.detail)
    if message == HTTPStatus(error.status_code).phrase:
        message = f"{request.method} {request.url.path}: {message.lower()}"
    advice = "what can be asked is in /openapi.json" if error.status_code in (404, 405) else None
    return _answer(error.status_code, message, advice, headers=dict(error.headers or {}))


@contextmanager
def asked_values() -> Iterator[None]:
    """What is not valid in the block is a value that was asked for.

    Anywhere else a value that is not valid is one of our own, and a defect.
    """
    try:
        yield
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from error


def _not_valid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    problems = [
        Problem(where=".".join(map(str, problem["loc"])) or "body", what=str(problem["msg"]))
        for problem in error.errors()
    ]
    count = len(problems)
    message = f"{count} value{'s are' if count > 1 else ' is'} not valid"
    return _answer(422, message, "what each may be is in /openapi.json", problems)


def _not_a_workflow(_: Request, error: Exception) -> Response:
    assert isinstance(error, InvalidWorkflow)
    problems = [Problem(where="", what=problem) for problem in error.problems]
    return _answer(422, str(error).partition("\n")[0].rstrip(":"), None, problems)


def _not_found(_: Request, error: Exception) -> Response:
    if isinstance(error, OSError) and error.filename:
        return _answer(404, f"{error.filename}: {error.strerror}")
    return _answer(404, str(error))


def _conflict(_: Request, error: Exception) -> Response:
    return _answer(409, str(error))


def _unreadable(request: Request, error: Exception) -> Response:
    why = str(getattr(error, "orig", error)).strip().partition("\n")[0]
    if request.url.path.startswith("/api/facility"):
        what, more = "the registry of the facility cannot be read now", "icestream facility status"
    else:
        what, more = "the session's store cannot be read now", "icestream status"
    return _answer(409, f"{what}: {why}", f"try again in a moment; {more} says more")


def _forbidden(_: Request, error: Exception) -> Response:
    assert isinstance(error, PermissionError)
    said = f"{error.filename}: {error.strerror}" if error.filename else str(error)
    return _answer(403, said)


def _not_readable(_: Request, error: Exception) -> Response:
    """Say what a file is that is not what was asked for, such as a picture that is none."""
    assert isinstance(error, FormatError)
    said = f"{error.path}: expected {error.expected}, found {error.found}"
    return _answer(422, said, error.advice)


def _ours_or_defect(request: Request, error: Exception) -> Response:
    """Hand on what the layers below say to people; anything else is a defect."""
    if type(error).__module__.partition(".")[0] == "icestream":
        return _answer(400 if isinstance(error, ValueError) else 409, str(error))
    return _defect(request, error)


def _defect(request: Request, error: Exception) -> Response:
    """Say that nobody foresaw it; the log has it whole."""
    _log.error("defect", path=request.url.path, method=request.method, exc_info=error)
    return _answer(
        500,
        "this is a defect of icestream",
        f"please report it, with what the server's log says of {type(error).__name__}",
    )
