"""The log of decisions."""

from typing import Any

from icestream.report.decisions import decision_log, decisions_of
from icestream.store.records import HistoryRecord


def record(time: float, verb: str, who: str = "ann", **more: Any) -> HistoryRecord:
    said: dict[str, Any] = {
        "by_session": False, "document": {}, "why": "", "state": "done", "answer": "",
    }  # fmt: skip
    return HistoryRecord(time=time, who=who, verb=verb, **(said | more))


def test_the_newest_is_first_with_why_and_effect() -> None:
    change = {"step": "select", "changes": {"resolution_max": 5}}
    log = decision_log(
        [
            record(1.0, "set", document=change, why="thin ice", answer="select is at revision 2"),
            record(2.0, "pause", who="bob", document={"step": "ctf"}),
        ]
    )
    assert [group["verb"] for group in log["groups"]] == ["pause", "set"]
    assert [group["kind"] for group in log["groups"]] == ["running", "parameters"]
    (entry,) = log["groups"][1]["entries"]
    assert entry["what"] == "set select resolution_max=5"
    assert (entry["who"], entry["why"]) == ("ann", "thin ice")
    assert entry["effect"] == "select is at revision 2"
    assert log["counts"] == {"running": 1, "parameters": 1}


def test_exposures_that_one_person_rejects_in_a_row_are_one_group() -> None:
    many = [record(10.0 * n, "reject", document={"exposures": [f"e{n}"]}) for n in range(200)]
    log = decision_log([*many, record(2500.0, "reject"), record(2510.0, "reject", who="bob")])
    sizes = [len(group["entries"]) for group in log["groups"]]
    assert sizes == [1, 201]
    assert log["counts"] == {"exposures": 202}
    late = decision_log([*many, record(9000.0, "reject")])
    assert [len(group["entries"]) for group in late["groups"]] == [1, 200]


def test_changes_of_parameters_are_never_folded() -> None:
    log = decision_log([record(float(n), "set", document={"step": "ctf"}) for n in range(3)])
    assert len(log["groups"]) == 3


def test_what_was_refused_has_no_effect_and_says_so() -> None:
    log = decision_log([record(1.0, "adopt", state="refused", answer="no alert 9")])
    (entry,) = log["groups"][0]["entries"]
    assert entry["effect"] == ""
    assert "refused: no alert 9" in entry["what"]


def test_verbs_that_nobody_knows_yet_are_shown() -> None:
    log = decision_log([record(1.0, "polish", document={"name": "x"})])
    assert log["groups"][0]["kind"] == "other"


def test_of_thousands_the_newest_are_shown_and_all_are_counted() -> None:
    log = decision_log([record(5000.0 * n, "reject") for n in range(3000)])
    assert len(log["groups"]) == 2000
    assert log["groups"][0]["entries"][0]["time"] == 5000.0 * 2999
    assert log["total"] == 3000


def test_a_branch_has_its_own_decisions_and_those_of_the_session() -> None:
    history = [
        record(1.0, "set", document={"step": "ctf", "changes": {"tile_size": 512}}),
        record(2.0, "branch", document={"name": "fine", "changes": {}}),
        record(3.0, "set", document={"step": "ctf", "branch": "fine", "changes": {}}),
        record(4.0, "branch", document={"name": "other", "changes": {}}),
        record(5.0, "pause"),
        record(6.0, "reject", document={"exposures": ["e1"]}),
        record(7.0, "undo"),
    ]
    assert [one.time for one in decisions_of(history, "fine", "main")] == [2.0, 3.0, 5.0, 6.0]
    assert [one.time for one in decisions_of(history, "main", "main")] == [1.0, 5.0, 6.0, 7.0]
