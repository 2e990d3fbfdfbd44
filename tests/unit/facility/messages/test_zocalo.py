"""zocalo's messages as they go over the wire, in and out."""

import json
from typing import Any

import pytest

from icestream.facility.messages.documents import MessageAnswer, UnreadableRequest
from icestream.facility.messages.kinds import ZocaloSection
from icestream.facility.messages.zocalo import (
    alert_message,
    feedback_message,
    identity_of,
    next_steps,
    read_step,
    start_of,
)

MOVIE = "/dls/m02/data/2026/cm1-1/raw/Images-Disc1/GridSquare_5/Data/F_1_Data_2_fractions.tiff"
PARAMETERS: dict[str, Any] = {
    "dcid": 77, "autoproc_program_id": 9, "session_id": 7, "movie": MOVIE, "kv": 300,
    "pixel_size": "0.83", "fm_dose": 1.1, "gain_ref": "/dls/gain.mrc",
    "feedback_queue": "murfey_feedback_m02",
}  # fmt: skip
START = {"recipes": ["em-spa-preprocess"], "parameters": PARAMETERS}
ANSWER = MessageAnswer(id="z:ended", request="z", state="ended", time=1.0)


def test_a_start_request_becomes_a_session() -> None:
    made = start_of(START, ZocaloSection(), "zocalo:abc")
    assert (made.session, made.workflow) == ("em-spa-preprocess-77", "default")
    assert made.movies == "/dls/m02/data/2026/cm1-1/raw/**/*_fractions.tiff"
    assert made.acquisition == {
        "pixel_size": 0.83, "voltage": 300.0, "dose_per_frame": 1.1, "gain": "/dls/gain.mrc"
    }  # fmt: skip


def test_movies_may_be_where_the_site_says() -> None:
    section = ZocaloSection(movies="{movie_folder}/*{movie_suffix}", name="v{session_id}")
    flat = {**START, "parameters": {**PARAMETERS, "movie": "/data/raw/a.eer"}}
    made = start_of(flat, section, "zocalo:abc")
    assert (made.session, made.movies) == ("v7", "/data/raw/*.eer")


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([], "no object"),
        ({"recipes": ["mx"], "parameters": PARAMETERS}, "known here are em-spa-preprocess"),
        ({"recipes": ["em-spa-preprocess"], "parameters": {"dcid": 1}}, "no movies are named"),
        ({"recipes": ["em-spa-preprocess"], "parameters": {"movie": MOVIE}}, "it has no dcid"),
        ({"recipes": ["em-spa-preprocess"], "parameters": [1]}, "parameters an object"),
        ({"parameters": {"ispyb_process": 12}}, "has no ISPyB"),
    ],
)
def test_what_cannot_be_understood_says_why(document: Any, said: str) -> None:
    with pytest.raises(UnreadableRequest, match=said):
        start_of(document, ZocaloSection(), "zocalo:abc")


def test_a_job_of_ispyb_is_looked_up() -> None:
    def lookup(number: int) -> tuple[list[str], dict[str, Any]]:
        if number != 12:
            raise LookupError(f"there is no job {number}")
        return ["em-spa-preprocess"], PARAMETERS

    made = start_of({"parameters": {"ispyb_process": "12"}}, ZocaloSection(), "zocalo:x", lookup)
    assert made.session == "em-spa-preprocess-77"
    with pytest.raises(UnreadableRequest, match="no job 13"):
        start_of({"parameters": {"ispyb_process": 13}}, ZocaloSection(), "zocalo:x", lookup)


def test_the_same_message_has_the_same_identity() -> None:
    body = json.dumps(START).encode()
    assert identity_of(START, body) == identity_of(json.loads(body), body)
    assert identity_of(START, body) != identity_of(START, body + b" ")
    assert identity_of({"parameters": {"guid": "g-1"}}, b"") == "zocalo:g-1"
    step = {"environment": {"ID": "e"}, "recipe-pointer": 2, "payload": {"a": 1}}
    other = {**step, "payload": {"a": 2}}
    assert identity_of(step, b"1") == identity_of(dict(step), b"2")
    assert identity_of(step, b"") != identity_of(other, b"")


def _step(output: Any) -> dict[str, Any]:
    return {
        "payload": {"movies": "/data/$visit", "fill": {}},
        "recipe": {
            "1": {"queue": "icestream", "parameters": {"session": "s-{$ID}"}, "output": output},
            "2": {"queue": "archive", "parameters": {}},
            "3": {"queue": "mail"},
            "start": [[1, []]],
        },
        "recipe-pointer": 1,
        "recipe-path": [],
        "environment": {"ID": "e1", "visit": "cm1"},
    }


def test_a_step_of_a_recipe_is_read_and_handed_on() -> None:
    step = read_step(_step([2, 3]))
    assert step.asked == {"session": "s-e1", "movies": "/data/$visit", "fill": {}}
    on = list(next_steps(step, ANSWER))
    assert [one.queue for one in on] == ["archive", "mail"]
    body = json.loads(on[0].body)
    assert on[0].headers == {"workflows-recipe": "True"}
    assert (body["recipe-pointer"], body["recipe-path"]) == (2, [1])
    assert body["payload"]["state"] == "ended"
    assert body["environment"] == {"ID": "e1", "visit": "cm1"}


def test_channels_get_the_answers_of_their_names() -> None:
    step = read_step(_step({"began": 2, "ended": [2, 3]}))
    began = ANSWER.model_copy(update={"state": "began"})
    assert [one.queue for one in next_steps(step, began)] == ["archive"]
    assert [one.queue for one in next_steps(step, ANSWER)] == ["archive", "mail"]
    assert list(next_steps(read_step(_step(2)), began)) == [], "only the last answer goes on"
    assert list(next_steps(read_step(_step(9)), ANSWER)) == []


@pytest.mark.parametrize("wrong", [[], {"payload": 1}, {**_step(2), "recipe-pointer": "1"}])
def test_a_step_that_is_not_whole_is_refused(wrong: Any) -> None:
    with pytest.raises(UnreadableRequest):
        read_step(wrong)


def test_feedback_and_alerts_have_the_shapes_of_murfey_and_pato() -> None:
    section = ZocaloSection()
    told = feedback_message("k", section, PARAMETERS, "motion_corrected", movie="m", mrc_out="o")
    assert told is not None
    assert told.queue == "murfey_feedback_m02"
    assert json.loads(told.body) == {
        "register": "motion_corrected", "session_id": 7, "program_id": 9, "movie": "m",
        "mrc_out": "o",
    }  # fmt: skip
    assert feedback_message("k", ZocaloSection(feedback=None), {}, "x") is None
    alert = alert_message("k", section, {"dcg_id": 5}, "bad")
    assert alert is not None
    assert (alert.queue, json.loads(alert.body)) == (
        "pato_notification", {"groupId": 5, "message": "bad"},
    )  # fmt: skip
    assert alert_message("k", section, {}, "bad") is None
