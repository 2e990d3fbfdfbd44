"""Recording what sources found: exposures, the items that stand for them, and what was refused."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pytest

import toys
from icestream.engine.messages import Discovered
from icestream.engine.record.discoveries import KEEP, record_discovery
from icestream.model import Alert, Exposure, Picture, type_name
from icestream.protocol import Discovery, Refusal
from icestream.shown import printable
from icestream.store import tables as t
from toy_record import Desk

Desks = Callable[..., Desk]
SRC = ("src", "toy.count", {}, {})
A = ("a", "toy.add", {"write": True}, {"number": "src"})


def discover(desk: Desk, *items: toys.Number, state: Any = None) -> list[Any]:
    source = desk.step("src")
    found = Discovery(items, state=state)
    return desk.record.take_in([], [Discovered(source.id, found)])


def number(exposure: str, value: float, path: Path | None = None) -> toys.Number:
    return toys.Number(exposure=exposure, value=value, path=path)


@pytest.mark.parametrize("odd", ["caf\udce9", "a\x1b[2J", "a\nb"])
def test_a_name_that_cannot_be_seen_is_refused(desk: Desks, odd: str) -> None:
    """It would be in the names of files, in tables and on terminals."""
    made = desk(SRC, A)
    discover(made, number("e1", 1.0), number(odd, 2.0))
    shown = printable(odd, lines=False)
    assert made.states_of("src") == {"e1": "done", shown: "failed"}
    reason = made.tasks("src")[shown].reason
    assert reason.startswith(f"{shown}: its name has characters that cannot be seen")
    assert made.states_of("a") == {"e1": "ready", shown: "skipped"}


def test_a_refusal_and_an_alert_can_be_of_any_file(desk: Desks) -> None:
    made = desk(SRC)
    found = Discovery(
        (),
        [Refusal(Path("/data/caf\udce9\n.tiff"), "is like b\udce9", "caf\udce9")],
        alerts=(Alert(key="k", level="warning", message="of caf\udce9"),),
    )
    made.record.take_in([], [Discovered(made.step("src").id, found)])
    assert made.tasks("src")[r"caf\xe9"].reason == r"caf\xe9\n.tiff: is like b\xe9"
    assert made.rows(t.alert, "message") == [r"of caf\xe9"]


def test_an_item_that_is_found_again_is_ignored(desk: Desks) -> None:
    made = desk(SRC, A)
    discover(made, number("e1", 1.0))
    before = [made.rows(table) for table in (t.exposure, t.result, t.task)]
    assert discover(made, number("e1", 1.0)) == []
    assert [made.rows(table) for table in (t.exposure, t.result, t.task)] == before


def test_an_item_that_has_changed_outside_is_kept_as_it_was_with_an_alert(desk: Desks) -> None:
    made = desk(SRC, A)
    discover(made, number("e1", 1.0))
    discover(made, number("e1", 2.0))
    assert json.loads(made.rows(t.result)[0].document)["number"]["value"] == 1.0
    (alert,) = made.rows(t.alert)
    assert (alert.key, alert.level, alert.exposure) == ("exposure.changed", "warning", "e1")
    assert "e1 changed on disk" in alert.message


def test_the_cursor_is_written_with_what_was_found(desk: Desks) -> None:
    made = desk(SRC, A)
    discover(made, number("e1", 1.0), state={"seen": 1})
    assert made.record.cursors() == {made.step("src").id: {"seen": 1}}
    discover(made, number("e2", 2.0), state=KEEP)  # a piece of a discovery: more of it follows
    assert made.record.cursors() == {made.step("src").id: {"seen": 1}}


def test_paths_in_the_session_are_kept_relative_to_it(desk: Desks) -> None:
    made = desk(SRC, A)
    inside, outside = made.folder / "movies" / "x.tiff", Path("/elsewhere/y.tiff")
    discover(made, number("e1", 1.0, inside), number("e2", 2.0, outside))
    paths = [json.loads(row.document)["number"]["path"] for row in made.rows(t.result)]
    assert paths == ["movies/x.tiff", "/elsewhere/y.tiff"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot(toys.Number):
    """A number with more than a number has."""

    details: str = "words"
    when: Exposure | None = None
    seen: Annotated[Path | None, Picture("Seen")] = None


def test_what_a_source_finds_is_recorded_as_what_it_is(desk: Desks) -> None:
    made = desk(SRC)
    when = Exposure(name="e1", grid_square="7")
    shot = Shot(exposure="e1", value=1.0, when=when, seen=made.folder / "raw" / "e1.png")
    discover(made, shot, number("e2", 2.0))
    first, second = made.rows(t.result)
    assert json.loads(first.types) == {"number": type_name(Shot)}
    assert json.loads(first.pictures) == [["number", "raw/e1.png", "Seen", ""]]
    assert json.loads(second.types) == {"number": "toys:Number"}
    # What the shot itself was is told by its type, whatever the item calls it.
    details = [json.loads(row.details) for row in made.rows(t.exposure)]
    assert (details[0]["grid_square"], details[1]) == ("7", {})


def test_a_refused_file_is_a_failed_exposure_with_its_reason(desk: Desks) -> None:
    made = desk(SRC, A)
    made.find(1, refused=("x2",))
    assert made.exposures() == {"e1": "going", "x2": "failed"}
    assert made.tasks("src")["x2"].reason == "x2: is bad"
    assert made.states_of("a") == {"e1": "ready", "x2": "skipped"}


def test_a_refused_file_that_is_mended_is_taken_in(desk: Desks) -> None:
    made = desk(SRC, A)
    made.find(refused=("x2",))
    discover(made, number("x2", 2.0))
    made.work()
    assert made.exposures() == {"x2": "done"}
    assert made.counts("a") == {"done": 1}


def test_what_a_person_rejected_at_the_source_stays_rejected(desk: Desks) -> None:
    made = desk(SRC, A)
    made.find(1)
    made.judge("e1", "src", why="ice")
    made.open(("src", "toy.count", {"offset": 1}, {}), A)  # found anew, with other parameters
    discover(made, number("e1", 2.0))
    assert made.exposures() == {"e1": "rejected"}
    assert made.tasks("src")["e1"].reason == "ice"


def test_what_a_source_found_before_it_was_revised_is_not_taken_in(desk: Desks) -> None:
    made = desk(SRC, A)
    source = made.step("src")
    late = Discovered(source.id, Discovery([number("e1", 1.0)]))
    made.open(("src", "toy.count", {"offset": 1}, {}), A)
    assert made.record.take_in([], [late]) == []
    assert made.exposures() == {}


def test_only_a_source_discovers(desk: Desks) -> None:
    made = desk(SRC, A)
    with made.record.cascade() as cascade, pytest.raises(TypeError, match="'a' is no source"):
        record_discovery(cascade, made.step("a"), Discovery(), made.folder, 1)
