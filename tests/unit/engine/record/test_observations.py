"""What monitors, sources and the housekeeping say is in the store, whole, after one transaction."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import insert

from icestream.engine.messages import Compacted, Inspected, SourceFailed
from icestream.engine.record import observations as notes
from icestream.engine.record.alerts import ABSENT
from icestream.model import Alert
from icestream.protocol import Figure, Sample
from icestream.store import queries
from icestream.store import tables as t
from toy_record import Desk

LARGE = Alert(key="toy.large", level="warning", message="9 is large")
WATCH, SOURCE = 2, 1


@pytest.fixture
def opened(desk: Callable[..., Desk]) -> Desk:
    return desk(
        ("src", "toy.count", {}, {}),
        ("watch", "toy.watch", {"below": 5}, {"number": "src"}),
    )


def figure(*values: float) -> Figure:
    return Figure("Values", "series", list(values), "value")


def alerts_of(opened: Desk, **more: Any) -> list[tuple[str, str]]:
    return [(one.step, one.message) for one in queries.alerts(opened.store, **more)]


# -- monitors --------------------------------------------------------------------------------------


def test_samples_are_added_and_figures_replaced(opened: Desk) -> None:
    for time, value in ((100.0, 4.0), (200.0, 5.0)):
        said = Inspected(WATCH, time, (), (Sample("toy.last", value, "Å"),), (figure(value),))
        notes.inspected(opened.record, said)
    samples = queries.samples(opened.store)
    assert [(one.time, one.name, one.value, one.unit) for one in samples] == [
        (100.0, "toy.last", 4.0, "Å"),
        (200.0, "toy.last", 5.0, "Å"),
    ]
    (drawn,) = queries.figures(opened.store)["watch"]
    assert drawn["y"] == [5.0]


def test_what_was_drawn_stays_when_nothing_new_is(opened: Desk) -> None:
    notes.inspected(opened.record, Inspected(WATCH, 1.0, figures=(figure(4.0),)))
    notes.inspected(opened.record, Inspected(WATCH, 2.0))
    assert len(queries.figures(opened.store)["watch"]) == 1


def test_an_alert_is_the_monitors_and_clears_when_it_is_not_said_any_more(opened: Desk) -> None:
    notes.inspected(opened.record, Inspected(WATCH, 1.0, (LARGE,)))
    assert alerts_of(opened) == [("watch", "9 is large")]
    for time in range(ABSENT):
        notes.inspected(opened.record, Inspected(WATCH, 2.0 + time))
    assert alerts_of(opened) == []
    assert alerts_of(opened, open_only=False) == [("watch", "9 is large")]


def test_a_broken_monitor_is_an_alert_and_takes_nothing_away(opened: Desk) -> None:
    """Its own alerts stay: it has not said that their cause is gone."""
    notes.inspected(opened.record, Inspected(WATCH, 1.0, (LARGE,)))
    error = "Traceback (most recent call last):\n  File ...\nZeroDivisionError: division by zero\n"
    for time in range(2 * ABSENT):
        notes.inspected(opened.record, Inspected(WATCH, 2.0 + time, error=error))
    assert alerts_of(opened) == [
        ("watch", "9 is large"),
        ("watch", "watch cannot look: ZeroDivisionError: division by zero"),
    ]
    for time in range(ABSENT):
        notes.inspected(opened.record, Inspected(WATCH, 20.0 + time, (LARGE,)))
    assert alerts_of(opened) == [("watch", "9 is large")]


# -- sources ---------------------------------------------------------------------------------------


def test_a_source_that_fails_is_an_alert_with_its_traceback_in_the_events(opened: Desk) -> None:
    for _ in range(3):
        said = SourceFailed(SOURCE, "OSError: the disk is gone", "Traceback ...")
        notes.source_failed(opened.record, said)
    (alert,) = queries.alerts(opened.store)
    assert (alert.step, alert.level) == ("src", "critical")
    assert alert.message == (
        "src cannot look for new items: OSError: the disk is gone (it tries again)"
    )
    failed = queries.events(opened.store, kinds=["source.failed"])
    assert [one.document["details"] for one in failed] == ["Traceback ..."] * 3


# -- the housekeeping ------------------------------------------------------------------------------


def test_a_segment_takes_its_parts_and_no_others(opened: Desk) -> None:
    with opened.store.write() as connection:
        for result in (1, 2, 3):
            values = {"result_id": result, "step_id": 1, "revision_id": 1, "subject_id": result}
            connection.execute(insert(t.part).values(rows=10, **values))
    notes.compacted(opened.record, Compacted(1, 1, "src/particles_00000001.parquet", 20, (1, 3)))
    (segment,) = opened.rows(t.segment)
    assert (segment.path, segment.rows) == ("src/particles_00000001.parquet", 20)
    assert opened.rows(t.part, "result_id", segment_id=segment.id) == [1, 3]
    notes.compacted(opened.record, Compacted(1, 1, "src/particles_00000002.parquet", 10, (2,)))
    assert len(set(opened.rows(t.part, "segment_id"))) == 2


# -- the session -----------------------------------------------------------------------------------


def test_an_alert_of_the_session_holds_until_it_is_taken_back(opened: Desk) -> None:
    full = Alert(key="storage", level="critical", message="the disk is full")
    notes.alert(opened.record, full, holds=True)
    notes.alert(opened.record, full, holds=True)
    assert alerts_of(opened) == [("", "the disk is full")]
    notes.alert(opened.record, full, holds=False)
    notes.alert(opened.record, full, holds=False)  # it holds no more: nothing to take back
    assert alerts_of(opened) == []
    kinds = ["alert.raised", "alert.cleared"]
    assert [one.kind for one in queries.events(opened.store, kinds=kinds)] == kinds


def test_a_note_that_cannot_be_written_is_not_half_written(
    opened: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes.inspected(opened.record, Inspected(WATCH, 1.0, figures=(figure(4.0),)))

    def broken(_figure: Figure) -> str:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(notes, "to_document", broken)
        samples = (Sample("toy.last", 5.0),)
        with pytest.raises(OSError, match="No space"):
            notes.inspected(
                opened.record, Inspected(WATCH, 2.0, samples=samples, figures=(figure(5.0),))
            )
    assert queries.samples(opened.store) == ()
    (drawn,) = queries.figures(opened.store)["watch"]
    assert drawn["y"] == [4.0]  # the earlier one was to be replaced
