"""Requests: what people and programs ask of a session, one frozen model per verb.

A request is made where somebody asks, `icestream.engine.requests.send` writes it as a row of the
session's store, and the coordinator reads it back and carries it out. Bad values are refused where
the model is made, so at the sender at once, and again by the coordinator, since others may write
the table.

To add a verb: one model here, with its name in the union `Request`, and one function in
`icestream.engine.requests.carry_out` with its line in `_obey`, where mypy asks for it. The row, the
reference page and the check of what comes in follow from the model.
"""

import reprlib
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from icestream.alike import hint
from icestream.documents import read_json
from icestream.engine.decisions.ready import Order
from icestream.engine.machine.naming import person_here

__all__ = [
    "VERBS",
    "Abort",
    "Accept",
    "Acknowledge",
    "Adopt",
    "AdoptBranch",
    "ChangeWorkflow",
    "CorrectPicks",
    "CreateBranch",
    "DropBranch",
    "GiveUp",
    "InvalidRequest",
    "Mute",
    "Pause",
    "Rearm",
    "Reject",
    "Request",
    "Resume",
    "Retry",
    "SetParameters",
    "Stop",
    "TakeFirst",
    "Undo",
    "document_of",
    "read_request",
]

Name = Annotated[str, Field(min_length=1)]
"""Of a step or an exposure."""
Number = Annotated[int, Field(ge=0, lt=1 << 63)]
"""Of an alert: a store has no others."""


_MOST = 20_000
"""Places in a request: more than any micrograph has particles."""
Coordinate = Annotated[float, Field(allow_inf_nan=False, ge=-1e6, le=1e6)]
"""Pixels of a micrograph: no camera has so many."""
Places = Annotated[tuple[tuple[Coordinate, Coordinate], ...], Field(max_length=_MOST)]
"""x and y of each, pixels of the micrograph from the middle of its first pixel."""


class InvalidRequest(ValueError):
    """What was asked is no request; the message says all that is wrong with it."""


def _no_number(name: str) -> str:
    """The name of a branch, which must not look like the number of an alert."""
    if name.isdigit():
        why = "a number would be taken for that of an alert; give it a name"
        raise PydanticCustomError("branch_name", why)
    return name


class _Request(BaseModel):
    """What all requests have."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        defer_build=True,  # until somebody asks for something
    )

    who: Name = Field(default_factory=person_here)
    """Person or program that asks; the user of the process by default."""


class _OfSteps(_Request):
    """What is asked of a step, of all that depends on it too, or of the whole session."""

    step: Name | None = None
    """Name of the step; the whole session when not given."""
    downstream: bool = False
    """All that depends on the step, too."""
    branch: Name | None = None
    """Name of the step's branch; the adopted one when not given."""
    why: str = ""
    """Kept with the request, and shown where the work is held."""

    @model_validator(mode="before")
    @classmethod
    def _as_it_was_called(cls, given: Any) -> Any:
        """Before the schema 0003, `downstream` was called `branch`."""
        if isinstance(given, dict) and isinstance(given.get("branch"), bool):
            given = {**given, "downstream": given["branch"]}
            del given["branch"]
        return given


class Pause(_OfSteps):
    """Start nothing new, until it is resumed. What has begun is finished."""

    verb: Literal["pause"] = "pause"


class Resume(_OfSteps):
    """Go on after a pause or a stop."""

    verb: Literal["resume"] = "resume"


class Stop(_OfSteps):
    """Take nothing new and finish what has begun; of the whole session: then end."""

    verb: Literal["stop"] = "stop"


class Abort(_OfSteps):
    """End within a second what has begun; it is done again when resumed."""

    verb: Literal["abort"] = "abort"


class Retry(_Request):
    """Try again what failed, once its cause is fixed."""

    verb: Literal["retry"] = "retry"
    step: Name | None = None
    """Name of the step; every step when not given."""


class GiveUp(_Request):
    """Wait no more for a source that is gone for good.

    It brings nothing more, and what it brought and cannot be read any more fails with that reason.
    Running the session again tries it all again.
    """

    verb: Literal["give-up"] = "give-up"
    step: Name | None = None
    """Name of the source; every source when not given."""
    why: str = ""
    """Kept with the request, and shown as the reason."""


