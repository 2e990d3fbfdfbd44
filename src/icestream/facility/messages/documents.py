"""The documents: what is asked of the facility by message, and what it answers.

All of them are JSON objects with a ``version``. A field that is added later has a default, so that
older documents stay good.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)

from icestream.alike import hint
from icestream.documents import read_json

__all__ = [
    "ACTIONS",
    "VERSION",
    "AskSession",
    "MessageAnswer",
    "MessageRequest",
    "SessionNews",
    "StartSession",
    "StatusOfSession",
    "UnreadableRequest",
    "read_message",
]

VERSION: Literal[1] = 1
"""Of the documents."""

Identity = Annotated[str, StringConstraints(pattern=r"^[\w.:/@+-]{1,200}$")]
"""What a request is known by."""
SessionName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][\w.-]{0,99}$")]


class UnreadableRequest(ValueError):
    """What came is no request; `problems` has everything that is wrong with it."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


class _Document(BaseModel):
    """What all documents have."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        defer_build=True,  # most commands have to do with none
    )

    version: Literal[1] = VERSION
    """Of the form of the document."""

    def document(self) -> dict[str, Any]:
        """As JSON, without what has nothing to say."""
        said = self.model_dump(mode="json", exclude_defaults=True)
        return {"version": self.version, **said}

    def text(self) -> str:
        """As a line of JSON."""
        return json.dumps(self.document(), ensure_ascii=False)


class _Asked(_Document):
    """What all requests have."""

    id: Identity
    """Made by whoever asks, of letters, digits and ``._:/@+-``. The same request with the same id
    is carried out once, however often it comes; another request needs another id."""
    who: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """Person or program that asks; by default the owner of the file, or the queue."""


class StartSession(_Asked):
    """Start a session that nobody watches."""

    action: Literal["start"] = "start"
    """What is asked."""
    session: SessionName
    """How the session is called: also its folder, where the facility's tree says no other."""
    workflow: Annotated[str, Field(min_length=1)] | dict[str, JsonValue]
    """Name of a workflow (shipped, or of the site), or the whole of one as in its file."""
    movies: Annotated[str, Field(min_length=1)] | None = None
    """Which files are movies: a pattern, or a folder; what the workflow says by default."""
    fill: dict[str, JsonValue] = Field(default_factory=dict)
    """Values for what the workflow leaves open."""
    parameters: dict[str, dict[str, JsonValue]] = Field(default_factory=dict)
    """Other values of parameters, by step."""
    acquisition: dict[str, JsonValue] = Field(default_factory=dict)
    """What is said of the movies: parameters of the step that brings them, such as ``pixel_size``,
    ``voltage``, ``dose_per_frame`` and ``gain``. What their metadata say need not be given."""
    microscope: str | None = None
    """Name of the microscope in the facility file."""
    project: str | None = None
    """Code of the project."""
    booking: str | None = None
    """Reference of the booking, one that the facility has read; project and user are those of it
    where the request says no other."""
    watch: bool = True
    """Wait for more movies when all that are there are processed."""
    idle_timeout: Annotated[float, Field(gt=0)] | None = None
    """Seconds without a new movie after which it ends; until it is stopped, by default."""
    as_given: bool = False
    """Take unusual values as they are, which are refused otherwise."""


class AskSession(_Asked):
    """Ask something of a session that is there: stop, pause, go on, change parameters."""

    action: Literal["ask"] = "ask"
    """What is asked."""
    session: Annotated[str, Field(min_length=1)]
    """Its name, or its folder."""
    request: dict[str, JsonValue]
    """A ``verb`` and its values, as in the reference of requests."""


class StatusOfSession(_Asked):
    """Say where a session stands."""

    action: Literal["status"] = "status"
    """What is asked."""
    session: Annotated[str, Field(min_length=1)]
    """Its name, or its folder."""


MessageRequest = StartSession | AskSession | StatusOfSession
"""Everything that can be asked by message."""

ACTIONS: Mapping[str, type[MessageRequest]] = {
    "start": StartSession,
    "ask": AskSession,
    "status": StatusOfSession,
}
"""The model of each action."""

AnswerState = Literal["accepted", "refused", "began", "done", "ended", "given up"]


