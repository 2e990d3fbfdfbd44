"""What authors wrote is shown, costs little, and cannot break the report."""

import json
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from icestream.formats.text import read_lines
from icestream.model import Ctf, Micrograph, Picks, Rejected, Verdict, to_document
from icestream.protocol import Figure, ItemProtocol, Monitor, Registry, SelectionProtocol, Window
from icestream.report import telling
from icestream.report.follow import Follower
from icestream.report.telling import Telling, _drawn
from icestream.store import tables as t
from icestream.store.writing import Writes
from report_session import STEPS, SampleSession


class TellPicks(ItemProtocol[Any]):
    """Tells of picks."""

    name = "toy.tell"
    title = "Telling"
    asked = 0

    def process(self, micrograph: Micrograph) -> Picks:
        """Pick nothing."""
        raise NotImplementedError

    def summarize(self, items: Sequence[Picks]) -> str:
        """Say how many."""
        type(self).asked += 1
        return f"{len(items)} micrographs, the last {items[-1].exposure}"

    def plot(self, items: Sequence[Picks]) -> Iterator[Figure]:
        """One of each kind."""
        counts = [float(len(picks)) for picks in items]
        yield Figure("Picks", "series", counts, "picks")
        yield Figure("Picks", "histogram", counts, "picks")
        yield Figure("Both", "scatter", counts, "picks", x=counts, x_label="picks / 1")
        yield Figure("Gaps", "series", [1.0, float("nan")], "value")


class ReadToTell(TellPicks):
    """Tells what stands in a file, as it says of lists which are of no micrograph."""

    name = "toy.reads"
    file = Path()

    def summarize(self, items: Sequence[Picks]) -> str:
        """Its first line."""
        return read_lines(self.file)[0]


class FailToTell(TellPicks):
    """Raises in both methods."""

    name = "toy.fails"

    def summarize(self, items: Sequence[Picks]) -> str:
        """Divide by nothing."""
        return str(len(items) / 0)

    def plot(self, items: Sequence[Picks]) -> Iterator[Figure]:
        """Draw one, and fail at the next."""
        yield Figure("Fine", "series", [1.0], "value")
        yield Figure("Odd", "pie", [1.0], "value")  # type: ignore[arg-type]


class TellVerdicts(SelectionProtocol[Any]):
    """Tells of verdicts."""

    name = "toy.verdicts"
    title = "Verdicts"

    def judge(self, ctf: Ctf) -> Verdict:
        """Not called here."""
        raise NotImplementedError

    def summarize(self, items: Sequence[Verdict]) -> str:
        """Count."""
        rejected = [each.reasons for each in items if isinstance(each, Rejected)]
        return f"{len(rejected)} of {len(items)} rejected"


class Draw(Monitor[Any]):
    """A monitor."""

    name = "toy.draws"
    title = "Draws"

    def inspect(self, window: Window[Ctf]) -> Iterator[Figure]:
        """Not called here."""
        raise NotImplementedError


def registry() -> Registry:
    # Under a name of its own: other test modules may be imported as this one is.
    sys.modules["toys_that_tell"] = sys.modules[__name__]
    kinds = (TellPicks, ReadToTell, FailToTell, TellVerdicts, Draw)
    return Registry(
        EntryPoint(kind.name, f"toys_that_tell:{kind.__qualname__}", "icestream.protocols")
        for kind in kinds
    )


TITLES = {name: name.upper() for name, *_ in STEPS}


def become(session: SampleSession, **protocols: str) -> None:
    """Steps of the session have other protocols."""
    with session.store.write() as connection:
        writes = Writes(session.numbers, session.now)
        for step, protocol in protocols.items():
            writes.update(t.revision, session.step_ids[step], protocol=protocol)
        writes.flush(connection)


def told(session: SampleSession, teller: Telling, follower: Follower) -> dict[str, Any] | None:
    assert follower.read()
    steps = teller.update(follower, TITLES)
    return None if steps is None else {step["name"]: step for step in steps}


def test_the_shipped_protocols_tell(grown: SampleSession) -> None:
    steps = told(grown, Telling(Registry()), Follower(grown.store))
    assert steps is not None
    assert "30 movies" in steps["import"]["sentence"]
    assert steps["align"]["figures"][0]["title"] == "Total motion"
    assert steps["align"]["known"], "the trends show motion, too"
    assert steps["classify"]["figures"]
    assert all(step["problems"] == [] for step in steps.values())


def test_an_authors_words_and_plots(grown: SampleSession) -> None:
    become(grown, pick="toy.tell", select="toy.verdicts")
    follower = Follower(grown.store)
    steps = told(grown, Telling(registry()), follower)
    assert steps is not None
    pick = steps["pick"]
    number = pick["total"]
    assert pick["title"] == "PICK"
    assert pick["sentence"].startswith(f"{number} micrographs")
    series, bars, scatter, gaps = pick["figures"]
    assert len(series["y"]) == number
    assert series["orders"] == sorted(series["orders"])
    assert follower.table.names[series["orders"][-1]] in pick["sentence"]
    assert sum(bars["histogram"]["counts"]) == number
    assert scatter["x"] == scatter["y"]
    assert gaps["y"] == [1, None]
    assert gaps["orders"] == []
    rejected = follower.table.counts["r"]
    assert steps["select"]["sentence"].startswith(f"{rejected} of ")