class SetParameters(_Request):
    """Change a step's parameters: a new revision of it and of all that depends on it."""

    verb: Literal["set"] = "set"
    step: Name
    """Name of the step."""
    changes: dict[str, JsonValue]
    """New values by parameter; those that are not named stay."""
    branch: Name | None = None
    """Name of the branch; the adopted one when not given."""
    within: tuple[str, ...] | None = None
    """Folders below which files may be that are named; None: anywhere."""
    why: str = ""
    """Kept with the request."""


class TakeFirst(_Request):
    """Take the newest exposures first, the oldest, or both in turn. Nothing runs again."""

    verb: Literal["order"] = "order"
    order: Order
    """Which exposure of a step goes first; both: the newest and the oldest in turn."""
    why: str = ""
    """Kept with the request."""


class ChangeWorkflow(_Request):
    """Bring a branch to a workflow: steps that are new, other, linked otherwise, or left out."""

    verb: Literal["workflow"] = "workflow"
    workflow: dict[str, JsonValue]
    """The whole workflow, in the form of a workflow file."""
    branch: Name | None = None
    """Name of the branch; the adopted one when not given."""
    why: str = ""
    """Kept with the request."""


class CreateBranch(_Request):
    """Try a change beside what runs, for all exposures or for some."""

    verb: Literal["branch"] = "branch"
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,60}$"), AfterValidator(_no_number)]
    """What to call it: small letters, digits, ``-``, ``_`` and ``.``; not a number, as alerts
    have."""
    changes: dict[Name, dict[str, JsonValue]] = Field(default_factory=dict)
    """New values of parameters, by step."""
    workflow: dict[str, JsonValue] | None = None
    """Another workflow, in the form of a workflow file; that of `base` when not given."""
    base: Name | None = None
    """The branch to begin from; the adopted one when not given."""
    exposures: Annotated[tuple[Name, ...], Field(min_length=1)] | None = None
    """Names of the exposures that it is for; all when not given."""
    within: tuple[str, ...] | None = None
    """Folders below which files may be that are named; None: anywhere."""
    why: str = ""
    """Kept with the request."""


class AdoptBranch(_Request):
    """Make a branch the one that people mean, for all exposures; the one before rests.

    Nothing is lost: adopting the other again takes it back.
    """

    verb: Literal["adopt-branch"] = "adopt-branch"
    name: Name
    """Name of the branch."""
    why: str = ""
    """Kept with the request."""


class DropBranch(_Request):
    """Process a branch no more; what it made stays until it is cleaned up."""

    verb: Literal["drop-branch"] = "drop-branch"
    name: Name
    """Name of the branch."""
    why: str = ""
    """Kept with the request."""


class Undo(_Request):
    """Take back the last change of what is adopted, whether parameters, workflow or branch.

    What was there before comes back, with all results that are still there. Asked again, it takes
    back the change before.
    """

    verb: Literal["undo"] = "undo"
    why: str = ""
    """Kept with the request."""


class Accept(_Request):
    """Accept exposures, whatever a selection said."""

    verb: Literal["accept"] = "accept"
    exposures: Annotated[tuple[Name, ...], Field(min_length=1)]
    """Names of the exposures."""
    why: str = ""
    """Kept with the decision."""
    step: Name | None = None
    """The selection, sampler, trigger or source; by default every selection, or the sources where
    there is none."""


class Reject(_Request):
    """Reject exposures, whatever a selection said."""

    verb: Literal["reject"] = "reject"
    exposures: Annotated[tuple[Name, ...], Field(min_length=1)]
    """Names of the exposures."""
    why: str = ""
    """Kept with the decision, and shown as the reason."""
    step: Name | None = None
    """The selection, sampler, trigger or source; by default every selection, or the sources where
    there is none."""


