"""What has to hold of a session, whatever befell it: a pure function from what is left to faults.

In the manner of Jepsen's checkers: the history says what was done and what was answered; the store
and the files say what there is now. Nothing here asks icestream.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import PurePath
from typing import Any

from nemesis.gathered import Found, Row, current_tasks, made_by_tasks
from nemesis.history import of

__all__ = ["CHECKS", "check"]

_ENDED = ("done", "failed", "skipped")
_OURS = {"icestream.db", "icestream.db-wal", "icestream.db-shm", "coordinator.lock"}
"""Files of a session that are of no result."""
_FOLDERS = {"logs", "report"}
_PASSING = ("storage", "results.again", "results.lost", "machine.ledger", "thread.")
"""Beginnings of the keys of alerts that are over when nothing is wrong any more."""


def check(found: Found) -> dict[str, list[str]]:
    """All that is wrong, by what was looked at; every part is named, what is well with nothing."""
    return {name: list(look(found)) for name, look in CHECKS.items()}


def exposures(found: Found) -> Iterator[str]:
    """Each movie is one exposure with a final state; a movie that is whole has not failed."""
    names = {row["id"]: row["name"] for row in found.tables["subject"]}
    rows = {names[row["id"]]: row for row in found.tables["exposure"]}
    ways = {line["name"]: line["how"] for line in of(found.history, "movie")}
    many = Counter(row["name"] for row in found.tables["subject"] if row["kind"] == "exposure")
    yield from (f"{name} is an exposure {n} times" for name, n in many.items() if n > 1)
    yield from (f"{name} is no exposure" for name in ways.keys() - rows.keys())
    yield from (f"{name} is an exposure of no movie" for name in rows.keys() - ways.keys())
    for name, row in rows.items():
        state, reasons = row["state"], json.loads(row["reasons"])
        if state not in ("done", "rejected", "failed"):
            yield f"{name} is {state} in the end"
        elif state != "done" and not reasons:
            yield f"{name} is {state} for no reason"
        how = ways.get(name, "whole")
        if state == "failed" and how != "cut" and "replaced" not in how:
            yield f"{name} has failed, and its movie is whole: {reasons}"
        if state != "failed" and how == "cut":
            yield f"{name} is {state}, and its movie is cut off"


def tasks(found: Found) -> Iterator[str]:
    """Each exposure has one ended task of each step that it came to; each done one its result."""
    results = {row["id"]: row for row in found.tables["result"]}
    seen: Counter[tuple[str, str]] = Counter()
    for task, _, step, name in current_tasks(found.tables):
        seen[name, step] += 1
        if task["state"] not in _ENDED:
            yield f"{step} of {name} is {task['state']} in the end"
        elif task["state"] != "done":
            if not task["reason"]:
                yield f"{step} of {name} is {task['state']} for no reason"
        elif task["result_id"] not in results:
            yield f"{step} of {name} is done and has no result"
        elif results[task["result_id"]]["subject_id"] != task["subject_id"]:
            yield f"{step} of {name} has the result of another exposure"
    yield from (f"{step} of {name} is there {n} times" for (name, step), n in seen.items() if n > 1)
    yield from _unended(found, seen)


def _unended(found: Found, seen: Counter[tuple[str, str]]) -> Iterator[str]:
    """Steps of an exposure that is done which nobody has done."""
    names = {row["id"]: row["name"] for row in found.tables["subject"]}
    done = {names[row["id"]] for row in found.tables["exposure"] if row["state"] == "done"}
    for step in {step for _, step in seen}:
        yield from (f"{step} of {name} is missing" for name in done if not seen[name, step])


def results(found: Found) -> Iterator[str]:
    """A result was made once, from results that are there, in an epoch that there was."""
    there = {row["id"] for row in found.tables["result"]}
    keys = Counter(row["key"] for row in found.tables["result"])
    yield from (f"the result {key} was made {n} times" for key, n in keys.items() if n > 1)
    for row in found.tables["input"]:
        if {row["result_id"], row["source_id"]} - there:
            yield f"result {row['result_id']} was made of {row['source_id']}, which is not there"
    epochs = {row["id"] for row in found.tables["epoch"]}
    for row in found.tables["result"]:
        if row["epoch"] not in epochs:
            yield f"result {row['id']} is of epoch {row['epoch']}, which there was not"
    for measured in found.tables["quality"]:
        if measured["result_id"] not in there:
            yield f"{measured['name']} was measured by result {measured['result_id']}, not there"


def files(found: Found) -> Iterator[str]:
    """Each file that the store has is there as it was made, and there is no other."""
    recorded: dict[str, Row] = {row["path"]: row for row in found.tables["file"]}
    recorded |= {row["path"]: row for row in found.tables["segment"]}
    for path, row in recorded.items():
        size, said = found.files.get(path, (-1, ""))
        if size < 0:
            yield f"{path} is missing"
        elif size != row["size"] or (row["hash"] and said != row["hash"]):
            yield f"{path} has {size} bytes of {row['size']}, or holds something else"
    if found.files.get("report/index.html", (0, ""))[0] <= 0:
        yield "there is no report"
    for path in found.files.keys() - recorded.keys():
        parts = PurePath(path).parts
        known = path in _OURS or (parts[0] in _FOLDERS and not parts[-1].startswith("."))
        if not known:
            yield f"{path} belongs to nothing"


def counters(found: Found) -> Iterator[str]:
    """What is counted is what there is."""
    counted: dict[int, Counter[str]] = {}
    for task in found.tables["task"]:
        counted.setdefault(task["revision_id"], Counter())[task["state"]] += 1
    steps = {row["id"]: row["name"] for row in found.tables["step"]}
    revisions = {row["id"]: row for row in found.tables["revision"]}
    for row in found.tables["counter"]:
        there = counted.get(row["revision_id"], Counter())
        step = steps[revisions[row["revision_id"]]["step_id"]]
        for state in ("ready", "running", "held", "done", "failed", "skipped"):
            if row[state] != there[state]:
                yield f"{row[state]} tasks of {step} are counted as {state}, {there[state]} are"


def events(found: Found) -> Iterator[str]:
    """The history of the store does not contradict itself, or what there is.

    Numbers that were given to what could not be written are not given again.
    """
    rows = sorted(found.tables["event"], key=lambda row: row["seq"])
    told = [(row["seq"], json.loads(row["document"]), row) for row in rows]
    begun = {said["epoch"]: seq for seq, said, row in told if row["kind"] == "epoch.started"}
    epochs = [row["id"] for row in found.tables["epoch"]]
    if sorted(begun) != sorted(epochs) or sorted(epochs) != list(range(1, len(epochs) + 1)):
        yield f"there were the epochs {sorted(epochs)}, and {sorted(begun)} are said to have begun"
    if sorted(begun, key=lambda epoch: begun[epoch]) != sorted(begun):
        yield "epochs have begun in another order"
    last = {said["result"]: seq for seq, said, row in told if row["kind"] == "task.done"}
    for task, _, step, name in current_tasks(found.tables):
        if task["state"] == "done" and task["result_id"] not in last:
            yield f"{step} of {name} is done, and nobody was told"
    for row in found.tables["result"]:
        if last.get(row["id"], 1 << 60) < begun.get(row["epoch"], 0):
            yield f"result {row['id']} was told of before its epoch {row['epoch']} had begun"
    yield from _last_states(found, told)


def _last_states(found: Found, told: list[tuple[int, Any, Row]]) -> Iterator[str]:
    names = {row["id"]: row["name"] for row in found.tables["subject"]}
    states = {
        r["subject_id"]: said["state"] for _, said, r in told if r["kind"] == "exposure.state"
    }
    for row in found.tables["exposure"]:
        if states.get(row["id"], "going") != row["state"]:
            said = states.get(row["id"], "going")
            yield f"{names[row['id']]} is {row['state']}, and was last said to be {said}"
    session = [said["state"] for _, said, row in told if row["kind"] == "session.state"]
    if session[-1:] != [found.tables["session"][0]["state"]]:
        yield f"the session is {found.tables['session'][0]['state']}, and last said {session[-1:]}"
    if found.tables["session"][0]["state"] != "done":
        yield f"the session is {found.tables['session'][0]['state']} in the end"


def decisions(found: Found) -> Iterator[str]:
    """What was answered to a person is so, once, and the last word holds."""
    answered = {line["token"]: line for line in of(found.history, "answered")}
    requests = {row["token"]: row for row in found.tables["request"]}
    kept = Counter(row["why"] for row in found.tables["decision"])
    last: dict[str, Any] = {}
    for line in of(found.history, "decision"):
        token, asked = line["token"], line["request"]
        if token not in answered:
            yield f"{asked['verb']} ({token}) was never answered"
            continue
        state = answered[token]["state"]
        if requests.get(token, {}).get("state") != state:
            yield f"{asked['verb']} ({token}) was answered {state}, and the store has it not so"
        if state != "done":
            yield f"{asked['verb']} ({token}) was {state}: {answered[token]['answer']}"
        elif asked["verb"] == "set":
            last |= {f"{asked['step']}.{name}": value for name, value in asked["changes"].items()}
        else:
            if kept[token] != 1:
                yield f"{asked['verb']} ({token}) is kept {kept[token]} times"
            last[line["exposure"]] = asked["verb"]
    yield from _words_that_hold(found, last)


def _words_that_hold(found: Found, last: dict[str, Any]) -> Iterator[str]:
    names = {row["id"]: row["name"] for row in found.tables["subject"]}
    states = {names[row["id"]]: row["state"] for row in found.tables["exposure"]}
    parameters = {
        f"{step}.{name}": value
        for _, revision, step, _ in current_tasks(found.tables)
        for name, value in json.loads(revision["parameters"]).items()
    }
    for what, said in last.items():
        if what in states:
            if (states[what] == "rejected") != (said == "reject") and states[what] != "failed":
                yield f"{what} is {states[what]} after {said}"
        elif parameters.get(what) != said:
            yield f"{what} is {parameters.get(what)} after it was set to {said}"


def alerts(found: Found) -> Iterator[str]:
    """Alerts on what is over are over."""
    for row in found.tables["alert"]:
        if row["cleared"] is None and row["key"].startswith(_PASSING):
            yield f"{row['key']} is still said: {row['message']}"


def left(found: Found) -> Iterator[str]:
    """No process is left, the store is whole, and nobody was shown a traceback."""
    yield from (f"left: {process}" for process in found.processes)
    if list(found.integrity) != ["ok"]:
        yield f"the store: {found.integrity}"
    if "Traceback" in found.said:
        yield f"printed: {found.said[found.said.index('Traceback') :][-600:]}"
    for line in of(found.history, "unfinished"):
        yield f"it did not come to an end: {line['why']}"


def again(found: Found) -> Iterator[str]:
    """The last run, which nothing disturbs, makes nothing anew that was whole."""
    now = {row["id"]: row for row in found.tables["result"]}
    for result, epoch in found.before.items():
        if result not in now:
            yield f"result {result} is gone after the last run"
        elif now[result]["epoch"] != epoch:
            yield f"result {result} was made again in the last run"


def the_same(found: Found) -> Iterator[str]:
    """What was made of a movie that nobody touched is what an undisturbed session makes of it."""
    ways = {line["name"]: line["how"] for line in of(found.history, "movie")}
    made = made_by_tasks(found.tables)
    for key, what in made.items():
        name, step, _ = key
        if ways.get(name) == "replaced" or step in ("import", "select"):
            continue
        if key not in found.reference:
            yield f"{step} of {name} has parameters that nobody set"
        elif found.reference[key][0] != what[0]:
            yield f"{step} of {name} has other files than in an undisturbed session"
        elif found.reference[key][1] != what[1]:
            yield f"{step} of {name} says something else than in an undisturbed session"


CHECKS: dict[str, Callable[[Found], Iterator[str]]] = {
    one.__name__: one
    for one in (
        exposures, tasks, results, files, counters, events, decisions, alerts, left, again,
        the_same,
    )
}  # fmt: skip
"""What is looked at."""
