"""Running a session in the foreground."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import update

from icestream.cli import running as module
from icestream.cli.running import INTERRUPTED, Here, Stopping, run_here
from icestream.cli.terminal import called
from icestream.engine.graph.workflow import InvalidWorkflow, Step, Workflow, load_workflow
from icestream.engine.progress import Outcome, Progress, StepProgress
from icestream.engine.record.branches import Entered, enter_workflow
from icestream.engine.record.revisions import with_parameters
from icestream.engine.record.workflows import branch_called, session_workflow
from icestream.report.upload import BadTarget
from icestream.starting.trial import TRIALS
from icestream.store import tables as t
from icestream.store.records import Counts
from icestream.usage.record import FILE
from report_session import SampleSession
from toy_record import desks

WORKFLOW = load_workflow("default")
DONE = Outcome(state="done", exposures={"going": 0, "done": 3, "rejected": 1, "failed": 1})

Session = Callable[..., Outcome]


def lost(name: str, **counts: int) -> StepProgress:
    """A step at which so many failed, or were done."""
    return StepProgress(name=name, kind="item", state="done", reason="", counts=Counts(**counts))


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Session], list[Any]]]:
    """Put a function in place of the engine, and remember whether the report was kept."""
    reports: list[Path] = []

    @contextmanager
    def kept(session: Path, publish: str | None) -> Iterator[None]:
        reports.append(session)
        yield

    def use(session: Session) -> list[Any]:
        monkeypatch.setattr(module, "run_session", session)
        return reports

    monkeypatch.setattr(module, "kept_up_to_date", kept)
    before = structlog.get_config()
    yield use
    structlog.configure(**before)


class _Running:
    """What the engine hands out to be stopped by."""

    def __init__(self) -> None:
        self.asked: list[bool] = []

    def request_stop(self, *, drain: bool = True) -> None:
        self.asked.append(drain)


def _without_local_motion(**more: object) -> Workflow:
    return WORKFLOW.changed("align", {"patches": 5, "local_motion": False, **more})


def _session(outcome: Outcome, work: Callable[[], None] = lambda: None) -> Session:
    def session(folder: Path, workflow: Workflow, **options: Any) -> Outcome:
        options["on_start"](_Running())
        if options["on_progress"]:
            options["on_progress"](Progress(found=5))
        work()
        return outcome

    return session


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (DONE, 0),
        (Outcome(state="done", exposures={"going": 1, "done": 3}), 1),
        (Outcome(state="done", exposures={"going": 0, "done": 0}), 1),
        (Outcome(state="stopped", exposures={"going": 2, "done": 3}), 1),
        (replace(DONE, steps=(lost("align", failed=5),)), 1),
        (
            replace(
                DONE,
                steps=(lost("align", failed=4, done=1), lost("ctf", done=1)),
            ),
            0,
        ),
        (replace(DONE, exposures={"going": 0, "failed": 3}, steps=(lost("import", failed=3),)), 1),
        (Outcome(state="stopped", reason="import: the folder /m is not there"), 2),
    ],
)
def test_the_status_is_0_only_when_every_exposure_is_accounted_for(
    engine: Callable[[Session], list[Any]], tmp_path: Path, outcome: Outcome, status: int
) -> None:
    engine(_session(outcome))
    assert run_here(WORKFLOW, tmp_path / "s", Here()) == status


def test_it_says_how_it_ended_and_where_the_report_is(
    engine: Callable[[Session], list[Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sample = SampleSession(tmp_path / "s", start=1.7e9)
    sample.grow(12)
    sample.store.close()
    reports = engine(_session(DONE))
    run_here(WORKFLOW, tmp_path / "s", Here())
    printed = capsys.readouterr().out
    assert " rejected: " in printed.partition("done after")[2]
    assert "found 5" in printed
    assert "done after 0 s: 5 exposures, 0 in progress, 3 done, 1 rejected, 1 failed" in printed
    assert f"report: {tmp_path / 's' / 'report' / 'index.html'}" in printed
    assert reports == [tmp_path / "s"]


def test_it_ends_with_the_alerts_that_hold_and_what_they_offer(
    engine: Callable[[Session], list[Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sample = SampleSession(tmp_path / "s", start=1.7e9)
    sample.grow(3)
    sample.warn("critical", "the gain lies wrong", "")
    sample.warn("warning", "it is over", "", cleared=True)
    offer = {"step": "import", "changes": {"gain_rotation": 90}, "automatic": False}
    with sample.store.write() as connection:
        connection.execute(update(t.alert).values(offer=json.dumps(offer)))
    sample.store.close()
    engine(_session(DONE))
    run_here(WORKFLOW, tmp_path / "s", Here(report=False))
    ended = capsys.readouterr().out.partition("done after")[2]
    assert "critical: the gain lies wrong\n" in ended
    assert f"to do so: {called()} adopt {tmp_path / 's'} 1\n" in ended
    assert f"1 critical alert holds: the results may be wrong; {called()} alerts " in ended
    assert "it is over" not in ended
    assert "what failed is tried again by the same command" in ended


def test_a_session_that_goes_on_says_what_has_changed(
    engine: Callable[[Session], list[Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sample = SampleSession(tmp_path / "s", start=1.7e9)
    sample.store.close()
    engine(_session(DONE))
    workflow = WORKFLOW.changed("align", {"binning": 2.0})
    run_here(workflow, tmp_path / "s", Here(report=False))
    assert "align.binning: 0 -> 2\n" in capsys.readouterr().out


def test_a_step_that_was_paused_is_named_with_the_way_on(
    engine: Callable[[Session], list[Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    step = StepProgress(
        name="ctf", kind="item", state="paused", reason="10 failures in a row", counts=Counts()
    )
    engine(_session(Outcome(state="stopped", exposures={"going": 2}, steps=(step,))))
    assert run_here(WORKFLOW, tmp_path / "s", Here(report=False)) == 1
    printed = capsys.readouterr().out
    assert "ctf is paused: 10 failures in a row\n" in printed
    assert f"  when that is fixed: {called()} resume {tmp_path / 's'} ctf\n" in printed
    assert "the same command goes on where it was" in printed


def test_no_report_when_none_is_wanted(
    engine: Callable[[Session], list[Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reports = engine(_session(DONE))
    run_here(WORKFLOW, tmp_path / "s", Here(report=False))
    assert reports == []
    assert "report:" not in capsys.readouterr().out


def test_a_bad_place_to_publish_to_is_told_before_anything_starts(
    engine: Callable[[Session], list[Any]], tmp_path: Path
) -> None:
    engine(_session(DONE))
    with pytest.raises(BadTarget, match="no-such-program, was not found"):
        run_here(WORKFLOW, tmp_path / "s", Here(publish="no-such-program --now"))
    assert not (tmp_path / "s").exists()
    run_here(WORKFLOW, tmp_path / "s", Here(publish="no-such-program", report=False))


def test_log_events_as_json_lines_and_nothing_else(
    engine: Callable[[Session], list[Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine(_session(DONE, lambda: structlog.get_logger("icestream.engine").info("step", a=1)))
    run_here(WORKFLOW, tmp_path / "s", Here(log_json=True, report=False))
    captured = capsys.readouterr()
    assert captured.out == ""
    assert [json.loads(line)["event"] for line in captured.err.splitlines()] == ["step"]


def test_the_sessions_log_has_everything(
    engine: Callable[[Session], list[Any]], tmp_path: Path
) -> None:
    engine(_session(DONE, lambda: structlog.get_logger("icestream.engine").debug("small")))
    run_here(WORKFLOW, tmp_path / "s", Here(report=False))
    lines = (tmp_path / "s" / "logs" / "icestream.log").read_text().splitlines()
    assert json.loads(lines[-1])["event"] == "small"


def test_a_workflow_that_cannot_run_writes_nothing(tmp_path: Path) -> None:
    wrong = Workflow(name="wrong", steps=(Step(name="a", protocol="no.such"),))
    with pytest.raises(InvalidWorkflow, match="no.such"):
        run_here(wrong, tmp_path / "s", Here())
    assert not (tmp_path / "s").exists()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"pattern": "{}/nowhere/**/*.tiff"}, "nowhere is not there; --watch .* waits for it"),
        ({"pattern": "{}", "gain": "{}/gain.mrc"}, "gain: .*gain.mrc is not there"),
        ({"pattern": "{}/nowhere", "watch": True, "defects": "{}/no"}, "defects: .* not there"),
    ],
)
def test_files_that_are_not_there_are_told_before_anything_starts(
    tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    for name, value in changes.items():
        changes = changes | {name: str(value).format(tmp_path) if value is not True else True}
    with pytest.raises(InvalidWorkflow, match=said) as caught:
        run_here(WORKFLOW.changed("import", changes), tmp_path / "s", Here())
    assert str(caught.value).count("not there") == 1
    assert not (tmp_path / "s").exists()


def test_tokens_come_from_the_settings(
    engine: Callable[[Session], list[Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, Any] = {}

    def session(folder: Path, workflow: Workflow, **options: Any) -> Outcome:
        given.update(options)
        return DONE

    engine(session)
    monkeypatch.setenv("ICESTREAM_TOKENS", "relion=2")
    workflow = WORKFLOW.changed("import", {"pattern": str(tmp_path)})
    run_here(workflow, tmp_path / "s", Here(report=False))
    assert given["machine"].tokens == {"relion": 2}
    assert given["machine"].amounts()["token:relion"] == 2


@pytest.mark.parametrize(
    ("signals", "asked"),
    [
        ([signal.SIGINT], [True]),
        ([signal.SIGINT, signal.SIGINT], [True, False]),
        ([signal.SIGTERM], [False]),
    ],
)
def test_ctrl_c_drains_and_a_second_one_stops(
    engine: Callable[[Session], list[Any]],
    tmp_path: Path,
    signals: list[signal.Signals],
    asked: list[bool],
) -> None:
    running = _Running()

    def session(folder: Path, workflow: Workflow, **options: Any) -> Outcome:
        options["on_start"](running)
        for number in signals:
            os.kill(os.getpid(), number)
        return Outcome(state="stopped", exposures={"going": 1})

    engine(session)
    before = signal.getsignal(signal.SIGINT)
    assert run_here(WORKFLOW, tmp_path / "s", Here(report=False)) == INTERRUPTED
    assert running.asked == asked
    assert signal.getsignal(signal.SIGINT) is before


def test_settings_reach_the_engine(
    engine: Callable[[Session], list[Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, Any] = {}

    def session(folder: Path, workflow: Workflow, **options: Any) -> Outcome:
        seen.update(options)
        return DONE

    engine(session)
    monkeypatch.setenv("ICESTREAM_CORES", "3")
    monkeypatch.setenv("ICESTREAM_MEMORY", "2GiB")
    monkeypatch.setenv("ICESTREAM_STORE", "postgresql://here/sessions")
    run_here(WORKFLOW, tmp_path / "s", Here(report=False, cores=2, order="oldest"))
    assert (seen["machine"].cores, seen["machine"].memory) == (3, 2 * 2**30)
    assert (seen["cores"], seen["order"]) == (2, "oldest")
    assert seen["url"] == "postgresql://here/sessions"


@pytest.mark.parametrize(("alerts", "names"), [(True, ["staff"]), (False, [])])
def test_channels_reach_the_engine_unless_nothing_is_to_be_sent(
    engine: Callable[[Session], list[Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    alerts: bool,
    names: list[str],
) -> None:
    seen: dict[str, Any] = {}

    def session(folder: Path, workflow: Workflow, **options: Any) -> Outcome:
        seen.update(options)
        return DONE

    engine(session)
    mine = tmp_path / "settings.toml"
    mine.write_text("[channels.staff]\nkind = 'log'\npath = '/none'\n")
    monkeypatch.setenv("ICESTREAM_SETTINGS", str(mine))
    run_here(WORKFLOW, tmp_path / "s", Here(report=False, alerts=alerts))
    channels = seen["channels"]
    assert list(channels.each if channels else []) == names
    assert not channels or channels.origin == str(mine)


def test_what_has_no_effect_is_said(
    engine: Callable[[Session], list[Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A person who gives a parameter believes that it does something."""
    engine(_session(DONE))
    run_here(_without_local_motion(), tmp_path / "s", Here())
    assert capsys.readouterr().err == (
        "icestream: step 'align': patches has no effect: it is used only with local_motion\n"
    )
    run_here(_without_local_motion(local_motion=True), tmp_path / "s", Here())
    assert capsys.readouterr().err == ""


