"""What people ask of a session over HTTP is what they ask on the command line."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from icestream.engine.machine.naming import person_here
from icestream.store import queries
from icestream.store.standing import reruns
from toy_picks import CHAIN
from toy_server import SEL, SRC, A, ToyServer, served
from toy_session import wait_for


@pytest.fixture
def toy(tmp_path: Path) -> Iterator[ToyServer]:
    with served(tmp_path, SRC, SEL, A) as made:
        yield made


def test_a_change_of_a_session_at_rest_is_made_at_once(toy: ToyServer) -> None:
    found = toy.ask(verb="set", step="a", changes={"add": 5}, why="more")
    assert (found["state"], found["answer"]) == ("done", "a is at revision 2")
    assert (found["who"], found["document"]["why"]) == (person_here(), "more")
    assert queries.step(toy.session.store(), "a").changed == {"add": 5}
    assert toy.ask(verb="undo")["state"] == "done"
    assert queries.step(toy.session.store(), "a").changed == {"add": 1}


def test_what_is_changed_over_http_reads_below_the_roots(toy: ToyServer) -> None:
    """And what it does not change stays as the command line gave it."""
    root = str(toy.session.folder.parent)
    document = toy.get("/workflow")["document"]
    for step in document["steps"]:
        step["within"] = ["/"]  # which nobody may say
    document["steps"].append(
        {"name": "b", "protocol": "toy.add", "parameters": {"add": 2}, "inputs": {"number": "a"}}
    )
    assert toy.ask(verb="workflow", workflow=document)["state"] == "done"
    steps = {step.name: step for step in queries.workflow(toy.session.store()).steps}
    assert {name: step.within for name, step in steps.items()} == {
        "src": None,
        "sel": None,
        "a": None,
        "b": (root,),
    }
    said = toy.ask(422, verb="set", step="a", changes={"add": 5}, within=["/"])
    assert "within" in str(said["problems"])


def test_a_limit_that_is_changed_at_rest_waits_for_the_next_run(toy: ToyServer) -> None:
    assert toy.ask(verb="set", step="sel", changes={"below": 2})["state"] == "done"
    assert [step.step for step in reruns(toy.session.store()).steps] == ["sel", "a"]
    toy.session.run(SRC, ("sel", "toy.select", {"below": 2}, {"number": "src"}), A)
    assert toy.session.values("a") == {"e000000": 1.0, "e000001": 2.0}


def test_many_exposures_are_judged_in_one_request_by_number_range_or_name(
    toy: ToyServer,
) -> None:
    found = toy.ask(verb="reject", exposures=["1-2", "e000003"], why="ice")
    assert found["answer"] == "3 exposures: reject at sel"
    assert found["document"]["exposures"] == ["e000000", "e000001", "e000003"]
    rejected = {
        one.name: one.reasons
        for one in queries.exposures(toy.session.store(), limit=9)
        if one.state == "rejected"
    }
    assert rejected["e000000"] == ("sel: ice",)
    assert len(rejected) == 5
    assert toy.ask(verb="accept", exposures=["6"])["state"] == "done"
    listed = toy.get("/requests?state=done")
    assert [one["verb"] for one in listed] == ["reject", "accept"]


def test_a_running_session_answers_by_itself(tmp_path: Path) -> None:
    with served(tmp_path) as toy:
        background = toy.session.start(("src", "toy.count", {"count": 3, "close": False}, {}), A_OF)
        wait_for(lambda: toy.session.running is not None)
        wait_for(lambda: bool(queries.epochs(toy.session.store())))
        assert toy.ask(verb="pause", step="a")["answer"] == "a: pause"
        assert toy.ask(verb="resume", step="a")["state"] == "done"
        assert toy.ask(verb="set", step="a", changes={"add": 7})["answer"] == "a is at revision 2"
        assert toy.ask(verb="drop-branch", name="main")["state"] == "refused"
        assert toy.ask(verb="stop")["state"] == "done"
        background.join()


A_OF = ("a", "toy.add", {"add": 1}, {"number": "src"})


def test_slips_are_told_before_anything_is_asked(toy: ToyServer) -> None:
    assert "did you mean a?" in toy.ask(422, verb="pause", step="aa")["message"]
    assert "no exposure 99" in toy.ask(422, verb="reject", exposures=["99"])["message"]
    assert "no alert 5" in toy.ask(422, verb="acknowledge", alert=5)["message"]
    assert toy.ask(422, verb="dance")["problems"]
    said = toy.ask(422, verb="set", step="a", changes={"add": "much", "ad": 1})
    assert [one["where"] for one in said["problems"]] == ["a.add", "a.ad"]
    assert "did you mean add?" in said["problems"][1]["what"]
    said = toy.ask(422, verb="mute", until=1.0)
    assert "an alert or a key" in said["message"]
    assert toy.get("/requests") == []
    assert toy.get("/requests/x", 404)["message"].startswith("no request 'x'")


def test_who_asks_is_not_said_in_the_body(toy: ToyServer) -> None:
    said = toy.ask(422, verb="undo", who="somebody else")
    assert said["problems"][0]["where"].endswith("who")


def test_a_workflow_that_cannot_run_is_refused_with_every_problem(toy: ToyServer) -> None:
    steps = [
        {"name": "src", "protocol": "toy.count"},
        {"name": "b", "protocol": "toy.ad", "inputs": {"number": "src"}},
        {"name": "c", "protocol": "toy.add", "inputs": {"number": "nowhere"}},
    ]
    said = toy.ask(422, verb="workflow", workflow={"name": "w", "steps": steps})
    assert [one["where"] for one in said["problems"]] == ["b", "c.number"]
    assert toy.ask(422, verb="branch", name="x", workflow={"steps": 3})["message"]
    found = toy.ask(verb="branch", name="x", changes={"a": {"add": 2}}, exposures=["1-2"])
    assert found["document"]["exposures"] == ["e000000", "e000001"]
    assert found["state"] == "done"


def test_nothing_is_paused_or_ended_where_nobody_runs_it(toy: ToyServer) -> None:
    for verb in ("pause", "stop", "abort"):
        assert "no process runs this session" in toy.ask(409, verb=verb)["message"]


def test_picks_that_are_corrected_are_shown_as_such(tmp_path: Path) -> None:
    with served(tmp_path, *CHAIN) as toy:
        asked = {"verb": "picks", "exposure": "2", "why": "by eye"}
        found = toy.ask(**asked, add=[[20, 30]], remove=[[100, 50]])
        assert found["answer"] == "picks of e000001 at pick: 1 added, 1 removed by hand"
        (shown,) = toy.get("/exposures/e000001/picks")
        # What was added comes first.
        assert [point[:2] for point in shown["points"]] == [[20, 30], [200, 50], [300, 50]]
        assert shown["points"][0][2] is None  # nobody has scored it
        by_hand = shown["by_hand"]
        assert (by_hand["added"], by_hand["removed"]) == (1, [[100, 50]])
        assert (by_hand["who"], by_hand["why"]) == (person_here(), "by eye")
        (told,) = toy.get("/exposures/e000001")["corrections"]
        assert (told["step"], told["added"], told["removed"]) == ("pick", 1, 1)
        lineage = toy.get(f"/lineage/{shown['result']}")["nodes"]
        assert [node["by_hand"] is not None for node in lineage] == [True, False, False, False]
        assert toy.get("/exposures/e000000/picks")[0]["by_hand"] is None
        assert toy.ask(verb="picks", exposure="e000001", undo=True)["state"] == "done"
        assert toy.get("/exposures/e000001")["corrections"] == []


def test_picks_that_are_none_are_refused(tmp_path: Path) -> None:
    with served(tmp_path, *CHAIN) as toy:
        place = {"verb": "picks", "add": [[20, 30]]}
        assert "no exposure" in str(toy.ask(422, **place, exposure="9"))
        assert "names 2 exposures" in str(toy.ask(422, **place, exposure="1-2"))
        assert "no step" in str(toy.ask(422, **place, exposure="1", step="pik"))
        toy.ask(422, verb="picks", exposure="1", add=[["x", 1]])
        toy.ask(422, verb="picks", exposure="1", add=[[1e9, 1]])
        toy.ask(422, verb="picks", exposure="1")
        found = toy.ask(**{**place, "exposure": "1", "add": [[401, 3]]})
        assert found["state"] == "refused"
        assert "is not in the micrograph" in found["answer"]
