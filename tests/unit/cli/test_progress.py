"""Progress for people."""

import io
import threading
from dataclasses import replace

import pytest
from rich.console import Console

from icestream.cli import progress as module
from icestream.cli.progress import Watcher, progress_line
from icestream.engine.progress import Progress, StepProgress
from icestream.model import Alert, Taken
from icestream.shown import Aside
from icestream.store.records import Counts


def _progress(done: int, *, found: int = 9, state: str = "running", reason: str = "") -> Progress:
    def step(name: str, kind: str, counts: Counts) -> StepProgress:
        return StepProgress(name=name, kind=kind, state="running", reason="", counts=counts)

    return Progress(
        state=state,
        reason=reason,
        found=found,
        waiting=1,
        behind=found - done,
        steps=(
            step("import", "source", Counts(done=found)),
            step("align", "item", Counts(done=done)),
            step("select", "selection", Counts(done=done, rejected=1)),
            step("classify", "batch", Counts(done=2)),
            step("tomogram", "group", Counts(done=3, failed=1)),
            step("machine", "monitor", Counts(done=7)),
        ),
        alerts=(Alert(key="disk", level="warning", message="the disk is [nearly] full"),),
    )


def _screen(*, terminal: bool) -> tuple[Console, io.StringIO]:
    stream = io.StringIO()
    return Console(file=stream, force_terminal=terminal, width=100), stream


def test_the_line_names_what_matters() -> None:
    assert progress_line(_progress(4)) == (
        "movies found 9  1 not whole yet  align 4  select 4 (1 rejected)  classify 2 batches  "
        "tomogram 3 groups (1 failed)  behind by 5  alerts 1"
    )


def test_what_has_not_changed_is_not_told_again() -> None:
    assert (
        progress_line(_progress(6), _progress(4)) == "align 6  select 6 (1 rejected)  behind by 3"
    )
    assert progress_line(_progress(4), _progress(4)) == ""
    more = replace(_progress(4), found=10, behind=6)
    assert progress_line(more, _progress(4)) == "movies found 10  behind by 6"
    assert progress_line(Progress(found=2, behind=2)) == "movies found 2  behind by 2"


@pytest.mark.parametrize("terminal", [False, True])
def test_the_forecast_stands_beside_how_far_behind_it_is(terminal: bool) -> None:
    outlook = "caught up at about 02:00 (01:50 to 02:30)"
    behind = replace(_progress(4), behind=400, outlook=outlook)
    assert progress_line(behind).endswith(f"behind by 400  ({outlook})  alerts 1")
    stream = io.StringIO()
    with Watcher(Console(file=stream, force_terminal=terminal, width=200)) as watcher:
        watcher.tell(behind)
    assert outlook in stream.getvalue()


def test_a_step_that_does_not_go_on_says_why() -> None:
    step = StepProgress(
        name="ctf", kind="item", state="paused", reason="10 failures", counts=Counts(failed=10)
    )
    line = progress_line(Progress(found=10, steps=(step,)))
    assert "ctf 0 (10 failed, paused: 10 failures)" in line


def test_what_a_source_refused_is_in_the_line() -> None:
    counts = Counts(done=4, failed=2)
    step = StepProgress(name="import", kind="source", state="running", reason="", counts=counts)
    assert "import (2 failed)" in progress_line(Progress(found=6, steps=(step,)))


def test_what_was_skipped_is_not_counted_as_done() -> None:
    counts = Counts(done=3, failed=1, skipped=4, rejected=2)
    step = StepProgress(name="pick", kind="item", state="running", reason="", counts=counts)
    progress = Progress(found=10, steps=(step,))
    assert "pick 3 (2 rejected, 1 failed, 4 skipped)" in progress_line(progress)
    console, stream = _screen(terminal=True)
    with Watcher(console) as watcher:
        watcher.tell(progress)
    assert "3/10" in stream.getvalue()
    assert "4 skipped" in stream.getvalue()


@pytest.mark.parametrize(
    ("states", "running", "said"),
    [
        (("running", "done"), 1, "classify 2 batches (one runs)"),
        (("done", "done"), 1, "classify 2 batches (the last one runs)"),
        (("done", "done"), 0, "classify 2 batches"),
    ],
)
def test_the_last_batch_is_told(states: tuple[str, str], running: int, said: str) -> None:
    def step(name: str, kind: str, state: str, counts: Counts) -> StepProgress:
        return StepProgress(name=name, kind=kind, state=state, reason="", counts=counts)

    steps = (
        step("import", "source", states[0], Counts(done=9)),
        step("align", "item", states[1], Counts(done=9)),
        step("classify", "batch", "running", Counts(done=2, running=running)),
        step("machine", "monitor", "running", Counts()),
    )
    line = progress_line(Progress(found=9, steps=steps))
    assert said in line
    assert ("(" in line) == (running > 0)