class CorrectPicks(_Request):
    """Add and remove picks of an exposure by hand. What was cut from them is cut again.

    It is a decision about the step and the exposure, and added to what was decided before: it holds
    in all branches, and when the step is run again with other parameters. Asked with `undo`, the
    step's own picks come back.
    """

    verb: Literal["picks"] = "picks"
    exposure: Name
    """Name of the exposure."""
    add: Places = ()
    """Places at which there is a particle. A pick within a quarter of a diameter gives way."""
    remove: Places = ()
    """Places of picks that are none: of each the nearest goes, within half a diameter."""
    only: Places | None = None
    """All places at which there is a particle, in the place of `add` and `remove`: what is not
    there yet is added, all else is removed."""
    undo: bool = False
    """Take back all that was changed by hand."""
    step: Name | None = None
    """The step whose picks they are; the last that gives picks when not given."""
    branch: Name | None = None
    """Name of the branch whose picks are meant; the adopted one when not given."""
    pixel_size: Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)] | None = None
    """Å of a pixel that the places count; that of the step's picks when not given."""
    why: str = ""
    """Kept with the decision."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        asked = [bool(self.add or self.remove), self.only is not None, self.undo]
        if sum(asked) != 1:
            raise ValueError("it needs add or remove, or only, or undo, and not several of these")
        return self


class Acknowledge(_Request):
    """Take care of an alert: it holds until its cause is gone, and is not sent any more."""

    verb: Literal["acknowledge"] = "acknowledge"
    alert: Number
    """Number of the alert."""
    why: str = ""
    """Kept with the request."""


class _OfAlerts(_Request):
    """What is asked of a kind of alerts."""

    alert: Number | None = None
    """Number of an alert: its kind, of its step."""
    key: Name | None = None
    """Key of alerts: the kind, wherever it comes from."""
    why: str = ""
    """Kept with the request."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.alert is None) == (self.key is None):
            raise ValueError("it needs an alert or a key, and not both")
        return self


class Mute(_OfAlerts):
    """Send nothing of a kind of alerts for a time; what holds then is sent at its end."""

    verb: Literal["mute"] = "mute"
    until: float
    """When the time is over, in seconds since the epoch."""


class Rearm(_OfAlerts):
    """Take back what was muted or acknowledged of a kind of alerts: what holds is sent again."""

    verb: Literal["rearm"] = "rearm"


class Adopt(_Request):
    """Do what an alert offers: change the parameters that would fix it."""

    verb: Literal["adopt"] = "adopt"
    alert: Number
    """Number of the alert."""


Request = (
    Pause
    | Resume
    | Stop
    | Abort
    | Retry
    | GiveUp
    | SetParameters
    | TakeFirst
    | ChangeWorkflow
    | CreateBranch
    | AdoptBranch
    | DropBranch
    | Undo
    | Accept
    | Reject
    | CorrectPicks
    | Acknowledge
    | Mute
    | Rearm
    | Adopt
)
"""Everything that can be asked of a session."""

VERBS: Mapping[str, type[Request]] = {
    model.model_fields["verb"].default: model for model in get_args(Request)
}
"""The model of each verb."""

_ADAPTER: TypeAdapter[Request] = TypeAdapter(
    Annotated[Request, Field(discriminator="verb")], config=ConfigDict(defer_build=True)
)


def document_of(request: Request) -> str:
    """What is asked, as JSON, without the verb and who asks: they are columns of their own."""
    return request.model_dump_json(exclude={"verb", "who"}, exclude_defaults=True)


def read_request(document: str | Mapping[str, Any], **more: Any) -> Request:
    """A request from its JSON, and what is said of it elsewhere, such as its verb.

    Raises
    ------
    InvalidRequest
        Naming the verbs that there are, or everything that is wrong with the values.
    """
    try:
        content = read_json(document) if isinstance(document, str) else dict(document)
    except ValueError as error:
        raise InvalidRequest(f"it is no JSON: {error}") from None
    if not isinstance(content, dict):
        raise InvalidRequest(f"it is a {type(content).__name__} instead of an object")
    content |= more
    verb = content.get("verb")
    if not isinstance(verb, str) or verb not in VERBS:
        raise InvalidRequest(
            f"no request {verb!r}; there are {', '.join(VERBS)}{hint(str(verb), VERBS)}"
        )
    try:
        return _ADAPTER.validate_python(content)
    except ValidationError as error:
        raise InvalidRequest(_words(verb, error)) from None


def _words(verb: str, error: ValidationError) -> str:
    """What is wrong with a request, in one sentence."""
    takes = VERBS[verb].model_fields
    lacking = [str(p["loc"][-1]) for p in error.errors() if p["type"] == "missing"]
    parts = [f"it needs {' and '.join(lacking)}"] if lacking else []
    for problem in error.errors():
        where = ".".join(map(str, problem["loc"][1:]))  # the first is the verb
        if problem["type"] == "extra_forbidden":
            others = ", ".join(name for name in takes if name != "verb")
            parts.append(f"it has no {where}, only {others}{hint(where, takes)}")
        elif not where:
            parts.append(problem["msg"].removeprefix("Value error, "))  # of all of it
        elif problem["type"] != "missing":
            parts.append(f"{where}: {problem['msg']}, found {reprlib.repr(problem['input'])}")
    return f"{verb} cannot be asked like this: {'; '.join(parts)}"
