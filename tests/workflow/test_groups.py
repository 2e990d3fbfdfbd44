"""Whole sessions with groups: every group is processed with all its items, the last at the end."""

from pathlib import Path
from typing import Any

from icestream.store import queries
from toy_session import Session


def stream(folder: Path, *values: float, closed: bool = True) -> Any:
    """A source of these values."""
    folder.mkdir(exist_ok=True)
    for number, value in enumerate(values):
        (folder / f"e{number}").write_text(f"{value}")
    if closed:
        (folder / "closed").touch()
    return ("src", "toy.count", {"folder": folder}, {})


def means(after: str = "src", **parameters: Any) -> Any:
    return ("mean", "toy.mean", parameters, {"number": after})


def groups(session: Session, step: str) -> dict[str, float]:
    """Value of each group's result at a step."""
    found = queries.results(session.store(), step)
    assert all(one.about == "group" for one in found)
    return {one.subject: one.outputs["number"]["value"] for one in found}


def test_every_group_is_processed_once_with_all_its_items(session: Session, tmp_path: Path) -> None:
    log = tmp_path / "log"
    outcome = session.run(
        stream(tmp_path / "in", 1, 2, 1.5, 2.5, 1.25, 3, 2.25, 3.5),
        ("a", "toy.add", {"add": 10}, {"number": "src"}),
        means("a", complete=3, log=log),
        ("then", "toy.add", {"add": 100}, {"number": "mean"}),
    )
    assert outcome.complete
    assert groups(session, "mean") == {"11": 11.25, "12": 12.25, "13": 13.25}
    assert groups(session, "then") == {"11": 111.25, "12": 112.25, "13": 113.25}
    lines = log.read_text().splitlines()
    assert sorted(lines) == ["11 3", "12 3", "13 2"]
    assert lines[-1] == "13 2"  # it was not complete
    assert outcome.exposures["done"] == 8


def test_groups_wait_for_the_end_when_nothing_else_completes_them(
    session: Session, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    outcome = session.run(
        ("src", "toy.count", {"count": 4, "pace": 0.01}, {}),
        ("half", "toy.mean", {"complete": 99, "log": log}, {"number": "src"}),
    )
    assert outcome.complete
    assert sorted(log.read_text().splitlines()) == ["0 1", "1 1", "2 1", "3 1"]


def test_batches_take_what_groups_made(session: Session, tmp_path: Path) -> None:
    outcome = session.run(
        stream(tmp_path / "in", 1, 1.5, 2, 2.5, 3, 4, 5),
        means(complete=2),
        ("total", "toy.total", {"full": 2}, {"number": "mean"}),
    )
    assert outcome.complete
    *_, last = queries.results(session.store(), "total")
    total = last.outputs["total"]
    assert (total["value"], total["count"], total["final"]) == (1.25 + 2.25 + 3 + 4 + 5, 5, True)


def test_a_group_goes_on_where_an_earlier_run_left_it(session: Session, tmp_path: Path) -> None:
    """More comes of groups that were processed, and of those that were new."""
    log = tmp_path / "log"
    steps = (means(complete=2, log=log),)
    assert session.run(stream(tmp_path / "in", 1, 1.5, 2), *steps).complete
    (tmp_path / "in" / "f0").write_text("1.75")
    (tmp_path / "in" / "f1").write_text("2.5")
    assert session.run(stream(tmp_path / "in", 1, 1.5, 2), *steps).complete
    assert groups(session, "mean") == {"1": (1 + 1.5 + 1.75) / 3, "2": 2.25}
    assert sorted(log.read_text().splitlines()) == ["1 2", "1 3", "2 1", "2 2"]


def last_totals(session: Session, step: str) -> list[float]:
    """What was made of the last totals, over all that was ever made."""
    found = queries.results(session.store(), step)
    assert all((one.about, one.subject) == ("group", "session") for one in found)
    return [one.outputs["total"]["value"] for one in found]


def test_the_last_snapshots_of_different_steps_are_joined(session: Session, tmp_path: Path) -> None:
    """And joined anew, once, when more has come."""
    steps = (
        ("sum", "toy.total", {"full": 2}, {"number": "src"}),
        ("tens", "toy.add", {"add": 10}, {"number": "src"}),
        ("other", "toy.total", {"full": 3}, {"number": "tens"}),
        ("last", "toy.last", {}, {"total": "sum"}),
        ("by", "toy.last", {}, {"total": "other"}),
        ("ratio", "toy.ratio", {}, {"total": "last", "by": "by"}),
    )
    assert session.run(stream(tmp_path / "in", 1, 2, 3, 4, 5), *steps).complete
    assert last_totals(session, "ratio") == [15 / 65]
    for number in range(6):
        (tmp_path / "in" / f"f{number}").write_text("1")
    assert session.run(stream(tmp_path / "in", 1, 2, 3, 4, 5), *steps).complete
    assert last_totals(session, "ratio") == [21 / 131]
    counted = {step.name: step.counts for step in queries.steps(session.store())}
    assert (counted["last"].done, counted["ratio"].done) == (1, 1)
    assert session.run(stream(tmp_path / "in", 1, 2, 3, 4, 5), *steps).complete
    assert last_totals(session, "ratio") == [21 / 131]