def test_what_an_author_got_wrong_is_said_in_its_place(grown: SampleSession) -> None:
    become(grown, pick="toy.fails", extract="gone.missing")
    steps = told(grown, Telling(registry()), Follower(grown.store))
    assert steps is not None
    first, second = steps["pick"]["problems"]
    assert first.startswith("summarize: ZeroDivisionError: division by zero (test_telling.py, line")
    assert "'pie': there are series, histogram, scatter" in second
    assert [figure["title"] for figure in steps["pick"]["figures"]] == ["Fine"]
    assert "no protocol 'gone.missing' is installed" in steps["extract"]["problems"][0]


def test_a_step_tells_of_no_file_that_it_may_not_read(
    grown: SampleSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    become(grown, pick="toy.reads")
    secret, own = tmp_path / "elsewhere.txt", grown.store.folder / "own.txt"
    for file in (secret, own):
        file.write_text("what stands there")

    def said(file: Path, within: str | None) -> tuple[str, str]:
        monkeypatch.setattr(ReadToTell, "file", file)
        with grown.store.write() as connection:
            writes = Writes(grown.numbers, grown.now)
            writes.update(t.revision, grown.step_ids["pick"], within=within)
            writes.flush(connection)
        steps = told(grown, Telling(registry()), Follower(grown.store))
        assert steps is not None
        return steps["pick"]["sentence"], "".join(steps["pick"]["problems"])

    assert said(secret, None) == ("what stands there", "")
    assert said(own, "[]") == ("what stands there", "")
    sentence, problem = said(secret, "[]")
    assert sentence == ""
    assert "found one outside of them" in problem


def test_what_a_monitor_drew(grown: SampleSession) -> None:
    become(grown, ctf_monitor="toy.draws")
    with grown.store.write() as connection:
        writes = Writes(grown.numbers, grown.now)
        figure = Figure("Load", "series", [1.0, 2.0], "load")
        number = grown.step_ids["ctf_monitor"]
        writes.insert(
            t.figure, step_id=number, document=json.dumps([to_document(figure)]), time=grown.now
        )
        writes.flush(connection)
    steps = told(grown, Telling(registry()), Follower(grown.store))
    assert steps is not None
    assert steps["ctf_monitor"]["figures"][0]["y"] == [1, 2]


def test_it_is_asked_when_there_is_news_and_not_too_often(
    grown: SampleSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    become(grown, pick="toy.tell")
    teller, follower = Telling(registry()), Follower(grown.store)
    TellPicks.asked = 0
    assert told(grown, teller, follower) is not None
    grown.grow(3)
    assert told(grown, teller, follower) is None, "too soon"
    assert TellPicks.asked == 1
    monkeypatch.setattr(telling, "_PAUSE", 0.0)
    after = told(grown, teller, follower)
    assert after is not None
    assert after["pick"]["count"] == after["pick"]["total"]
    assert told(grown, teller, follower) is None, "nothing new"
    assert TellPicks.asked == 2


def test_a_finished_session_tells_at_once(grown: SampleSession) -> None:
    teller, follower = Telling(Registry()), Follower(grown.store)
    told(grown, teller, follower)
    grown.settle()
    grown.finish()
    after = told(grown, teller, follower)
    assert after is not None
    assert after["import"]["count"] == grown.total


def test_a_step_that_is_to_be_run_again_tells_of_before(grown: SampleSession) -> None:
    become(grown, pick="toy.tell")
    before = told(grown, Telling(registry()), Follower(grown.store))
    grown.change("pick")
    after = told(grown, Telling(registry()), Follower(grown.store))
    assert before is not None
    assert after is not None
    assert after["pick"] == before["pick"]


def test_only_the_newest_are_read(grown: SampleSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "_PAUSE", 0.0)
    monkeypatch.setattr(telling, "_NEWEST", 10)
    become(grown, pick="toy.tell")
    teller, follower = Telling(registry()), Follower(grown.store)
    before = told(grown, teller, follower)
    assert before is not None
    assert before["pick"]["count"] == 10 < before["pick"]["total"]
    rows = 0

    def count(*arguments: Any) -> None:
        nonlocal rows
        if "document" in arguments[2] and "task" in arguments[2]:
            rows += 1

    event.listen(grown.store.engine, "before_cursor_execute", count)
    grown.grow(4)
    after = told(grown, teller, follower)
    assert after is not None
    assert after["pick"]["count"] == 10
    newest = follower.table.names[max(after["pick"]["figures"][0]["orders"])]
    assert newest in after["pick"]["sentence"]
    assert rows <= len(STEPS)


@pytest.mark.parametrize(
    ("orders", "x_label", "label"),
    [
        ((4, 5), "", "exposures, in order"),
        ((None, None), "", "results, in order"),
        ((), "", "results, in order"),
        ((4, 5), "starts", "starts"),
    ],
)
def test_a_series_says_what_it_is_in_the_order_of(
    orders: tuple[int | None, ...], x_label: str, label: str
) -> None:
    figure = Figure("Defocus", "series", (1.0, 2.0), "defocus / µm", x_label=x_label)
    assert _drawn(figure, orders)["x_label"] == label
    histogram = Figure("Defocus", "histogram", (1.0, 2.0), "defocus / µm")
    assert _drawn(histogram, orders)["x_label"] == ""