def test_lines_come_when_something_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same is not said twice, an alert once, and the last state always."""
    monkeypatch.setattr(module, "_PAUSE", 0.0)
    console, stream = _screen(terminal=False)
    with Watcher(console) as watcher:
        for done in (4, 4, 4, 6):
            watcher.tell(_progress(done))
    lines = stream.getvalue().splitlines()
    assert [line.partition(" s  ")[2][:28] for line in lines if " s  " in line] == [
        "movies found 9  1 not whole ",
        "align 6  select 6 (1 rejecte",
    ]
    assert lines.count("warning: the disk is [nearly] full") == 1


@pytest.mark.parametrize("terminal", [True, False])
def test_the_worst_alert_is_told_first(terminal: bool) -> None:
    console, stream = _screen(terminal=terminal)
    levels = ("notice", "critical", "warning", "critical", "notice")
    alerts = tuple(
        Alert(key=str(place), level=level, message=f"alert {'abcde'[place]}")  # type: ignore[arg-type]
        for place, level in enumerate(levels)
    )
    with Watcher(console) as watcher:
        watcher.tell(replace(_progress(4), alerts=alerts))
    shown = stream.getvalue()
    places = [shown.index(f"alert {name}") for name in "dbc"]
    assert places == sorted(places)
    assert ("alert a" in shown) != terminal  # three fit below the bars


def test_an_alert_whose_numbers_change_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAUSE", 0.0)
    console, stream = _screen(terminal=False)
    with Watcher(console) as watcher:
        for message in ("4 movies are bad", "5 movies are bad", "hole_1 changed", "hole_2 changed"):
            alert = Alert(key="k", level="warning", message=message)
            watcher.tell(replace(_progress(4), alerts=(alert,)))
    said = [line for line in stream.getvalue().splitlines() if line.startswith("warning: ")]
    assert [line.removeprefix("warning: ") for line in said] == [
        "4 movies are bad",
        "hole_1 changed",
        "hole_2 changed",
    ]


def test_lines_do_not_flood() -> None:
    console, stream = _screen(terminal=False)
    with Watcher(console) as watcher:
        for done in range(1, 9):
            watcher.tell(_progress(done))
    lines = [line for line in stream.getvalue().splitlines() if "align" in line]
    assert len(lines) == 2
    assert "align 8" in lines[-1]


def test_bars_on_a_terminal() -> None:
    console, stream = _screen(terminal=True)
    with Watcher(console) as watcher:
        watcher.tell(_progress(4))
    shown = stream.getvalue()
    for words in (
        "movies found",
        "align",
        "4/9",
        "1 rejected",
        "classify: 2 batches",
        "3 groups (1 failed)",
    ):
        assert words in shown
    assert "the disk is [nearly] full" in shown
    assert "machine" not in shown


@pytest.mark.parametrize("terminal", [True, False])
def test_a_standstill_is_told(terminal: bool) -> None:
    console, stream = _screen(terminal=terminal)
    with Watcher(console) as watcher:
        watcher.tell(_progress(4, state="held", reason="no space left on /data"))
    assert "held: no space left on /data" in stream.getvalue()


@pytest.mark.parametrize("terminal", [False, True])
def test_names_do_not_move_the_cursor(terminal: bool) -> None:
    console, stream = _screen(terminal=terminal)
    alert = Alert(key="k", level="warning", message="of a\x1b]0;b\x07\nc\udce9")
    with Watcher(console) as watcher:
        watcher.tell(replace(_progress(1, state="held", reason="x\x1b[9A"), alerts=(alert,)))
    printed = stream.getvalue()
    assert r"of a\x1b]0;b\x07\nc\xe9" in printed
    assert r"x\x1b[9A" in printed
    assert "\x1b[9A" not in printed
    assert "\x07" not in printed


def test_a_screen_that_is_gone_at_the_end_is_no_failure() -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

    with Watcher(Console(file=Full(), force_terminal=False)):
        pass


@pytest.mark.parametrize("terminal", [True, False])
def test_a_terminal_that_was_stopped_stops_no_session(terminal: bool) -> None:
    """Ctrl-S, a screen in copy mode, a pipe that nobody reads."""
    go_on = threading.Event()

    class Stopped(io.StringIO):
        def write(self, text: str) -> int:
            go_on.wait()
            return super().write(text)

    stopped = Stopped()
    watcher = Watcher(Console(file=stopped, force_terminal=terminal))
    watcher._aside = Aside(patience=0.01)
    with watcher:
        for found in range(100):
            watcher.tell(Progress(found=found))
    go_on.set()


def test_micrographs_are_never_called_movies() -> None:
    taken = Taken("micrograph", "micrographs")
    assert progress_line(Progress(found=2, taken=taken)).startswith("micrographs found 2")
    for terminal in (True, False):
        console, stream = _screen(terminal=terminal)
        with Watcher(console) as watcher:
            watcher.tell(Progress(found=2, taken=taken))
        assert "micrographs found" in stream.getvalue()
        assert "movie" not in stream.getvalue()
