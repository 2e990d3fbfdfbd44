"""A request is a value that says who asks for what; bad ones are refused in plain words."""

import getpass
import json
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from icestream.engine.requests.models import (
    VERBS,
    Abort,
    Accept,
    Acknowledge,
    Adopt,
    AdoptBranch,
    ChangeWorkflow,
    CorrectPicks,
    CreateBranch,
    DropBranch,
    GiveUp,
    InvalidRequest,
    Mute,
    Pause,
    Rearm,
    Reject,
    Request,
    Resume,
    Retry,
    SetParameters,
    Stop,
    TakeFirst,
    Undo,
    document_of,
    read_request,
)

ONE_OF_EACH: tuple[Request, ...] = (
    Pause(),
    Resume(step="a"),
    Stop(step="a", downstream=True),
    Abort(who="the beamline"),
    Retry(step="a"),
    GiveUp(who="ada", step="import", why="dead"),
    SetParameters(step="a", changes={"gain": None, "limits": [1, 2.5], "name": "x"}),
    SetParameters(step="a", changes={"add": 3}, branch="try"),
    TakeFirst(order="both", why="a backlog"),
    ChangeWorkflow(workflow={"name": "w", "steps": []}, branch="try"),
    CreateBranch(name="try", changes={"a": {"add": None}}, exposures=("e1", "e2")),
    AdoptBranch(name="try"),
    DropBranch(name="try"),
    Accept(exposures=("e1", "e2"), why="fine"),
    Reject(exposures=("e1",), step="sel"),
    CorrectPicks(exposure="e1", add=((1, 2.5),), remove=((3, 4),), step="pick", why="ice"),
    CorrectPicks(exposure="e1", only=(), branch="try", pixel_size=0.83),
    CorrectPicks(exposure="e1", undo=True),
    Acknowledge(alert=3),
    Acknowledge(alert=3, why="known"),
    Mute(alert=3, until=1.8e9, why="carbon"),
    Mute(key="ctf.astigmatism.high", until=1.8e9),
    Rearm(alert=3),
    Rearm(key="ctf.astigmatism.high", why="beam is back"),
    Adopt(alert=4),
    Undo(why="it was better before"),
)


@pytest.mark.parametrize("request_", ONE_OF_EACH, ids=lambda one: one.verb)
def test_a_request_comes_back_from_its_row(request_: Request) -> None:
    document = document_of(request_)
    assert read_request(document, verb=request_.verb, who=request_.who) == request_
    assert not {"verb", "who"} & json.loads(document).keys()
    assert read_request(request_.model_dump_json()) == request_


def test_every_verb_has_one_model_that_is_explained() -> None:
    assert {type(one) for one in ONE_OF_EACH} == set(get_args(Request)) == set(VERBS.values())
    assert [VERBS[one.verb] for one in ONE_OF_EACH] == [type(one) for one in ONE_OF_EACH]
    for verb, model in VERBS.items():
        assert model.__doc__, verb
        for name, field in model.model_fields.items():
            assert field.description or name == "verb", f"{verb}.{name} is not explained"


def test_who_asks_is_the_user_unless_it_is_said() -> None:
    assert Pause().who == getpass.getuser()
    assert Pause(who="the beamline").who == "the beamline"


def test_a_request_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Pause().who = "somebody else"


@pytest.mark.parametrize("verb", ["pause", "resume", "stop", "abort"])
def test_what_was_called_branch_is_read_by_its_old_name(verb: str) -> None:
    asked: Any = read_request('{"step": "a", "branch": true}', verb=verb, who="ada")
    assert (asked.step, asked.downstream) == ("a", True)
    named: Any = read_request({"step": "a", "branch": "trial"}, verb=verb)
    assert (named.branch, named.downstream) == ("trial", False)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("no JSON", "it is no JSON"),
        ('["pause"]', "it is a list instead of an object"),
        ("{}", "no request None; there are pause, resume, stop"),
        ('{"verb": ["pause"]}', "no request"),
        ('{"verb": "explode"}', "no request 'explode'; there are pause, resume, stop"),
        (
            '{"verb": "set", "steps": "a"}',
            "set cannot be asked like this: it needs step and changes; "
            "it has no steps, only who, step, changes",
        ),
        ('{"verb": "adopt", "alert": "red"}', "found 'red'"),
        ('{"verb": "accept", "exposures": []}', "exposures: Tuple should have at least 1 item"),
        ('{"verb": "pause", "who": ""}', "who: String should have at least 1 character"),
    ],
)
def test_what_is_no_request_is_refused_in_plain_words(given: str, said: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read_request(given)
    assert said in str(refused.value)


def test_bad_values_are_refused_where_they_are_given() -> None:
    with pytest.raises(ValidationError, match="at least 1 item"):
        Reject(exposures=())
    with pytest.raises(ValidationError, match="Extra inputs"):
        Pause(stepp="a")  # type: ignore[call-arg]


@pytest.mark.parametrize("given", [{}, {"alert": 3, "key": "hot"}])
def test_a_kind_of_alerts_is_named_in_one_way(given: dict[str, object]) -> None:
    with pytest.raises(InvalidRequest, match="an alert or a key, and not both"):
        read_request(given, verb="rearm")
