"""The checker of the campaign of faults finds each kind of wrong, and nothing in what is well."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from nemesis.checker import CHECKS, check
from nemesis.gathered import Found, made_by_tasks

Tables = dict[str, list[dict[str, Any]]]
ALIGN, PICK = 2, 3
"""Numbers of steps and of their revisions, but the first of picking, which is 4."""


def _event(seq: int, kind: str, subject: int | None = None, **said: Any) -> dict[str, Any]:
    return {"seq": seq, "kind": kind, "subject_id": subject, "document": json.dumps(said)}


def _tables() -> Tables:
    """A session of two exposures: one is done, the other was rejected; the picking was changed."""
    tasks = [(1, ALIGN, 1, "done", 1), (2, PICK, 1, "done", 3), (3, ALIGN, 2, "done", 2),
             (4, PICK, 2, "skipped", None), (5, 4, 1, "done", 4)]  # fmt: skip
    made = [(1, ALIGN, ALIGN, 1), (2, ALIGN, ALIGN, 2), (4, PICK, 4, 1), (3, PICK, PICK, 1)]
    files = [(1, "align/a.mrc"), (2, "align/b.mrc"), (3, "pick@2/a_picks.star"),
             (4, "pick/a_picks.star")]  # fmt: skip
    counts = {"ready": 0, "running": 0, "held": 0, "failed": 0}
    return {
        "session": [{"branch_id": 1, "state": "done"}],
        "subject": [{"id": 1, "kind": "exposure", "name": "a"},
                    {"id": 2, "kind": "exposure", "name": "b"}],
        "exposure": [{"id": 1, "state": "done", "reasons": "[]"},
                     {"id": 2, "state": "rejected", "reasons": '["select: rejected by ada"]'}],
        "member": [{"branch_id": 1, "revision_id": ALIGN}, {"branch_id": 1, "revision_id": PICK}],
        "step": [{"id": ALIGN, "name": "align"}, {"id": PICK, "name": "pick"}],
        "revision": [{"id": ALIGN, "step_id": ALIGN, "parameters": "{}"},
                     {"id": PICK, "step_id": PICK, "parameters": '{"threshold": 5.0}'},
                     {"id": 4, "step_id": PICK, "parameters": '{"threshold": 4.5}'}],
        "task": [{"id": number, "revision_id": revision, "subject_id": subject, "state": state,
                  "result_id": result, "reason": "rejected" if state == "skipped" else ""}
                 for number, revision, subject, state, result in tasks],
        "result": [{"id": number, "key": f"key{number}", "step_id": step, "revision_id": revision,
                    "subject_id": subject, "document": f'{{"made": {number}}}',
                    "epoch": 2 if number == 3 else 1}
                   for number, step, revision, subject in made],
        "input": [{"result_id": 3, "source_id": 1}, {"result_id": 4, "source_id": 1}],
        "quality": [{"result_id": 1, "name": "motion"}],
        "file": [{"result_id": number, "path": path, "size": 4, "hash": f"hash{number}"}
                 for number, path in files],
        "segment": [],
        "counter": [{"revision_id": ALIGN, "done": 2, "skipped": 0, **counts},
                    {"revision_id": PICK, "done": 1, "skipped": 1, **counts},
                    {"revision_id": 4, "done": 1, "skipped": 0, **counts}],
        "epoch": [{"id": 1}, {"id": 2}],
        "event": [_event(1, "epoch.started", epoch=1), _event(2, "task.done", 1, result=1),
                  _event(3, "task.done", 2, result=2), _event(4, "task.done", 1, result=4),
                  _event(5, "epoch.started", epoch=2), _event(6, "task.done", 1, result=3),
                  _event(7, "exposure.state", 1, state="done"),
                  _event(8, "exposure.state", 2, state="rejected"),
                  _event(9, "session.state", state="done")],
        "request": [{"token": "t0", "state": "done"}, {"token": "t1", "state": "done"}],
        "decision": [{"subject_id": 2, "accepted": 0, "why": "t0"}],
        "alert": [{"key": "storage", "message": "full", "cleared": 5.0},
                  {"key": "machine", "message": "busy", "cleared": None}],
    }  # fmt: skip


HISTORY = [
    {"what": "decision", "token": "t0", "exposure": "b", "request": {"verb": "reject"}},
    {"what": "decision", "token": "t1", "exposure": "",
     "request": {"verb": "set", "step": "pick", "changes": {"threshold": 5.0}}},
    {"what": "movie", "name": "a", "how": "whole"},
    {"what": "movie", "name": "b", "how": "whole"},
    {"what": "answered", "token": "t0", "state": "done", "answer": ""},
    {"what": "answered", "token": "t1", "state": "done", "answer": ""},
]  # fmt: skip


def _well(tables: Tables, **other: Any) -> Found:
    files = {row["path"]: (row["size"], row["hash"]) for row in _tables()["file"]}
    ours = {"icestream.db": (1, ""), "coordinator.lock": (1, ""), "report/index.html": (1, "")}
    known: dict[str, Any] = {
        "files": {**files, **ours},
        "history": HISTORY,
        "before": {1: 1, 2: 1, 3: 2, 4: 1},
        "reference": made_by_tasks(_tables(), every=True),
    }
    return Found(tables=tables, **{**known, **other})


def _wrong(found: Found) -> dict[str, list[str]]:
    return {name: said for name, said in check(found).items() if said}


def test_nothing_is_wrong_with_what_is_well() -> None:
    assert check(_well(_tables())) == {name: [] for name in CHECKS}


def _row(table: str, number: int, **values: Any) -> Callable[[Tables], None]:
    return lambda tables: tables[table][number].update(values)


def _less(table: str, number: int) -> Callable[[Tables], None]:
    def less(tables: Tables) -> None:
        del tables[table][number]

    return less


def _more(table: str, **row: Any) -> Callable[[Tables], None]:
    return lambda tables: tables[table].append(row)


@pytest.mark.parametrize(
    ("look", "said", "spoil"),
    [
        ("exposures", "a is going in the end", _row("exposure", 0, state="going")),
        ("exposures", "b is rejected for no reason", _row("exposure", 1, reasons="[]")),
        ("exposures", "b has failed, and its movie is whole",
         _row("exposure", 1, state="failed", reasons='["align: worker lost"]')),
        ("exposures", "b is no exposure", _less("exposure", 1)),
        ("exposures", "a is an exposure 2 times", _row("subject", 1, name="a")),
        ("exposures", "c is an exposure of no movie", _row("subject", 1, name="c")),
        ("tasks", "align of a is running in the end", _row("task", 0, state="running")),
        ("tasks", "pick of b is skipped for no reason", _row("task", 3, reason="")),
        ("tasks", "pick of a is done and has no result", _row("task", 1, result_id=99)),
        ("tasks", "align of a has the result of another", _row("task", 0, result_id=2)),
        ("tasks", "align of a is there 2 times",
         _more("task", revision_id=ALIGN, subject_id=1, state="done", result_id=1, reason="")),
        ("tasks", "pick of a is missing", _less("task", 1)),
        ("results", "the result key1 was made 2 times", _row("result", 1, key="key1")),
        ("results", "result 3 was made of 1, which is not there", _less("result", 0)),
        ("results", "result 4 is of epoch 7", _row("result", 2, epoch=7)),
        ("results", "motion was measured by result 9", _row("quality", 0, result_id=9)),
        ("counters", "2 tasks of align are counted as done, 1", _row("task", 0, state="failed")),
        ("counters", "1 tasks of pick are counted as running, 0", _row("counter", 1, running=1)),
        ("events", "align of b is done, and nobody was told", _less("event", 2)),
        ("events", "there were the epochs [1, 2, 3]", _more("epoch", id=3)),
        ("events", "result 4 was told of before its epoch", _row("result", 2, epoch=2)),
        ("events", "a is done, and was last said to be going", _less("event", 6)),
        ("events", "the session is stopped in the end", _row("session", 0, state="stopped")),
        ("decisions", "the store has it not so", _less("request", 0)),
        ("decisions", "reject (t0) is kept 0 times", _less("decision", 0)),
        ("decisions", "reject (t0) is kept 2 times",
         _more("decision", subject_id=2, accepted=0, why="t0")),
        ("decisions", "b is done after reject", _row("exposure", 1, state="done")),
        ("decisions", "pick.threshold is 4.5 after it was set to 5.0",
         _row("revision", 1, parameters='{"threshold": 4.5}')),
        ("alerts", "storage is still said: full", _row("alert", 0, cleared=None)),
        ("again", "result 1 was made again in the last run", _row("result", 0, epoch=2)),
        ("again", "result 4 is gone after the last run", _less("result", 2)),
        ("the_same", "align of a says something else", _row("result", 0, document='{"made": 7}')),
        ("the_same", "align of b has other files", _row("file", 1, hash="other")),
        ("the_same", "pick of a has parameters that nobody set",
         _row("revision", 1, parameters='{"threshold": 9.0}')),
    ],
)  # fmt: skip
def test_what_is_wrong_in_the_store_is_found(
    look: str, said: str, spoil: Callable[[Tables], None]
) -> None:
    tables = copy.deepcopy(_tables())
    spoil(tables)
    found = _wrong(_well(tables))
    assert any(said in sentence for sentence in found.get(look, ())), found


FILES = dict(_well(_tables()).files)


@pytest.mark.parametrize(
    ("look", "said", "other"),
    [
        ("files", "align/a.mrc is missing",
         {"files": {path: held for path, held in FILES.items() if path != "align/a.mrc"}}),
        ("files", "align/a.mrc has 2 bytes of 4", {"files": {**FILES, "align/a.mrc": (2, "x")}}),
        ("files", "or holds something else", {"files": {**FILES, "align/a.mrc": (4, "x")}}),
        ("files", "there is no report",
         {"files": {path: held for path, held in FILES.items() if "report" not in path}}),
        ("files", "align/c.mrc belongs to nothing", {"files": {**FILES, "align/c.mrc": (4, "x")}}),
        ("files", ".scratch/1/2.tmp belongs to nothing",
         {"files": {**FILES, ".scratch/1/2.tmp": (4, "x")}}),
        ("exposures", "a is done, and its movie is cut off",
         {"history": [*HISTORY, {"what": "movie", "name": "a", "how": "cut"}]}),
        ("exposures", "c is no exposure",
         {"history": [*HISTORY, {"what": "movie", "name": "c", "how": "whole"}]}),
        ("decisions", "reject (t0) was never answered", {"history": HISTORY[:4]}),
        ("decisions", "was answered refused, and the store has it not so",
         {"history": [*HISTORY, {**HISTORY[4], "state": "refused"}]}),
        ("left", "left: a worker", {"processes": ["a worker"]}),
        ("left", "the store: ['row 3 missing from index']",
         {"integrity": ["row 3 missing from index"]}),
        ("left", "printed: Traceback", {"said": "done\nTraceback (most recent call last):"}),
        ("left", "it did not come to an end",
         {"history": [*HISTORY, {"what": "unfinished", "why": "the last run does not end"}]}),
        ("again", "result 9 is gone", {"before": {9: 1}}),
        ("the_same", "has parameters that nobody set", {"reference": {}}),
    ],
)  # fmt: skip
def test_what_is_wrong_around_it_is_found(look: str, said: str, other: dict[str, Any]) -> None:
    found = _wrong(_well(_tables(), **other))
    assert any(said in sentence for sentence in found.get(look, ())), found
