"""What a change would do is said before it is made, and nothing is changed by asking."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from icestream.store import queries
from toy_server import SEL, SRC, A, ToyServer, served


@pytest.fixture
def toy(tmp_path: Path) -> Iterator[ToyServer]:
    with served(tmp_path, SRC, SEL, A) as made:
        yield made


def test_a_change_says_what_would_run(toy: ToyServer) -> None:
    found = toy.post("/workflow/preview", changes={"a": {"add": 5}})
    (step,) = found["steps"]
    assert (step["name"], step["tasks"]) == ("a", 4)
    assert (found["tasks"], found["exposures"]) == (4, 4)
    assert found["changes"] == ["a.add: 1 -> 5"]
    assert found["words"][0].startswith("4 tasks of 1 step")
    assert queries.step(toy.session.store(), "a").revision == 1
    same = toy.post("/workflow/preview", changes={"a": {"add": 1}})
    assert same["words"] == ["nothing has to be run"]
    wrong = toy.post("/workflow/preview", 422, changes={"a": {"ad": 1}, "sel": {"below": "x"}})
    assert [one["where"] for one in wrong["problems"]] == ["a.ad", "sel.below"]
    assert toy.post("/workflow/preview", 404, changes={"b": {}})["message"]


def test_a_step_more_in_the_workflow_is_priced_too(toy: ToyServer) -> None:
    document = toy.get("/workflow")["document"]
    more = {"name": "b", "protocol": "toy.add", "inputs": {"number": "a"}}
    document["steps"].append(more)
    found = toy.post("/workflow/preview", workflow=document)
    assert found["changes"] == ["b: added (toy.add)"]
    assert found["unknown"] == ["b"], "it has not run here yet"
    assert found["tasks"] == 4


def test_new_limits_say_what_is_gained_and_lost(toy: ToyServer) -> None:
    found = toy.post("/limits/preview", step="sel", changes={"below": 2})
    assert (found["judged"], found["accepted"], found["accepted_after"]) == (6, 4, 2)
    assert (found["gained"], found["lost"]) == (0, 2)
    assert found["lost_names"] == ["e000002", "e000003"]
    assert found["words"][0] == "sel accepts 2 of 6 exposures, 4 before: 0 gained, 2 lost"
    found = toy.post("/limits/preview", step="sel", changes={"below": 6})
    assert found["gained_names"] == ["e000004", "e000005"]
    same = toy.post("/limits/preview", step="sel", changes={"below": 4})
    assert (same["accepted_after"], same["gained"], same["lost"]) == (4, 0, 0)


def test_a_person_s_word_holds_whatever_the_limits(toy: ToyServer) -> None:
    toy.ask(verb="accept", exposures=["e000005"])
    found = toy.post("/limits/preview", step="sel", changes={"below": 1})
    assert found["accepted_after"] == 2
    toy.ask(verb="reject", exposures=["e000000"])
    found = toy.post("/limits/preview", step="sel", changes={"below": 1})
    assert found["accepted_after"] == 1


def test_only_a_selection_has_limits(toy: ToyServer) -> None:
    said = toy.post("/limits/preview", 422, step="a", changes={"add": 2})
    assert "a is no selection" in said["message"]
    said = toy.post("/limits/preview", 422, step="sel", changes={"belo": 2})
    assert said["problems"][0]["where"] == "sel.belo"
    assert "no step 'x'" in toy.post("/limits/preview", 404, step="x", changes={})["message"]


def test_a_trial_says_on_which_exposures(toy: ToyServer) -> None:
    found = toy.post("/branches/preview", changes={"a": {"add": 9}}, exposures=2)
    assert len(found["sample"]) == 2
    assert found["words"].startswith("on 2 of ")
    assert found["cost"]["tasks"] == 2
    whole = toy.post("/branches/preview", changes={"a": {"add": 9}}, exposures=None)
    assert (whole["sample"], whole["cost"]["tasks"]) == (None, 4)
    same = toy.post("/branches/preview", 404, changes={"a": {"add": 1}})
    assert "nothing would be changed" in same["message"]
    toy.ask(verb="branch", name="nine", changes={"a": {"add": 9}}, exposures=found["sample"])
    assert toy.get("/branches/nine/adopt/preview")["tasks"] == 4


def test_what_comes_back_is_said_before_a_change_is_taken_back(toy: ToyServer) -> None:
    assert toy.get("/undo/preview") is None
    toy.ask(verb="set", step="a", changes={"add": 5})
    found = toy.get("/undo/preview")
    assert (found["branch"], found["back"]) == ("main", {"a": 4})
    assert found["cost"]["changes"] == ["a.add: 5 -> 1"]
    assert found["cost"]["tasks"] == 0


def test_what_nothing_needs_is_shown_and_removed(toy: ToyServer) -> None:
    assert toy.get("/clean/preview")["results"] == 0
    toy.ask(verb="set", step="a", changes={"add": 5})
    five = ("a", "toy.add", {"add": 5}, {"number": "sel.number"})
    toy.session.run(SRC, SEL, five)
    found = toy.get("/clean/preview")
    assert (found["results"], found["busy"]) == (4, "")
    old = next(one for one in found["holdings"] if one["step"] == "a" and one["revision"] == 1)
    assert old["branches"] == []
    assert "bytes" in toy.post("/clean")
    assert toy.get("/clean/preview")["results"] == 0
    assert toy.client.post(f"{toy.at}/clean?branch=main").status_code == 404


def test_an_alert_without_an_offer_has_no_preview(toy: ToyServer) -> None:
    assert "no alert 1" in toy.get("/alerts/1/offer/preview", 404)["message"]