def _stuck(seconds: float) -> None:
    """A loop that reads no message."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(0.01)


def test_a_session_that_does_not_hear_ends_on_one_signal_of_a_service_manager(
    engine: Callable[[Session], list[Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def session(*_: object, on_start: Callable[[Any], None], **__: object) -> Outcome:
        on_start(_Running())
        os.kill(os.getpid(), signal.SIGTERM)
        _stuck(30.0)
        return DONE

    engine(session)
    monkeypatch.setattr(module, "Stopping", lambda: Stopping(patience=0.1))
    assert run_here(_without_local_motion(), tmp_path / "s", Here()) == INTERRUPTED
    assert "goes on where it was" in capsys.readouterr().err


def _told(number: signal.Signals, *, patience: float, ends_after: float) -> list[bool]:
    """What a session that ends so many seconds after a signal was asked: whether to drain."""
    running, stopping = _Running(), Stopping(patience=patience)
    with stopping.by_signals():
        stopping.begin(running)  # type: ignore[arg-type]
        os.kill(os.getpid(), number)
        _stuck(ends_after)
    return running.asked


def test_a_session_that_ends_when_it_is_told_is_not_interrupted() -> None:
    assert _told(signal.SIGTERM, patience=0.2, ends_after=0.02) == [False]
    _stuck(0.4)  # the alarm was taken back: it would end the process


def test_one_ctrl_c_waits_as_long_as_it_takes() -> None:
    assert _told(signal.SIGINT, patience=0.05, ends_after=0.3) == [True]


def test_unusual_values_of_a_workflow_file_are_refused_unless_they_are_meant(
    engine: Callable[[Session], list[Any]], tmp_path: Path
) -> None:
    engine(_session(DONE))
    odd = WORKFLOW.changed("import", {"spherical_aberration": 2700.0})
    with pytest.raises(InvalidWorkflow, match=r"did you mean 2\.7 mm \(2700 µm\).*\n.*--as-given"):
        run_here(odd, tmp_path / "s", Here())
    assert not (tmp_path / "s").exists()
    assert run_here(odd, tmp_path / "s", Here(as_given=True)) == 0


def test_the_same_command_takes_back_nothing_that_was_set(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """But what is said for each run alone is as it is said now."""
    for make in desks(tmp_path):
        made = make(
            ("src", "toy.count", {"count": 5}, {}), ("a", "toy.add", {"add": 2}, {"number": "src"})
        )
        said = session_workflow(made.store)
        changed = with_parameters(said, made.record.registry, "a", {"add": 3})
        with made.record.transaction() as (connection, writes):
            number = branch_called(connection, "main")
            enter_workflow(
                connection, writes, Entered(number, changed, "ann"), made.record.registry
            )
        kept = module._kept(made.folder, said.changed("src", {"idle_timeout": 3.0}))
        assert dict(kept.step("a").parameters) == {"add": 3}
        assert dict(kept.step("src").parameters) == {"count": 5, "idle_timeout": 3.0}
        told = capsys.readouterr().err
        assert "icestream: a.add stays 3, as it was set; take it back with icestream set" in told
        assert "src." not in told
        other = module._kept(made.folder, said.changed("a", {"add": 7}))
        assert other.step("a").parameters["add"] == 7


def test_a_session_that_has_ended_is_counted_where_that_is_wanted(
    engine: Callable[[Session], list[Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[tuple[Path, bool]] = []
    monkeypatch.setattr(
        module, "after_session", lambda session, usage, *_: counted.append((session, usage.send))
    )
    engine(_session(DONE))
    run_here(WORKFLOW, tmp_path / "s", Here())
    run_here(WORKFLOW, tmp_path / "demo", Here(), counted=False)
    monkeypatch.setenv("ICESTREAM_USAGE", '{"send": true, "collector": "http://127.0.0.1:9"}')
    run_here(WORKFLOW, tmp_path / "t", Here())
    assert counted == [(tmp_path / "s", False), (tmp_path / "t", True)]
    # A trial of one exposure is none that somebody processed.
    monkeypatch.setenv("ICESTREAM_STATE", str(tmp_path / "state"))
    run_here(WORKFLOW, tmp_path / "state" / TRIALS / "1", Here())
    assert len(counted) == 2


@pytest.mark.parametrize("after", ["send = false", "send = is no TOML"])
def test_whoever_turns_counting_off_while_a_session_runs_is_not_counted(
    engine: Callable[[Session], list[Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    after: str,
) -> None:
    """Nor is a random id made anew, which was thrown away."""
    mine, state = tmp_path / "settings.toml", tmp_path / "state"
    monkeypatch.setenv("ICESTREAM_SETTINGS", str(mine))
    monkeypatch.setenv("ICESTREAM_STATE", str(state))
    sample = SampleSession(tmp_path / "s", start=1.7e9)
    sample.grow(1)
    sample.store.close()

    def say(send: str) -> None:
        mine.write_text(f'[usage]\ncollector = "http://127.0.0.1:9"\n{send}\n')

    def run(before: str, after: str) -> bool:
        say(before)
        engine(_session(DONE, lambda: say(after)))
        assert run_here(WORKFLOW, tmp_path / "s", Here()) == 0
        return (state / FILE).exists()

    assert not run("send = true", after)
    assert run("send = false", "send = true"), "it is on when the session ends"