class MessageAnswer(_Document):
    """What became of a request. There are several to one: accepted, then began, then ended."""

    id: str
    """Of the answer; the same answer that comes twice has the same."""
    request: str
    """The ``id`` of the request; empty where it could not be read."""
    state: AnswerState
    """``accepted`` or ``refused`` at once; ``began`` and ``ended`` of a session that was started;
    ``done`` of all else; ``given up`` of what could not be carried out for too long."""
    time: float
    """When, in seconds since the epoch."""
    session: str = ""
    """Name of the session."""
    folder: str = ""
    """Its folder."""
    problems: tuple[str, ...] = ()
    """Everything that is wrong with a request that was refused."""
    said: str = ""
    """In words."""
    status: dict[str, JsonValue] | None = None
    """Where the session stands, where that was asked."""


class SessionNews(_Document):
    """Something that happened in a session."""

    id: str
    """Of the news; the same news that come twice have the same."""
    kind: Literal["began", "exposure", "result", "alert", "alert over", "ended"]
    """What happened."""
    session: str
    """Name of the session."""
    folder: str = ""
    """Its folder."""
    uid: str = ""
    """Made with the session; its own wherever its folder is moved."""
    time: float
    """When, in seconds since the epoch."""
    said: str = ""
    """In words."""
    step: str = ""
    """Name of the step."""
    exposure: str = ""
    """Name of the exposure."""
    state: str = ""
    """Of the exposure (``done``, ``rejected``, ``failed``), or of the session."""
    reasons: tuple[str, ...] = ()
    """Why an exposure was rejected or failed."""
    values: dict[str, float] = Field(default_factory=dict)
    """Figures of the exposure by name, in the units of the reference of qualities."""
    outputs: dict[str, JsonValue] = Field(default_factory=dict)
    """Documents of a result's items by port; paths relative to the session's folder."""
    level: str = ""
    """Of an alert: ``notice``, ``warning``, ``critical``."""
    alert: int | None = None
    """Number of the alert."""


_NULL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
_ADAPTER: TypeAdapter[MessageRequest] = TypeAdapter(
    Annotated[MessageRequest, Field(discriminator="action")], config=ConfigDict(defer_build=True)
)


def read_message(given: bytes | Mapping[str, Any]) -> MessageRequest:
    """A request from JSON.

    Raises
    ------
    UnreadableRequest
        With everything that is wrong with it.
    """
    content = parsed(given) if isinstance(given, bytes) else given
    if not isinstance(content, Mapping):
        found = type(content).__name__
        raise UnreadableRequest([f"a request is a JSON object, found {found}"])
    action = content.get("action")
    if not isinstance(action, str) or action not in ACTIONS:
        there = ", ".join(ACTIONS)
        said = f"action: there are {there}; found {action!r}{hint(str(action), ACTIONS)}"
        raise UnreadableRequest([said])
    try:
        return _ADAPTER.validate_python(dict(content))
    except ValidationError as error:
        raise UnreadableRequest(list(_words(error, ACTIONS[action]))) from None


def parsed(given: bytes) -> Any:
    """What JSON says.

    Raises
    ------
    UnreadableRequest
        If it is none.
    """
    try:
        found = read_json(given, finite=True)
        text = json.dumps(found, ensure_ascii=False, allow_nan=False)
        text.encode()
    except UnicodeDecodeError as error:
        raise UnreadableRequest([f"it is no UTF-8 text: byte {error.start + 1}"]) from None
    except UnicodeEncodeError:
        raise UnreadableRequest(["a text in it has half a letter (\\ud800 to \\udfff)"]) from None
    except ValueError as error:
        raise UnreadableRequest([f"it is no JSON: {error}"]) from None
    if _NULL.search(text):  # no database takes it
        raise UnreadableRequest(["a text in it has the letter \\u0000, which is none"])
    return found


def _words(error: ValidationError, model: type[BaseModel]) -> Iterator[str]:
    """Each problem: where, what was found, what to do."""
    for problem in error.errors():
        path = [str(part) for part in problem["loc"][1:]]  # the first is the action
        where = ".".join(path)
        if problem["type"] == "missing":
            yield f"{where}: it is needed and not given"
        elif problem["type"] == "extra_forbidden":
            fields = model.model_fields
            yield f"{where}: there is no such field, only {', '.join(fields)}{hint(where, fields)}"
        else:
            found = _short(problem["input"])
            said = problem["msg"].removeprefix("Value error, ")
            yield f"{where or 'request'}: {said}, found {found}"


def _short(value: Any, most: int = 80) -> str:
    said = json.dumps(value, default=repr)
    return said if len(said) <= most else f"{said[:most]}…"
